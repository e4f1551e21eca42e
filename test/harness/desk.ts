/**
 * A person's mail in a temporary folder, and a session of commands on it in this very process: a spool
 * file, a home with mbox, folders in `Mail`. What is told comes back, paths with `@` for the folder.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { announce } from '../../src/mailx/announce.js';
import { openFolder } from '../../src/mailx/folders.js';
import { commandLoop } from '../../src/mailx/interpreter.js';
import { leaveFolder } from '../../src/mailx/quit.js';
import { newSession, type Session, type SessionOptions } from '../../src/mailx/session.js';
import { openSystem } from '../../src/system.js';
import { RecordingTerminal } from './recording.js';

/** Letter number `n`, of day `n` of 2022, with subject `m<n>`. */
export function letter(n: number, status = ''): string {
	const field = status === '' ? '' : `Status: ${status}\n`;
	return `From s${n}@x.example Sat Jan  ${n} 10:00:00 2022\nFrom: s${n}@x.example\nSubject: m${n}\n${field}\nbody ${n}\n\n`;
}

/** The letters in a file as `1:RO 2`: number, and status where there is one. */
export function contents(text: string | undefined): string | undefined {
	const found = text?.matchAll(/^Subject: m(\d)\n(?:Status: (\w+)\n)?/gm) ?? [];
	const letters = [...found].map(([, n, status]) => (status ? `${n}:${status}` : n));
	return text === undefined ? undefined : letters.join(' ');
}

export class Desk {
	readonly dir = mkdtempSync(join(tmpdir(), 'desk-'));

	constructor(files: Readonly<Record<string, string>> = {}) {
		mkdirSync(join(this.dir, 'home/Mail'), { recursive: true });
		for (const [name, text] of Object.entries(files)) this.put(name, text);
	}

	put(name: string, text: string): void {
		mkdirSync(dirname(join(this.dir, name)), { recursive: true });
		writeFileSync(join(this.dir, name), text, 'latin1');
	}

	/** Undefined where there is no such file. */
	file(name: string): string | undefined {
		try {
			return readFileSync(join(this.dir, name), 'latin1');
		} catch {
			return undefined;
		}
	}

	/** A session with these variables set, and `folder=Mail`. */
	session(
		variables: Readonly<Record<string, string>> = {},
		lines: readonly string[] = [],
		options: SessionOptions & { readonly interactive?: boolean } = {},
	): { session: Session; terminal: RecordingTerminal } {
		const terminal = new RecordingTerminal(lines, options.interactive);
		const system = openSystem({
			HOME: join(this.dir, 'home'),
			MAIL: join(this.dir, 'spool'),
			USER: 'pue',
			PATH: process.env.PATH,
		});
		const session = newSession(system, terminal, options);
		session.variables.set('folder', 'Mail');
		for (const [name, value] of Object.entries(variables)) session.variables.set(name, value);
		return { session, terminal };
	}

	/** Opens `folder` (default `%`), obeys the lines, leaves by the rules; returns all that was told. */
	async play(
		lines: readonly string[],
		variables: Readonly<Record<string, string>> = {},
		options: SessionOptions & { readonly interactive?: boolean; readonly folder?: string } = {},
	): Promise<string> {
		const { session, terminal } = this.session(
			variables,
			// `~@ file` is an escape of letters.
			lines.map((line) => line.replaceAll(/(?<!^~)@/g, this.dir)),
			options,
		);
		const opened = await openFolder(session, options.folder ?? '%');
		if (opened === 'opened') {
			await announce(session, false);
			if ((await commandLoop(session)) === 'leave') await leaveFolder(session);
			session.mailbox?.close();
		}
		return terminal.transcript.replaceAll(this.dir, '@');
	}

	remove(): void {
		rmSync(this.dir, { recursive: true, force: true });
	}
}
