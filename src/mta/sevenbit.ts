/**
 * Letters for a server that takes no text of 8 bits (RFC 6152 3): each part that has such octets goes
 * in quoted-printable or base64, the others stay as they are. What is signed or encrypted may not be
 * changed, and cannot be sent there. Pure: octets in, octets out; fields of the header are let alone.
 */
import { parameter } from '../message/body.js';
import { quotedPrintable } from '../message/encoding.js';
import { type Field, parseHeader } from '../message/header.js';

/** Parts within parts. */
const deepest = 50;
const newline = 10;

/** An entity cannot be put into 7 bits without being changed in its meaning. */
class Fixed extends Error {}

/** The letter (lines end with LF) with a body of 7 bits; undefined where that cannot be. */
export function toSevenBit(letter: Buffer): Buffer | undefined {
	try {
		return convert(letter, 'text/plain', 0);
	} catch (error) {
		if (error instanceof Fixed) return undefined;
		throw error;
	}
}

function isEightBit(octets: Uint8Array): boolean {
	return octets.some((octet) => octet > 127);
}

function convert(entity: Buffer, usualType: string, depth: number): Buffer {
	const { fields } = parseHeader(entity);
	const length = fields.reduce((sum, { raw }) => sum + raw.length, 0);
	const start = length + (entity[length] === newline ? 1 : 0);
	const body = entity.subarray(start);
	if (!isEightBit(body)) return entity;
	if (depth > deepest) throw new Fixed();
	const find = (name: string) => fields.find((field) => field.name.toLowerCase() === name)?.value;
	const field = find('content-type');
	const type = (field ?? usualType).replace(/;.*/s, '').trim().toLowerCase();
	const encoding = (find('content-transfer-encoding') ?? '7bit').trim().toLowerCase();
	if (/^multipart\//.test(type)) {
		if (/^multipart\/(signed|encrypted)$/.test(type)) throw new Fixed();
		const boundary = parameter(field ?? '', 'boundary');
		if (!boundary) throw new Fixed();
		const inner = type === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
		return joined(fields, '7bit', convertParts(body, boundary, inner, depth));
	}
	if (/^message\/(rfc822|global|news)$/.test(type)) {
		return joined(fields, '7bit', convert(body, 'text/plain', depth + 1));
	}
	// For programs, and in 7 bits by their definition: nothing there could be decoded.
	if (/^message\/(delivery-status|disposition-notification)$/.test(type)) {
		return joined(fields, '7bit', questioned(body));
	}
	if (/^message\//.test(type)) throw new Fixed();
	return convertLeaf(fields, { type, encoding, body, top: depth === 0 && field === undefined });
}

interface Leaf {
	readonly type: string;
	readonly encoding: string;
	readonly body: Buffer;
	/** A letter that says nothing of what it is. */
	readonly top: boolean;
}

function convertLeaf(fields: readonly Field[], { type, encoding, body, top }: Leaf): Buffer {
	const latin1 = body.toString('latin1');
	switch (encoding) {
		case 'quoted-printable': {
			// Octets that slipped through mean themselves.
			const octet = (char: string) => `=${char.charCodeAt(0).toString(16).toUpperCase()}`;
			const text = latin1.replace(/[\x80-\xff]/g, octet);
			return joined(fields, encoding, Buffer.from(text, 'latin1'));
		}
		case 'base64':
			// And here they mean nothing (RFC 2045 6.8).
			return joined(fields, encoding, Buffer.from(latin1.replace(/[\x80-\xff]/g, ''), 'latin1'));
		case '7bit':
		case '8bit':
		case 'binary': {
			if (type.startsWith('text/') || type === '') {
				const text = Buffer.from(quotedPrintable(latin1), 'latin1');
				return joined(fields, 'quoted-printable', text, top ? unknownText(fields) : '');
			}
			const canonical = Buffer.from(latin1.replace(/\n/g, '\r\n'), 'latin1').toString('base64');
			const lines = canonical.replace(/.{1,76}/g, '$&\n');
			return joined(fields, 'base64', Buffer.from(lines, 'latin1'));
		}
		default:
			throw new Fixed();
	}
}

/** What text is whose charset nobody has named (RFC 1428 3). */
function unknownText(fields: readonly Field[]): string {
	const isMime = fields.some(({ name }) => name.toLowerCase() === 'mime-version');
	return `${isMime ? '' : 'MIME-Version: 1.0\n'}Content-Type: text/plain; charset=unknown-8bit\n`;
}

function questioned(octets: Buffer): Buffer {
	return Buffer.from(octets.toString('latin1').replace(/[\x80-\xff]/g, '?'), 'latin1');
}

/** Header and body, with another encoding in the header. */
function joined(fields: readonly Field[], encoding: string, body: Buffer, further = ''): Buffer {
	const isEncoding = ({ name }: Field) => name.toLowerCase() === 'content-transfer-encoding';
	const kept = fields.filter((field) => !isEncoding(field)).map(({ raw }) => raw);
	const said = encoding === '7bit' ? '' : `Content-Transfer-Encoding: ${encoding}\n`;
	const header = kept.map((raw) => (raw.endsWith('\n') ? raw : `${raw}\n`)).join('');
	return Buffer.concat([Buffer.from(`${header}${further}${said}\n`, 'latin1'), body]);
}

/** The body of a multipart: its parts converted, boundaries and the newlines before them as they stand. */
function convertParts(body: Buffer, boundary: string, usualType: string, depth: number): Buffer {
	const result: Buffer[] = [];
	const delimiter = Buffer.from(`--${boundary}`, 'latin1');
	let start = 0;
	let place: 'preamble' | 'part' | 'epilogue' = 'preamble';
	const finish = (end: number) => {
		const octets = body.subarray(start, end);
		result.push(place === 'part' ? convert(octets, usualType, depth + 1) : questioned(octets));
	};
	for (let at = 0; place !== 'epilogue' && at < body.length; ) {
		const found = body.indexOf(delimiter, at);
		if (found < 0) break;
		const line = (body.indexOf(newline, found) + 1 || body.length + 1) - 1;
		const rest = body.toString('latin1', found + delimiter.length, Math.min(line, found + 1000));
		at = found + 1;
		if ((found > 0 && body[found - 1] !== newline) || !/^(--)?[ \t\r]*$/.test(rest)) continue;
		// The newline before a boundary belongs to it.
		const end = Math.max(start, found > 0 ? found - 1 : 0);
		finish(end);
		result.push(body.subarray(end, Math.min(line + 1, body.length)));
		start = Math.min(line + 1, body.length);
		at = start;
		place = rest.startsWith('--') ? 'epilogue' : 'part';
	}
	finish(body.length);
	return Buffer.concat(result);
}
