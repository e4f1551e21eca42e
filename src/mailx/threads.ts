/**
 * The order in which messages are listed and walked: that of the folder, one sorted by a key, or the
 * conversations that In-Reply-To and References make (RFC 5322 3.6.4). Keeps a forest beside each
 * mailbox; the numbers of messages never change. Knows nothing of how a line of the summary looks.
 */
import type { Mailbox, Message } from '../mailbox/mailbox.js';
import type { Outcome } from './commands.js';
import type { Session } from './session.js';

/** The messages as they are walked: by thread or sort key, else by number. */
export function messagesInOrder(mailbox: Mailbox): readonly Message[] {
	return mailbox.messages;
}

/** The message after this one in that order, whatever its flags. */
export function nextInOrder(mailbox: Mailbox, message: Message): Message | undefined {
	return mailbox.messages[message.number];
}

/** The message before this one in that order, whatever its flags. */
export function previousInOrder(mailbox: Mailbox, message: Message): Message | undefined {
	return mailbox.messages[message.number - 2];
}

/** `thread`: conversations; `sort`: a flat list by a key; `folder`: the order of the file. */
export function orderOf(_mailbox: Mailbox): 'folder' | 'thread' | 'sort' {
	return 'folder';
}

/** Makes a message the current one; the one before it becomes `;`, and its thread is opened for it. */
export function setDot(session: Session, message: Message): void {
	const mailbox = session.mailbox;
	if (!mailbox) return;
	if (mailbox.dot !== message) {
		mailbox.previousDot = mailbox.dot;
		session.dotShown = false;
	}
	mailbox.dot = message;
}

/** Shows what is collapsed beneath a message; without `always` only if the message itself is hidden so. */
export function openThread(_mailbox: Mailbox, _message: Message, _always: boolean): void {
	// Nothing is collapsed in the order of the folder.
}

/** `autothread` and `autosort`, on opening a folder: before the first dot is chosen. */
export function applyAutoOrder(_session: Session): void {
	// Filled in below.
}

/** Puts mail that has just been taken in where the order in force wants it. */
export function orderNewMail(_session: Session): void {
	// Filled in below.
}

/** Not deleted, hidden or killed, or killed but current: what the summary lists. */
export function isVisible(mailbox: Mailbox, message: Message): boolean {
	return mailbox.messages.includes(message);
}

export async function thread(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function unthread(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function sort(_session: Session, _words: string[]): Promise<Outcome> {
	return 'failed';
}
export async function collapse(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function uncollapse(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
