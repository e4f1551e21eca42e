/**
 * The line of a message in the summary, as the variable `headline` wants it: escapes after a percent
 * sign, each with a width. Fields are read off the octets, and only those that are printed.
 */
import { Flag, type Message } from '../mailbox/mailbox.js';
import { sameAddress, skin, splitAddresses } from '../message/address.js';
import { misread, prepareShownCharset } from '../message/charset.js';
import { columns, cutToColumns, type Fashion, fitColumns } from '../message/columns.js';
import { parseDate, printCtime } from '../message/date.js';
import { isUtf8, makePrintable } from '../message/text.js';
import { decodeWords, prepareWords, realName, showWords } from '../message/words.js';
import { type FieldScan, scanFields } from './fieldscan.js';
import type { Place } from './ordering.js';
import type { Session } from './session.js';
import { orderOf, placeIn } from './threads.js';

const formats = {
	plain: '%>%a%m %18f %16d %4l/%-5o %i%s',
	bsd: '%>%a%m %20f  %16d %3l/%-5o %i%S',
};

/**
 * The marks: new, unread, seen but new, read, saved, held, to go to mbox, flagged, answered, draft, killed,
 * head of a collapsed conversation, collapsed, junk.
 */
const marks = { plain: 'NUROSPMFATK+-J', bsd: 'NU  *HMFATK+-J' };

/** A run of text, or an escape with its width (0 where none is given, below 0 to the left). */
type Piece =
	| { readonly kind: 'text'; readonly text: string }
	| { readonly kind: 'escape'; readonly letter: string; readonly width: number };

function parseFormat(format: string): Piece[] {
	const pieces: Piece[] = [];
	for (const [, text, sign, digits, letter] of format.matchAll(
		/([^%]+)|%([-+]?)(\d*)([\s\S]?)/gu,
	)) {
		if (text !== undefined) pieces.push({ kind: 'text', text });
		// An unfinished escape ends the format.
		else if (!letter) break;
		else {
			const width = Number(digits) * (sign === '-' ? -1 : 1);
			pieces.push({ kind: 'escape', letter, width });
		}
	}
	return pieces;
}

let lastFormat = { format: '', pieces: parseFormat('') };

/** As `parseFormat`; the last one is remembered, as many lines have the same. */
function piecesOf(format: string): readonly Piece[] {
	if (lastFormat.format !== format) lastFormat = { format, pieces: parseFormat(format) };
	return lastFormat.pieces;
}

/** Prints the lines of these messages. `inOrder`: with indentation where conversations are in force. */
export async function printHeadlines(
	session: Session,
	messages: readonly Message[],
	inOrder = false,
): Promise<void> {
	const colour = session.variables.has('colour') ? await import('./colour.js') : undefined;
	const paint = colour?.wantsColour(session) ? colour.paintHeadline : undefined;
	let lines = '';
	if (session.bare) await prepareShownCharset(shownCharset(session));
	for (const message of messages) {
		// Waits only for what has to be waited for: a turn of the loop for each of many would be felt.
		const made = headlineOf(session, message, inOrder);
		const line = typeof made === 'string' ? made : await made;
		lines += `${paint ? paint(line, message) : line}\n`;
		if (lines.length > 16_384) {
			session.terminal.write(lines);
			lines = '';
			await session.terminal.checkpoint();
		}
	}
	session.terminal.write(lines);
}

/** The original knows characters only, and cuts between any of them. */
function fashionOf({ bare, terminal }: Session): Fashion | undefined {
	return bare ? 'bare' : terminal.fashion;
}

/** As show.ts has it, which is not loaded for the summary. */
function shownCharset({ variables, terminal }: Session): string {
	return variables.get('ttycharset') ?? terminal.charset;
}

/** The line without its newline; a promise where decoders of its charsets may have to be loaded first. */
export function headlineOf(
	session: Session,
	message: Message,
	inOrder: boolean,
): string | Promise<string> {
	if (!session.mailbox) return '';
	const fields = scanFields(session.mailbox, message);
	const format = () => formatHeadline(session, message, inOrder, fields);
	if (!fields.mayNeedDecoder()) return format();
	const shown = ['subject', 'subj', 'from', 'sender', 'to'];
	const values = shown.map((name) => fields.get(name)?.slice(0, 20_000) ?? '');
	return prepareWords(...values).then(format);
}

/** The line without its newline. `inOrder`: numbered and indented as sorted or threaded lists are. */
function formatHeadline(
	session: Session,
	message: Message,
	inOrder: boolean,
	fields?: FieldScan,
): string {
	const { mailbox, variables } = session;
	if (!mailbox) return '';
	const bsd = variables.has('bsdcompat') || variables.has('bsdheadline');
	const pieces = piecesOf(variables.get('headline') ?? formats[bsd ? 'bsd' : 'plain']);
	const line = new Headline(
		session,
		message,
		fields ?? scanFields(mailbox, message),
		inOrder && orderOf(mailbox) !== 'folder',
	);
	for (const piece of pieces)
		if (piece.kind === 'text') line.left -= columns(piece.text, fashionOf(session));
	return pieces
		.map((piece) => (piece.kind === 'text' ? piece.text : line.fill(piece.letter, piece.width)))
		.join('');
}

/** Text to the right of `width` columns, to the left where it is below 0. */
function align(text: string | number, width: number): string {
	return width < 0 ? String(text).padEnd(-width) : String(text).padStart(width);
}

class Headline {
	readonly #session: Session;
	readonly #message: Message;
	readonly #fields: FieldScan;
	/** In a sorted or threaded list: where it stands there. */
	readonly #place: Place | undefined;
	readonly #ordered: boolean;
	readonly #fashion: Fashion | undefined;
	/** Columns that are left for the subject. */
	left: number;

	constructor(session: Session, message: Message, fields: FieldScan, ordered: boolean) {
		this.#session = session;
		this.#message = message;
		this.#fields = fields;
		this.#ordered = ordered;
		this.#place = ordered && session.mailbox ? placeIn(session.mailbox, message) : undefined;
		this.#fashion = fashionOf(session);
		this.left = session.terminal.columns;
	}

	/** What an escape stands for; nothing for an unknown one. */
	fill(letter: string, width: number): string {
		if (letter === 's') return this.#subject(width, false);
		if (letter === 'S') return this.#subject(width, true);
		const text = this.#value(letter, width);
		this.left -= columns(text, this.#fashion);
		return text;
	}

	#value(letter: string, width: number): string {
		const { mailbox } = this.#session;
		const message = this.#message;
		switch (letter) {
			case '%':
				return '%';
			case '>':
			case '<':
				return mailbox?.dot === message ? letter : ' ';
			case 'a':
				return markOf(this.#session, message);
			case 'm':
				return align(message.number, width || this.#numberWidth());
			case 't':
				return align(
					this.#place ? this.#place.position + 1 : message.number,
					width || this.#numberWidth(),
				);
			case 'f':
				return this.#person(width > 0 ? width : 18);
			case 'd': {
				const most = width > 0 ? width : 16;
				const date = cutToColumns(this.#date(), most, this.#fashion);
				return ' '.repeat(most - columns(date, this.#fashion)) + date;
			}
			case 'l': {
				const lines = mailbox?.lines(message) ?? 0;
				return align(lines || '', width || 4);
			}
			case 'o':
				return align(message.octets, width || -5);
			case 'i':
				return this.#place ? indentation(this.#session, this.#place) : '';
			// What IMAP numbers messages by; 0 for what is on this machine.
			case 'U':
				return align(0, width || 9);
			case 'e': {
				const threaded = mailbox !== undefined && orderOf(mailbox) === 'thread';
				return align(threaded ? (this.#place?.level ?? 0) : 0, width || 2);
			}
			case 'c':
				return align(printScore(message.score), width || 6);
			default:
				return '';
		}
	}

	#numberWidth(): number {
		const count = this.#session.mailbox?.messages.length ?? 0;
		return this.#ordered ? Math.max(3, String(count).length) : 3;
	}

	#subject(width: number, quoted: boolean): string {
		const value = this.#fields.get('subject') ?? this.#fields.get('subj');
		const room = (width > 0 ? width : this.left - 2) - (quoted ? 2 : 0);
		if (value === undefined || room < 0) return '';
		const enough = value.slice(0, Math.max(4_000, room * 100));
		const shown = showWords(enough, shownCharset(this.#session), this.#session.bare);
		const text = cutToColumns(this.#onTerminal(shown), room, this.#fashion);
		return quoted ? `"${text}"` : text;
	}

	#date(): string {
		const { variables, terminal, mailbox } = this.#session;
		const field = variables.has('datefield') ? this.#fields.get('date') : undefined;
		if (field !== undefined) return printCtime(parseDate(field) ?? new Date(0));
		const postmark = mailbox?.postmark(this.#message) ?? '';
		return makePrintable(decodeWords(postmarkDate(postmark), terminal.charset), terminal.charset);
	}

	#person(width: number): string {
		const { variables } = this.#session;
		const charset = shownCharset(this.#session);
		if (this.#session.newsgroups) {
			const groups = this.#fields.get('newsgroups') ?? this.#fields.get('article-id') ?? '<>';
			return this.#fit(
				makePrintable(decodeOctetsOf(groups, charset, this.#session.bare), charset),
				width,
			);
		}
		let name: string | undefined;
		let isRecipient = false;
		if (variables.has('show-rcpt')) {
			name = this.#fields.get('to');
			isRecipient = name !== undefined;
		} else {
			name = senderOf(this.#session, this.#message, this.#fields);
			const recipient = this.#fields.get('to');
			if (
				variables.has('showto') &&
				recipient !== undefined &&
				isOwnName(this.#session, skin(name))
			) {
				name = recipient;
				isRecipient = true;
			}
		}
		const shown =
			name === undefined
				? ''
				: variables.has('showname')
					? realName(name, charset, this.#session.bare)
					: makePrintable(decodeOctetsOf(skin(name), charset, this.#session.bare), charset);
		return isRecipient ? `To ${this.#fit(shown, width - 3)}` : this.#fit(shown, width);
	}

	#fit(text: string, width: number): string {
		return fitColumns(this.#onTerminal(text), width, this.#fashion);
	}

	/** With -n `ttycharset` says what is written, and the terminal what is seen of it. */
	#onTerminal(text: string): string {
		const { bare, terminal } = this.#session;
		if (!bare) return text;
		const { charset } = terminal;
		return makePrintable(misread(text, shownCharset(this.#session), charset), charset);
	}
}

/** Octets of an address, which no encoded word may stand in. */
function decodeOctetsOf(value: string, charset: string, faithful: boolean): string {
	return value.includes('=?') ? value : decodeWords(value, charset, faithful);
}

/** The part of a From_ line behind the sender, and behind a terminal's name. */
function postmarkDate(postmark: string): string {
	// A longer one is none, and would only cost time and stack.
	const match =
		/^[^ \t]*[ \t]+((?:"[^"]*"?|[^ \t"])*)(?:[ \t]+(tty[^ \t]*))?(?:[ \t]+([^\n]+))?$/.exec(
			postmark.slice(0, 4_000),
		);
	return match?.[3] ?? '<Unknown date>';
}

/**
 * Whom a message is from, for display: From, else Sender, else the From_ line, else Return-Path. The
 * value as the field has it.
 */
export function senderOf(
	{ mailbox }: Session,
	message: Message,
	fields: FieldScan | undefined = mailbox && scanFields(mailbox, message),
): string {
	const named = fields?.get('from') || fields?.get('sender');
	if (named) return named;
	const postmark = mailbox?.postmark(message) ?? '';
	const [, sender = ''] = /^[^ ]*[ \t]*([^ \t]*)/.exec(postmark) ?? [];
	return sender || (fields?.get('return-path') ?? '');
}

/** Whether an address is one's own: the login name, `alternates`, or an address of `from`, `replyto`, `sender`. */
export function isOwnName(session: Session, address: string): boolean {
	const { variables, login, alternates } = session;
	const allnet = variables.has('allnet');
	const set = ['from', 'replyto', 'sender'].flatMap((name) =>
		splitAddresses(variables.get(name) ?? '').map(skin),
	);
	return [login, ...alternates, ...set].some((own) => sameAddress(own, address, allnet));
}

/** The one mark of a message; of all that apply, the last in the original's order. */
function markOf({ mailbox, variables, system }: Session, message: Message): string {
	const bsd =
		variables.has('bsdcompat') || variables.has('bsdflags') || system.env.SYSV3 !== undefined;
	const usual = bsd ? marks.bsd : marks.plain;
	const given = variables.get('attrlist') ?? '';
	const letters = given + usual.slice(given.length);
	const mark = (at: number) => letters[at] ?? ' ';
	const is = (flag: number) => message.has(flag);
	const threaded = mailbox !== undefined && orderOf(mailbox) === 'thread';
	const collapsed = threaded ? (placeIn(mailbox, message)?.collapsed ?? 0) : 0;

	if (collapsed < 0) return mark(11);
	if (collapsed > 0) return mark(12);
	if (is(Flag.killed)) return mark(10);
	if (is(Flag.flagged)) return mark(7);
	if (is(Flag.toMbox | Flag.boxed)) return mark(6);
	if (is(Flag.preserved)) return mark(5);
	if (is(Flag.saved)) return mark(4);
	if (is(Flag.junk)) return mark(13);
	if (!is(Flag.read)) return mark(is(Flag.new) ? 0 : 1);
	if (is(Flag.draft)) return mark(9);
	if (is(Flag.answered)) return mark(8);
	return mark(is(Flag.new) ? 2 : 3);
}

/** As printf's `%g`: six digits, an exponent where the number is far from 1. */
function printScore(score: number): string {
	if (!Number.isFinite(score)) return score < 0 ? '-inf' : 'inf';
	if (score === 0) return '0';
	const exponent = Number(score.toExponential(5).split('e')[1]);
	if (exponent >= -4 && exponent < 6) return String(Number(score.toPrecision(6)));
	const [digits, power] = score.toExponential(5).split('e') as [string, string];
	const sign = power.startsWith('-') ? '-' : '+';
	return `${Number(digits)}e${sign}${power.slice(1).padStart(2, '0')}`;
}

const lines = {
	/** To the next reply of the same message. Bold where the message above, or this one, matters. */
	branch: { light: '├', right: '┝', down: '┠', heavy: '┣', ascii: '+' },
	last: { light: '└', right: '┕', down: '┖', heavy: '┗', ascii: '\\' },
	down: { light: '│', heavy: '┃', ascii: '|' },
	cut: { light: '↸', ascii: '^' },
};

/** The lines before a subject that lead to the message it answers; at most a quarter of 80 columns. */
function indentation({ terminal }: Session, place: Place): string {
	const { level } = place;
	const most = terminal.columns - 60;
	if (level === 0 || most <= 0) return '';
	const utf8 = isUtf8(terminal.charset);
	const cells: string[] = new Array(level).fill(' ');
	const shape = place.younger?.level === level ? lines.branch : lines.last;
	cells[level - 1] = !utf8
		? shape.ascii
		: matters(place.parent)
			? matters(place)
				? shape.heavy
				: shape.down
			: matters(place)
				? shape.right
				: shape.light;
	for (let above = place.parent; above && above.level > 0; above = above.parent) {
		if (!above.younger) continue;
		const { down } = lines;
		cells[above.level - 1] = !utf8 ? down.ascii : matters(above.parent) ? down.heavy : down.light;
	}
	if (level < most) return cells.join('');
	return cells.slice(0, most - 1).join('') + (utf8 ? lines.cut.light : lines.cut.ascii);
}

function matters(place: Place | undefined): boolean {
	return place?.message.has(Flag.new | Flag.flagged) ?? false;
}
