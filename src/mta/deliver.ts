/**
 * One copy of a letter into a mailbox, a file or a program. Never throws for what the world does to it:
 * the answer is a Fate, so that mail goes on to the others. Files are appended to by mailbox/append.ts
 * (locked, durable, undone on failure); programs run as the user, in his home, with next to no
 * environment and a time limit.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';

import { isErrno, reason } from '../complaint.js';
import { append, ForeignFile } from '../mailbox/append.js';
import type { System, User } from '../system.js';
import {
	type Copy,
	type Deferral,
	type Delivery,
	Exit,
	type Failure,
	type Fate,
	qualified,
	unknownUser,
} from './envelope.js';
import { type FinishedLetter, printAsctime } from './letter.js';
import { defaultSettings, settingsOf } from './settings.js';
import { mailboxPath, ownedFiles } from './spool.js';

/** What every copy of a letter has in common. */
export interface Consignment {
	readonly letter: Pick<FinishedLetter, 'header' | 'body'>;
	/** The reverse-path; null: no reports (RFC 5321 4.5.5). */
	readonly sender: string | null;
}

/** How long a program may take, in milliseconds. */
const programPatience = 5 * 60_000;
/** More mailers than this is a loop (RFC 5321 6.3). */
export const mostHops = 25;

/** Whether we have to become somebody else to act for him. */
function privileged(system: System): boolean {
	return ownedFiles(system) && process.geteuid?.() === 0;
}

/** By whom files are written and programs run that the aliases file names: never by root. */
function defaultUser(system: System): User | undefined {
	return system.userNamed('mail') ?? system.userNamed('daemon') ?? system.userNamed('nobody');
}

/** Delivers one copy; relays are not for here. */
export async function deliver(
	system: System,
	copy: Copy,
	consignment: Consignment,
	patience = programPatience,
): Promise<Fate> {
	const { delivery, as } = copy;
	switch (delivery.to) {
		case 'mailbox':
			return toMailbox(system, delivery.user, [sealed(system, copy, consignment)]);
		case 'file':
			return toFile(system, delivery.path, actor(system, as), sealed(system, copy, consignment));
		case 'program': {
			const letter = sealed(system, copy, consignment);
			const words = ['/bin/sh', '-c', delivery.command];
			return toProgram(system, words, actor(system, as), letter, patience);
		}
		case 'uucp':
			return toUux(system, delivery, sealed(system, copy, consignment), patience);
		case 'relay':
			return { kind: 'deferred', reason: 'no connection made yet', status: '4.4.1' };
	}
}

function actor(system: System, as: string | undefined): User {
	const user = as === undefined ? undefined : system.userNamed(as);
	return user ?? (privileged(system) ? defaultUser(system) : undefined) ?? system.user;
}

/** A copy with what is written on its outside. */
interface Sealed extends Consignment {
	/** As postmark and Return-Path name it. */
	readonly from: string;
}

function sealed(system: System, { owner }: Copy, { letter, sender }: Consignment): Sealed {
	const from = sender === null ? 'MAILER-DAEMON' : (owner ?? sender);
	return { letter, sender, from: qualified(from, system.host) };
}

function chunks({ letter, from }: Sealed): Buffer[] {
	const { header, body } = letter;
	const newline = body.length > 0 && body.at(-1) !== 0x0a ? '\n' : '';
	return [
		Buffer.from(`Return-Path: <${from}>\n`, 'latin1'),
		header,
		Buffer.from('\n'),
		body,
		Buffer.from(newline),
	];
}

const temporary = new Set([
	'ENOSPC',
	'EDQUOT',
	'EAGAIN',
	'EIO',
	'EMFILE',
	'ENFILE',
	'EROFS',
	'EINTR',
	'ENOMEM',
	'ETXTBSY',
]);

function fileTrouble(error: unknown): Deferral | Failure {
	if (!isErrno(error)) throw error;
	const why = error.code === 'EAGAIN' ? 'mailbox is locked by another program' : reason(error);
	if (temporary.has(error.code ?? '')) {
		const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
		return { kind: 'deferred', reason: why, status: full ? '4.2.2' : '4.3.0' };
	}
	return {
		kind: 'failed',
		reason: `can't create output: ${why}`,
		status: '5.3.0',
		exit: Exit.cannotCreate,
		diagnostic: 'X-Unix; 73',
	};
}

/**
 * Copies of several letters into one mailbox, in one piece: all are there, on disk, or none.
 * `patience`: milliseconds to wait for its locks.
 */
export function deliverTogether(
	system: System,
	user: string,
	letters: readonly (readonly [Copy, Consignment])[],
	patience: number,
): Promise<Fate> {
	const all = letters.map(([copy, consignment]) => sealed(system, copy, consignment));
	return toMailbox(system, user, all, patience);
}

async function toMailbox(
	system: System,
	name: string,
	letters: readonly Sealed[],
	patience?: number,
): Promise<Fate> {
	const user = system.userNamed(name);
	if (!user) return unknownUser();
	const path = mailboxPath(system, name);
	const owner = privileged(system)
		? { uid: user.uid, gid: groupOf('mail') ?? user.gid }
		: undefined;
	try {
		const there = lstatSync(path, { throwIfNoEntry: false });
		if (there && !there.isFile()) {
			return { kind: 'deferred', reason: `${system.shown(path)}: irregular file`, status: '4.2.0' };
		}
		await append(
			path,
			letters.map((letter) => ({
				postmark: postmark(letter, system.now(), '  '),
				content: chunks(letter),
			})),
			{
				dot: 'attempt',
				mode: 0o660,
				// It may have become one since it was looked at.
				noLink: true,
				// In a folder where anybody may make files one may have been made for a newcomer's mail.
				...(owner ? { owner, ownedBy: [user.uid, 0] } : {}),
				...(patience === undefined ? {} : { patience, aside: true }),
			},
		);
		return { kind: 'sent' };
	} catch (error) {
		if (error instanceof ForeignFile) {
			const why = `${system.shown(path)}: ${error.message}`;
			return { kind: 'deferred', reason: why, status: '4.2.0' };
		}
		return fileTrouble(error);
	}
}

function postmark({ from }: Sealed, date: Date, blanks: string): string {
	return `From ${from}${blanks}${printAsctime(date)}`;
}

/** The number of a group of group(5), if there is one. */
function groupOf(name: string): number | undefined {
	const text = existsSync('/etc/group') ? readFileSync('/etc/group', 'utf8') : '';
	const line = text.split('\n').find((entry) => entry.startsWith(`${name}:`));
	return line === undefined ? undefined : Number(line.split(':')[2]);
}

async function toFile(system: System, name: string, user: User, letter: Sealed): Promise<Fate> {
	if (name === '/dev/null') return { kind: 'sent' };
	const path = system.real(name);
	const letters = [{ postmark: postmark(letter, system.now(), ' '), content: chunks(letter) }];
	try {
		return await asUser(system, user, async () => {
			const there = lstatSync(path, { throwIfNoEntry: false });
			if (there && !there.isFile() && !there.isSymbolicLink()) {
				throw Object.assign(new Error('Not a regular file'), { code: 'EINVAL' });
			}
			await append(path, letters, { mode: 0o640 });
			return { kind: 'sent' };
		});
	} catch (error) {
		return fileTrouble(error);
	}
}

/**
 * Runs `work` with the rights of `user` and no others, where we have rights to give up. The rights are
 * the whole process's: nothing else may go on meanwhile.
 */
async function asUser<T>(system: System, user: User, work: () => Promise<T>): Promise<T> {
	if (!privileged(system) || user.uid === 0) return work();
	const groups = process.getgroups?.() ?? [];
	const group = process.getegid?.() ?? 0;
	process.setgroups?.([user.gid]);
	process.setegid?.(user.gid);
	process.seteuid?.(user.uid);
	try {
		return await work();
	} finally {
		process.seteuid?.(0);
		process.setegid?.(group);
		process.setgroups?.(groups);
	}
}

/** What the exit statuses of sysexits(3) mean in a program; 74 and 75 ask for another try. */
const meanings: Record<number, readonly [string, string]> = {
	64: ['Command line usage error', '5.0.0'],
	65: ['Data format error', '5.6.0'],
	66: ['Cannot open input', '5.3.0'],
	67: ['User unknown', '5.1.1'],
	68: ['Host unknown', '5.1.2'],
	69: ['Service unavailable', '5.0.0'],
	70: ['Internal error', '5.3.0'],
	71: ['Operating system error', '5.3.0'],
	72: ['System file missing', '5.3.5'],
	73: ["can't create output", '5.3.0'],
	76: ['Remote protocol error', '5.5.0'],
	77: ['Insufficient permission', '5.0.0'],
	78: ['Local configuration error', '5.3.5'],
};

function programFate(code: number, output: string): Fate {
	if (code === 0) return { kind: 'sent' };
	if (code === Exit.temporary || code === Exit.ioError) {
		const name = code === Exit.temporary ? 'EX_TEMPFAIL' : 'EX_IOERR';
		const why = `prog mailer (/bin/sh) exited with ${name}`;
		return { kind: 'deferred', reason: why, status: '4.0.0' };
	}
	const known = meanings[code];
	return {
		kind: 'failed',
		reason: known?.[0] ?? `unknown mailer error ${code}`,
		status: known?.[1] ?? '5.0.0',
		exit: known ? code : Exit.unavailable,
		diagnostic: `X-Unix; ${code}`,
		output,
	};
}

function cannotStart(error: unknown): Deferral {
	return { kind: 'deferred', reason: `prog mailer: ${reason(error)}`, status: '4.3.0' };
}

async function toProgram(
	system: System,
	[program = '', ...words]: readonly string[],
	user: User,
	letter: Sealed,
	patience: number,
	suffix = '',
): Promise<Fate> {
	const { spawn } = await import('node:child_process');
	const home = system.real(user.home);
	const rights = privileged(system) && user.uid !== 0 ? { uid: user.uid, gid: user.gid } : {};
	const lab = system.root === '' ? {} : { INKLOOM_ROOT: system.root, USER: user.name };
	// A child inherits the umask of the moment in which it is made.
	const umask = process.umask(0o022);
	let child: ChildProcessWithoutNullStreams;
	try {
		child = spawn(program, words, {
			cwd: existsSync(home) ? home : '/',
			env: { AGENT: 'sendmail', ...lab },
			stdio: ['pipe', 'pipe', 'pipe'],
			detached: true,
			...rights,
		});
	} catch (error) {
		if (!isErrno(error)) throw error;
		return cannotStart(error);
	} finally {
		process.umask(umask);
	}
	// Where there are too many open files there are no pipes, and the error is on its way.
	if (!child.stdin) {
		return new Promise((resolve) => child.once('error', (error) => resolve(cannotStart(error))));
	}
	let output = '';
	const hear = (octets: Buffer): void => {
		if (output.length < 4096) output += octets.toString('latin1');
	};
	child.stdout.on('data', hear);
	child.stderr.on('data', hear);
	// A program need not read its letter.
	child.stdin.on('error', (error) => {
		if (!isErrno(error)) throw error;
	});
	const text = [
		`${postmark(letter, system.now(), ' ')}${suffix}\n`,
		letter.letter.header,
		'\n',
		letter.letter.body,
	];
	child.stdin.end(Buffer.concat(text.map((part) => Buffer.from(part as Buffer))));
	return new Promise((resolve) => {
		let late = false;
		const timer = setTimeout(() => {
			late = true;
			endGroup(child.pid);
		}, patience);
		child.on('error', (error) => {
			clearTimeout(timer);
			resolve(cannotStart(error));
		});
		const finish = (code: number | null, signal: string | null): void => {
			clearTimeout(timer);
			const why = late ? 'took too long and was stopped' : `was ended by ${signal}`;
			resolve(
				code === null
					? { kind: 'deferred', reason: `prog mailer (/bin/sh) ${why}`, status: '4.3.0' }
					: programFate(code, output),
			);
		};
		child.on('close', finish);
		child.on('exit', (code, signal) => {
			// What it has left running may keep its output open for ever.
			const drained = setTimeout(() => {
				for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
				finish(code, signal);
			}, 500);
			child.on('close', () => clearTimeout(drained));
		});
	});
}

/** Hands a letter to uux, for rmail on a neighbour. Addresses are words here, and no shell sees them. */
async function toUux(
	system: System,
	{ host, user }: Delivery & { to: 'uucp' },
	letter: Sealed,
	patience: number,
): Promise<Fate> {
	const { uux } = settingsOf(system);
	if (system.root !== '' && uux === defaultSettings.uux) {
		return { kind: 'deferred', reason: `${host}: no network in this root`, status: '4.4.1' };
	}
	if (!existsSync(uux)) {
		return {
			kind: 'failed',
			reason: `${uux}: not installed, and there is no other way to ${host}`,
			status: '5.3.5',
			exit: Exit.osFile,
		};
	}
	const words = [uux, '-', '-r', `-a${letter.from}`, '-gC', `${host}!rmail`, `(${user})`];
	const actor = defaultUser(system) ?? system.user;
	return toProgram(system, words, actor, letter, patience, ` remote from ${system.host}`);
}

/** Ends a program and all it has started. */
function endGroup(pid: number | undefined): void {
	try {
		if (pid !== undefined) process.kill(-pid, 'SIGKILL');
	} catch (error) {
		if (!isErrno(error) || error.code !== 'ESRCH') throw error;
	}
}
