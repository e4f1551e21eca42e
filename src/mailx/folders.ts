/**
 * Opening folders, going from one to another, looking for new mail in the open one; and the commands
 * that list, rename and remove folders. What becomes of the messages left behind is quit.ts's business.
 */
import {
	closeSync,
	constants,
	existsSync,
	fstatSync,
	linkSync,
	openSync,
	readdirSync,
	renameSync,
	rmdirSync,
	unlinkSync,
} from 'node:fs';
import { resolve } from 'node:path';

import { Complaint, Interrupted, isErrno, reason } from '../complaint.js';
import { formatOf, openMailbox } from '../mailbox/open.js';
import { announce, announceNewMail, callHook, folderLine, newestDot } from './announce.js';
import type { Outcome } from './commands.js';
import { expandFolder, folderDirectory, isSystemName, remoteProtocol } from './foldernames.js';
import { openingProgress } from './progress.js';
import type { LeaveRules } from './quit.js';
import type { Session } from './session.js';
import { applyAutoOrder, orderNewMail, setDot } from './threads.js';

export interface OpenOptions {
	/** How the folder before is left: the rules in force when that was decided; default: those of now. */
	readonly rules?: LeaveRules;
	/** Run the folder hook; default true. */
	readonly hook?: boolean;
}

/**
 * Leaves the open folder and opens another. `empty`: a system mailbox without mail, `No mail for USER` has
 * been told unless `emptystart` is set; `failed`: why has been told, and the open folder stays.
 */
export async function openFolder(
	session: Session,
	name: string,
	options: OpenOptions = {},
): Promise<'opened' | 'empty' | 'failed'> {
	const outcome = await open(session, name, options.rules);
	if (outcome !== 'failed' && options.hook !== false) await callHook(session, false);
	return outcome;
}

async function open(
	session: Session,
	name: string,
	rules: LeaveRules | undefined,
): Promise<'opened' | 'empty' | 'failed'> {
	const { system, terminal, variables } = session;
	const kind = isSystemName(session, name) ? 'system' : 'file';
	const noMail = `No mail for ${name.slice(1) || session.login}\n`;
	const shown = expandFolder(session, name);
	if (shown === undefined) return 'failed';
	if (shown === '') {
		terminal.complain('No such file or directory\n');
		return 'failed';
	}
	if (remoteProtocol(shown) !== undefined) {
		terminal.complain(`Cannot handle protocol: ${shown}\n`);
		return 'failed';
	}
	// Absolute: `cd` must not make it another file.
	const path = resolve(system.real(shown));
	let fd: number | undefined;
	const progress = openingProgress(session, shown);
	try {
		// A folder that cannot be opened is no reason to leave the one that is.
		fd = probe(path);
		const again = path === session.mailbox?.path;
		const isMbox = formatOf(path) !== 'maildir';
		await leave(session, rules, isMbox);
		// Leaving it may have removed it: as in the original one can look at it for a last time.
		const last = again && !existsSync(path) ? fd : undefined;
		// Who is given the descriptor closes it.
		if (last !== undefined) fd = undefined;
		const mailbox = await openMailbox(system, path, {
			kind,
			readOnly: session.readOnly,
			name: shown,
			faithful: session.bare,
			everyFrom: variables.has('broken-mbox'),
			...(last !== undefined && { fd: last }),
			...(progress && { pause: progress.pause }),
		});
		session.mailbox = mailbox;
		mailbox.dot = mailbox.messages[0];
		if (kind === 'file' || mailbox.messages.length > 0) return 'opened';
		const told = mailbox.format === 'maildir' ? `No mail at ${shown}\n` : noMail;
		if (!variables.has('emptystart')) terminal.complain(told);
		return 'empty';
	} catch (error) {
		if (!isErrno(error)) throw error;
		if (error.code === 'ENOENT' && variables.get('newfolders') === 'maildir') {
			terminal.complain(`Cannot change directory to "${shown}".\n`);
			return 'failed';
		}
		if (error.code === 'ENOENT' && kind === 'system') {
			terminal.complain(noMail);
			return 'empty';
		}
		terminal.complain(`${shown}: ${reason(error)}\n`);
		return 'failed';
	} finally {
		progress?.end();
		if (fd !== undefined) closeSync(fd);
	}
}

/** The file, open, where it is a plain one. Throws the errno error that opening would. */
function probe(path: string): number | undefined {
	const format = formatOf(path);
	if (format !== undefined && format !== 'mbox') return undefined;
	const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	if (fstatSync(fd).isFile()) return fd;
	closeSync(fd);
	throw Object.assign(new Error('neither a file nor a maildir'), { code: 'EINVAL' });
}

/** Sessions that have had a folder of another format than maildir open. */
const hadMbox = new WeakSet<Session>();

/** Writes back and closes the open folder, if any, and begins anew. */
async function leave(
	session: Session,
	rules: LeaveRules | undefined,
	forMbox: boolean,
): Promise<void> {
	const { mailbox } = session;
	// With -n as the original: it does not write back a maildir when it goes on to its first file.
	const forgets = session.bare && forMbox && !hadMbox.has(session);
	if (forMbox) hadMbox.add(session);
	if (mailbox) {
		if (!forgets) {
			const { leaveFolder } = await import('./quit.js');
			await leaveFolder(session, rules);
		}
		mailbox.close();
		session.previousFolder = mailbox.name;
		session.mailbox = undefined;
	}
	session.dotShown = false;
	session.commandSeen = false;
}

/** `folder NAME`: opens another folder and tells about it. */
export async function switchFolder(
	session: Session,
	name: string,
	rules?: LeaveRules,
): Promise<Outcome> {
	const { variables } = session;
	if (session.input.inHook) {
		throw new Complaint('Cannot change folder from within a hook.', 'stderr');
	}
	const outcome = await openFolder(session, name, rules ? { rules } : {});
	if (outcome === 'failed') return 'failed';
	if (outcome === 'empty' && !variables.has('emptystart')) return 'failed';
	await announce(session, variables.has('bsdcompat') || variables.has('bsdannounce'));
}

export async function folder(session: Session, [name]: string[]): Promise<Outcome> {
	if (name !== undefined) return switchFolder(session, name);
	if (!session.mailbox) return;
	applyAutoOrder(session);
	session.terminal.write(folderLine(session));
}

/** Lists the folder directory, or another one, with `LISTER`. */
export async function folders(session: Session, [name]: string[]): Promise<Outcome> {
	const { terminal, system, variables } = session;
	const directory = name === undefined ? folderDirectory(session) : expandFolder(session, name);
	if (directory === undefined) {
		if (name === undefined) throw new Complaint('No value set for "folder"');
		return 'failed';
	}
	const { splitWords } = await import('./lexer.js');
	const { tellFailure } = await import('./shell.js');
	const command = splitWords(variables.get('LISTER') ?? 'ls');
	const end = await terminal.lend({ command: [...command, system.real(directory)] });
	if (end.error !== undefined) terminal.complain(`${command[0]}: ${end.error}\n`);
	tellFailure(session, end.status);
}

export async function rename(session: Session, words: string[]): Promise<Outcome> {
	const [from, to] = words;
	if (from === undefined || to === undefined) {
		throw new Complaint('Syntax: rename old new', 'stderr');
	}
	const oldName = expandFolder(session, from);
	const newName = expandFolder(session, to);
	if (oldName === undefined || newName === undefined) return 'failed';
	if ([oldName, newName].some((name) => name === session.mailbox?.name)) {
		throw new Complaint(`Cannot rename current mailbox "${oldName}".`, 'stderr');
	}
	const oldPath = session.system.real(oldName);
	const newPath = session.system.real(newName);
	let culprit = newName;
	try {
		if (isMaildir(oldPath)) {
			culprit = oldName;
			renameSync(oldPath, newPath);
		} else {
			// Not rename(2): a folder of the new name is not to be overwritten.
			linkSync(oldPath, newPath);
			culprit = oldName;
			unlinkSync(oldPath);
		}
	} catch (error) {
		if (!isErrno(error)) throw error;
		if (!aboutNewName.has(error.code ?? '')) culprit = oldName;
		throw new Complaint(`${culprit}: ${reason(error)}`, 'stderr');
	}
}

const aboutNewName = new Set(['EACCES', 'EEXIST', 'ENAMETOOLONG', 'ENOENT', 'ENOSPC', 'EXDEV']);

function isMaildir(path: string): boolean {
	try {
		return formatOf(path) === 'maildir';
	} catch (error) {
		if (!isErrno(error)) throw error;
		return false;
	}
}

/** Removes folders, each after asking. */
export async function remove(session: Session, words: string[]): Promise<Outcome> {
	if (words.length === 0) throw new Complaint('Syntax is: remove mailbox ...', 'stderr');
	let failed = false;
	for (const word of words) {
		const name = expandFolder(session, word);
		if (name === undefined) continue;
		if (name === session.mailbox?.name) {
			session.terminal.complain(`Cannot remove current mailbox "${name}".\n`);
			failed = true;
			continue;
		}
		if (!(await confirm(session, `Remove "${name}" (y/n) ? `))) continue;
		if (!removeFolder(session, name)) failed = true;
	}
	return failed ? 'failed' : undefined;
}

function removeFolder({ system, terminal }: Session, name: string): boolean {
	let step = name;
	try {
		if (!isMaildir(system.real(name))) {
			unlinkSync(system.real(name));
			return true;
		}
		for (const part of ['tmp', 'new', 'cur']) {
			const inside = `${name}/${part}`;
			for (const file of readdirSync(system.real(inside))) {
				if (file.startsWith('.')) continue;
				step = `${inside}/${file}`;
				unlinkSync(system.real(step));
			}
			step = `${inside}/`;
			rmdirSync(system.real(step));
		}
		step = name;
		rmdirSync(system.real(name));
		return true;
	} catch (error) {
		if (!isErrno(error)) throw error;
		terminal.complain(`${step}: ${reason(error)}\n`);
		return false;
	}
}

/** Asks until the answer is y or n; without a person, the answer is yes. */
async function confirm(session: Session, question: string): Promise<boolean> {
	if (!session.variables.has('interactive')) return true;
	for (;;) {
		const line = await session.terminal.readLine({ kind: 'confirm', prompt: question });
		if (line.kind === 'interrupt') {
			if (!session.bare) throw new Interrupted();
			session.terminal.write('\n');
			continue;
		}
		if (line.kind === 'end') return false;
		if (/^[yn]/i.test(line.text)) return /^y/i.test(line.text);
	}
}

/** `inc`, `newmail`: takes in what has arrived, and goes to the first of it. */
export async function takeNewMail(session: Session): Promise<Outcome> {
	const { mailbox } = session;
	if (!mailbox) return 'failed';
	const arrived = await takeArrived(session);
	if (!arrived && mailbox.format !== 'maildir') return 'failed';
	const dot = newestDot(session, mailbox);
	if (dot) setDot(session, dot);
}

/**
 * Called before a prompt where `newmail` or `autoinc` is set: takes in and tells what has arrived. The dot
 * stays. A maildir is looked through only if neither variable says `nopoll` or `noimap`.
 */
export async function checkNewMail(session: Session): Promise<void> {
	const { mailbox, variables, dotShown } = session;
	if (!mailbox) return;
	const polls = ['autoinc', 'newmail'].some((name) => {
		const value = variables.get(name);
		return value !== undefined && value !== 'nopoll' && value !== 'noimap';
	});
	if (mailbox.format === 'maildir' && !polls) return;
	const { dot } = mailbox;
	await takeArrived(session);
	mailbox.dot = dot;
	session.dotShown = dotShown;
}

/** False where nothing has arrived. */
async function takeArrived(session: Session): Promise<boolean> {
	const { mailbox } = session;
	if (!mailbox?.hasGrown()) return false;
	const octets = mailbox.messages.at(-1)?.octets;
	const arrived = mailbox.takeNew();
	// Nothing but a longer last message; or a delivery under way, which counts next time.
	if (arrived.length === 0 && octets === mailbox.messages.at(-1)?.octets) return false;
	orderNewMail(session);
	await announceNewMail(session, arrived);
	return true;
}
