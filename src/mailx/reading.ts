/**
 * The commands that put messages before a person: type and its relatives, the walk from one message to
 * the next, pagers, and pipes to other programs. What a message looks like is show.ts.
 */
import { Complaint } from '../complaint.js';
import { Flag, type Mailbox, type Message } from '../mailbox/mailbox.js';
import { decodeOctets, encodeText } from '../message/charset.js';
import { longestLine } from '../message/pieces.js';
import { withoutCr } from '../message/stored.js';
import { makePrintable } from '../message/text.js';
import type { Outcome } from './commands.js';
import { splitLastWord } from './lexer.js';
import { touchMessage } from './marking.js';
import { type Action, cutHere, shownCharset } from './rendering.js';
import type { Session } from './session.js';
import { renderMeasured, renderMessage } from './show.js';
import { isVisible, nextInOrder, openThread, setDot } from './threads.js';

/** What `type` and its relatives do with fields and parts. */
type Manner = 'display' | 'displayAll' | 'show';

const unwanted = Flag.deleted | Flag.saved | Flag.hidden | Flag.killed;

/**
 * The next message that is neither deleted, saved nor killed; with messages given, the first of them
 * after the dot, round the end if need be. As the first command it shows the dot itself.
 */
export async function next(session: Session, messages: Message[]): Promise<Outcome> {
	const mailbox = session.mailbox as Mailbox;
	const { dot } = mailbox;
	if (messages.length > 0) {
		const found = nextOf(mailbox, messages);
		if (!found) throw new Complaint('No messages applicable');
		return type(session, [found]);
	}
	if (!dot) {
		session.terminal.write('At EOF\n');
		return;
	}
	if (!session.commandSeen) return type(session, [dot]);
	let found: Message | undefined = session.dotShown ? nextInOrder(mailbox, dot) : dot;
	while (found?.has(unwanted)) found = nextInOrder(mailbox, found);
	if (!found) {
		session.terminal.write('At EOF\n');
		return;
	}
	return type(session, [found]);
}

function nextOf(mailbox: Mailbox, messages: Message[]): Message | undefined {
	const after = new Set<Message>();
	for (
		let message = mailbox.dot && nextInOrder(mailbox, mailbox.dot);
		message;
		message = nextInOrder(mailbox, message)
	) {
		after.add(message);
	}
	const start = Math.max(
		0,
		messages.findIndex((message) => after.has(message)),
	);
	return [...messages.slice(start), ...messages.slice(0, start)].find(
		(message) => !message.has(Flag.deleted | Flag.hidden),
	);
}

export async function type(session: Session, messages: Message[]): Promise<Outcome> {
	return put(session, messages, 'display', false);
}

export async function typeAll(session: Session, messages: Message[]): Promise<Outcome> {
	return put(session, messages, 'displayAll', false);
}

export async function page(session: Session, messages: Message[]): Promise<Outcome> {
	return put(session, messages, 'display', true);
}

export async function pageAll(session: Session, messages: Message[]): Promise<Outcome> {
	return put(session, messages, 'displayAll', true);
}

export async function show(session: Session, messages: Message[]): Promise<Outcome> {
	return put(session, messages, 'show', false);
}

/** The dot after a command that moves it, where `autoprint` is set and the dot is to be seen. */
export async function autoprint(session: Session, message: Message): Promise<Outcome> {
	const { mailbox } = session;
	if (mailbox && isVisible(mailbox, message)) return type(session, [message]);
}

/** Shows messages, through a pager where that was asked for or `crt` says they are too long. */
async function put(
	session: Session,
	messages: readonly Message[],
	manner: Manner,
	paged: boolean,
): Promise<Outcome> {
	const { terminal, variables } = session;
	const options = {
		action: manner,
		filter: manner === 'display' ? session.fields.display : 'all',
	} as const;
	if (variables.has('interactive') && (paged || isLong(session, messages))) {
		const texts: Buffer[] = [];
		for (const message of messages) {
			texts.push(meet(session, message), await renderMessage(session, message, options));
		}
		const title = messages.length === 1 ? `Message ${messages[0]?.number}` : 'Messages';
		await terminal.page(Buffer.concat(texts), title, variables.get('PAGER') || undefined);
		return;
	}
	const colour = variables.has('colour') ? await import('./colour.js') : undefined;
	const paint = colour?.wantsColour(session) ? colour.paintText : undefined;
	for (const message of messages) {
		await terminal.checkpoint();
		terminal.write(meet(session, message));
		const sink = (octets: Buffer) => terminal.write(octets);
		const whole = message.octets < longMessage;
		const rest = await renderMessage(session, message, whole ? options : { ...options, sink });
		terminal.write(paint ? paint(rest) : rest);
	}
}

/** Octets of a message that is put out as it is made, and never in memory as a whole. */
const longMessage = 1 << 20;

/** `crt`: a number of lines, or the screen. Lines are counted as they stand in the folder. */
function isLong(session: Session, messages: readonly Message[]): boolean {
	const { mailbox, terminal, variables } = session;
	const crt = variables.get('crt');
	if (crt === undefined || !mailbox) return false;
	let lines = 0;
	for (const message of messages) lines += mailbox.lines(message);
	return lines > (crt === '' ? terminal.rows : Number.parseInt(crt, 10) || 0);
}

/** What happens to a message when it is read; returns the line that announces it. */
function meet(session: Session, message: Message): Buffer {
	touchMessage(message);
	setDot(session, message);
	if (session.mailbox) openThread(session.mailbox, message, true);
	return announcement(session, message);
}

function announcement(session: Session, message: Message): Buffer {
	if (session.variables.has('quiet')) return Buffer.alloc(0);
	return Buffer.from(`Message ${String(message.number).padStart(2)}:\n`);
}

/** The first lines of messages as they stand in the folder, `toplines` of them after the From_ line. */
export async function top(session: Session, messages: Message[]): Promise<Outcome> {
	const { terminal, variables } = session;
	const mailbox = session.mailbox as Mailbox;
	const wish = variables.get('toplines');
	const asked = wish === undefined ? 5 : Number.parseInt(wish, 10) || 0;
	const most = asked < 0 || asked > 10_000 ? 5 : asked;
	const charset = shownCharset(session);
	let apart = true;
	for (const message of messages) {
		await terminal.checkpoint();
		touchMessage(message);
		setDot(session, message);
		session.dotShown = true;
		terminal.write(announcement(session, message));
		if (mailbox.format !== 'mbox') {
			terminal.write(`${makePrintable(mailbox.postmark(message), charset)}\n`);
		}
		if (!apart) terminal.write('\n');
		const stored = mailbox.read(message);
		const octets = session.bare ? stored : withoutCr(stored);
		for (const line of firstLines(octets, most + 1)) {
			const text = makePrintable(
				`${decodeOctets(line.subarray(0, longestLine), undefined, charset)}\n`,
				charset,
			);
			terminal.write(encodeText(text, charset));
			if (line.length > longestLine) terminal.write(cutHere);
			apart = /^[ \t]*\n$/.test(text);
		}
	}
}

function firstLines(octets: Buffer, most: number): Buffer[] {
	const lines: Buffer[] = [];
	for (let at = 0; at < octets.length && lines.length < most; ) {
		const end = octets.indexOf(10, at);
		const stop = end < 0 ? octets.length : end;
		lines.push(octets.subarray(at, stop));
		at = stop + 1;
	}
	return lines;
}

export async function pipe(session: Session, text: string): Promise<Outcome> {
	return pipeTo(session, text, 'display');
}

export async function pipeAll(session: Session, text: string): Promise<Outcome> {
	return pipeTo(session, text, 'displayAll');
}

/** `[msglist] command`: the last word, or the variable `cmd`, is a command for the shell. */
async function pipeTo(
	session: Session,
	text: string,
	manner: 'display' | 'displayAll',
): Promise<Outcome> {
	const { terminal, variables } = session;
	const { inHook } = session.input;
	const { rest, last } = splitLastWord(text, true);
	const command = last || variables.get('cmd');
	if (!command) throw new Complaint('variable cmd not set', 'stderr');
	const list = await import('./msglist.js');
	const dot =
		rest === undefined ? list.firstApplicable(session, { passes: 'deleted-saved' }) : undefined;
	if (rest === undefined && !dot) throw new Complaint(inHook ? '' : 'No messages to pipe.');
	const messages = dot ? [dot] : await list.selectMessages(session, rest ?? '');
	if (messages.length === 0) throw new Complaint(inHook ? '' : 'No applicable messages.');

	const raw = variables.has('piperaw');
	const action: Action = raw ? 'mbox' : manner;
	const filter = manner === 'display' ? session.fields.display : 'all';
	const texts: Buffer[] = [];
	let lines = 0;
	let count = 0;
	for (const message of messages) {
		texts.push(meet(session, message));
		const rendered = await renderMeasured(session, message, { action, filter });
		texts.push(rendered.octets);
		if (variables.has('page')) texts.push(Buffer.from('\f'));
		lines += rendered.lines;
		count += rendered.count;
	}
	const announce = () => terminal.write(`Pipe to: "${command}"\n`);
	// Into a pipe the original's own words come after the child's: stdio keeps them back.
	if (terminal.outputIsTerminal) announce();
	const shell = variables.get('SHELL');
	const input = Buffer.concat(texts);
	const end = await terminal.lend({ command, input, ...(shell ? { shell } : {}) });
	if (!terminal.outputIsTerminal) announce();
	if (end.error !== undefined) terminal.complain(`${shell || '/bin/sh'}: ${end.error}\n`);
	terminal.write(`"${command}" ${lines < 0 ? 'binary' : lines}/${count}\n`);
}
