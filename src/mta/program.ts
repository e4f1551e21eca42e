/**
 * The transport that hands a letter to a mailer program: `set sendmail=PROGRAM`. Knows the arguments
 * that sendmail(8) and its likes understand; does not know where the program's name came from.
 */
import { forgiving, isErrno, reason } from '../complaint.js';
import type { Envelope, Receipt, Transport } from './transport.js';

export interface ProgramOptions {
	/** Where the file with the letter goes before the mailer has it: `TMPDIR`, else /tmp. */
	readonly temporary: string;
	/** Wait for the mailer to end (`sendwait`, `verbose`): only then its exit status is known. */
	readonly wait: boolean;
	/** `-r` and `-h` as they were given, instead of what the envelope says of them. */
	readonly given?: readonly string[] | undefined;
}

/** The mailer's arguments, argv[0] left out. */
export function mailerArguments(envelope: Envelope, given?: readonly string[]): string[] {
	const options = ['-i'];
	if (envelope.meToo) options.push('-m');
	if (envelope.verbose) options.push('-v');
	if (given) options.push(...given);
	else {
		if (envelope.reversePath !== undefined) options.push('-r', envelope.reversePath ?? '<>');
		if (envelope.hops !== undefined) options.push('-h', String(envelope.hops));
	}
	// No address, wherever it came from, may be taken for an option.
	if (envelope.recipients.some((address) => address.startsWith('-'))) options.push('--');
	return [...options, ...envelope.recipients];
}

/**
 * A transport through `program` (a path on disk).
 * `refused` where it cannot be started; else `sent`, with its exit status where it was waited for:
 * what is wrong it has told itself.
 */
export function programTransport(program: string, options: ProgramOptions): Transport {
	return {
		async send(envelope, letter) {
			const fs = await import('node:fs');
			const file = openLetter(fs, options.temporary, letter);
			try {
				return await start(program, mailerArguments(envelope, options.given), file, options.wait);
			} finally {
				fs.closeSync(file);
			}
		},
	};
}

/** The letter in a file without a name: the mailer can read it after we have gone. */
function openLetter(fs: typeof import('node:fs'), folder: string, letter: Uint8Array): number {
	const directory = fs.mkdtempSync(`${folder}/mail-`);
	const path = `${directory}/letter`;
	try {
		fs.writeFileSync(path, letter, { mode: 0o600 });
		return fs.openSync(path, 'r');
	} finally {
		// Not rmSync: what that loads costs a millisecond of each letter.
		// And what went wrong before is what is to be told, not that there is nothing to remove.
		forgiving(() => fs.unlinkSync(path));
		forgiving(() => fs.rmdirSync(directory));
	}
}

async function start(
	program: string,
	args: readonly string[],
	file: number,
	wait: boolean,
): Promise<Receipt> {
	const { spawn } = await import('node:child_process');
	return new Promise((resolve) => {
		const refuse = (error: unknown) =>
			resolve({ outcome: 'refused', status: 1, report: [`${program}: ${reason(error)}`] });
		let child: ReturnType<typeof spawn>;
		try {
			child = spawn(program, args, {
				argv0: 'send-mail',
				stdio: [file, 'inherit', 'inherit'],
				// In a session of its own neither ^C nor a hang-up reaches it.
				detached: true,
			});
		} catch (error) {
			// Some errors are thrown at once: no memory, too long a list of recipients.
			if (!isErrno(error)) throw error;
			refuse(error);
			return;
		}
		child.once('error', refuse);
		if (wait) {
			child.once('exit', (status) => {
				resolve({ outcome: 'sent', status: status ?? 1, report: [] });
			});
		} else {
			child.once('spawn', () => {
				child.unref();
				resolve({ outcome: 'sent', status: 0, report: [] });
			});
		}
	});
}
