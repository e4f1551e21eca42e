/**
 * A long body bit by bit: decoded, and cut where lines end, so that what it takes to show a letter does
 * not grow with the letter. Lines have a limit: what is longer was made to do harm, or is no text.
 * Knows nothing of characters save that UTF-8 must not be cut inside one.
 */
import { decodeBody, isText, type Part } from './body.js';
import { isBase64 } from './decoding.js';

/** Octets of a decoded line; what is beyond them is not shown. */
export const longestLine = 1_000_000;

/** Smaller bodies are one piece: cutting them would cost more than it saves. */
const window = 1 << 18;

/** Of text in a charset whose line ends are no single octets, more is not shown. */
const mostWide = 8_000_000;

export interface Piece {
	readonly octets: Buffer;
	/** The line at its end is longer than may be shown; what is missing never comes. */
	readonly cut: boolean;
}

/**
 * The decoded body of a part, whole lines to a piece. Lines longer than `longest` octets are cut, which
 * is for what is shown; what goes to files and programs is to be whole.
 */
export function* textPieces(part: Part, octets: Buffer, longest = longestLine): Generator<Piece> {
	if (octets.length <= window) {
		yield { octets: decodeBody(part, octets), cut: false };
		return;
	}
	if (part.encoding === 'uuencode') {
		yield* wholeLines([decodeBody(part, octets)], longest, longest > longestLine);
		return;
	}
	if (isText(part) && isWide(part.charset)) {
		if (longest > octets.length) {
			yield { octets: decodeBody(part, octets), cut: false };
			return;
		}
		// Four letters of base64 make three octets, and no other encoding makes more of less.
		const most = Math.ceil(mostWide / 3) * 4;
		const decoded = decodeBody(part, octets.subarray(0, most));
		yield { octets: decoded.subarray(0, mostWide), cut: decoded.length > mostWide };
		return;
	}
	const splits = longest > longestLine && splitsAnywhere(part.charset);
	yield* wholeLines(decodedSlices(part, octets), splits ? longestLine : longest, splits);
}

/** Charsets that can be read from the middle of a line: one octet to a character, or UTF-8. */
function splitsAnywhere(charset = 'utf-8'): boolean {
	return /^(utf-?8|us-?ascii|iso-?8859-\d+|windows-12\d\d|cp12\d\d|koi8-\w+)$/i.test(charset);
}

/** Charsets in which a line end is more than one octet. */
function isWide(charset: string | undefined): boolean {
	return charset !== undefined && /^(utf-?16|utf-?32|ucs)/i.test(charset);
}

/** The octets as they stand, in pieces that cut no line or, where one is too long, no UTF-8 character. */
export function* rawPieces(octets: Buffer): Generator<Buffer> {
	for (let at = 0; at < octets.length; ) {
		let end = Math.min(octets.length, at + window);
		if (end < octets.length) {
			const newline = octets.lastIndexOf(10, end - 1);
			end = newline >= at ? newline + 1 : characterStart(octets, end);
		}
		yield octets.subarray(at, end);
		at = end;
	}
}

/** `at`, or up to three octets before it, where a character of UTF-8 begins. */
function characterStart(octets: Buffer, at: number): number {
	for (let back = 0; back < 4; back++) {
		if (((octets[at - back] as number) & 0xc0) !== 0x80) return at - back;
	}
	return at;
}

function* decodedSlices(part: Part, octets: Buffer): Generator<Buffer> {
	// A CR whose LF is in the next slice: decoding could not see that they are one line end.
	const carriageReturn = Buffer.from('\r');
	let held = false;
	for (let at = 0; at < octets.length; ) {
		const end = sliceEnd(part, octets, at);
		const slice = decodeBody(part, octets.subarray(at, end));
		if (held && slice[0] !== 10) yield carriageReturn;
		held = part.encoding === 'base64' && isText(part) && slice.at(-1) === 13;
		yield held ? slice.subarray(0, -1) : slice;
		at = end;
	}
	if (held) yield carriageReturn;
}

/** Where what stands from `at` on can be cut and both halves be decoded for themselves. */
function sliceEnd(part: Part, octets: Buffer, at: number): number {
	const end = at + window;
	if (end >= octets.length) return octets.length;
	if (part.encoding === 'base64') return base64End(octets, at, end);
	const newline = octets.lastIndexOf(10, end - 1);
	if (newline >= at) return newline + 1;
	if (part.encoding !== 'quoted-printable') return end;
	if (octets[end - 1] === 61) return end - 1;
	return octets[end - 2] === 61 ? end - 2 : end;
}

/** After a whole group of four letters, counted from the last padding. */
function base64End(octets: Buffer, from: number, to: number): number {
	let letters = 0;
	let end = from;
	for (let at = from; at < octets.length; at++) {
		if (at >= to && letters % 4 === 0) break;
		const octet = octets[at] as number;
		if (octet === 61) letters = 0;
		else if (isBase64(octet)) letters++;
		end = at + 1;
	}
	return end;
}

/** `splits`: nothing is lost of a line that is too long, it comes in several pieces. */
function* wholeLines(slices: Iterable<Buffer>, longest: number, splits: boolean): Generator<Piece> {
	let held: Buffer[] = [];
	let length = 0;
	let skipping = false;
	for (const slice of slices) {
		let rest = slice;
		if (skipping) {
			const end = rest.indexOf(10);
			if (end < 0) continue;
			rest = rest.subarray(end + 1);
			skipping = false;
		}
		const last = rest.lastIndexOf(10) + 1;
		if (last > 0) {
			const lines = Buffer.concat([...held, rest.subarray(0, last)]);
			if (splits) yield { octets: lines, cut: false };
			else yield* shortened(lines, longest);
			held = [];
			length = 0;
		}
		if (last === rest.length) continue;
		held.push(rest.subarray(last));
		length += rest.length - last;
		if (length <= longest) continue;
		const line = Buffer.concat(held);
		if (splits) {
			// Not within a character, nor between CR and LF.
			const end = characterStart(line, line.length - 1) - (line.at(-2) === 13 ? 1 : 0);
			yield { octets: line.subarray(0, end), cut: false };
			held = [line.subarray(end)];
			length = line.length - end;
			continue;
		}
		yield* shortened(line, longest);
		held = [];
		length = 0;
		skipping = true;
	}
	if (length > 0) {
		if (splits) yield { octets: Buffer.concat(held), cut: false };
		else yield* shortened(Buffer.concat(held), longest);
	}
}

/** Whole lines, those cut that are too long. */
function* shortened(lines: Buffer, longest: number): Generator<Piece> {
	let from = 0;
	let at = 0;
	while (lines.length - at > longest) {
		const newline = lines.indexOf(10, at);
		const end = newline < 0 ? lines.length : newline + 1;
		if (end - at > longest) {
			const stop = characterStart(lines, at + longest);
			yield { octets: lines.subarray(from, stop), cut: true };
			from = end;
		}
		at = end;
	}
	if (from < lines.length) yield { octets: lines.subarray(from), cut: false };
}
