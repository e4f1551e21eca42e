/**
 * What is told about a folder: the line with its name and counts, the message chosen as dot when it is
 * opened, and the mail that has arrived since.
 */
import { Complaint } from '../complaint.js';
import { Flag, type Mailbox, type Message } from '../mailbox/mailbox.js';
import { makeSayable } from '../message/text.js';
import { folderDirectory } from './foldernames.js';
import { tell } from './interpreter.js';
import type { Session } from './session.js';
import { applyAutoOrder, isVisible, messagesInOrder } from './threads.js';

/** A dot is not put on these while there is another choice. */
const passedOver = Flag.hidden | Flag.killed | Flag.deleted;

/** Chooses the dot, prints the folder's line and, where `header` is set, a screenful of the summary. */
export async function announce(session: Session, withHeaders: boolean): Promise<void> {
	const { mailbox, terminal, variables } = session;
	if (!mailbox) return;
	applyAutoOrder(session);
	mailbox.dot = firstDot(session, mailbox);
	terminal.write(folderLine(session));
	if (!withHeaders || mailbox.messages.length === 0 || !variables.has('header')) return;
	const { showHeaders } = await import('./summary.js');
	try {
		await showHeaders(session, mailbox.dot);
	} catch (error) {
		// That nothing is left to list does not end the session.
		if (!(error instanceof Complaint)) throw error;
		tell(terminal, error);
	}
}

/** `"+work": 3 messages 1 new 2 unread`, with its newline; empty where no folder is open. */
export function folderLine(session: Session): string {
	const { mailbox } = session;
	if (!mailbox) return '';
	const { messages } = mailbox;
	const filed = Flag.deleted | Flag.saved;
	const count = (mask: number, value: number) =>
		messages.reduce((sum, { flags }) => sum + ((flags & mask) === value ? 1 : 0), 0);
	const unread = count(Flag.read, 0);
	const fresh = count(Flag.new, Flag.new);
	const parts: [number, string][] = [
		[fresh, 'new'],
		// New messages are unread, too: they are worth a word only together with older ones.
		[unread > fresh ? unread : 0, 'unread'],
		[count(filed, Flag.deleted), 'deleted'],
		[count(filed, Flag.saved), 'saved'],
		[count(filed, filed), 'moved'],
		[count(Flag.hidden, Flag.hidden), 'hidden'],
		[count(Flag.killed, Flag.killed), 'killed'],
	];
	const counts = parts.filter(([n]) => n > 0).map(([n, word]) => ` ${n} ${word}`);
	const readOnly = mailbox.readOnly ? ' [Read only]' : '';
	const name = makeSayable(shortName(session, mailbox.name), session.terminal.charset);
	return `"${name}": ${messagesWord(messages.length)}${counts.join('')}${readOnly}\n`;
}

export function messagesWord(count: number): string {
	return count === 1 ? '1 message' : `${count} messages`;
}

/** `+name` for what lies below the folder directory. */
function shortName(session: Session, name: string): string {
	const directory = folderDirectory(session);
	if (directory === undefined || !name.startsWith(`${directory}/`)) return name;
	return `+${name.slice(directory.length + 1)}`;
}

/** Where to begin: the first new message, else flagged, else unread; else the first, or the last with `showlast`. */
function firstDot(session: Session, mailbox: Mailbox): Message | undefined {
	const order = messagesInOrder(mailbox);
	return (
		order.find(({ flags }) => (flags & (Flag.new | passedOver)) === Flag.new) ??
		order.find(({ flags }) => (flags & Flag.flagged) !== 0) ??
		order.find(({ flags }) => (flags & (Flag.read | passedOver)) === 0) ??
		(session.variables.has('showlast')
			? (order.findLast(({ flags }) => (flags & passedOver) === 0) ?? mailbox.messages.at(-1))
			: (order.find(({ flags }) => (flags & passedOver) === 0) ?? mailbox.messages[0]))
	);
}

/** The dot after mail has come in: the first message that has just arrived, else as on opening. */
export function newestDot(session: Session, mailbox: Mailbox): Message | undefined {
	const arrived = mailbox.messages.find(
		({ flags }) => (flags & (Flag.newest | passedOver)) === Flag.newest,
	);
	return arrived ?? firstDot(session, mailbox);
}

/** Tells what has just been taken in, runs the folder's hook, and lists the headers of the new mail. */
export async function announceNewMail(
	session: Session,
	arrived: readonly Message[],
): Promise<void> {
	const { mailbox, terminal, variables } = session;
	if (!mailbox) return;
	for (const message of mailbox.messages) message.clear(Flag.newest);
	for (const message of arrived) message.set(Flag.newest);
	const { length } = arrived;
	if (length === 0) terminal.write(`Loaded ${mailbox.messages.length} messages\n`);
	else {
		terminal.write('New mail has arrived.\n');
		terminal.write(length === 1 ? 'Loaded 1 new message\n' : `Loaded ${length} new messages\n`);
	}
	await callHook(session, true);
	if (!variables.has('header')) return;
	const { printHeadlines } = await import('./headline.js');
	await printHeadlines(
		session,
		arrived.filter((message) => isVisible(mailbox, message)),
	);
}

/** The folder hook of the open folder, where there is any. */
export async function callHook(session: Session, forNewMail: boolean): Promise<void> {
	const name = session.mailbox?.name ?? '';
	const { variables } = session;
	if (!variables.has(`folder-hook-${name}`) && !variables.has('folder-hook')) return;
	const { callFolderHook } = await import('./control.js');
	await callFolderHook(session, name, forNewMail);
}
