/**
 * Encoded words of header fields (RFC 2047) to text, as a person is to see them. Field values come as
 * latin1 strings, an octet a character. What is no word is left as it stands, save one that never ends;
 * plain ASCII costs one test and no decoder.
 */
import { closingQuote, displayName, routePart, skin, skipComment } from './address.js';
import { decodeOctets, prepareCharset } from './charset.js';
import { makePrintable } from './text.js';

const plain = /^[\t\n\r\x20-\x7e]*$/;
const wordStart = /=\?([^?]*)\?([bq])\?/gi;

/**
 * Field value to text for a terminal of `charset`. Blanks between two encoded words vanish; octets that
 * are not encoded are taken for the terminal's own charset. Control characters are still in it.
 */
export function decodeWords(value: string, charset: string): string {
	if (!value.includes('=?')) return plain.test(value) ? value : raw(value, charset);
	let text = '';
	let at = 0;
	let afterWord = false;
	for (const { start, end, label, encoding, coded } of encodedWords(value)) {
		const between = value.slice(at, start);
		if (!(afterWord && /^[ \t]*$/.test(between))) text += raw(between, charset);
		const octets = encoding === 'b' ? Buffer.from(coded, 'base64') : decodeQ(coded);
		text += decodeOctets(octets, label, charset);
		at = end;
		afterWord = true;
	}
	return text + raw(value.slice(at), charset);
}

interface EncodedWord {
	readonly start: number;
	readonly end: number;
	/** The charset; RFC 2231 5 allows a language after it. */
	readonly label: string;
	readonly encoding: string;
	readonly coded: string;
}

// No expression for the whole word: a hostile field of many starts and no end would take for ever.
function* encodedWords(value: string): Generator<EncodedWord> {
	const pattern = new RegExp(wordStart);
	for (let match = pattern.exec(value); match; match = pattern.exec(value)) {
		const [, charset = '', encoding = ''] = match;
		const close = value.indexOf('?=', pattern.lastIndex);
		if (close < 0) {
			// As the original: what begins as a word and never ends swallows the rest.
			yield { start: match.index, end: value.length, label: '', encoding: 'q', coded: '' };
			return;
		}
		yield {
			start: match.index,
			end: close + 2,
			label: charset.replace(/\*.*/, ''),
			encoding: encoding.toLowerCase(),
			coded: value.slice(pattern.lastIndex, close),
		};
		pattern.lastIndex = close + 2;
	}
}

/** The same, ready for a terminal. */
export function showWords(value: string, charset: string): string {
	return makePrintable(decodeWords(value, charset), charset);
}

function raw(value: string, charset: string): string {
	return plain.test(value) ? value : decodeOctets(Buffer.from(value, 'latin1'), undefined, charset);
}

function decodeQ(coded: string): Buffer {
	const octets = coded
		.replaceAll('_', ' ')
		.replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
	return Buffer.from(octets, 'latin1');
}

function shownRaw(value: string, charset: string): string {
	return makePrintable(raw(value, charset), charset);
}

/** Makes the rarer charsets of these values ready; `decodeWords` itself cannot wait for them. */
export async function prepareWords(...values: readonly string[]): Promise<void> {
	for (const value of values) {
		if (!value.includes('=?')) continue;
		for (const { label } of encodedWords(value)) await prepareCharset(label);
	}
}

/** An address list as it is shown: encoded words are read in display names and comments only. */
export function showAddresses(value: string, charset: string): string {
	if (!value.includes('=?') && plain.test(value)) return makePrintable(value, charset);
	const route = routePart(value) ?? 0;
	let text = showWords(value.slice(0, route), charset);
	let last = route;
	for (let at = route; at < value.length; at++) {
		if (value[at] === '"') at = closingQuote(value, at);
		else if (value[at] === '(') {
			const end = skipComment(value, at + 1);
			const closed = value[end - 1] === ')' ? end - 1 : end;
			text += shownRaw(value.slice(last, at + 1), charset);
			text += showWords(value.slice(at + 1, closed), charset);
			last = closed;
			at = end - 1;
		}
	}
	return text + shownRaw(value.slice(last), charset);
}

/**
 * The name to show for the first address of `value` (`showname`): its display name, or the only comment,
 * else the address; the address too where the name is mostly undisplayable.
 */
export function realName(value: string, charset: string): string {
	const coded = displayName(value);
	if (coded === undefined) {
		return value.startsWith('<') ? shownRaw(skin(value), charset) : showAddresses(value, charset);
	}
	const name = showWords(coded, charset).trim();
	if (name === '') return showAddresses(value, charset);
	const dull = [...name.slice(0, 20)].filter((char) => /[? \t]/.test(char)).length;
	return (Math.min(name.length, 20) - dull) * 3 < dull ? shownRaw(skin(value), charset) : name;
}
