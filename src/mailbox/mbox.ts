/**
 * The mbox format: octets to spans and back. A message begins with `From ` at the start of the file or
 * after an empty line, whatever follows (POSIX asks no more), and lasts to the next: its final empty
 * line is its own. Other dialects are there if asked for, see `Dialect`. Body lines that begin so are written
 * as `>From ` (the quoting of mboxo). Knows no files: octets are pushed in, in chunks cut anywhere. Pure.
 */
import { Kept, keptOfLine } from './status.js';

const newline = 10;
const carriageReturn = 13;
const letterF = 70;
const colon = 58;
const separator = Buffer.from('\nFrom ', 'latin1');
const fromBlank = Buffer.from('From ', 'latin1');
/** A longer header line is neither of the two fields looked for; its end is skipped unread. */
const longestLine = 4096;

/** What is found of each message. */
export interface Found {
	/** A message begins at this offset. */
	begin(start: number): void;
	/** The bits of `Kept` in the header of the message begun last. */
	keep(bits: number): void;
	/** The header of the message begun last ends here, just after its empty line. */
	body?(start: number): void;
	/**
	 * Where in the window the fields of `extractedFields` are in the header of the message begun last: whole
	 * lines, with what stands between them. Called after `body`, where the header was seen as a whole and
	 * they are not far apart.
	 */
	fields?(window: Buffer, from: number, to: number): void;
	/** The message begun last may be text of the one before: its From_ line has no time, or no field follows. */
	doubt?(): void;
	/** The message begun last has a line `From ` that should have been quoted. */
	bare(): void;
}

/** How an mbox differs from what POSIX knows. */
export interface Dialect {
	/**
	 * In messages whose From_ line ends with CR LF a line with only CR is empty, too. Not in those of others,
	 * or what a stray CR hid from the deliverer's quoting would become a message.
	 */
	readonly crlf?: boolean;
	/** A line `From ` begins a message wherever it stands (`broken-mbox`). */
	readonly everyFrom?: boolean;
	/** Where messages do not begin, whatever it looks like: offsets in the file. */
	readonly text?: ReadonlySet<number> | undefined;
}

/**
 * Finds messages in one pass. Feed it windows: each begins where the last one was consumed to, so a
 * window holds the unconsumed end of the last and what was read after it.
 */
export class Splitter {
	readonly #found: Found;
	#inside: 'body' | 'header' | 'long line' = 'body';
	/** In a body: the newline at hand is that of the empty line after the header. */
	#emptyLine = false;
	readonly #dialect: Dialect;
	/** The next line is the From_ line, which was cut off when it was found. */
	#postmark = false;
	/** The message at hand has lines that end with CR LF. */
	#crlf: boolean;
	/** No line of the header at hand has been passed yet. */
	#fresh = false;

	/** `inCrlf`: what comes first goes on with a message whose lines end with CR LF, or stands before any. */
	constructor(found: Found, dialect: Dialect = {}, inCrlf = dialect.crlf ?? false) {
		this.#found = found;
		this.#dialect = dialect;
		this.#crlf = inCrlf;
	}

	/**
	 * What to put before the first octets of a file, or before what has been appended to it: there, as
	 * after an empty line, `From ` begins a message.
	 */
	static readonly prefix = Buffer.from('\n\n', 'latin1');

	/**
	 * Takes in `window`, whose first octet is at `offset` of the file; returns how many octets of it are
	 * done with. `last`: nothing will follow.
	 */
	push(window: Buffer, offset: number, last: boolean): number {
		const { length } = window;
		const { everyFrom, text } = this.#dialect;
		let at = 0;
		while (at < length) {
			if (this.#inside === 'header') {
				const end = this.#header(window, at, offset, last);
				if (end < 0) return at;
				at = end;
			} else if (this.#inside === 'long line') {
				const end = window.indexOf(newline, at);
				// Were it the From_ line, whether it ends with CR LF has yet to be seen.
				if (end < 0) return last ? length : Math.max(at, length - 1);
				if (this.#postmark) this.#endPostmark(window, end + 1);
				this.#inside = 'header';
				at = end + 1;
			} else {
				// Without the newline before it: far fewer octets are an F than a newline.
				const from = window.indexOf(fromBlank, at);
				const afterHeader = this.#emptyLine && from === at + 1;
				this.#emptyLine = false;
				// Two octets more than a cut separator: whether the line before it is empty is asked too.
				if (from < 0) return last ? length : Math.max(at, length - separator.length - 2);
				at = from;
				if (from === 0 || window[from - 1] !== newline) at += fromBlank.length;
				else if (
					(afterHeader || everyFrom || this.#isAfterEmpty(window, from)) &&
					!text?.has(offset + from)
				) {
					this.#begin(offset + from);
				} else {
					this.#found.bare();
					at += fromBlank.length;
				}
			}
		}
		return at;
	}

	/** The next octets are a From_ line. */
	#begin(start: number): void {
		this.#found.begin(start);
		this.#inside = 'header';
		this.#postmark = true;
		this.#fresh = true;
	}

	#isAfterEmpty(window: Buffer, from: number): boolean {
		if (from < 2) return false;
		if (window[from - 2] === newline) return true;
		return this.#crlf && window[from - 2] === carriageReturn && window[from - 3] === newline;
	}

	/** `end`: just after the From_ line. */
	#endPostmark(window: Buffer, end: number): void {
		this.#postmark = false;
		this.#crlf =
			this.#dialect.crlf === true &&
			window[end - 1] === newline &&
			window[end - 2] === carriageReturn;
	}

	/** Just after the line at `at`; -1 to be asked again with more octets. Long ones are given up on. */
	#lineEnd(window: Buffer, at: number, last: boolean): number {
		const { length } = window;
		const end = window.indexOf(newline, at);
		if (end >= 0) return end + 1;
		if (last) return length;
		if (length - at < longestLine) return -1;
		this.#inside = 'long line';
		// Its last octet may be the CR of a CR LF.
		return length - 1;
	}

	/** Reads header lines from `from`; where it stopped, or -1 when the line there is cut off. */
	#header(window: Buffer, from: number, offset: number, last: boolean): number {
		const { length } = window;
		let at = from;
		if (this.#postmark) {
			at = this.#lineEnd(window, from, last);
			if (at < 0) return -1;
			if (this.#inside === 'long line') {
				this.#fresh = false;
				return at;
			}
			// The line beneath it is asked for, too.
			if (!last && length - at < longestName && window.indexOf(newline, at) < 0) return -1;
			if (this.#found.doubt && !readsAsLetter(window, from, at)) this.#found.doubt();
			this.#endPostmark(window, at);
		}
		const start = at;
		const fresh = this.#fresh;
		/** Where the first of the fields to extract begins; -1: not yet found; -2: there are to be none. */
		let first = -1;
		/** Where the first line of the last one ends. */
		let final = -1;
		while (at < length) {
			at = nextLookedAt(window, at);
			if (at >= length) break;
			const octet = window[at];
			if (octet === newline || octet === carriageReturn) {
				const octets = octet === newline ? 1 : 2;
				if (octets === 1 || this.#crlf) {
					const cut = length - at < separator.length + octets - 1 && !last;
					if (cut) return this.#cutOff(at, from, fresh && at === start);
					if (octets === 1 || window[at + 1] === newline) {
						this.#inside = 'body';
						this.#emptyLine = true;
						this.#found.body?.(offset + at + octets);
						if (fresh && first >= 0) this.#extract(window, first, final);
						return at + octets - 1;
					}
				}
				// A line with only CR ends a header for some who read it, and not for others.
				first = -2;
			}
			const end = this.#lineEnd(window, at, last);
			if (end < 0) return this.#cutOff(at, from, fresh && at === start);
			if (this.#inside === 'long line') {
				this.#fresh = false;
				return end;
			}
			if (mayBeStatus(window, at)) {
				const bits = keptAt(window, at, end);
				if (bits !== 0) this.#found.keep(bits);
			} else if (octet === letterF && window[at + 4] === 0x20 && isFrom(window, at)) {
				if (this.#dialect.everyFrom) {
					this.#begin(offset + at);
					return at;
				}
				this.#found.bare();
			} else {
				if (first === -1) first = at;
				final = end;
			}
			at = end;
		}
		this.#fresh = false;
		return at;
	}

	#extract(window: Buffer, first: number, final: number): void {
		let end = final;
		while (window[end] === 0x20 || window[end] === 0x09) end = window.indexOf(newline, end) + 1;
		if (end - first <= longestExtract) this.#found.fields?.(window, first, end);
	}

	/** What is to be said of a line that is cut off by the window's end. */
	#cutOff(at: number, from: number, fresh: boolean): number {
		this.#fresh = fresh;
		return at === from ? -1 : at;
	}
}

/** Of a line, as much as is asked whether it is a field. */
const longestName = 100;

/** Whether a From_ line has a time of day, and the line at `next`, beneath it, is a field or another postmark. */
function readsAsLetter(window: Buffer, from: number, next: number): boolean {
	// Not indexOf: without a colon it would look through all that follows, for each message anew.
	let time = from;
	while (time < next && window[time] !== colon) time++;
	if (time === next) return false;
	const end = Math.min(window.length, next + longestName);
	let at = next;
	while (at < end && (window[at] as number) > 0x20) {
		if (window[at] === colon) return at > next;
		at++;
	}
	// `>From `, before a header, tells of another station on the way (RFC 976).
	if (window[next] === 0x3e) return true;
	while (window[at] === 0x20 || window[at] === 0x09) at++;
	return at > next && window[at] === colon;
}

/** Fields that lie further apart are not extracted. */
const longestExtract = 2048;

/**
 * Fields that `Found.fields` is told of: what summaries, searches and orders ask for of every message. In
 * lower case.
 */
export const extractedFields: ReadonlySet<string> = new Set([
	'date',
	'from',
	'in-reply-to',
	'message-id',
	'references',
	'sender',
	'subj',
	'subject',
	'to',
]);

/**
 * Whether a header line is worth a look, by its second and third octet: of all that begin a field, this
 * lets few others through, and none of the many `Received`.
 */
const lookedAt = new Uint8Array(1 << 16);
for (const name of [...extractedFields, 'status', 'x-status']) {
	const ends = name.length > 2 ? [name.charAt(2)] : [':', ' ', '\t'];
	for (const third of ends) {
		for (const two of [name.charAt(1) + third, name.charAt(1).toUpperCase() + third]) {
			for (const start of [two, two.charAt(0) + third.toUpperCase()]) {
				lookedAt[(start.charCodeAt(0) << 8) | start.charCodeAt(1)] = 1;
			}
		}
	}
}

/**
 * The next line, from the one at `at` on, that is empty, may be one of the fields looked for, or is cut off.
 * Small, so that it is soon compiled: nearly all of the time of opening a mailbox is spent here.
 */
function nextLookedAt(window: Buffer, from: number): number {
	const { length } = window;
	let at = from;
	while (at + 2 < length) {
		const first = window[at] as number;
		if (first > 0x20) {
			const next = ((window[at + 1] as number) << 8) | (window[at + 2] as number);
			if (lookedAt[next] === 1) return at;
		} else if (first === newline || first === carriageReturn) return at;
		const end = window.indexOf(newline, at);
		if (end < 0) return at;
		at = end + 1;
	}
	return at;
}

/** Begins with `st` or `x-st`, in whatever case: a cheap sieve before the strict look. */
function mayBeStatus(octets: Buffer, at: number): boolean {
	const first = (octets[at] as number) | 0x20;
	const from = first === 0x78 && octets[at + 1] === 0x2d ? at + 2 : at;
	const s = from === at ? first : (octets[from] as number) | 0x20;
	return s === 0x73 && ((octets[from + 1] as number) | 0x20) === 0x74;
}

/** The bits of a status line. */
function keptAt(octets: Buffer, at: number, end: number): number {
	// Read off the octets where it is as nearly all are.
	const length = end - at;
	if (length <= 11 && octets[end - 1] === newline && isStatusBlank(octets, at)) {
		const letter = octets[at + 8];
		if (length === 10 && letter === 0x4f) return Kept.old;
		if (length === 10 && letter === 0x52) return Kept.read;
		if (length === 11 && letter === 0x52 && octets[at + 9] === 0x4f) return Kept.read | Kept.old;
	}
	return keptOfLine(octets.toString('latin1', at, Math.min(end, at + 200)));
}

function isStatusBlank(octets: Buffer, at: number): boolean {
	for (let place = 0; place < statusBlank.length; place++) {
		if (octets[at + place] !== statusBlank[place]) return false;
	}
	return true;
}

const statusBlank = Buffer.from('Status: ', 'latin1');

function isFrom(octets: Buffer, at: number): boolean {
	return octets.compare(fromBlank, 0, fromBlank.length, at, at + fromBlank.length) === 0;
}

/** The bits of several status lines together: two of a kind are odd. */
export function joinKept(before: number, bits: number): number {
	const status = Kept.read | Kept.old;
	const xStatus = Kept.flagged | Kept.answered | Kept.draft;
	const twice = (before & bits & (status | xStatus)) !== 0;
	const again = (before & status && bits & status) || (before & xStatus && bits & xStatus);
	return before | bits | (twice || again ? Kept.odd : 0);
}

export interface Span {
	readonly start: number;
	readonly octets: number;
	/** Bits of `Kept`. */
	readonly kept: number;
	readonly bare: boolean;
}

/** The messages of an mbox that is in memory as a whole. */
export function splitMbox(octets: Buffer, dialect: Dialect = {}): Span[] {
	const spans: { start: number; octets: number; kept: number; bare: boolean }[] = [];
	const splitter = new Splitter(
		{
			begin: (start) => spans.push({ start, octets: 0, kept: 0, bare: false }),
			keep: (bits) => {
				const span = spans.at(-1);
				if (span) span.kept = joinKept(span.kept, bits);
			},
			bare: () => {
				const span = spans.at(-1);
				if (span) span.bare = true;
			},
		},
		dialect,
	);
	splitter.push(Buffer.concat([Splitter.prefix, octets]), -Splitter.prefix.length, true);
	spans.forEach((span, index) => {
		span.octets = (spans[index + 1]?.start ?? octets.length) - span.start;
	});
	return spans;
}

/** Lines as the summary counts them: a last one without newline is one too. */
export function countLines(octets: Uint8Array): number {
	const buffer = bufferOf(octets);
	let lines = 0;
	let at = buffer.indexOf(newline);
	for (; at >= 0; at = buffer.indexOf(newline, at + 1)) lines++;
	return buffer.length > 0 && buffer[buffer.length - 1] !== newline ? lines + 1 : lines;
}

/**
 * Quotes `From ` at line starts as `>From `, chunk by chunk; `>From ` is left alone (mboxo). The first
 * chunk begins a line. A generator of chunks, in which most are passed on untouched.
 */
export function* quoteFrom(chunks: Iterable<Uint8Array>): Generator<Buffer> {
	let held = Buffer.alloc(0);
	let lineStart = true;
	for (const chunk of chunks) {
		const window = held.length > 0 ? Buffer.concat([held, chunk]) : bufferOf(chunk);
		if (window.length === 0) continue;
		// What may be the beginning of a `From ` that the next chunk ends waits for it.
		const tail = cutFrom(window, lineStart);
		const ready = window.subarray(0, window.length - tail);
		held = Buffer.from(window.subarray(window.length - tail));
		if (ready.length === 0) continue;
		yield* quoteWhole(ready, lineStart);
		lineStart = ready[ready.length - 1] === newline;
	}
	if (held.length > 0) yield held;
}

function* quoteWhole(octets: Buffer, lineStart: boolean): Generator<Buffer> {
	let done = 0;
	if (lineStart && octets.length >= fromBlank.length && isFrom(octets, 0)) yield Buffer.from('>');
	for (let at = octets.indexOf(separator); at >= 0; at = octets.indexOf(separator, at + 1)) {
		yield octets.subarray(done, at + 1);
		yield Buffer.from('>');
		done = at + 1;
	}
	if (done < octets.length) yield octets.subarray(done);
}

/** How many of the last octets are a cut off `From ` at a line start. */
function cutFrom(window: Buffer, lineStart: boolean): number {
	for (let tail = Math.min(fromBlank.length - 1, window.length); tail > 0; tail--) {
		const at = window.length - tail;
		if (at === 0 ? !lineStart : window[at - 1] !== newline) continue;
		if (window.compare(fromBlank, 0, tail, at) === 0) return tail;
	}
	return 0;
}

/** The same octets as a Buffer, not copied. */
export function bufferOf(octets: Uint8Array): Buffer {
	return Buffer.isBuffer(octets)
		? octets
		: Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
}
