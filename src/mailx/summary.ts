/**
 * The header summary: which screenful of it is shown, where that leaves the dot, and the commands that
 * list, scroll and measure. What a line looks like is the matter of headline.ts.
 */
import { Complaint } from '../complaint.js';
import { Flag, type Mailbox, type Message } from '../mailbox/mailbox.js';
import type { Outcome } from './commands.js';
import { headlineOf, printHeadlines } from './headline.js';
import type { Session } from './session.js';
import { screenSize } from './shell.js';
import { isCollapsed, isVisible, messagesInOrder, orderOf, setDot } from './threads.js';

/** What one scrolls to: messages that are new or flagged. */
const important = Flag.new | Flag.flagged;

/**
 * What a screenful is looked for by: a message, the number in `session.screen`, or the next or the
 * previous screen on which something important stands.
 */
type Target = Message | 'screen' | 'next-important' | 'previous-important';

/** Messages that get a line: visible, and not collapsed unless asked for by name. */
function isListed(mailbox: Mailbox, message: Message, target: Target): boolean {
	if (!isVisible(mailbox, message)) return false;
	return orderOf(mailbox) !== 'thread' || message === target || !isCollapsed(mailbox, message);
}

interface Screenful {
	/** Counted from 0. */
	readonly number: number;
	/** Index of its first message in the order. */
	readonly start: number;
}

function findScreen(session: Session, mailbox: Mailbox, target: Target, rows: number): Screenful {
	const order = messagesInOrder(mailbox);
	const count = mailbox.messages.length;
	let wanted = Math.max(0, session.screen) * rows;
	if (wanted >= count) wanted = Math.max(0, count - rows);
	let listed = 0;
	let start = 0;
	let last: Screenful | undefined;
	const here = () => ({ number: Math.floor(listed / rows), start });
	for (const [index, message] of order.entries()) {
		if (!isListed(mailbox, message, target)) continue;
		if (listed % rows === 0) start = index;
		const matters = message.has(important);
		if (matters) last = here();
		if (message === target) return here();
		if (target === 'screen' && listed === wanted) return here();
		if (target === 'previous-important' && last && listed === wanted + rows) return last;
		if (typeof target === 'string' && target !== 'screen' && matters && listed >= wanted) {
			return target === 'previous-important' && last ? last : here();
		}
		listed++;
	}
	// Past the end: back to the last screen with something on it. In threads the original stays.
	if (last && target === 'previous-important') return last;
	if (last && target === 'next-important' && orderOf(mailbox) === 'folder') return last;
	return here();
}

/**
 * Lists the screenful that holds a message (the first one, where none is given), and puts the dot on its
 * first line unless that message is the dot.
 */
export async function showHeaders(
	session: Session,
	message: Message | undefined,
): Promise<Outcome> {
	return showScreen(session, message ?? 'screen');
}

async function showScreen(session: Session, target: Target): Promise<Outcome> {
	const { mailbox } = session;
	if (!mailbox) return;
	const rows = Math.max(1, screenSize(session));
	const { number, start } = findScreen(session, mailbox, target, rows);
	session.screen = number;
	const rest = messagesInOrder(mailbox).slice(start);
	if (target !== mailbox.dot) {
		const first = rest.find(
			(message) => isVisible(mailbox, message) && !isCollapsed(mailbox, message),
		);
		if (first) setDot(session, first);
	}
	const page: Message[] = [];
	for (const message of rest) {
		if (page.length >= rows) break;
		if (isListed(mailbox, message, target)) page.push(message);
	}
	if (page.length === 0) throw new Complaint('No more mail.');
	await printHeadlines(session, page, orderOf(mailbox) !== 'folder');
}

/** Lists the screenful with the first of the messages. */
export async function headers(session: Session, messages: Message[]): Promise<Outcome> {
	return showHeaders(session, messages[0]);
}

/** Lists messages, through the pager where `crt` says so; the last one becomes the dot. */
export async function from(session: Session, messages: Message[]): Promise<Outcome> {
	const { terminal, variables } = session;
	const crt = variables.get('crt');
	const paged = terminal.interactive && terminal.outputIsTerminal && crt !== undefined;
	const limit = crt === '' ? screenSize(session) : Number.parseInt(crt ?? '', 10) || 0;
	if (paged && messages.length > limit + 3) {
		const lines: string[] = [];
		for (const message of messages) lines.push(`${await headlineOf(session, message, true)}\n`);
		await terminal.page(Buffer.from(lines.join('')), 'Headers', variables.get('PAGER'));
	} else await printHeadlines(session, messages, true);
	const last = messages.at(-1);
	if (last) setDot(session, last);
}

/** `z`: another screenful, by number, forward or back. */
export async function scroll(session: Session, text: string): Promise<Outcome> {
	moveScreen(session, text);
	return showScreen(session, 'screen');
}

/** `Z`: another screenful with new or flagged messages on it. */
export async function scrollToNew(session: Session, text: string): Promise<Outcome> {
	moveScreen(session, text);
	return showScreen(session, text.startsWith('-') ? 'previous-important' : 'next-important');
}

/** Throws Complaint where `text` is none of `+`, `-`, `+n`, `-n`, `n`, `$`. */
function moveScreen(session: Session, text: string): void {
	const count = session.mailbox?.messages.length ?? 0;
	const rows = Math.max(1, screenSize(session));
	const by = text.length > 1 ? Number.parseInt(text.slice(1), 10) || 0 : 1;
	if (/^\d/.test(text)) session.screen = Number.parseInt(text, 10);
	else if (text === '') session.screen++;
	else if (text.startsWith('$')) session.screen = Math.floor(count / rows);
	else if (text.startsWith('+')) session.screen += by;
	else if (text.startsWith('-')) {
		session.screen -= by;
		if (session.screen < 0) {
			session.screen = 0;
			session.terminal.write('On first screenful of messages\n');
		}
		return;
	} else throw new Complaint(`Unrecognized scrolling command "${text}"`);
	if (session.screen * rows > count) {
		session.screen = Math.floor(count / rows);
		session.terminal.write('On last screenful of messages\n');
	}
}

/** `=`: the number of the dot. */
export async function printDot({ terminal, mailbox }: Session): Promise<Outcome> {
	terminal.write(`${mailbox?.dot?.number ?? 1}\n`);
}

/** Lines and octets of messages. */
export async function size({ terminal, mailbox }: Session, messages: Message[]): Promise<Outcome> {
	if (!mailbox) return;
	for (const message of messages) {
		terminal.write(`${message.number}: ${mailbox.lines(message) || ' '}/${message.octets}\n`);
	}
}
