/**
 * Encoded words of header fields (RFC 2047) to text, as a person is to see them. Field values come as
 * latin1 strings, an octet a character. What is no word is left as it stands, save one that never ends;
 * plain ASCII costs one test and no decoder.
 */
import { closingQuote, displayName, routePart, skin, skipComment } from './address.js';
import { decodeOctets, isAscii, prepareCharset } from './charset.js';
import { decodeBase64 } from './decoding.js';
import { isUtf8, makePrintable } from './text.js';

const plain = /^[\t\n\r\x20-\x7e]*$/;
const wordStart = /=\?([^?]*)\?([bq])\?/gi;

/**
 * Field value to text for a terminal of `charset`. Blanks between two encoded words vanish; octets that
 * are not encoded are taken for the terminal's own charset. Control characters are still in it. Words
 * that follow one another are read as one, for many a sender cuts them within a character.
 * `faithful`, as Heirloom: each word for itself, octets it cannot mean are `?`, and what begins as a word
 * and never ends swallows the rest.
 */
export function decodeWords(value: string, charset: string, faithful = false): string {
	if (!value.includes('=?')) return plain.test(value) ? value : raw(value, charset, !faithful);
	const pieces: string[] = [];
	let run: EncodedWord[] = [];
	const flush = () => {
		if (run.length > 0) pieces.push(decodeRun(run, charset, faithful));
		run = [];
	};
	let at = 0;
	for (const word of encodedWords(value)) {
		if (word.open && !faithful) break;
		const between = value.slice(at, word.start);
		const adjacent = at > 0 && /^[ \t]*$/.test(between);
		if (!adjacent || faithful || !continues(run.at(-1), word)) flush();
		if (!adjacent) pieces.push(raw(between, charset, !faithful));
		run.push(word);
		at = word.end;
	}
	flush();
	return pieces.join('') + raw(value.slice(at), charset, !faithful);
}

/** Whether two words may be halves of one. What a base64 of UTF-7 has left open ends with its word. */
function continues(before: EncodedWord | undefined, word: EncodedWord): boolean {
	const label = word.label.toLowerCase();
	return before?.label.toLowerCase() === label && !label.includes('utf-7');
}

function decodeRun(run: readonly EncodedWord[], charset: string, faithful: boolean): string {
	const octets = run.map(({ encoding, coded }) =>
		encoding === 'b' ? decodeBase64(coded) : decodeQ(coded),
	);
	const { label = '', language = '' } = run[0] ?? {};
	const whole = octets.length === 1 ? (octets[0] as Buffer) : Buffer.concat(octets);
	if (!faithful) return decodeOctets(whole, label, charset, true);
	const text = decodeOctets(whole, label + language, charset);
	if (isAscii(label)) return whole.toString('latin1').replace(/[\x80-\xff]/g, '?');
	return isUtf8(label) && language === '' ? text.replaceAll('\ufffd', '?') : text;
}

interface EncodedWord {
	readonly start: number;
	readonly end: number;
	/** The charset, and what RFC 2231 5 allows after it: a language, with its asterisk. */
	readonly label: string;
	readonly language: string;
	readonly encoding: string;
	readonly coded: string;
	/** Begins as a word and never ends. */
	readonly open?: true;
}

// No expression for the whole word: a hostile field of many starts and no end would take for ever.
function* encodedWords(value: string): Generator<EncodedWord> {
	const pattern = new RegExp(wordStart);
	for (let match = pattern.exec(value); match; match = pattern.exec(value)) {
		const [, charset = '', encoding = ''] = match;
		const close = value.indexOf('?=', pattern.lastIndex);
		if (close < 0) {
			const nothing = { label: '', language: '', encoding: 'q', coded: '', open: true } as const;
			yield { start: match.index, end: value.length, ...nothing };
			return;
		}
		yield {
			start: match.index,
			end: close + 2,
			label: charset.replace(/\*.*/, ''),
			language: /\*.*/.exec(charset)?.[0] ?? '',
			encoding: encoding.toLowerCase(),
			coded: value.slice(pattern.lastIndex, close),
		};
		pattern.lastIndex = close + 2;
	}
}

/** The same, ready for a terminal. */
export function showWords(value: string, charset: string, faithful = false): string {
	return makePrintable(decodeWords(value, charset, faithful), charset);
}

function raw(value: string, charset: string, guess: boolean): string {
	if (plain.test(value)) return value;
	return decodeOctets(Buffer.from(value, 'latin1'), undefined, charset, guess);
}

function decodeQ(coded: string): Buffer {
	const octets = coded
		.replaceAll('_', ' ')
		.replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
	return Buffer.from(octets, 'latin1');
}

function shownRaw(value: string, charset: string, faithful: boolean): string {
	return makePrintable(raw(value, charset, !faithful), charset);
}

/** Makes the rarer charsets of these values ready; `decodeWords` itself cannot wait for them. */
export async function prepareWords(...values: readonly string[]): Promise<void> {
	for (const value of values) {
		if (!value.includes('=?')) continue;
		for (const { label } of encodedWords(value)) await prepareCharset(label);
	}
}

/** An address list as it is shown: encoded words are read in display names and comments only. */
export function showAddresses(value: string, charset: string, faithful = false): string {
	if (!value.includes('=?') && plain.test(value)) return makePrintable(value, charset);
	const route = routePart(value) ?? 0;
	let text = showWords(value.slice(0, route), charset, faithful);
	let last = route;
	for (let at = route; at < value.length; at++) {
		if (value[at] === '"') at = closingQuote(value, at);
		else if (value[at] === '(') {
			const end = skipComment(value, at + 1);
			const closed = value[end - 1] === ')' ? end - 1 : end;
			text += shownRaw(value.slice(last, at + 1), charset, faithful);
			text += showWords(value.slice(at + 1, closed), charset, faithful);
			last = closed;
			at = end - 1;
		}
	}
	return text + shownRaw(value.slice(last), charset, faithful);
}

/**
 * The name to show for the first address of `value` (`showname`): its display name, or the only comment,
 * else the address; the address too where the name is mostly undisplayable.
 */
export function realName(value: string, charset: string, faithful = false): string {
	const coded = displayName(value);
	if (coded === undefined) {
		return value.startsWith('<')
			? shownRaw(skin(value), charset, faithful)
			: showAddresses(value, charset, faithful);
	}
	const name = showWords(coded, charset, faithful).trim();
	if (name === '') return showAddresses(value, charset, faithful);
	const dull = [...name.slice(0, 20)].filter((char) => /[? \t]/.test(char)).length;
	return (Math.min(name.length, 20) - dull) * 3 < dull
		? shownRaw(skin(value), charset, faithful)
		: name;
}
