/**
 * Where in an mbox its messages lie. A message begins with `From ` at the start of the file or after an
 * empty line, whatever follows (POSIX asks no more), and lasts to the next: its final empty line is its
 * own. Other dialects are there if asked for, see `Dialect`. Knows no files: octets are pushed in, in
 * chunks cut anywhere. Pure.
 */
import { fromBlank, isFrom } from './fromlines.js';
import { keptAt, mayBeStatus, nextLookedAt } from './headersieve.js';

const newline = 10;
const carriageReturn = 13;
const letterF = 70;
const colon = 58;
/** Octets of the newline and the `From ` after it. */
const separatorOctets = 1 + fromBlank.length;
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
				if (from < 0) return last ? length : Math.max(at, length - separatorOctets - 2);
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
		while (at < length) {
			at = nextLookedAt(window, at);
			if (at >= length) break;
			const octet = window[at];
			if (octet === newline || octet === carriageReturn) {
				const octets = octet === newline ? 1 : 2;
				if (octets === 1 || this.#crlf) {
					const cut = length - at < separatorOctets + octets - 1 && !last;
					if (cut) return this.#cutOff(at, from, fresh && at === start);
					if (octets === 1 || window[at + 1] === newline) {
						this.#inside = 'body';
						this.#emptyLine = true;
						this.#found.body?.(offset + at + octets);
						return at + octets - 1;
					}
				}
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
			}
			at = end;
		}
		this.#fresh = false;
		return at;
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
