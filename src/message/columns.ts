/**
 * How many cells of a terminal a text takes, and where it may be cut: never within a grapheme. Nobody
 * else measures. Knows Unicode through Node's Segmenter and properties, and get-east-asian-width (which
 * Ink brings anyway); what is ambiguous in width is narrow. Refuses to know which terminal it is for.
 *
 * A code point takes what wcwidth(3) of glibc says, and all terminals agree on that. They do not agree on
 * pictures made of several, so there are four fashions (terminal/fashion.ts chooses). Marks that take a
 * cell of their own in Indic scripts count in all of them, as they do in tmux, xterm and VTE.
 */
import { eastAsianWidth } from 'get-east-asian-width';

/**
 * - `clusters`: a family, a tone of skin, a flag, a keycap, anything that U+FE0F makes a picture is two
 *   cells (kitty, foot, WezTerm, Ghostty, Windows Terminal, iTerm2, tmux since 3.4)
 * - `joined`: only what a zero width joiner joins is one picture, U+FE0F is nothing (tmux until 3.3)
 * - `wcwidth`: the sum of the code points (xterm, VTE, Alacritty, screen, the console)
 * - `bare`: the same, and it is cut between code points too (the original program)
 */
export type Fashion = 'clusters' | 'joined' | 'wcwidth' | 'bare';

/** What is not to be cut, and its cells. */
interface Piece {
	readonly text: string;
	readonly columns: number;
}

/** A cell each; a control character is shown as a symbol, and a soft hyphen as one. */
const narrow = /^[\0-\u02ff]*$/;
/** A grapheme each, of one UTF-16 unit: the letters, signs and ideographs that nothing joins. */
const single =
	// biome-ignore format: one idea
	/^[\0-\u02ff\u0370-\u0482\u048a-\u0590\u05d0-\u05ea\u060c\u061b-\u064a\u066e\u066f\u0671-\u06d3\u10a0-\u10ff\u1e00-\u1fff\u2010-\u2027\u2030-\u205f\u2070-\u20cf\u2100-\u2bff\u2e80-\u3029\u3030-\u3098\u309b-\ua66e\uac00-\ud7a3\uf900-\ufaff\uff01-\uff9d]*$/;

/** Marks, formats and the later parts of Hangul syllables; save signs that enclose a number. */
const zeroWidth =
	/^(?![\u00ad\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7fb]$/u;
const picture = /[\p{Extended_Pictographic}\p{Regional_Indicator}]|^[#*0-9]\ufe0f/u;

let segmenter: Intl.Segmenter | undefined;

function segments(text: string): Intl.Segments {
	segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
	return segmenter.segment(text);
}

/** The graphemes of a text: what a person takes for one character (UAX #29). */
export function graphemes(text: string): string[] {
	if (single.test(text) && !text.includes('\r\n')) return text.split('');
	return Array.from(segments(text), ({ segment }) => segment);
}

/** Where the grapheme begins that has the unit at `at` of a text, and where it ends. */
export function graphemeAround(text: string, at: number): readonly [start: number, end: number] {
	const { index, segment } = segments(text).containing(at) ?? { index: at, segment: '' };
	return [index, index + segment.length];
}

function columnsOf(character: string): number {
	const code = character.codePointAt(0) as number;
	if (code < 0x300) return 1;
	return zeroWidth.test(character) ? 0 : eastAsianWidth(code);
}

function sumOf(text: string): number {
	let sum = 0;
	for (const character of text) sum += columnsOf(character);
	return sum;
}

function columnsOfCluster(cluster: string): number {
	if (!picture.test(cluster)) return sumOf(cluster);
	return /\p{Emoji}\ufe0f/u.test(cluster) ? 2 : Math.min(2, sumOf(cluster));
}

/** In tmux what follows a joiner goes into the cell of what precedes it, unless it is ASCII. */
function* joinedPieces(text: string): Generator<Piece> {
	let held: Piece | undefined;
	let open = false;
	for (const { segment } of segments(text)) {
		const joins = open && segment >= '\x80';
		open = segment.endsWith('\u200d');
		const apart = segment.replace(/\u200d[^\0-\x7f\u200d]/gu, '\u200d');
		const columns = sumOf(joins ? apart.replace(/^./u, '') : apart);
		if (held === undefined) held = { text: segment, columns };
		else if (joins) held = { text: held.text + segment, columns: held.columns + columns };
		else {
			yield held;
			held = { text: segment, columns };
		}
	}
	if (held !== undefined) yield held;
}

/** A text in what may stand on different rows, and the cells of each. */
export function* pieces(text: string, fashion: Fashion = 'clusters'): Generator<Piece> {
	if (fashion === 'bare' || (single.test(text) && !text.includes('\r\n'))) {
		for (const character of text) yield { text: character, columns: columnsOf(character) };
	} else if (fashion === 'joined') {
		yield* joinedPieces(text);
	} else {
		const measure = fashion === 'clusters' ? columnsOfCluster : sumOf;
		for (const { segment } of segments(text)) yield { text: segment, columns: measure(segment) };
	}
}

/** Cells that `text` takes; control characters count one each, for they are shown as symbols. */
export function columns(text: string, fashion: Fashion = 'clusters'): number {
	if (narrow.test(text)) return text.length;
	if (fashion === 'bare' || fashion === 'wcwidth' || single.test(text)) return sumOf(text);
	let sum = 0;
	for (const piece of pieces(text, fashion)) sum += piece.columns;
	return sum;
}

/** The longest beginning of `text` that fits; what is white becomes one blank each. */
export function cutToColumns(text: string, most: number, fashion?: Fashion): string {
	return cut(text, most, fashion).text;
}

function cut(text: string, most: number, fashion: Fashion | undefined): Piece {
	const flat = text.replace(/[\t\n\v\f\r]/g, ' ');
	if (narrow.test(flat)) {
		const start = flat.slice(0, Math.max(0, most));
		return { text: start, columns: start.length };
	}
	let used = 0;
	let end = 0;
	for (const piece of pieces(flat, fashion)) {
		if (used + piece.columns > most) break;
		used += piece.columns;
		end += piece.text.length;
	}
	return { text: flat.slice(0, end), columns: used };
}

/** Cut to a width, and filled up to it with blanks at the end. */
export function fitColumns(text: string, width: number, fashion?: Fashion): string {
	const start = cut(text, width, fashion);
	return start.text + ' '.repeat(Math.max(0, width - start.columns));
}
