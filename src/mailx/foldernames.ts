/**
 * What a person calls a folder, and the path meant: `%` the system mailbox, `%user` that of another,
 * `#` the folder before, `&` mbox, `+name` below `folder`, shortcuts, and what a shell would expand.
 * Paths are as they are shown; `system.real` makes of one the path on disk.
 */
import { existsSync } from 'node:fs';

import { mailboxPath } from '../mta/spool.js';
import { expandWords } from './expansion.js';
import type { Session } from './session.js';

/** Only names with one of these need what a shell does. */
const shellCharacters = /[|&;<>~{}()[\]*?$`'"\\]/;

/** The directory of `+name`: the variable `folder`, relative to one's home; undefined where not set. */
export function folderDirectory(session: Session): string | undefined {
	const folder = session.variables.get('folder');
	if (folder === undefined) return undefined;
	if (folder.startsWith('/')) return folder;
	// To the original a tilde is a name as any other here.
	return inHome(session, session.bare ? folder : folder.replace(/^~\//, ''));
}

function inHome({ system }: Session, name: string): string {
	return `${system.shown(system.home)}/${name}`;
}

/** Where a user's new mail comes in: `MAIL` for one's own, else the spool file of that name. */
export function systemMailbox(session: Session, user: string | undefined): string {
	const own = session.variables.get('MAIL');
	if (user === undefined && !session.otherUser && own !== undefined) return own;
	return session.system.shown(mailboxPath(session.system, user ?? session.login));
}

/** Whether a name is read under the rules of the system mailbox (mbox, hold) or as any file. */
export function isSystemName(session: Session, name: string): boolean {
	return name.startsWith('%') || session.shortcuts.get(name)?.startsWith('%') === true;
}

/**
 * The path a name stands for, as it is shown; undefined where it stands for none, which has then been told:
 * no folder before this one, a pattern that is wrong or matches several files.
 */
export function expandFolder(session: Session, typed: string): string | undefined {
	let name = session.shortcuts.get(typed) ?? typed;
	while (name.startsWith('%:') && name.length > 2) name = name.slice(2);
	if (name.startsWith('%')) return systemMailbox(session, name.slice(1) || undefined);
	if (name === '#') {
		if (session.previousFolder === undefined) session.terminal.write('No previous file\n');
		return session.previousFolder;
	}
	if (name === '&') name = session.variables.get('MBOX') ?? '~/mbox';
	if (name.startsWith('+')) {
		const directory = folderDirectory(session);
		if (directory !== undefined) name = `${directory}/${name.slice(1)}`;
	}
	if (name === '~' || name.startsWith('~/')) {
		const { system } = session;
		name = `${system.shown(system.home)}${name.slice(1)}`;
	}
	if (!shellCharacters.test(name) || remoteProtocol(name) !== undefined) return name;
	if (isTakenLiterally(session, name)) return name;
	return expandLikeShell(session, name);
}

/** With `newfolders=maildir` the original expands no name of a folder that is still to be made. */
function isTakenLiterally({ bare, variables, system }: Session, name: string): boolean {
	if (!bare || variables.get('newfolders') !== 'maildir') return false;
	return !['', '.gz', '.bz2'].some((ending) => existsSync(system.real(name + ending)));
}

function expandLikeShell(session: Session, name: string): string | undefined {
	const words = expandWords(session.system, name);
	if (words?.length === 1) return words[0];
	const { terminal } = session;
	if (words === undefined) terminal.complain(`Syntax error in "${name}"\n`);
	else if (words.length === 0) terminal.complain(`"${name}": No match.\n`);
	else terminal.complain(`"${name}": Ambiguous.\n`);
	return undefined;
}

/** `imap` of `imap://host/folder`; undefined for a path. */
export function remoteProtocol(name: string): string | undefined {
	return /^(?:%:)?([A-Za-z0-9]*):\/\//.exec(name)?.[1];
}

/** The file a letter that could not be sent is kept in: `DEAD`, or dead.letter in one's home. */
export function deadLetter(session: Session): string {
	const given = session.variables.get('DEAD');
	const path = given === undefined ? undefined : expandFolder(session, given);
	if (path === undefined) return inHome(session, 'dead.letter');
	return path.startsWith('/') ? path : inHome(session, path);
}

/** Where files live that nobody is to keep: `TMPDIR`, as shown. */
export function temporaryFolder({ variables }: Session): string {
	return variables.get('TMPDIR') || '/tmp';
}
