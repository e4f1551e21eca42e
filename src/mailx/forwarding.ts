/**
 * Messages that are sent on: forward, within a letter of one's own, and resend, as they are.
 */
import { Complaint } from '../complaint.js';
import type { Mailbox, Message } from '../mailbox/mailbox.js';
import { newDraft, typedName, typedNames } from '../message/draft.js';
import { forwardSubject } from '../message/reply.js';
import { unmask, withoutCr } from '../message/stored.js';
import type { Outcome } from './commands.js';
import { splitLastWord } from './lexer.js';
import { firstApplicable, selectMessages } from './msglist.js';
import { expandName } from './names.js';
import { notice, originalOf, replyOptions } from './replying.js';
import { sendResent } from './send.js';
import { writeLetter } from './sending.js';
import type { Session } from './session.js';

/** The messages that a line names before its last word, and that word. */
async function messagesAndAddress(
	session: Session,
	line: string,
	unquote: boolean,
	noMessages: string,
): Promise<{ messages: Message[]; address: string }> {
	const { rest, last } = splitLastWord(line, unquote);
	if (!last) throw new Complaint('No recipient specified.');
	if (rest !== undefined) {
		// Where quotes stay, the original takes them and what is in them for a part of the list, too.
		const whole = session.bare && !unquote && /["']\s*$/.test(line);
		const messages = await selectMessages(session, whole ? line.trimEnd() : rest);
		if (messages.length > 0) return { messages, address: last };
		throw new Complaint(session.input.inHook ? '' : 'No applicable messages.');
	}
	const nearest = firstApplicable(session, { passes: 'deleted-saved' });
	if (!nearest) throw new Complaint(session.input.inHook ? '' : noMessages);
	return { messages: [nearest], address: last };
}

export async function forward(session: Session, line: string): Promise<Outcome> {
	return forwardTo(session, line, false);
}

export async function forwardRecorded(session: Session, line: string): Promise<Outcome> {
	return forwardTo(session, line, true);
}

async function forwardTo(
	session: Session,
	line: string,
	recordByRecipient: boolean,
): Promise<Outcome> {
	const { messages, address } = await messagesAndAddress(
		session,
		line,
		!session.bare,
		'No messages to forward.',
	);
	const [message] = messages;
	if (!message) return;
	if (messages.length > 1) throw new Complaint('Cannot forward multiple messages at once');
	const { variables } = session;
	const full = variables.has('fullnames');
	const to = typedNames(address).map((name) => (full ? name : { ...name, full: name.address }));
	if (to.length === 0) return 'failed';
	const { header } = await originalOf(session, message);
	const attached = variables.has('forward-as-attachment');
	if (!attached) notice(session, message);
	const draft = newDraft({
		to,
		subject: forwardSubject(header, replyOptions(session)),
		attachments: attached ? [{ kind: 'message', number: message.number }] : [],
	});
	await writeLetter(session, draft, {
		showHeader: true,
		original: attached ? undefined : message,
		forwarding: true,
		recordByRecipient,
	});
}

export async function resend(session: Session, line: string): Promise<Outcome> {
	return resendTo(session, line, true);
}

/** `Resend`: without Resent- fields. */
export async function resendPlain(session: Session, line: string): Promise<Outcome> {
	return resendTo(session, line, false);
}

async function resendTo(session: Session, line: string, resent: boolean): Promise<Outcome> {
	const { messages, address } = await messagesAndAddress(
		session,
		line,
		true,
		'No applicable messages.',
	);
	const mailbox = session.mailbox as Mailbox;
	const typed = typedName(address);
	// A mailer program gets the word as it is, as from the original.
	const word = session.variables.has('sendmail') ? address : typed.address;
	const names = expandName(session, { ...typed, address: word, kind: 'to' }).reverse();
	for (const message of messages) {
		const octets = asSent(session, mailbox.read(message));
		if ((await sendResent(session, octets, names, resent)) === 'failed') return 'failed';
	}
}

/** The letter as it was before it was put into a folder. */
function asSent({ mailbox, bare }: Session, stored: Buffer): Buffer {
	const octets = bare ? stored : withoutCr(stored);
	return mailbox?.format === 'mbox' ? unmask(octets) : octets;
}
