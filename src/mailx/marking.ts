/**
 * Commands that change only the state of messages: their flags and their score. What becomes of the
 * messages is decided when the folder is left.
 */
import { Complaint } from '../complaint.js';
import { Flag, type Message } from '../mailbox/mailbox.js';
import type { Outcome } from './commands.js';
import { splitLastWord } from './lexer.js';
import { firstApplicable, selectMessages } from './msglist.js';
import type { Session } from './session.js';
import { setDot } from './threads.js';

/** Notes that a message has been seen: it counts as read, and will leave the system mailbox on quit. */
export function touchMessage(message: Message): void {
	message.set(Flag.touched);
	if (!message.has(Flag.read)) message.set(Flag.read | Flag.statusChanged);
}

/** Changes each message, which becomes the dot; the last one counts as shown. */
function mark(
	session: Session,
	messages: readonly Message[],
	change: (message: Message) => void,
): void {
	for (const message of messages) {
		setDot(session, message);
		change(message);
		session.dotShown = true;
	}
}

/** To go to mbox on quit, without having been read. */
export async function touch(session: Session, messages: Message[]): Promise<Outcome> {
	mark(session, messages, (message) => {
		message.set(Flag.touched);
		message.clear(Flag.preserved);
	});
}

/** To stay in the system mailbox whatever happens. */
export async function hold(session: Session, messages: Message[]): Promise<Outcome> {
	if (session.mailbox?.kind === 'file') throw new Complaint('Cannot "preserve" in edit mode');
	mark(session, messages, (message) => {
		message.set(Flag.preserved);
		message.clear(Flag.toMbox);
	});
}

/** To go to mbox on quit. */
export async function mbox(session: Session, messages: Message[]): Promise<Outcome> {
	mark(session, messages, (message) => {
		message.set(Flag.touched | Flag.toMbox);
		message.clear(Flag.preserved);
	});
}

export async function unread(session: Session, messages: Message[]): Promise<Outcome> {
	mark(session, messages, (message) => {
		message.clear(Flag.read | Flag.touched);
		message.set(Flag.statusChanged);
	});
}

export async function seen(session: Session, messages: Message[]): Promise<Outcome> {
	for (const message of messages) {
		setDot(session, message);
		touchMessage(message);
	}
}

/** `delete`: the next message that is left becomes the dot. */
export async function erase(session: Session, messages: Message[]): Promise<Outcome> {
	eraseMessages(session, messages);
}

/** False where no message is left. */
function eraseMessages(session: Session, messages: readonly Message[]): boolean {
	for (const message of messages) {
		touchMessage(message);
		message.set(Flag.deleted);
		message.clear(Flag.preserved | Flag.saved | Flag.toMbox);
	}
	const last = messages.at(-1);
	if (!last) return false;
	setDot(session, last);
	const next = firstApplicable(session);
	const dot = next ?? session.mailbox?.messages[0];
	if (dot) setDot(session, dot);
	return next !== undefined;
}

/** `dp`: deletes, and shows what then is the dot if it comes after the old one. */
export async function eraseAndPrint(session: Session, messages: Message[]): Promise<Outcome> {
	const before = session.mailbox?.dot?.number ?? 0;
	const left = eraseMessages(session, messages);
	const dot = session.mailbox?.dot;
	if (left && dot && dot.number > before) {
		touchMessage(dot);
		return (await import('./reading.js')).type(session, [dot]);
	}
	session.terminal.write(left ? 'At EOF\n' : 'No more messages\n');
}

export async function undelete(session: Session, messages: Message[]): Promise<Outcome> {
	for (const message of messages) {
		touchMessage(message);
		setDot(session, message);
		message.clear(Flag.deleted | Flag.saved);
	}
}

/** Sets or takes away a flag that X-Status keeps. */
function markStatus(on: boolean, flag: number) {
	return async (session: Session, messages: Message[]): Promise<Outcome> => {
		for (const message of messages) {
			setDot(session, message);
			if (message.has(flag) === on) continue;
			message.set(Flag.statusChanged);
			if (on) message.set(flag);
			else message.clear(flag);
		}
	};
}

export const flag = markStatus(true, Flag.flagged);
export const unflag = markStatus(false, Flag.flagged);
export const answered = markStatus(true, Flag.answered);
export const unanswered = markStatus(false, Flag.answered);
export const draft = markStatus(true, Flag.draft);
export const undraft = markStatus(false, Flag.draft);

/** Takes messages out of the summary and of `next`, for good in this session. */
export async function kill(_session: Session, messages: Message[]): Promise<Outcome> {
	for (const message of messages) {
		message.set(Flag.killed);
		message.score = Number.NEGATIVE_INFINITY;
	}
}

export async function unkill(_session: Session, messages: Message[]): Promise<Outcome> {
	for (const message of messages) {
		message.clear(Flag.killed);
		message.score = 0;
	}
}

/** `score [msglist] number`: adds to the score; below 0 kills, above 0 brings back. */
export async function score(session: Session, text: string): Promise<Outcome> {
	const { rest, last } = splitLastWord(text, false);
	if (last === undefined) throw new Complaint('No score given.', 'stderr');
	const points = parseScore(last);
	if (points === undefined) throw new Complaint(`Invalid score: "${last}"`, 'stderr');
	for (const message of await scored(session, rest)) {
		if (message.score === Number.NEGATIVE_INFINITY) continue;
		message.score = Math.fround(message.score + points);
		if (message.score < 0) message.set(Flag.killed);
		else if (message.score > 0) message.clear(Flag.killed);
		if (message.score >= 0) setDot(session, message);
	}
}

async function scored(session: Session, list: string | undefined): Promise<readonly Message[]> {
	const { inHook } = session.input;
	if (list === undefined) {
		const message = firstApplicable(session);
		if (message || inHook) return message ? [message] : [];
		throw new Complaint('No messages to score.', 'stderr');
	}
	const messages = await selectMessages(session, list);
	if (messages.length === 0 && !inHook) {
		throw new Complaint('No applicable messages.', 'stderr');
	}
	return messages;
}

/** The largest number of the original's scores (a C float). */
const most = 3.4028234663852886e38;

/** A number as strtod(3) reads it, or undefined. */
function parseScore(word: string): number | undefined {
	const infinite = /^([-+]?)inf(inity)?$/i.exec(word);
	if (infinite) return infinite[1] === '-' ? -most : most;
	const hex = /^([-+]?)(0x[\da-f]+)$/i.exec(word);
	if (hex) return Number(hex[2]) * (hex[1] === '-' ? -1 : 1);
	if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word)) return undefined;
	return Math.min(most, Math.max(-most, Number(word)));
}
