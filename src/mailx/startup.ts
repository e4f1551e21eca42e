/**
 * What is read before the first prompt: the system's start-up file (or the built-in settings where
 * there is none), then the user's.
 */
import { readFileSync } from 'node:fs';
import { isErrno } from '../complaint.js';
import { openSource } from './input.js';
import { loadSource } from './interpreter.js';
import type { Session } from './session.js';

/** Where a system-wide start-up file may lie; the first there is counts. */
const systemFiles = ['/etc/mail.rc', '/etc/nail.rc'];

/**
 * Settings where the system has no start-up file of its own: `mail` as the textbook shows it.
 * With -n there are none, and what is left is plain Heirloom.
 */
const builtInSettings = `\
set hold append ask crt dot keep emptybox
set indentprefix="> " quote
set showname showto
set newmail=nopoll
set autocollapse markanswered
set bsdcompat
ignore received in-reply-to message-id references
ignore mime-version content-transfer-encoding
fwdretain subject date from to
`;

/** Reads the start-up files. `systemWide` is false with -n. */
export async function readStartupFiles(session: Session, systemWide: boolean): Promise<void> {
	const { variables, system, input } = session;
	input.starting = true;
	if (systemWide && !(await load(session, ...systemFiles))) {
		await loadText(session, 'built-in settings', builtInSettings);
	}
	const own = system.env.MAILRC ?? system.env.NAILRC ?? '~/.mailrc';
	await load(session, await expand(session, own));
	if (system.env.NAIL_EXTRA_RC === undefined) {
		const extra = variables.get('NAIL_EXTRA_RC');
		if (extra !== undefined) await load(session, await expand(session, extra));
	}
	input.starting = false;
}

async function expand(session: Session, name: string): Promise<string> {
	// The usual names need no shell-like expansion, nor the code for it.
	if (name.startsWith('~/')) return `${session.system.home}${name.slice(1)}`;
	if (/^\/[\w./-]*$/.test(name)) return name;
	return (await import('./foldernames.js')).expandFolder(session, name) ?? '';
}

/** Reads the first of the files that can be read; false where none can. */
async function load(session: Session, ...paths: string[]): Promise<boolean> {
	for (const path of paths) {
		try {
			const text = readFileSync(session.system.real(path), 'utf8');
			await loadText(session, path, text);
			return true;
		} catch (error) {
			// As the original: a start-up file that is not there, or not ours to read, is passed over.
			if (!isErrno(error)) throw error;
		}
	}
	return false;
}

async function loadText(session: Session, name: string, text: string): Promise<void> {
	openSource(session, name, text, true);
	await loadSource(session);
}
