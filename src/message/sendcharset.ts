/**
 * Typed text into the charset a letter is sent in, strictly: a character that the charset lacks is a
 * failure, so that the next charset of `sendcharsets` can be tried. So is UTF-8 that is none.
 */
import { isAscii, isPlain } from './charset.js';
import { isUtf8 } from './text.js';

const latin1 = /^iso-?8859-1$/i;

function same(one: string, other: string): boolean {
	if (one.toLowerCase() === other.toLowerCase()) return true;
	return (isUtf8(one) && isUtf8(other)) || (isAscii(one) && isAscii(other));
}

/** Octets typed or read in `from`, in `to`; undefined where they cannot be converted. */
export async function convertOctets(
	octets: Buffer,
	from: string,
	to: string,
): Promise<Buffer | undefined> {
	if (isPlain(octets)) return octets;
	if (same(from, to) && !isUtf8(to)) return octets;
	const text = await decodeStrictly(octets, from);
	return text === undefined ? undefined : encodeStrictly(text, to);
}

/** Text (with lone surrogates for octets of `typed`) in `to`; undefined where it cannot be said. */
export async function convertText(
	text: string,
	typed: string,
	to: string,
): Promise<Buffer | undefined> {
	if (/^[\0-\x7f]*$/.test(text)) return Buffer.from(text, 'latin1');
	if (!/[\udc80-\udcff]/.test(text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ''))) {
		return encodeStrictly(text, to);
	}
	if (!same(typed, to) || isUtf8(to)) return undefined;
	const pieces = [...text].map(async (char) => {
		const code = char.charCodeAt(0);
		const octet = char.length === 1 && code >= 0xdc80 && code <= 0xdcff;
		return octet ? Buffer.from([code - 0xdc00]) : encodeStrictly(char, to);
	});
	const encoded = await Promise.all(pieces);
	const found = encoded.filter((piece) => piece !== undefined);
	return found.length === encoded.length ? Buffer.concat(found) : undefined;
}

/** Whether anything can be converted into a charset. */
export async function isKnown(charset: string): Promise<boolean> {
	if (isAscii(charset) || isUtf8(charset) || latin1.test(charset)) return true;
	return (await import('iconv-lite')).default.encodingExists(charset);
}

async function decodeStrictly(octets: Buffer, charset: string): Promise<string | undefined> {
	if (isAscii(charset)) return undefined;
	if (latin1.test(charset)) return octets.toString('latin1');
	if (isUtf8(charset)) {
		try {
			return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
		} catch (error) {
			if (error instanceof TypeError) return undefined;
			throw error;
		}
	}
	const { default: iconv } = await import('iconv-lite');
	if (!iconv.encodingExists(charset)) return undefined;
	const text = iconv.decode(octets, charset);
	return text.includes('\ufffd') ? undefined : text;
}

async function encodeStrictly(text: string, charset: string): Promise<Buffer | undefined> {
	if (isAscii(charset)) return /^[\0-\x7f]*$/.test(text) ? Buffer.from(text, 'latin1') : undefined;
	if (latin1.test(charset)) {
		return /^[\0-\xff]*$/.test(text) ? Buffer.from(text, 'latin1') : undefined;
	}
	if (isUtf8(charset)) return Buffer.from(text, 'utf8');
	const { default: iconv } = await import('iconv-lite');
	if (!iconv.encodingExists(charset)) return undefined;
	const octets = iconv.encode(text, charset);
	return iconv.decode(octets, charset) === text ? octets : undefined;
}
