/**
 * Octets of any charset to text, and text to the octets of a terminal. Knows the charsets by name;
 * knows nothing of MIME. Failures are those of the original: what cannot be read or shown is `?`, an
 * octet at a time; text in an unknown charset is taken for the terminal's own.
 */
import { canonicalName, isUnknown } from './charsetnames.js';
import { isUtf8 } from './text.js';

interface Converters {
	encodingExists(charset: string): boolean;
	decode(octets: Buffer, charset: string): string;
	encode(text: string, charset: string): Buffer;
}

/** iconv-lite, once something needed it: two hundred kilobytes of tables that most mail has no use for. */
let converters: Converters | undefined;

const latin1 = /^(iso[-_]?8859[-_]1|latin-?1|l1|cp819)$/i;
const ascii = /^(us-?ascii|ascii|ansi[-_]x3\.4-19\d\d|iso-ir-6|cp367|iso646-us|646|c|posix)$/i;

/** True for US-ASCII by any of its names. */
export function isAscii(charset: string): boolean {
	return ascii.test(charset);
}

/**
 * Makes a charset that neither we nor Node's TextDecoder know ready for use. Resolves at once for all
 * others, and for names that nobody knows.
 */
export async function prepareCharset(charset: string): Promise<void> {
	const name = canonicalName(charset);
	if (converters || native(name) || isUnknown(name)) return;
	const { default: iconv } = await import('iconv-lite');
	converters = iconv;
}

/** Makes ready a charset that text is to be shown in: what encodes it is not what decodes it. */
export async function prepareShownCharset(charset: string): Promise<void> {
	const name = canonicalName(charset);
	if (converters || isUtf8(name) || latin1.test(name) || isAscii(name) || isUnknown(name)) return;
	const { default: iconv } = await import('iconv-lite');
	converters = iconv;
}

/** Whether octets of `charset` (as it is called here) can be decoded now. */
function native(charset: string): boolean {
	return (
		isUtf8(charset) || latin1.test(charset) || isAscii(charset) || decoderOf(charset) !== undefined
	);
}

/** Charsets of which the other library knows more than Node: undefined characters, missing marks of order. */
const foreign = /^(cp949|big5hkscs|utf-16|iso-2022-kr|hz-gb-2312)$/;

function decoderOf(charset: string): InstanceType<typeof TextDecoder> | undefined {
	if (foreign.test(charset)) return undefined;
	try {
		return new TextDecoder(charset, { fatal: true, ignoreBOM: true });
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

/**
 * Text of `octets` in `charset`, such as a terminal of charset `shown` can show: what it has no character
 * for is `?`, one for each octet. An unknown or missing charset, and US-ASCII, mean the terminal's own.
 * `guess`: where that cannot be, or a name cannot, they are taken for what they most likely are.
 */
export function decodeOctets(
	octets: Buffer,
	charset: string | undefined,
	shown: string,
	guess = false,
): string {
	const name = charset === undefined || isUnknown(charset) ? undefined : canonicalName(charset);
	if (isPlain(octets) && !stateful(name)) return octets.toString('latin1');
	if (name === undefined || isAscii(name))
		return guess ? guessed(octets, shown) : own(octets, shown);
	if (guess && latin1.test(name)) return limit(fromLatin1(octets), name, shown);
	if (sameCharset(name, canonicalName(shown))) return own(octets, shown);
	const text = decode(octets, name);
	if (text !== undefined) return limit(text, name, shown);
	return guess ? guessed(octets, shown) : own(octets, shown);
}

/** Charsets in which octets below 128 do not mean ASCII. */
function stateful(charset: string | undefined): boolean {
	return charset !== undefined && /^(utf-?7|utf-?16|utf-?32|iso-?2022|hz-|ucs)/.test(charset);
}

/** Octets that nobody gives a name: line by line UTF-8, else the charset of Windows in the west. */
function guessed(octets: Buffer, shown: string): string {
	const whole = octets.toString();
	if (!whole.includes('\ufffd')) return limit(whole, 'utf-8', shown);
	const lines = octets
		.toString('latin1')
		.split('\n')
		.map((line) => {
			if (/^[\0-\x7f]*$/.test(line)) return line;
			const raw = Buffer.from(line, 'latin1');
			const text = utf8(raw, '\ufffd');
			const damaged = text.split('\ufffd').length - 1;
			const read = (text.match(/[^\0-\x7f\ufffd]/gu) ?? []).length;
			return read > damaged || damaged === 0 ? text : fromWindows1252(raw);
		});
	return limit(lines.join('\n'), 'iso-8859-1', shown);
}

/** What is called ISO 8859-1 and has octets that are none is of Windows, or UTF-8. */
function fromLatin1(octets: Buffer): string {
	const text = octets.toString('latin1');
	if (!/[\x80-\x9f]/.test(text)) return text;
	const asUtf8 = octets.toString();
	return asUtf8.includes('\ufffd') ? fromWindows1252(octets) : asUtf8;
}

/** Nothing above 127 in it. */
export function isPlain(octets: Buffer): boolean {
	for (let at = 0; at < octets.length; at++) if ((octets[at] as number) > 127) return false;
	return true;
}

function sameCharset(one: string, other: string): boolean {
	return one.toLowerCase() === other.toLowerCase() || (isUtf8(one) && isUtf8(other));
}

/** Octets that need no conversion: those that are no character become U+FFFD, one each. */
function own(octets: Buffer, shown: string): string {
	if (isUtf8(shown)) return utf8(octets, '\ufffd');
	if (latin1.test(shown)) return octets.toString('latin1');
	if (isAscii(shown)) return octets.toString('latin1').replace(/[\x80-\xff]/g, '\ufffd');
	return decode(octets, shown) ?? octets.toString('latin1').replace(/[\x80-\xff]/g, '\ufffd');
}

function decode(octets: Buffer, charset: string): string | undefined {
	if (isUtf8(charset)) return utf8(octets, '?');
	if (latin1.test(charset)) return octets.toString('latin1');
	if (isAscii(charset)) return octets.toString('latin1').replace(/[\x80-\xff]/g, '?');
	if (windows1252.test(charset)) return fromWindows1252(octets);
	if (charset === 'iso-2022-kr')
		return decode(unshifted(octets, /\x0e([^\x0f\n]*)\x0f?/g), 'cp949');
	if (charset === 'hz-gb-2312')
		return decode(unshifted(octets, /~\{((?:[^~\n]|~(?!\}))*)~?\}?/g), 'gb18030');
	const decoder = decoderOf(charset);
	if (decoder) {
		const stream = charset === 'iso-2022-jp' ? withoutIdleShifts(octets) : octets;
		// windows-125x: what the code page leaves open comes back as a C1 control.
		const text = strictly(decoder, stream) ?? new TextDecoder(charset).decode(stream);
		return text.replace(/[\ufffd\x80-\x9f]/g, '?');
	}
	if (!converters?.encodingExists(charset)) return undefined;
	return converters.decode(octets, charset).replace(/\ufffd/g, '?');
}

/** Shifts that another follows at once: where two texts meet. Decoders take them for an attack (WHATWG). */
function withoutIdleShifts(octets: Buffer): Buffer {
	const text = octets.toString('latin1');
	return Buffer.from(text.replace(/(?:\x1b[($][@-J])+(?=\x1b[($][@-J])/g, ''), 'latin1');
}

/** What stands between signs of shifting, in octets above 127 as in the charset that has no such signs. */
function unshifted(octets: Buffer, shifted: RegExp): Buffer {
	const text = octets
		.toString('latin1')
		.replace(/\x1b\$\)C\n?/g, '')
		.replace(shifted, (_, inner: string) =>
			inner.replace(/[\x21-\x7e]/g, (char) => String.fromCharCode(char.charCodeAt(0) | 0x80)),
		);
	return Buffer.from(text, 'latin1');
}

// Node 20 takes windows-1252 for ISO 8859-1 (nodejs/node#56542).
const windows1252 = /^(windows|cp)-?1252$/i;
const upper1252 = '€?‚ƒ„…†‡ˆ‰Š‹Œ?Ž??‘’“”•–—˜™š›œ?žŸ';

function fromWindows1252(octets: Buffer): string {
	return octets
		.toString('latin1')
		.replace(/[\x80-\x9f]/g, (char) => upper1252[char.charCodeAt(0) - 0x80] as string);
}

function strictly(decoder: InstanceType<typeof TextDecoder>, octets: Buffer): string | undefined {
	try {
		return decoder.decode(octets);
	} catch (error) {
		if (error instanceof TypeError) return undefined;
		throw error;
	}
}

/** Node's own decoding gives one U+FFFD for a whole damaged sequence; the original one for each octet. */
function utf8(octets: Buffer, damaged: string): string {
	const text = octets.toString();
	if (!text.includes('\ufffd')) return text;
	const units = new Uint16Array(octets.length);
	let length = 0;
	for (let at = 0; at < octets.length; ) {
		const octet = octets[at] as number;
		const size = octet < 0x80 ? 1 : sequenceLength(octets, at);
		if (size === 0) units[length++] = damaged.charCodeAt(0);
		else if (size === 1) units[length++] = octet;
		else {
			let code = octet & (0xff >> (size + 1));
			for (let i = 1; i < size; i++) code = code * 64 + ((octets[at + i] as number) & 0x3f);
			if (code > 0xffff) {
				units[length++] = 0xd7c0 + (code >> 10);
				units[length++] = 0xdc00 + (code & 0x3ff);
			} else units[length++] = code;
		}
		at += size || 1;
	}
	return Buffer.from(units.buffer, 0, length * 2).toString('utf16le');
}

/** Octets of the well-formed sequence of UTF-8 (RFC 3629 4) that begins there, two to four; 0 for none. */
function sequenceLength(octets: Buffer, at: number): number {
	const first = octets[at] as number;
	const size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
	if (at + size > octets.length) return 0;
	const second = octets[at + 1] as number;
	if (first === 0xe0 && second < 0xa0) return 0;
	if (first === 0xed && second > 0x9f) return 0;
	if (first === 0xf0 && second < 0x90) return 0;
	if (first === 0xf4 && second > 0x8f) return 0;
	for (let i = 1; i < size; i++) if (((octets[at + i] as number) & 0xc0) !== 0x80) return 0;
	return size;
}

/** `?` for what the terminal's charset lacks: one for each octet the character had. */
function limit(text: string, charset: string, shown: string): string {
	if (isUtf8(shown)) return text;
	const octetsOf = isUtf8(charset) ? (char: string) => Buffer.byteLength(char) : () => 1;
	if (isAscii(shown)) return text.replace(/[^\x00-\x7f]/gu, (char) => '?'.repeat(octetsOf(char)));
	if (latin1.test(shown))
		return text.replace(/[^\x00-\xff]/gu, (char) => '?'.repeat(octetsOf(char)));
	if (isPlainText(text) || !converters?.encodingExists(shown)) return text;
	return text.replace(/[^\x00-\x7f]/gu, (char) =>
		converters?.encode(char, shown)[0] === 0x3f ? '?'.repeat(octetsOf(char)) : char,
	);
}

const isPlainText = (text: string) => /^[\0-\x7f]*$/.test(text);

/**
 * What a terminal of charset `shown` makes of text that is written to it in `charset`: for a person who has
 * told us of another charset than the terminal's (-n).
 */
export function misread(text: string, charset: string, shown: string): string {
	if (isPlainText(text) || sameCharset(canonicalName(charset), canonicalName(shown))) return text;
	return own(encodeText(text, charset), shown);
}

/** The octets of `text` in `charset`; `?` for what it lacks. Where the charset is unknown: UTF-8. */
export function encodeText(text: string, charset: string): Buffer {
	if (isUtf8(charset)) return Buffer.from(text);
	if (isAscii(charset)) return Buffer.from(text.replace(/[^\x00-\x7f]/gu, '?'), 'latin1');
	if (latin1.test(charset)) return Buffer.from(text.replace(/[^\x00-\xff]/gu, '?'), 'latin1');
	if (converters?.encodingExists(charset)) return converters.encode(text, charset);
	return Buffer.from(text);
}
