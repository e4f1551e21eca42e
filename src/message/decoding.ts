/**
 * Content transfer encodings undone (RFC 2045 6): quoted-printable, base64, and uuencode as older mailers
 * have it. Damage is read over: nothing here throws, and what is no code stays or is skipped.
 */

/** Stray characters are skipped; padding ends a group and not the text. */
export function decodeBase64(text: string): Buffer {
	const groups = text.replace(/[^A-Za-z0-9+/=]/g, '').match(/[^=]+/g) ?? [];
	return Buffer.concat(groups.map((group) => Buffer.from(group, 'base64')));
}

/** What is not `=XX` stays as it stands; blanks before a soft line break go with it. */
export function decodeQuotedPrintable(octets: Buffer): Buffer {
	if (!octets.includes(61)) return octets;
	const plain = Buffer.allocUnsafe(octets.length);
	let length = 0;
	for (let at = 0; at < octets.length; at++) {
		const octet = octets[at] as number;
		if (octet === 61) {
			const high = hexDigit(octets[at + 1]);
			const low = hexDigit(octets[at + 2]);
			if (high >= 0 && low >= 0) {
				plain[length++] = high * 16 + low;
				at += 2;
				continue;
			}
			const end = softBreakEnd(octets, at + 1);
			if (end > at) {
				at = end - 1;
				continue;
			}
		}
		plain[length++] = octet;
	}
	return plain.subarray(0, length);
}

function hexDigit(octet = 0): number {
	if (octet >= 48 && octet <= 57) return octet - 48;
	const letter = octet | 0x20;
	return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** After the line end that follows `from`, blanks before it passed over; 0 where there is none. */
function softBreakEnd(octets: Buffer, from: number): number {
	if (from === octets.length) return from;
	let at = from;
	while (octets[at] === 32 || octets[at] === 9) at++;
	if (octets[at] === 13) at++;
	return octets[at] === 10 ? at + 1 : 0;
}

/** POSIX uuencode: each line tells how many octets it has. */
export function decodeUu(octets: Buffer): Buffer {
	const lines = octets.toString('latin1').split(/\r?\n/);
	const start = lines.findIndex((line) => /^begin [0-7]{3,4} /.test(line));
	const pieces: Buffer[] = [];
	for (const line of lines.slice(start + 1)) {
		if (/^end\s*$/.test(line)) break;
		const length = (line.charCodeAt(0) - 32) & 63;
		// Its letters are those of base64 in another order.
		const letters = line.slice(1).replace(/./g, (char) => {
			return alphabet[(char.charCodeAt(0) - 32) & 63] as string;
		});
		if (line !== '') pieces.push(Buffer.from(letters, 'base64').subarray(0, length));
	}
	return start < 0 ? octets : Buffer.concat(pieces);
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A letter of the alphabet of base64, padding left out. */
export function isBase64(octet: number): boolean {
	return (
		(octet >= 65 && octet <= 90) ||
		(octet >= 97 && octet <= 122) ||
		(octet >= 47 && octet <= 57) ||
		octet === 43
	);
}

/**
 * Where text begins that somebody has put beneath a body of base64, as mailing lists do; the length where
 * there is none. It stands after an empty line or padding, and has what no base64 has.
 */
export function footerStart(octets: Buffer): number {
	const tail = Math.max(0, octets.length - 10_000);
	const text = octets.toString('latin1', tail);
	for (const { index, 1: before = '' } of text.matchAll(/(=|\n)[ \t\r]*\n/g)) {
		const start = text.indexOf('\n', index + before.length) + 1;
		const rest = text.slice(start).trimStart();
		const [line = ''] = rest.split('\n', 1);
		if (/[^A-Za-z0-9+/=\s]/.test(line)) return tail + start;
	}
	return octets.length;
}
