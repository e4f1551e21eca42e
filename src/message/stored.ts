/**
 * A letter as a folder holds it and as it was before: `>From ` at the start of a line, line ends of CR LF.
 * Works on octets where they lie: a letter may be as large as memory has room for one more copy.
 */

const lineFeed = 10;
const mark = Buffer.from('>');

/** `>From ` as a letter had it before it was put into a folder. */
export function unmaskLine(line: string): string {
	return line.startsWith('>') && /^>+From /.test(line) ? line.slice(1) : line;
}

/** The same for all lines of a text. */
export function unmask(octets: Buffer): Buffer {
	if (!octets.includes('>From ')) return octets;
	const plain = Buffer.allocUnsafe(octets.length);
	let length = 0;
	let from = 0;
	for (const start of fromLines(octets)) {
		if (octets[start] !== mark[0]) continue;
		length += octets.copy(plain, length, from, start);
		from = start + 1;
	}
	length += octets.copy(plain, length, from);
	return plain.subarray(0, length);
}

/**
 * A line that reads as a postmark gets one more `>`: the folder it goes to is split at such lines. Pieces
 * of `octets`, which has whole lines.
 */
export function* masked(octets: Buffer): Generator<Buffer> {
	let from = 0;
	for (const start of fromLines(octets)) {
		if (start > from) yield octets.subarray(from, start);
		yield mark;
		from = start;
	}
	if (from < octets.length) yield octets.subarray(from);
}

/** Where lines begin that are `From `, or that with quotes before it. */
function* fromLines(octets: Buffer): Generator<number> {
	for (let at = octets.indexOf('From '); at >= 0; at = octets.indexOf('From ', at + 5)) {
		let start = at;
		while (octets[start - 1] === mark[0]) start--;
		if (start === 0 || octets[start - 1] === lineFeed) yield start;
	}
}

/** A message whose first line ends with CR LF, with line ends of LF alone. */
export function withoutCr(octets: Buffer): Buffer {
	const end = octets.indexOf(lineFeed);
	if (end < 1 || octets[end - 1] !== 13) return octets;
	const plain = Buffer.allocUnsafe(octets.length);
	let length = 0;
	for (let at = 0; at < octets.length; at++) {
		const octet = octets[at] as number;
		if (octet !== 13 || octets[at + 1] !== lineFeed) plain[length++] = octet;
	}
	return plain.subarray(0, length);
}

/** Line ends of CR LF where `octets`, a message with line ends of LF alone, takes the place of `stored`, which has them. */
export function withLineEndsOf(stored: Buffer, octets: Buffer): Buffer {
	if (withoutCr(stored) === stored) return octets;
	return Buffer.from(octets.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}
