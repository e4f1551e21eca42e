/**
 * Text and names as RFC 2047 wants them in a header: encoded words that end between characters and keep
 * to 75 columns, lines of 76 where the text can be cut, display names quoted or encoded as a whole.
 * Heirloom's own way, which -n keeps to, is in classicwords.ts.
 */
import { closingQuote, displayName, routePart, skipComment } from './address.js';

/** Octets of a text in a charset; undefined where the charset cannot say it. */
export type Encoder = (text: string) => Promise<Buffer | undefined>;

export interface Wording {
	readonly charset: string;
	readonly encode: Encoder;
	/** Columns that are taken on the first line: by the field's name, or by other names. */
	readonly column: number;
}

/** What some charset has no characters for; the next one may. */
export class Unsayable extends Error {
	override readonly name = 'Unsayable';
}

/** Columns of a line of a header, where it can be cut. */
export const lineLength = 76;
const wordLength = 75;
/** A plain word longer than this is cut into encoded words: lines have 998 octets at most. */
const longestPlain = 900;
/** Columns that make it worth while to begin an encoded word on a line. */
const leastRoom = 12;

/** Free text: a subject, a description. Throws Unsayable. */
export async function writeText(text: string, wording: Wording): Promise<string> {
	let column = wording.column;
	let written = '';
	for (const { gap, words, doubtful } of runs(text)) {
		if (doubtful) {
			const inside = written === '' ? gap + words : words;
			const coded = await encodedWords(inside, written === '' ? '' : gap, { ...wording, column });
			written += coded;
			column = afterLast(coded, column);
			continue;
		}
		const fits = written === '' || column + gap.length + words.length <= lineLength;
		written += (fits ? '' : '\n') + gap + words;
		column = (fits ? column : 0) + gap.length + words.length;
	}
	return written;
}

/** Columns taken on the last line, once `text` stands behind `column` others. */
export function afterLast(text: string, column: number): number {
	const start = text.lastIndexOf('\n') + 1;
	return (start === 0 ? column : 0) + text.length - start;
}

interface Run {
	/** The blanks before it. */
	readonly gap: string;
	readonly words: string;
	readonly doubtful: boolean;
}

/** Words that can stand as they are, and stretches of words that cannot. */
function runs(text: string): Run[] {
	const found: Run[] = [];
	let stretch: string[] = [];
	let before = '';
	const close = () => {
		if (stretch.length > 0) found.push({ gap: before, words: stretch.join(''), doubtful: true });
		stretch = [];
	};
	for (const { 0: whole, 1: gap = '', 2: word = '', index } of text.matchAll(
		/([ \t]*)([^ \t]*)/g,
	)) {
		if (whole === '') continue;
		// Blanks at an end of the text would be lost; a line of blanks alone ends a header for some.
		const edge = (index === 0 && gap !== '') || word === '';
		if (edge || mustEncode(word) || gap.length > lineLength / 2) {
			// One blank stands outside, where something stands before it; the others are kept in the word.
			if (stretch.length === 0) before = index === 0 ? '' : gap.slice(0, 1);
			stretch.push(stretch.length === 0 ? gap.slice(before.length) + word : gap + word);
			continue;
		}
		close();
		found.push({ gap, words: word, doubtful: false });
	}
	close();
	return found;
}

function mustEncode(word: string): boolean {
	return /[^\x21-\x7e]/.test(word) || word.includes('=?') || word.length > longestPlain;
}

/** `text` as encoded words behind `gap`, folded where a line is full. Throws Unsayable. */
async function encodedWords(text: string, gap: string, wording: Wording): Promise<string> {
	const { charset, encode } = wording;
	const whole = await encode(text);
	if (whole === undefined) throw new Unsayable();
	const safe = whole.toString('latin1').match(safeInQ)?.length ?? 0;
	const way = 2 * safe < whole.length ? 'B' : 'Q';
	const overhead = `=?${charset}?${way}??=`.length;
	let column = wording.column + gap.length;
	let written = gap;
	let begun = false;
	const here = () => lineLength - column - overhead;
	const room = () => (here() >= leastRoom ? here() : lineLength - 1 - overhead);
	const put = (coded: string) => {
		if (begun || (coded.length > here() && column > 1)) {
			// Blanks between encoded words mean nothing; those before the first do.
			written = begun ? `${written}\n ` : `\n${gap || ' '}`;
			column = begun ? 1 : gap.length || 1;
		}
		written += `=?${charset}?${way}?${coded}?=`;
		column = lineLength;
		begun = true;
	};
	const code = async (some: string) => codeOctets((await encode(some)) ?? Buffer.alloc(0), way);
	let piece = '';
	let coded = '';
	for (const char of characters(text)) {
		const octets = await encode(piece + char);
		const longer = octets === undefined ? '' : codeOctets(octets, way);
		const most = Math.min(room(), wordLength - overhead);
		if (piece !== '' && (octets === undefined || longer.length > most)) {
			// Behind a blank, where there is one: some readers put another between the words of a name.
			const blank = piece.lastIndexOf(' ') + 1;
			const end = blank > piece.length / 2 ? blank : piece.length;
			put(end < piece.length ? await code(piece.slice(0, end)) : coded);
			piece = piece.slice(end) + char;
			coded = await code(piece);
		} else {
			piece += char;
			coded = longer;
		}
	}
	put(coded);
	return written;
}

/** Code points, with what combines with them as long as that is short. */
function characters(text: string): string[] {
	return text.match(/\P{M}(?:\p{M}|\u200d\P{M}){0,4}|\p{M}/gsu) ?? [];
}

/** What may stand in an encoded word in a phrase may stand in one everywhere (RFC 2047 5). */
const safeInQ = /[a-z0-9!*+/ -]/gi;

function codeOctets(octets: Buffer, way: 'B' | 'Q'): string {
	if (way === 'B') return octets.toString('base64');
	return octets.toString('latin1').replace(/[^a-z0-9!*+/-]/gi, codeOctet);
}

function codeOctet(char: string): string {
	if (char === ' ') return '_';
	return `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** One address of a list, its display name and comments as they may stand there. Throws Unsayable. */
export async function writeMailbox(full: string, wording: Wording): Promise<string> {
	const route = routePart(full) ?? 0;
	let text = await writePhrase(full.slice(0, route), full, wording);
	if (text !== '') {
		const room = lineLength - afterLast(text, wording.column);
		text += room < full.length - route + 2 ? '\n ' : ' ';
	}
	let last = route;
	for (let at = route; at < full.length; at++) {
		if (full[at] === '"') at = closingQuote(full, at);
		else if (full[at] === '(') {
			const end = skipComment(full, at + 1);
			const inner = full.slice(at + 1, full[end - 1] === ')' ? end - 1 : end);
			text += `${full.slice(last, at)}(`;
			const column = afterLast(text, wording.column);
			text += `${await writeComment(inner, { ...wording, column })})`;
			last = end;
			at = end - 1;
		}
	}
	return text + full.slice(last);
}

async function writeComment(inner: string, wording: Wording): Promise<string> {
	const balanced = skipComment(`${inner})`, 0) === inner.length + 1;
	if (isPlain(inner) && balanced) return inner;
	return encodedWords(inner.replace(/\\(.)/gs, '$1'), '', wording);
}

const isPlain = (text: string) =>
	/^[\x20-\x7e]*$/.test(text) && !text.includes('=?') && text.length <= longestPlain / 2;

const atoms = /^[\w!#$%&'*+/=?^`{|}~-]+(?:[ \t]+[\w!#$%&'*+/=?^`{|}~-]+)*$/;
const quotedString = /^"(?:[^"\\]|\\.)*"$/;

/** A display name: as it is where it may be, else in quotes, else in encoded words without quotes. */
async function writePhrase(given: string, full: string, wording: Wording): Promise<string> {
	const phrase = given.trim();
	if (phrase === '') return '';
	if (isPlain(phrase) && (atoms.test(phrase) || quotedString.test(phrase))) {
		return writeText(phrase, wording);
	}
	const name = displayName(full);
	if (name === undefined) return '';
	if (isPlain(name)) return writeText(`"${name.replace(/["\\]/g, '\\$&')}"`, wording);
	return encodedWords(name, '', wording);
}
