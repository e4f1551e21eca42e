/**
 * Putting messages into folders and files: save, copy, move, each also under the name of the sender, and
 * write, which takes bodies alone. A message is marked only when its copy is safely on disk.
 */
import { closeSync, existsSync, openSync } from 'node:fs';

import { Complaint, isErrno, reason } from '../complaint.js';
import { writeAll } from '../mailbox/disk.js';
import { Flag, type Message } from '../mailbox/mailbox.js';
import { appendTo } from '../mailbox/open.js';
import { localPart, skin } from '../message/address.js';
import { makeSayable } from '../message/text.js';
import type { Outcome } from './commands.js';
import { expandFolder, folderDirectory } from './foldernames.js';
import { senderOf } from './headline.js';
import { splitLastWord } from './lexer.js';
import { touchMessage } from './marking.js';
import { firstApplicable, selectMessages } from './msglist.js';
import { lettersOf } from './savedcopy.js';
import type { Session } from './session.js';
import { setDot } from './threads.js';

/** `copy` leaves the message as it is; `save` lets it go on quit; `move` deletes it at once. */
type Verb = 'save' | 'copy' | 'move' | 'decrypt' | 'write';

export async function save(session: Session, text: string): Promise<Outcome> {
	return file(session, 'save', await byName(session, 'save', text));
}

export async function copy(session: Session, text: string): Promise<Outcome> {
	return file(session, 'copy', await byName(session, 'copy', text));
}

export async function move(session: Session, text: string): Promise<Outcome> {
	return file(session, 'move', await byName(session, 'move', text));
}

export async function saveToSender(session: Session, text: string): Promise<Outcome> {
	return file(session, 'save', await bySender(session, 'save', text));
}

export async function copyToSender(session: Session, text: string): Promise<Outcome> {
	return file(session, 'copy', await bySender(session, 'copy', text));
}

export async function moveToSender(session: Session, text: string): Promise<Outcome> {
	return file(session, 'move', await bySender(session, 'move', text));
}

/** A copy of what is not encrypted; what is, is copied as it is, which is told. */
export async function decrypt(session: Session, text: string): Promise<Outcome> {
	return file(session, 'decrypt', await byName(session, 'decrypt', text));
}

export async function decryptToSender(session: Session, text: string): Promise<Outcome> {
	return file(session, 'decrypt', await bySender(session, 'decrypt', text));
}

/** What is to be filed, and the path where, as it is shown. */
interface Filing {
	readonly messages: readonly Message[];
	readonly path: string;
}

/** `undefined`: there is nothing to do, in silence; `failed`: the trouble has been told. */
type Wanted = Filing | 'failed' | undefined;

/** `[msglist] folder`: the last word is the folder; without one it is mbox. */
async function byName(session: Session, verb: Verb, text: string): Promise<Wanted> {
	const { rest, last } = splitLastWord(text, false, session.bare);
	if (last === undefined && verb === 'write') {
		const asks = !session.bare && session.variables.has('interactive');
		const what = asks
			? '  "write FILE" writes the text there, and asks where to put attachments.'
			: '';
		throw new Complaint(`No file specified.${what}`);
	}
	const messages = await choose(session, verb, rest);
	if (!messages) return undefined;
	const path = expandFolder(session, last ?? '&');
	return path === undefined ? 'failed' : { messages, path };
}

/** `[msglist]`: the folder is named after the sender of the first message. */
async function bySender(session: Session, verb: Verb, text: string): Promise<Wanted> {
	const messages = await choose(session, verb, text.trim() === '' ? undefined : text);
	const first = messages?.[0];
	if (!first) return undefined;
	const name = senderName(session, first);
	if (name === '') throw new Complaint(`Cannot determine message sender to ${verb}.`);
	if (!session.variables.has('outfolder')) return { messages, path: name };
	const directory = folderDirectory(session);
	// As `+name`: without a folder directory, that is its very name.
	return { messages, path: directory === undefined ? `+${name}` : `${directory}/${name}` };
}

async function choose(
	session: Session,
	verb: Verb,
	list: string | undefined,
): Promise<Message[] | undefined> {
	const silent = session.input.inHook;
	if (list === undefined) {
		const message = firstApplicable(session, { passes: 'deleted' });
		if (message) return [message];
		if (!silent) throw new Complaint(`No messages to ${verb}.`);
		return undefined;
	}
	const messages = await selectMessages(session, list);
	if (messages.length > 0) return messages;
	if (!silent) throw new Complaint('No applicable messages.');
	return undefined;
}

/**
 * The part before the `@` of the sender's address. It comes from a stranger: nothing in it is expanded, and
 * it names a file here, never one elsewhere.
 */
function senderName(session: Session, message: Message): string {
	const address = skin(senderOf(session, message));
	// Of a uucp path, the last two stations.
	const person = localPart(address.split('!').slice(-2).join('!'));
	return person.replaceAll('/', '_').replace(/^\.+/, '').replaceAll('\0', '');
}

/** Appends and tells; marks the messages when that went well. */
async function file(
	session: Session,
	verb: Exclude<Verb, 'write'>,
	wanted: Wanted,
): Promise<Outcome> {
	const { mailbox, system, terminal, variables, bare } = session;
	if (!mailbox || !wanted || wanted === 'failed') return wanted === 'failed' ? 'failed' : undefined;
	const { messages, path } = wanted;
	let lines = 0;
	let octets = 0;
	const letters = lettersOf(mailbox, messages, session, (copied) => {
		lines += copied.lines;
		octets += copied.octets;
	});
	if (verb === 'decrypt') {
		const encrypted = messages.filter((message) =>
			/^\s*application\/(x-)?pkcs7-mime/i.test(mailbox.header(message).get('content-type') ?? ''),
		);
		for (const _ of encrypted) terminal.complain('No S/MIME support compiled in.\n');
	}
	try {
		const { created } = await appendTo(system, system.real(path), letters, {
			newFormat: variables.get('newfolders') === 'maildir' ? 'maildir' : 'mbox',
			// With -n as the original: a letter begins where the file ends, be it within a line.
			separate: !bare,
			finish: !bare,
		});
		tellFiled(session, path, created, lines, octets);
	} catch (error) {
		if (!isErrno(error)) throw error;
		terminal.complain(`${label(path)}${whyNot(system.real(path), error)}\n`);
		return 'failed';
	}
	mark(session, verb, messages);
}

function mark(session: Session, verb: Verb, messages: readonly Message[]): void {
	const { mailbox } = session;
	for (const message of messages) {
		touchMessage(message);
		if (verb === 'save') message.set(Flag.saved);
		if (verb === 'move') message.set(Flag.saved | Flag.deleted);
		// What has been put away has been seen: Return goes on to the next.
		if (message === mailbox?.dot) session.dotShown = true;
	}
	const last = messages.at(-1);
	if (verb !== 'move' || !last) return;
	setDot(session, last);
	const next = firstApplicable(session, { passes: 'deleted' }) ?? mailbox?.messages[0];
	if (next) setDot(session, next);
}

/** `"box" [Appended] 12/345`; without lines the message was no text. */
function tellFiled(
	{ terminal }: Session,
	path: string,
	created: boolean,
	lines: number | undefined,
	octets: number,
): void {
	const how = created ? '[New file]' : '[Appended]';
	// The name may be that of a sender.
	const name = makeSayable(path, terminal.charset);
	terminal.write(
		`"${name}" ${how} ${lines === undefined || lines < 0 ? 'binary' : lines}/${octets}\n`,
	);
}

/** As perror(3): an empty name is not told. */
function label(path: string): string {
	return path === '' ? '' : `${path}: `;
}

/** What cannot be opened for appending is tried as a new file: where something stands, that is the reason told. */
function whyNot(path: string, error: NodeJS.ErrnoException): string {
	if (path.endsWith('/')) return 'Is a directory';
	const closed = ['EISDIR', 'EACCES', 'EPERM', 'EROFS', 'ETXTBSY'].includes(error.code ?? '');
	return closed && existsSync(path) ? 'File exists' : reason(error);
}

/** Bodies, decoded, to the end of a file; attachments to files that are asked for by name. */
export async function write(session: Session, text: string): Promise<Outcome> {
	const wanted = await byName(session, 'write', text);
	if (!wanted || wanted === 'failed') return wanted;
	const { messages, path } = wanted;
	const real = session.system.real(path);
	const created = !existsSync(real);
	let lines: number | undefined = 0;
	let octets = 0;
	try {
		const fd = openSync(real, 'a');
		try {
			const { renderMeasured } = await import('./show.js');
			for (const message of messages) {
				const sink = (piece: Buffer) => writeAll(fd, piece);
				const options = { action: 'file', filter: 'none', sink } as const;
				const body = await renderMeasured(session, message, options);
				octets += body.count;
				lines = lines === undefined || body.lines === undefined ? undefined : lines + body.lines;
			}
		} finally {
			closeSync(fd);
		}
	} catch (error) {
		if (!isErrno(error)) throw error;
		session.terminal.complain(`${label(path)}${whyNot(real, error)}\n`);
		return 'failed';
	}
	// What would be made as a maildir counts as there, as in the original.
	const appended = session.variables.get('newfolders') === 'maildir';
	tellFiled(session, path, created && !appended, lines, octets);
	mark(session, 'write', messages);
}
