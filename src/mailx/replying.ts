/**
 * Answers: reply, followup and all their kinds, which differ in whom they go to and where they are recorded.
 * Who that is, and what the subject becomes, is known to message/reply.ts.
 */
import { Complaint } from '../complaint.js';
import type { Mailbox, Message } from '../mailbox/mailbox.js';
import { sameAddress } from '../message/address.js';
import type { Draft, Name } from '../message/draft.js';
import { type Original, type ReplyOptions, replyToAll, replyToSenders } from '../message/reply.js';
import { prepareWords } from '../message/words.js';
import { markAnswered } from './collect.js';
import type { Outcome } from './commands.js';
import { touchMessage } from './marking.js';
import { isOneself, sortedRecipients } from './names.js';
import { writeLetter } from './sending.js';
import type { Session } from './session.js';
import { setDot } from './threads.js';

/** `flipr` and `Replyall` each swap `reply` and `Reply`; both together swap nothing. */
function swapped({ variables }: Session): boolean {
	return variables.has('flipr') !== variables.has('Replyall');
}

export async function reply(session: Session, messages: Message[]): Promise<Outcome> {
	return swapped(session) ? toSenders(session, messages, false) : toAll(session, messages, false);
}

export async function replyToSender(session: Session, messages: Message[]): Promise<Outcome> {
	return swapped(session) ? toAll(session, messages, false) : toSenders(session, messages, false);
}

export async function replyAll(session: Session, messages: Message[]): Promise<Outcome> {
	return toAll(session, messages, false);
}

export async function replySender(session: Session, messages: Message[]): Promise<Outcome> {
	return toSenders(session, messages, false);
}

export async function followup(session: Session, messages: Message[]): Promise<Outcome> {
	return swapped(session) ? toSenders(session, messages, true) : toAll(session, messages, true);
}

export async function followupToSender(session: Session, messages: Message[]): Promise<Outcome> {
	return swapped(session) ? toAll(session, messages, true) : toSenders(session, messages, true);
}

export async function followupAll(session: Session, messages: Message[]): Promise<Outcome> {
	return toAll(session, messages, true);
}

export async function followupSender(session: Session, messages: Message[]): Promise<Outcome> {
	return toSenders(session, messages, true);
}

async function toAll(session: Session, messages: Message[], record: boolean): Promise<Outcome> {
	const [message] = messages;
	if (!message) return;
	if (messages.length > 1) {
		throw new Complaint("Sorry, can't reply to multiple messages at once");
	}
	notice(session, message);
	const original = await originalOf(session, message);
	const draft = replyToAll(original, replyOptions(session));
	return answer(session, message, sparingOneself(session, draft), record);
}

/**
 * POSIX `metoo`: one who answers gets no copy, though the header names everybody. A mailer of one's own
 * choice (`sendmail`) is told of all, as in the original, which cannot know what this host is called.
 */
function sparingOneself({ variables, system, login }: Session, draft: Draft): Draft {
	if (variables.has('metoo') || variables.has('sendmail')) return draft;
	const own = `${login}@${system.host}`;
	const isOwn = ({ address }: Name) => sameAddress(own, address, false);
	if ([...draft.to, ...draft.cc, ...draft.bcc].every(isOwn)) return draft;
	const marked = (names: readonly Name[]) =>
		names.map((name) => (isOwn(name) ? { ...name, leftOut: true as const } : name));
	return { ...draft, to: marked(draft.to), cc: marked(draft.cc) };
}

async function toSenders(session: Session, messages: Message[], record: boolean): Promise<Outcome> {
	const originals: Original[] = [];
	for (const message of messages) {
		notice(session, message);
		originals.push(await originalOf(session, message));
	}
	const draft = replyToSenders(originals, replyOptions(session));
	const [first] = messages;
	if (!first || draft.to.length === 0) return;
	return answer(session, first, draft, record);
}

/** It has been dealt with, and is the dot. */
export function notice(session: Session, message: Message): void {
	touchMessage(message);
	setDot(session, message);
}

/** What of a message an answer is made of. */
export async function originalOf(session: Session, message: Message): Promise<Original> {
	const mailbox = session.mailbox as Mailbox;
	const header = mailbox.header(message);
	await prepareWords(...header.fields.map((field) => field.value));
	const postmark = mailbox.postmark(message);
	// The local part of an address may have blanks in quotes; the original knows none.
	const [, quoted] = session.bare ? [] : (/^From ("(?:\\.|[^"\\])*"[^ \t]*)/.exec(postmark) ?? []);
	const [, envelopeSender = ''] = quoted === undefined ? postmark.split(' ') : ['', quoted];
	return { header, envelopeSender };
}

/** What message/reply.ts asks for, from the session. */
export function replyOptions(session: Session): ReplyOptions {
	return {
		charset: session.terminal.charset,
		fullNames: session.variables.has('fullnames'),
		isOneself: (address) => isOneself(session, address),
		sorted: sortedRecipients,
		sameCharset: session.variables.has('reply-in-same-charset'),
		faithful: session.bare,
		note: (text) => session.terminal.complain(text),
	};
}

async function answer(
	session: Session,
	original: Message,
	draft: Draft,
	recordByRecipient: boolean,
): Promise<Outcome> {
	const fate = await writeLetter(session, draft, {
		showHeader: true,
		original,
		recordByRecipient,
	});
	if (fate === 'sent' && session.variables.has('markanswered')) markAnswered(original);
}
