/**
 * The structure of a message (RFC 2045, 2046): parts as exact spans of octets, and what their transfer
 * encodings hide. Takes everything for granted and nothing for true: boundaries may be missing,
 * encodings damaged, nesting endless; it never throws. Knows nothing of how a part is shown.
 */
import { decodeBase64, decodeQuotedPrintable, decodeUu, isBase64 } from './decoding.js';
import { type Header, parseHeader } from './header.js';

export type Content =
	| 'plain'
	| 'html'
	| 'text'
	| 'rfc822'
	| 'alternative'
	| 'digest'
	| 'multipart'
	| 'other'
	/** Preamble and epilogue of a multipart. */
	| 'discarded';

export type TransferEncoding = 'none' | 'binary' | 'quoted-printable' | 'base64' | 'uuencode';

export interface Part {
	/** Header, empty line and body, as they stand. */
	readonly octets: Buffer;
	readonly header: Header;
	/** Where the body begins in `octets`. */
	readonly bodyStart: number;
	readonly content: Content;
	/** Without parameters, lower case; `text/plain` where nothing is said. */
	readonly type: string;
	readonly charset: string | undefined;
	readonly encoding: TransferEncoding;
	/** As the sender named it; not to be trusted with a path. Still encoded. */
	readonly filename: string | undefined;
	/** The same by RFC 2231, which the original does not know; an encoded word where it has to be. */
	readonly extendedName: string | undefined;
	/** `2.1`; undefined for the message itself and for what is discarded. */
	readonly number: string | undefined;
	readonly parts: readonly Part[];
	/** Parts beneath it were left alone: there were too many, or too deep. */
	readonly limited: boolean;
}

const deepest = 60;
const mostParts = 5_000;
/** Of a structured field, more is not looked at: parameters are short, and hostile ones are not. */
const longestField = 8_000;

interface Budget {
	parts: number;
	readonly faithful: boolean;
}

/**
 * The parts of a message, given without its From_ line. With `whole` nothing beneath the top is looked
 * at (for raw display and copies). `faithful`, as Heirloom: a blank behind a type belongs to it, and a
 * boundary line ends with a bare newline, so that one that ends an inner part is text.
 */
export function parseMime(octets: Buffer, whole = false, faithful = false): Part {
	return parsePart(octets, undefined, undefined, whole ? Number.POSITIVE_INFINITY : 0, {
		parts: 0,
		faithful,
	});
}

function parsePart(
	octets: Buffer,
	number: string | undefined,
	parent: Content | undefined,
	depth: number,
	budget: Budget,
): Part {
	const header = parseHeader(octets);
	const field = header.get('content-type');
	const type = field
		? typeOf(field.split(';', 1)[0] as string, budget.faithful).toLowerCase()
		: parent === 'digest'
			? 'message/rfc822'
			: 'text/plain';
	const encoding = encodingOf(header.get('content-transfer-encoding'), budget.faithful);
	// Octets of no type at all that had to be encoded are hardly text.
	const content = type === '' && encoding === 'base64' ? 'other' : contentOf(type, budget.faithful);
	const bodyStart = endOfHeader(octets, depth === 0 || depth === Number.POSITIVE_INFINITY);
	const disposition = header.get('content-disposition');
	const extended =
		extendedParameter(disposition ?? '', 'filename') ?? extendedParameter(field ?? '', 'name');
	const part = {
		octets,
		header,
		bodyStart,
		content,
		type,
		charset:
			field === undefined
				? undefined
				: (parameter(field, 'charset') ?? extendedParameter(field, 'charset')?.octets),
		encoding,
		filename:
			(disposition === undefined ? undefined : parameter(disposition, 'filename')) ??
			(field === undefined ? undefined : parameter(field, 'name')),
		extendedName: extended === undefined ? undefined : asWord(extended),
		number,
	};
	const holdsParts = ['rfc822', 'alternative', 'digest', 'multipart'].includes(content);
	if (!holdsParts || depth === Number.POSITIVE_INFINITY)
		return { ...part, parts: [], limited: false };
	if (depth >= deepest || budget.parts >= mostParts) return { ...part, parts: [], limited: true };
	const body = bodyOf(octets.subarray(bodyStart), encoding, budget.faithful);
	if (content === 'rfc822') {
		const inner = parsePart(body, number, content, depth + 1, budget);
		return { ...part, parts: [inner], limited: false };
	}
	const spans = splitBody(field ?? '', body, budget.faithful);
	const parts: Part[] = [];
	let index = 0;
	let limited = false;
	for (const span of spans) {
		if (span.discarded) {
			parts.push(discarded(span.octets));
			continue;
		}
		if (++budget.parts > mostParts) {
			limited = true;
			break;
		}
		index++;
		const own = number === undefined ? String(index) : `${number}.${index}`;
		parts.push(parsePart(span.octets, own, content, depth + 1, budget));
	}
	return { ...part, parts, limited };
}

/** Messages and multiparts must not be encoded (RFC 2046 5.2.1), and some are. */
function bodyOf(body: Buffer, encoding: TransferEncoding, faithful: boolean): Buffer {
	if (faithful || (encoding !== 'base64' && encoding !== 'quoted-printable')) return body;
	const start = body.toString('latin1', 0, 1000);
	if (/^\s*--/.test(start) || /^[!-9;-~]+[ \t]*:/.test(start)) return body;
	return encoding === 'base64'
		? decodeBase64(body.toString('latin1'))
		: decodeQuotedPrintable(body);
}

/** The body of a multipart in spans; where no boundary is named that is in it, by what looks like one. */
function splitBody(field: string, body: Buffer, faithful: boolean): Span[] {
	const named = parameter(field, 'boundary') ?? extendedParameter(field, 'boundary')?.octets;
	const spans = named === undefined ? [] : enough(splitMultipart(body, named, faithful));
	if (faithful || spans.some((span) => !span.discarded)) return spans;
	const head = body.toString('latin1', 0, 10_000);
	const first = /^--([^\r\n]{1,200}?)[ \t]*\r?$/m.exec(head)?.[1];
	if (first === undefined || !body.includes(`\n--${first}--`, 0, 'latin1')) return spans;
	return enough(splitMultipart(body, first, faithful));
}

/** As many as are looked at. */
function enough(spans: Iterable<Span>): Span[] {
	const taken: Span[] = [];
	for (const span of spans) if (taken.push(span) > mostParts + 1) break;
	return taken;
}

/** Blanks and comments may stand between all tokens (RFC 2045 5.1); to the original they belong to the type. */
function typeOf(text: string, faithful: boolean): string {
	return faithful ? text.trimStart() : text.slice(0, longestField).replace(/\([^()]*\)|\s/g, '');
}

function discarded(octets: Buffer): Part {
	return {
		octets,
		header: parseHeader(Buffer.alloc(0)),
		bodyStart: 0,
		content: 'discarded',
		type: 'text/plain',
		charset: undefined,
		encoding: 'none',
		filename: undefined,
		extendedName: undefined,
		number: undefined,
		parts: [],
		limited: false,
	};
}

function contentOf(type: string, faithful: boolean): Content {
	if (!type.includes('/')) return 'text';
	if (type === 'text/plain') return 'plain';
	if (type === 'text/html') return 'html';
	if (type.startsWith('text/')) return 'text';
	if (type === 'message/rfc822' || (type === 'message/global' && !faithful)) return 'rfc822';
	if (type === 'multipart/alternative') return 'alternative';
	if (type === 'multipart/digest') return 'digest';
	return type.startsWith('multipart/') ? 'multipart' : 'other';
}

function encodingOf(field: string | undefined, faithful: boolean): TransferEncoding {
	const name = field
		?.replace(/^"(.*)"$/, '$1')
		.split(faithful ? /\s/ : /[\s;(,"]/, 1)[0]
		?.toLowerCase();
	if (name === 'binary' || name === 'quoted-printable' || name === 'base64') return name;
	return !faithful && /^(x-)?uu(e|encode)$/.test(name ?? '') ? 'uuencode' : 'none';
}

/** A first line that is no field: there is no header, whatever the lines after it look like. */
export function hasNoHeader(octets: Buffer): boolean {
	return octets.length > 0 && !/^(?:[^:\s]*\s*:|\r?\n)/.test(octets.toString('latin1', 0, 1000));
}

/** After the first empty line, or the first line where there is no header; the end where there is neither. */
function endOfHeader(octets: Buffer, atTop: boolean): number {
	let at = 0;
	if (atTop && hasNoHeader(octets)) return octets.indexOf(10) + 1 || octets.length;
	while (at < octets.length) {
		if (octets[at] === 10) return at + 1;
		if (octets[at] === 13 && octets[at + 1] === 10) return at + 2;
		const newline = octets.indexOf(10, at);
		if (newline < 0) break;
		at = newline + 1;
	}
	return octets.length;
}

/** A parameter of a structured field (RFC 2045 5.1); undefined where it is missing or unclosed. */
export function parameter(field: string, name: string): string | undefined {
	for (const [key, value] of parameters(field)) if (key === name) return value;
	return undefined;
}

/** Names in lower case. */
function* parameters(field: string): Generator<readonly [name: string, value: string]> {
	const pattern = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))|"(?:[^"\\]|\\.)*"/g;
	const rest = field.slice(0, longestField).replace(/^[^;]*;?/, '');
	for (const [, key, quoted, bare] of `;${rest}`.matchAll(pattern)) {
		if (key !== undefined)
			yield [key.toLowerCase(), quoted?.replace(/\\(["\\])/g, '$1') ?? bare ?? ''];
	}
}

/** A value in octets (latin1), and the charset it names, which may be empty. */
export interface ExtendedValue {
	readonly octets: string;
	readonly charset: string;
}

/**
 * A parameter in pieces, percent-encoded, or both (RFC 2231): `name*0=`, `name*=`, `name*1*=`. Undefined
 * where there is none.
 */
function extendedParameter(field: string, name: string): ExtendedValue | undefined {
	if (!field.includes('*')) return undefined;
	const pieces = new Map<number, { readonly value: string; readonly coded: boolean }>();
	for (const [key, value] of parameters(field)) {
		if (!key.startsWith(`${name}*`)) continue;
		const match = /^(\d{1,3})?(\*)?$/.exec(key.slice(name.length + 1));
		if (!match) continue;
		const [, index, star] = match;
		pieces.set(Number(index ?? 0), { value, coded: index === undefined || star !== undefined });
	}
	let octets = '';
	let charset = '';
	for (let index = 0; ; index++) {
		const piece = pieces.get(index);
		if (!piece) return index === 0 ? undefined : { octets, charset };
		let { value } = piece;
		const head = index === 0 && piece.coded ? /^([^']*)'[^']*'/.exec(value) : undefined;
		if (head) {
			charset = head[1] ?? '';
			value = value.slice(head[0].length);
		}
		octets += piece.coded
			? value.replace(/%([0-9a-f]{2})/gi, (_, digits) =>
					String.fromCharCode(Number.parseInt(digits, 16)),
				)
			: value;
	}
}

/** As an encoded word, so that it is decoded where all names are. */
function asWord({ octets, charset }: ExtendedValue): string {
	if (/^[\x20-\x7e]*$/.test(octets)) return octets;
	return `=?${charset || 'utf-8'}?b?${Buffer.from(octets, 'latin1').toString('base64')}?=`;
}

interface Span {
	readonly octets: Buffer;
	readonly discarded: boolean;
}

/** What can stand behind a boundary on its line: blanks, a line end, `--`. */
const mayFollow: readonly number[] = [10, 13, 9, 32, 45];

/**
 * The body of a multipart cut at its boundary lines, preamble and epilogue included. The line end before
 * a boundary belongs to it (RFC 2046 5.1.1). A part that is never closed ends with the body.
 */
function* splitMultipart(body: Buffer, boundary: string, faithful: boolean): Generator<Span> {
	const mark = Buffer.from(`\n--${boundary}`, 'latin1');
	let start = 0;
	let discarded = true;
	for (let at = lineWith(body, mark, 0); at >= 0; at = lineWith(body, mark, at + 1)) {
		// Most lines that a hostile letter is full of are told by one octet, without making a string of them.
		const next = body[at + mark.length - 1];
		if (next !== undefined && !mayFollow.includes(next)) continue;
		let end = next === 10 ? at + mark.length - 1 : body.indexOf(10, at);
		end = end < 0 ? body.length : end + 1;
		const tail = body.toString('latin1', at + mark.length - 1, end);
		const closes = (faithful ? /^--\n$/ : /^--[ \t\r]*\n?$/).test(tail);
		if (!closes && !(faithful ? /^\n$/ : /^[ \t\r]*\n?$/).test(tail)) continue;
		// A boundary right after another one opens no empty part, as in the original.
		if (!discarded && at === start && (faithful || !closes)) {
			if (!faithful) start = end;
			continue;
		}
		const lineEnd = at > 1 && body[at - 2] === 13 ? 2 : 1;
		const stop = discarded ? at : Math.max(start, at - lineEnd);
		yield { octets: body.subarray(start, stop), discarded };
		start = end;
		discarded = closes;
		if (closes) break;
	}
	yield { octets: body.subarray(start), discarded };
}

/**
 * The first line at or after `from` that begins with `mark` (a newline stands before it there); -1 where
 * there is none. Lines of nothing but dashes would make a search for the bare mark try every one of them.
 */
function lineWith(body: Buffer, mark: Buffer, from: number): number {
	if (from === 0 && body.subarray(0, mark.length - 1).equals(mark.subarray(1))) return 0;
	const found = body.indexOf(mark, Math.max(0, from - 1));
	return found < 0 ? -1 : found + 1;
}

/** The body of a part without its transfer encoding. In text, base64 hides CRLF line ends: they become LF. */
export function decodeBody(
	part: Part,
	octets: Buffer = part.octets.subarray(part.bodyStart),
): Buffer {
	switch (part.encoding) {
		case 'base64': {
			const decoded = decodeBase64(octets.toString('latin1'));
			return isText(part)
				? Buffer.from(decoded.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
				: decoded;
		}
		case 'quoted-printable':
			return decodeQuotedPrintable(octets);
		case 'uuencode':
			return decodeUu(octets);
		case 'none':
		case 'binary':
			return octets;
	}
}

/**
 * The encoded body cut where a line of the decoded text ends, or after each line where that is no text:
 * the pieces that the original decodes and counts one by one.
 */
export function encodedLines(part: Part, octets: Buffer): Buffer[] {
	const lines: Buffer[] = [];
	const decoded =
		part.encoding === 'base64' && isText(part)
			? decodeBase64(octets.toString('latin1'))
			: undefined;
	let start = 0;
	let letters = 0;
	for (let at = 0; at < octets.length; ) {
		const newline = octets.indexOf(10, at);
		const end = newline < 0 ? octets.length : newline + 1;
		let complete = true;
		if (part.encoding === 'quoted-printable') complete = octets[end - 2] !== 61;
		else if (decoded) {
			for (let i = at; i < end; i++) if (isBase64(octets[i] as number)) letters++;
			complete = letters > 0 && decoded[Math.floor((letters * 3) / 4) - 1] === 10;
		}
		if (complete || end === octets.length) {
			lines.push(octets.subarray(start, end));
			start = end;
		}
		at = end;
	}
	return lines;
}

/** Shown as text: text of any subtype, and what has no MIME type at all. */
export function isText(part: Part): boolean {
	return part.content === 'plain' || part.content === 'html' || part.content === 'text';
}
