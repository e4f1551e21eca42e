/**
 * Text on its way to a terminal: what may be shown. Everything received passes `makePrintable`; how wide
 * it then is, columns.ts knows. Text stays in the order it is stored in: to turn Hebrew and Arabic round
 * is for the terminal, and nothing in a message may tell it to.
 *
 * Safety has the last word against the original: it lets carriage returns and backspaces pass, which
 * can overwrite what stands on the screen. Here a carriage return passes before a line feed only.
 */

import { graphemes } from './columns.js';

const hidden =
	// biome-ignore format: one idea
	/[\p{Cc}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ufffd\u{e0001}]/u;
const plainAscii = /^[\t\n\x20-\x7e]*$/;

/** True for UTF-8 by any of its names. */
export function isUtf8(charset: string): boolean {
	return /^utf-?8$/i.test(charset);
}

/**
 * `text` with all that would act on a terminal made visible: control characters as the symbols of
 * U+2400 (`?` where the charset is not UTF-8), bidirectional overrides and the like as `<U+202E>`. Line
 * feed and tab pass, and a carriage return before a line feed.
 */
export function makePrintable(text: string, charset: string): string {
	if (plainAscii.test(text) || !hidden.test(text)) return text;
	const symbols = isUtf8(charset);
	// A string made piece by piece would cost more than the text where there is much to hide.
	let units = new Uint16Array(text.length + 1024);
	let length = 0;
	for (let at = 0; at < text.length; at++) {
		const unit = text.charCodeAt(at);
		if (isShown(text, at, unit)) {
			units[length++] = unit;
			if (unit >= 0xd800 && unit <= 0xdbff) units[length++] = text.charCodeAt(++at);
		} else {
			const shown = symbols ? symbolOf(text.codePointAt(at) as number) : '?';
			if ((text.codePointAt(at) as number) > 0xffff) at++;
			for (let i = 0; i < shown.length; i++) units[length++] = shown.charCodeAt(i);
		}
		if (length + 16 > units.length) {
			const more = new Uint16Array(units.length * 2);
			more.set(units);
			units = more;
		}
	}
	return Buffer.from(units.buffer, 0, length * 2).toString('utf16le');
}

/**
 * What is said of names and addresses, which others may have chosen: as `makePrintable`, but octets that
 * mean nothing in the charset (the lone surrogates of terminal/charset.ts) stay as long as they are no
 * control characters of any.
 */
export function makeSayable(text: string, charset: string): string {
	if (plainAscii.test(text) || !hidden.test(text)) return text;
	return text
		.split(/([\udca0-\udcff]+)/u)
		.map((piece, n) => (n % 2 === 1 ? piece : makePrintable(piece, charset)))
		.join('');
}

/** Whether what stands at `at` of a text may be shown as it is. */
function isShown(text: string, at: number, unit: number): boolean {
	if (unit < 0x20) {
		return unit === 10 || unit === 9 || (unit === 13 && text.charCodeAt(at + 1) === 10);
	}
	if (unit < 0x7f) return true;
	if (unit < 0x300) return unit >= 0xa0;
	return !hidden.test(String.fromCodePoint(text.codePointAt(at) as number));
}

function symbolOf(code: number): string {
	if (code < 0x20) return String.fromCharCode(0x2400 + code);
	if (code === 0x7f) return '\u2421';
	// An octet that is no character in the charset (terminal/charset.ts).
	if (code === 0xfffd || (code >= 0xdc80 && code <= 0xdcff)) return '\ufffd';
	// Directions, deprecated formats and annotations: all that is invisible and changes what is beside it.
	if (
		(code >= 0x202a && code <= 0x202e) ||
		(code >= 0x2066 && code <= 0x206f) ||
		(code >= 0xfff9 && code <= 0xfffb) ||
		code === 0xe0001
	) {
		return `<U+${code.toString(16).toUpperCase()}>`;
	}
	return '\u2426';
}

/**
 * What a terminal would be left with after the backspaces of `text` (overstruck bold, a corrected
 * letter): so nothing of the original's picture is lost and no backspace is sent. For bodies only; in
 * a header a backspace is no typing habit, and is shown.
 */
export function overstrike(text: string): string {
	if (!text.includes('\b')) return text;
	return text.split('\n').map(overstrikeLine).join('\n');
}

/**
 * The same for text that goes into a letter and not to a terminal, as the original: backspaces, carriage
 * returns and what changes the direction of text pass.
 */
export function makeQuotable(text: string, charset: string): string {
	const pieces = text.split(/([\r\b\u202a-\u202e\u2066-\u2069]+)/);
	return pieces.map((piece, at) => (at % 2 === 1 ? piece : makePrintable(piece, charset))).join('');
}

function overstrikeLine(line: string): string {
	if (!line.includes('\b')) return line;
	const cells: string[] = [];
	let at = 0;
	for (const char of graphemes(line)) {
		if (char === '\b') at = Math.max(0, at - 1);
		else cells[at++] = char;
	}
	return cells.join('');
}
