/**
 * Letters that are sent, put into folders here: the record one keeps of them, and files among their recipients.
 * Which folder that is may come from a letter; what it is called is made harmless then.
 */
import { Complaint, isErrno, reason } from '../complaint.js';
import { isFileAddress } from '../message/address.js';
import { printCtime } from '../message/date.js';
import type { Name } from '../message/draft.js';
import { masked } from '../message/stored.js';
import { saveDeadLetter } from './deadletter.js';
import { expandFolder } from './foldernames.js';
import type { Session } from './session.js';

/** The From_ line of a letter of one's own. */
export function postmark(session: Session): string {
	return `From ${session.login} ${printCtime(session.system.now())}`;
}

/**
 * Appends the letter to a folder; what is wrong is told. `asIs`: as the original does for a recipient, with
 * nothing to keep it apart from what is there or from lines that look like From_ lines.
 */
export async function appendLetter(
	session: Session,
	path: string,
	letter: Buffer,
	asIs = false,
): Promise<boolean> {
	const { system, terminal, variables, bare } = session;
	try {
		const target = system.real(path);
		const { statSync, appendFileSync } = await import('node:fs');
		const found = statSync(target, { throwIfNoEntry: false });
		if (found && !found.isFile() && !found.isDirectory()) {
			// A device (/dev/null) or a named pipe is no folder: nothing to lock, nothing to separate.
			appendFileSync(target, letter);
			return true;
		}
		const { appendTo } = await import('../mailbox/open.js');
		// Lines that are quoted already are quoted once more, so that each can be read back as it was.
		const content = asIs ? [letter] : [...masked(letter)];
		if (bare) content.push(Buffer.from(letter.at(-1) === 0x0a ? '\n' : '\n\n'));
		await appendTo(system, target, [{ postmark: postmark(session), content }], {
			quote: false,
			separate: !asIs,
			finish: !bare,
			newFormat: variables.get('newfolders') === 'maildir' ? 'maildir' : 'mbox',
		});
		return true;
	} catch (error) {
		if (error instanceof Complaint) terminal.complain(`${error.message}\n`);
		else if (isErrno(error)) terminal.complain(`${path}: ${reason(error)}\n`);
		else throw error;
		return false;
	}
}

/** `record`, or a file named after the first recipient. False where it failed: then nothing is sent. */
export async function recordLetter(
	session: Session,
	letter: Buffer,
	recipients: readonly Name[],
	byRecipient: boolean,
): Promise<boolean> {
	const path = byRecipient
		? recipientFile(session, recipients[0]?.address ?? '')
		: recordFile(session);
	if (path === undefined || (await appendLetter(session, path, letter))) return true;
	const { terminal } = session;
	terminal.complain(`Error while saving message to ${path} - message not sent\n`);
	saveDeadLetter(session, letter);
	session.status |= 1;
	return false;
}

function recordFile(session: Session): string | undefined {
	const name = session.variables.get('record');
	return name === undefined ? undefined : inOutFolder(session, name);
}

/** The local part as a file name: it may come from a letter, so it names a file here and nothing else. */
function recipientFile(session: Session, address: string): string | undefined {
	// No letter names a file: receivedNames() sees to it.
	if (isFileAddress(address)) return inOutFolder(session, address);
	const local = address.split('@', 1)[0] ?? '';
	// A backslash only keeps a name from being taken for an alias.
	const name = local
		.replace(/^\\/, '')
		.replace(/[/|&;<>~{}()[\]*?$`'"\\\s\0]/g, '_')
		.replace(/^[.+%#&@]/, '_');
	return inOutFolder(session, name || '_');
}

/** Below `folder` with `outfolder`, for a name that does not say where it is. */
function inOutFolder(session: Session, name: string): string | undefined {
	const path = expandFolder(session, name);
	const below = session.variables.has('outfolder') && path !== undefined && !/^[/+]/.test(path);
	return below ? expandFolder(session, `+${name}`) : path;
}
