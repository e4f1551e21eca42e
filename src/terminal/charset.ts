/**
 * The character set of the terminal and of typed text, and the way between octets and text.
 *
 * Octets that mean nothing in the character set survive: octet 0xNN becomes the lone surrogate
 * U+DCNN and turns back into that octet when written (as Python's surrogateescape). So a typed line
 * carries any octets into a letter, and `encodeText(decodeText(x)) = x` for every x.
 */

/** What nl_langinfo(CODESET) says for the locale of the environment, in lower case. */
export function charsetOf(env: NodeJS.ProcessEnv): string {
	const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || 'C';
	if (locale === 'C' || locale === 'POSIX') return 'ansi_x3.4-1968';
	const [, codeset, modifier] = /^[^.@]*(?:\.([^@]*))?(?:@(.*))?$/.exec(locale) ?? [];
	if (codeset) {
		const name = codeset.toLowerCase();
		if (/^utf-?8$/.test(name)) return 'utf-8';
		return name.replace(/^iso-?8859-?(\d+)$/, 'iso-8859-$1').replace(/^euc(jp|kr|cn)$/, 'euc-$1');
	}
	if (modifier === 'euro') return 'iso-8859-15';
	const language = locale.slice(0, 2);
	return byLanguage[language] ?? 'iso-8859-1';
}

/** Locales named without a character set, as glibc has them where it is not Latin 1. */
const byLanguage: Record<string, string> = {
	bg: 'cp1251',
	cs: 'iso-8859-2',
	el: 'iso-8859-7',
	he: 'iso-8859-8',
	hr: 'iso-8859-2',
	hu: 'iso-8859-2',
	ja: 'euc-jp',
	ko: 'euc-kr',
	pl: 'iso-8859-2',
	ro: 'iso-8859-2',
	ru: 'iso-8859-5',
	sk: 'iso-8859-2',
	sl: 'iso-8859-2',
	tr: 'iso-8859-9',
	uk: 'koi8-u',
	zh: 'gb2312',
};

const isAscii = (charset: string) => /^(ansi_x3\.4-1968|us-ascii|ascii|646)$/.test(charset);
const isLatin1 = (charset: string) => charset === 'iso-8859-1';

/** The signs of our own words, hints and help, where the terminal has no others. */
const asciiSigns: Readonly<Record<string, string>> = {
	'—': '-',
	'·': '-',
	'“': '"',
	'”': '"',
	'…': '~',
};

/** Our own words in signs that the character set surely has. */
export function inSignsOf(charset: string, text: string): string {
	if (charset === 'utf-8') return text;
	return text.replace(/[^\0-\x7f]/g, (sign) => asciiSigns[sign] ?? sign);
}

/** Text of octets typed or piped in; what is malformed becomes lone surrogates (see above). */
export function decodeText(octets: Uint8Array, charset: string): string {
	const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
	if (isLatin1(charset)) return buffer.toString('latin1');
	const latin1 = buffer.toString('latin1');
	if (/^[\0-\x7f]*$/.test(latin1)) return latin1;
	if (isAscii(charset)) return escapeOctets(latin1);
	if (charset === 'utf-8') return decodeUtf8(buffer);
	const known = tableOf(charset);
	if (known === undefined) return escapeOctets(latin1);
	return known.decode(buffer);
}

/** Octets of text for the terminal or a letter; a character that the set lacks becomes `?`. */
export function encodeText(text: string, charset: string): Buffer {
	if (/^[\0-\x7f]*$/.test(text)) return Buffer.from(text, 'latin1');
	if (charset === 'utf-8' && !/[\udc80-\udcff]/.test(text)) return Buffer.from(text, 'utf8');
	const table =
		charset === 'utf-8' || isLatin1(charset) || isAscii(charset) ? undefined : tableOf(charset);
	const parts: Buffer[] = [];
	for (const character of text) {
		const code = character.codePointAt(0) as number;
		if (code < 0x80) parts.push(Buffer.from([code]));
		else if (code >= 0xdc80 && code <= 0xdcff) parts.push(Buffer.from([code - 0xdc00]));
		else if (charset === 'utf-8') parts.push(Buffer.from(character, 'utf8'));
		else if (isLatin1(charset) && code < 0x100) parts.push(Buffer.from([code]));
		else parts.push(Buffer.from(table?.encode(character) ?? '?', 'latin1'));
	}
	return Buffer.concat(parts);
}

function escapeOctets(latin1: string): string {
	return latin1.replace(/[\x80-\xff]/g, (octet) =>
		String.fromCharCode(0xdc00 + octet.charCodeAt(0)),
	);
}

function decodeUtf8(octets: Buffer): string {
	const text = octets.toString('utf8');
	if (!text.includes('\ufffd') || Buffer.from(text, 'utf8').equals(octets)) return text;
	const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
	let result = '';
	for (let at = 0; at < octets.length; ) {
		const first = octets[at] as number;
		const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
		const piece = decodeOne(decoder, octets.subarray(at, at + length));
		result += piece ?? String.fromCharCode(0xdc00 + first);
		at += piece === undefined ? 1 : length;
	}
	return result;
}

type Decoder = InstanceType<typeof TextDecoder>;

function decodeOne(decoder: Decoder, octets: Buffer): string | undefined {
	if (octets.length === 0) return undefined;
	try {
		return decoder.decode(octets);
	} catch (error) {
		if (error instanceof TypeError) return undefined;
		throw error;
	}
}

interface Table {
	decode(octets: Buffer): string;
	/** The octets as latin1 text; undefined where the set lacks the character. */
	encode(character: string): string | undefined;
}

const tables = new Map<string, Table | undefined>();

function tableOf(charset: string): Table | undefined {
	if (!tables.has(charset)) tables.set(charset, makeTable(charset));
	return tables.get(charset);
}

/** Sets of one or two octets, from what the platform can decode, turned round for the other way. */
function makeTable(charset: string): Table | undefined {
	let decoder: Decoder;
	try {
		decoder = new TextDecoder(charset.replace(/^cp(125\d)$/, 'windows-$1'), { fatal: true });
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
	const characters = new Map<string, string>();
	const octetsOf = new Map<string, string>();
	const learn = (octets: Buffer) => {
		const character = decodeOne(decoder, octets);
		if (character === undefined) return false;
		const latin1 = octets.toString('latin1');
		characters.set(latin1, character);
		if (!octetsOf.has(character)) octetsOf.set(character, latin1);
		return true;
	};
	for (let first = 0x80; first < 0x100; first++) {
		if (charset.startsWith('iso-8859-') && first < 0xa0) continue;
		if (learn(Buffer.from([first]))) continue;
		for (let second = 0x40; second < 0x100; second++) learn(Buffer.from([first, second]));
	}
	return {
		encode: (character) => octetsOf.get(character),
		decode(octets) {
			const latin1 = octets.toString('latin1');
			let text = '';
			for (let at = 0; at < latin1.length; at++) {
				const single = latin1[at] as string;
				const pair = latin1.slice(at, at + 2);
				if (single < '\x80') text += single;
				else if (characters.has(single)) text += characters.get(single);
				else if (characters.has(pair)) {
					text += characters.get(pair);
					at++;
				} else text += escapeOctets(single);
			}
			return text;
		},
	};
}
