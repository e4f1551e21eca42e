/**
 * Text into header fields: encoded words (RFC 2047), cut and folded where the original cuts and folds.
 * Works on octets already in the charset to be named, one a character (latin1 strings).
 */
import { closingQuote, routePart, skipComment } from './address.js';
import { hex } from './transfer.js';

export interface WordCharsets {
	/** Named for words with octets above 127. */
	readonly charset: string;
	/** Named for words that only have control characters or look encoded. */
	readonly charset7: string;
}

/** A field body, and the columns the original counts for it when it folds address lists. */
export interface Written {
	readonly text: string;
	readonly columns: number;
}

/** Columns of the first line; the field's name takes the rest. */
const firstLine = 65;
const furtherLine = 76;

/** Free text (a subject, a display name) for a field. */
export function writeWords(octets: string, charsets: WordCharsets): Written {
	const doubtful = [...octets].filter((_, at) => mustEncode(octets, at, 0)).length;
	return 2 * doubtful > octets.length
		? inBase64(octets, charsets)
		: new WordWriter(octets, charsets, doubtful > 0).write();
}

/** Whether the octet at `at` cannot stand as it is; `start`: where its word begins. */
function mustEncode(octets: string, at: number, start: number): boolean {
	const char = octets[at] as string;
	if (char !== '\n' && (char < ' ' || char >= '\x7f')) return true;
	if (at === start && octets.startsWith('=?', at)) return true;
	return octets.startsWith('?=', at) && /^[ \t\n]?$/.test(octets[at + 2] ?? '');
}

const isHigh = (octets: string) => /[\x80-\xff]/.test(octets);
const labelLength = ({ charset, charset7 }: WordCharsets) =>
	Math.max(charset.length, charset7.length);

/** The whole text in encoded words of base64, each as long as its line allows, in steps of four octets. */
function inBase64(octets: string, charsets: WordCharsets): Written {
	const label = labelLength(charsets);
	const charset = isHigh(octets) ? charsets.charset : charsets.charset7;
	let text = '';
	let columns = 0;
	let width = firstLine;
	for (let at = 0; at < octets.length; ) {
		let end = octets.length;
		while (Math.floor(((end - at) * 4) / 3) + 7 + label >= width && end - at > 4) end -= 4;
		const coded = Buffer.from(octets.slice(at, end), 'latin1').toString('base64');
		text += `=?${charset}?B?${coded}?=`;
		columns += coded.length + 7 + label;
		at = end;
		if (at < octets.length) {
			text += '\n ';
			columns += 2;
			width = furtherLine;
		}
	}
	return { text, columns };
}

/** Word by word: plain ones as they are, the others as encoded words of quoted-printable. */
class WordWriter {
	readonly #octets: string;
	readonly #charsets: WordCharsets;
	readonly #someDoubtful: boolean;
	#text = '';
	#columns = 0;
	/** Columns taken on this line, and those it may have. */
	#column = 0;
	#width = firstLine;
	/** Where the encoded word just written ends: blanks after it are encoded with the next one. */
	#afterEncoded: number | undefined;
	/** The word at hand is the rest of one that did not fit. */
	#broken = false;

	constructor(octets: string, charsets: WordCharsets, someDoubtful: boolean) {
		this.#octets = octets;
		this.#charsets = charsets;
		this.#someDoubtful = someDoubtful;
	}

	write(): Written {
		const octets = this.#octets;
		let at = 0;
		while (at < octets.length) {
			const gap = /^[ \t\n]*/.exec(octets.slice(at))?.[0] ?? '';
			if (gap !== '') this.#broken = false;
			this.#column += gap.length;
			const start = at + gap.length;
			if (start >= octets.length) {
				this.#put(gap);
				break;
			}
			const word = /^[^ \t\n]*/.exec(octets.slice(start))?.[0] ?? '';
			at = this.#writeWord(gap, start, word);
		}
		return { text: this.#text, columns: this.#columns };
	}

	#writeWord(gap: string, start: number, word: string): number {
		const end = start + word.length;
		let encode = this.#broken || (word.length >= 74 && this.#someDoubtful);
		for (let at = start; at < end; at++) encode ||= mustEncode(this.#octets, at, start);
		if (encode) return this.#writeEncoded(gap, start, word);
		if (this.#column > 0 && !this.#fits(word.length)) this.#fold(gap);
		this.#put(gap + word);
		this.#column += word.length;
		this.#afterEncoded = undefined;
		return end;
	}

	/** Writes the word, or as many of its octets as fit on a line; returns where the rest begins. */
	#writeEncoded(gap: string, start: number, word: string): number {
		const charset = isHigh(word) ? this.#charsets.charset : this.#charsets.charset7;
		const label = labelLength(this.#charsets);
		const from = this.#afterEncoded ?? start;
		let end = start + word.length;
		for (;;) {
			const coded = this.#octets.slice(from, end).replace(/[^!-<>@-^`-~]/g, encodeQ);
			const length = coded.length + label + 7;
			if (this.#fits(length + 1)) {
				this.#put(gap);
				this.#text += `=?${charset}?Q?${coded}?=`;
				this.#columns += length;
				this.#column += length;
				this.#afterEncoded = end;
				return end;
			}
			this.#broken = true;
			if (this.#column > 0) this.#fold(gap);
			else if (end - from > 4) end -= 4;
			else throw new RangeError('the name of the charset leaves no room for a word');
		}
	}

	/** As the original: past the end of a line (after one very long word) nothing is folded any more. */
	#fits(length: number): boolean {
		return this.#column > this.#width || length <= this.#width - this.#column;
	}

	#fold(gap: string): void {
		this.#put(gap === '' ? '\n ' : '\n');
		this.#column = 0;
		this.#width = furtherLine - (gap === '' ? 1 : gap.length);
	}

	#put(text: string): void {
		this.#text += text;
		this.#columns += text.length;
	}
}

function encodeQ(char: string): string {
	if (char === '\n') return char;
	return char === ' ' ? '_' : hex(char);
}

/** An address for a field: its display name and its comments are encoded, the rest stays. */
export function writeAddress(octets: string, charsets: WordCharsets): Written {
	let text = '';
	let columns = 0;
	const put = (written: Written) => {
		text += written.text;
		columns += written.columns;
	};
	const plain = (piece: string) => put({ text: piece, columns: piece.length });

	const route = routePart(octets) ?? 0;
	if (route > 0) put(writeWords(octets.slice(0, route), charsets));
	let last = route;
	for (let at = route; at < octets.length; at++) {
		if (octets[at] === '"') at = closingQuote(octets, at);
		else if (octets[at] === '(') {
			plain(octets.slice(last, at + 1));
			const end = skipComment(octets, at + 1);
			const closed = octets[end - 1] === ')' ? end - 1 : end;
			if (closed > at + 1) put(writeWords(octets.slice(at + 1, closed), charsets));
			last = closed;
			at = closed;
		}
	}
	plain(octets.slice(last));
	return { text, columns };
}
