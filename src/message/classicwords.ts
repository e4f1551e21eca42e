/**
 * Text into header fields as Heirloom writes it, which -n keeps to: encoded words (RFC 2047), cut and
 * folded where the original cuts and folds, between octets of a character if need be. Works on octets
 * already in the charset to be named, one a character (latin1 strings), in time that grows as the text does.
 */
import { closingQuote, routePart, skipComment } from './address.js';
import { hex } from './encoding.js';

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
	let doubtful = 0;
	for (let at = 0; at < octets.length; at++) if (mustEncode(octets, at, 0)) doubtful++;
	return 2 * doubtful > octets.length
		? inBase64(octets, charsets)
		: new WordWriter(octets, charsets, doubtful > 0).write();
}

/** Whether the octet at `at` cannot stand as it is; `start`: where its word begins. */
function mustEncode(octets: string, at: number, start: number): boolean {
	const char = octets[at] as string;
	if (char !== '\n' && (char < ' ' || char >= '\x7f')) return true;
	if (at === start && octets.startsWith('=?', at)) return true;
	return octets.startsWith('?=', at) && ' \t\n'.includes(octets[at + 2] ?? '');
}

const labelLength = ({ charset, charset7 }: WordCharsets) =>
	Math.max(charset.length, charset7.length);

/** The whole text in encoded words of base64, each as long as its line allows, in steps of four octets. */
function inBase64(octets: string, charsets: WordCharsets): Written {
	const label = labelLength(charsets);
	const charset = lastHigh(octets) < 0 ? charsets.charset7 : charsets.charset;
	const out = new Lines();
	let width = firstLine;
	for (let at = 0; at < octets.length; ) {
		const left = octets.length - at;
		const most = Math.ceil((3 * (width - 7 - label)) / 4) - 1;
		const end = at + (left <= most ? left : fewer(left, most));
		const coded = Buffer.from(octets.slice(at, end), 'latin1').toString('base64');
		out.put(`=?${charset}?B?${coded}?=`, coded.length + 7 + label);
		at = end;
		if (at < octets.length) out.put('\n ');
		width = furtherLine;
	}
	return out.written();
}

/** `whole` less the fewest steps of four that bring it to `most`; the rest of them all where none does. */
function fewer(whole: number, most: number): number {
	const left = whole - 4 * Math.ceil((whole - most) / 4);
	return left > 0 ? left : ((whole - 1) % 4) + 1;
}

/** What has been written, and the columns counted for it. */
class Lines {
	#pieces: string[] = [];
	#columns = 0;

	put(text: string, columns = text.length): void {
		this.#pieces.push(text);
		this.#columns += columns;
	}

	written(): Written {
		return { text: this.#pieces.join(''), columns: this.#columns };
	}
}

/** Word by word: plain ones as they are, the others as encoded words of quoted-printable. */
class WordWriter {
	readonly #octets: string;
	readonly #charsets: WordCharsets;
	readonly #someDoubtful: boolean;
	readonly #out = new Lines();
	/** Columns taken on this line, and those it may have. */
	#column = 0;
	#width = firstLine;
	/** Where the encoded word just written ends: blanks after it are encoded with the next one. */
	#afterEncoded: number | undefined;

	constructor(octets: string, charsets: WordCharsets, someDoubtful: boolean) {
		this.#octets = octets;
		this.#charsets = charsets;
		this.#someDoubtful = someDoubtful;
	}

	write(): Written {
		const octets = this.#octets;
		for (const { index, 0: whole, 1: gap = '', 2: word = '' } of octets.matchAll(
			/([ \t\n]*)([^ \t\n]*)/g,
		)) {
			if (whole === '') continue;
			this.#column += gap.length;
			if (word === '') this.#out.put(gap);
			else this.#writeWord(gap, index + gap.length, word);
		}
		return this.#out.written();
	}

	#writeWord(gap: string, start: number, word: string): void {
		const end = start + word.length;
		let encode = word.length >= 74 && this.#someDoubtful;
		for (let at = start; at < end && !encode; at++) {
			encode = mustEncode(this.#octets, at, start);
		}
		if (encode) {
			this.#writeEncoded(gap, start, word);
			return;
		}
		if (this.#column > 0 && !this.#fits(word.length)) this.#fold(gap);
		this.#out.put(gap + word);
		this.#column += word.length;
		this.#afterEncoded = undefined;
	}

	/** Writes the word, in as many encoded words as it takes. */
	#writeEncoded(firstGap: string, start: number, word: string): void {
		const end = start + word.length;
		const high = start + lastHigh(word);
		const label = labelLength(this.#charsets);
		let gap = firstGap;
		for (let at = start; at < end; ) {
			const charset = high >= at ? this.#charsets.charset : this.#charsets.charset7;
			const from = this.#afterEncoded ?? at;
			let upTo = this.#fitting(from, end);
			if (upTo < end && this.#column > 0) {
				this.#fold(gap);
				upTo = this.#fitting(from, end);
			}
			const coded = this.#octets.slice(from, upTo).replace(quoted, encodeQ);
			const length = coded.length + label + 7;
			this.#out.put(gap);
			this.#out.put(`=?${charset}?Q?${coded}?=`, length);
			this.#column += length;
			this.#afterEncoded = upTo;
			// Many blanks before the word may have filled the line.
			gap = this.#octets.slice(upTo, start);
			this.#column += gap.length;
			at = Math.max(upTo, start);
		}
	}

	/** The end of what fits on the line as an encoded word that begins at `from`; some octets always do. */
	#fitting(from: number, end: number): number {
		if (this.#column > this.#width) return end;
		const room = this.#width - this.#column - labelLength(this.#charsets) - 8;
		let taken = 0;
		let at = from;
		while (at < end && taken <= room) {
			taken += (this.#octets[at++] as string).replace(quoted, encodeQ).length;
		}
		return taken <= room ? end : from + fewer(end - from, at - 1 - from);
	}

	/** As the original: past the end of a line (after one very long word) nothing is folded any more. */
	#fits(length: number): boolean {
		return this.#column > this.#width || length <= this.#width - this.#column;
	}

	#fold(gap: string): void {
		this.#out.put(gap === '' ? '\n ' : '\n');
		this.#column = 0;
		this.#width = furtherLine - (gap === '' ? 1 : gap.length);
	}
}

/** -1 where there is none. */
function lastHigh(octets: string): number {
	let at = octets.length - 1;
	while (at >= 0 && (octets[at] as string) < '\x80') at--;
	return at;
}

/** What an encoded word of quoted-printable cannot have as it is. */
const quoted = /[^!-<>@-^`-~]/g;

function encodeQ(char: string): string {
	if (char === '\n') return char;
	return char === ' ' ? '_' : hex(char);
}

/** An address for a field: its display name and its comments are encoded, the rest stays. */
export function writeAddress(octets: string, charsets: WordCharsets): Written {
	const out = new Lines();
	const put = ({ text, columns }: Written) => out.put(text, columns);

	const route = routePart(octets) ?? 0;
	if (route > 0) put(writeWords(octets.slice(0, route), charsets));
	let last = route;
	for (let at = route; at < octets.length; at++) {
		if (octets[at] === '"') at = closingQuote(octets, at);
		else if (octets[at] === '(') {
			out.put(octets.slice(last, at + 1));
			const end = skipComment(octets, at + 1);
			const closed = octets[end - 1] === ')' ? end - 1 : end;
			if (closed > at + 1) put(writeWords(octets.slice(at + 1, closed), charsets));
			last = closed;
			at = closed;
		}
	}
	out.put(octets.slice(last));
	return out.written();
}
