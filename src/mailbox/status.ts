/**
 * The fields `Status` and `X-Status`, where an mbox file remembers what has become of a message:
 * to flags, from flags, and brought up to date in a header without disturbing anything else. Pure.
 */
import { Flag } from './mailbox.js';

/** What the two fields can say, as bits: the flags kept in a file, and `old`, the absence of new. */
export const Kept = {
	read: 1,
	old: 2,
	flagged: 4,
	answered: 8,
	draft: 16,
	/** The field is spelt in another way than ours, or there are two of them. */
	odd: 32,
} as const;

const newline = 10;

/** In the order in which they are written. */
const statusLetters = [
	['R', Kept.read],
	['O', Kept.old],
] as const;
const xStatusLetters = [
	['F', Kept.flagged],
	['A', Kept.answered],
	['T', Kept.draft],
] as const;

/** A mailbox has few different status lines, and tens of thousands of each. */
const known = new Map<string, number>();

/** The bits of one line of a header; 0 for any line that is neither of the two fields. */
export function keptOfLine(line: string): number {
	let kept = known.get(line);
	if (kept === undefined) {
		kept = parseLine(line);
		if (known.size < 64) known.set(line, kept);
	}
	return kept;
}

function parseLine(line: string): number {
	const match = /^(x-)?status[ \t\r\f\v]*:(.*)$/is.exec(line.replace(/\n$/, ''));
	if (!match) return 0;
	const letters = match[1] ? xStatusLetters : statusLetters;
	const value = match[2] ?? '';
	let kept = 0;
	for (const [letter, bit] of letters) if (value.includes(letter)) kept |= bit;
	const own = match[1] ? printXStatus(kept) : printStatus(kept);
	return `${own}\n` === line ? kept : kept | Kept.odd;
}

/** The bits of several status lines together: two of a kind are odd. */
export function joinKept(before: number, bits: number): number {
	const status = Kept.read | Kept.old;
	const xStatus = Kept.flagged | Kept.answered | Kept.draft;
	const twice = (before & bits & (status | xStatus)) !== 0;
	const again = (before & status && bits & status) || (before & xStatus && bits & xStatus);
	return before | bits | (twice || again ? Kept.odd : 0);
}

/** The flags of a message whose file says so. */
export function flagsOfKept(kept: number): number {
	return (
		(kept & Kept.old ? 0 : Flag.new) |
		(kept & Kept.read ? Flag.read : 0) |
		(kept & Kept.flagged ? Flag.flagged : 0) |
		(kept & Kept.answered ? Flag.answered : 0) |
		(kept & Kept.draft ? Flag.draft : 0)
	);
}

/** What a file should say of these flags. */
export function keptOfFlags(flags: number): number {
	return (
		(flags & Flag.new ? 0 : Kept.old) |
		(flags & Flag.read ? Kept.read : 0) |
		(flags & Flag.flagged ? Kept.flagged : 0) |
		(flags & Flag.answered ? Kept.answered : 0) |
		(flags & Flag.draft ? Kept.draft : 0)
	);
}

function print(name: string, letters: readonly (readonly [string, number])[], kept: number) {
	const value = letters.flatMap(([letter, bit]) => (kept & bit ? [letter] : [])).join('');
	return value === '' ? '' : `${name}: ${value}`;
}

/** By their bits: there are few, and each is asked for with every message. */
const statusFields: string[] = [];
const xStatusFields: string[] = [];

/** The field without its newline, or nothing where there is nothing to say. */
export function printStatus(kept: number): string {
	statusFields[kept] ??= print('Status', statusLetters, kept);
	return statusFields[kept];
}

/** The field without its newline, or nothing where there is nothing to say. */
export function printXStatus(kept: number): string {
	xStatusFields[kept] ??= print('X-Status', xStatusLetters, kept);
	return xStatusFields[kept];
}

/**
 * Where the header of a message ends: just after its empty line; the whole length without one.
 * `octets` begins with the From_ line or with the first field. A line with only CR is empty where the
 * first line ends with CR LF; with `faithful`, as Heirloom does, it never is.
 */
export function headerEnd(octets: Buffer, faithful = false): number {
	if (octets[0] === newline) return 1;
	const first = octets.indexOf(newline);
	const crlf = !faithful && first > 0 && octets[first - 1] === 13;
	const end = octets.indexOf('\n\n', 0, 'latin1');
	const plain = end < 0 ? octets.length : end + 2;
	if (!crlf) return plain;
	const other = octets.subarray(0, plain).indexOf('\n\r\n', 0, 'latin1');
	return other < 0 ? plain : other + 3;
}

const statusLines = /\n(?:x-)?status\s*:[^\n]*(?:\n[ \t][^\n]*)*/gi;

/** Whether a whole header says just that already, as most do: then no line of it is looked at. */
function isStated(text: string, start: number, wanted: ReadonlyMap<string, string>): boolean {
	if (!text.endsWith('\n\n') || isHeadless(text.slice(start, start + 1_000), true)) return false;
	const found: readonly string[] = text.slice(start - 1).match(statusLines) ?? [];
	const fields = [...wanted.values()].filter((field) => field !== '');
	return found.length === fields.length && fields.every((field) => found.includes(`\n${field}`));
}

/**
 * Whether what follows a From_ line begins neither with a field nor with an empty line. `>From ` of other
 * stations on the way (RFC 976) may stand before these, save with `faithful`.
 */
export function isHeadless(text: string, faithful = false): boolean {
	const stations = faithful ? '' : (/^(?:>From [^\n]*\n)+/.exec(text)?.[0] ?? '');
	// Not \s: to a script the octet 0xA0 of a letter in UTF-8 is a space.
	return !/^(?:\n|[^: \t-\r]*[ \t-\r]*:)/.test(text.slice(stations.length));
}

/**
 * A header with its two status fields as `kept` says: in their old places, or at the end where they
 * were missing. `header` is the From_ line to the empty line, included. Where the first line is no field
 * the message has no header: one is put before it, made of the status fields and an empty line; with
 * `faithful`, as Heirloom does, that line is then lost.
 * A header that is cut off before its empty line gets no new field. Where the From_ line ends with CR LF,
 * so do the fields, save with `faithful`.
 */
export function restateStatus(header: Buffer, kept: number, faithful = false): Buffer {
	const text = header.toString('latin1');
	const start = text.indexOf('\n') + 1;
	if (start === 0) return header;
	const wanted = new Map([
		['status', printStatus(kept)],
		['x-status', printXStatus(kept)],
	]);
	if (isStated(text, start, wanted)) return header;
	const crlf = !faithful && text.startsWith('\r\n', start - 2);
	const lineEnd = crlf ? '\r\n' : '\n';
	const rest = () =>
		[...wanted.values()].flatMap((field) => (field ? [`${field}${lineEnd}`] : [])).join('');
	const first = text.slice(start);
	if (first !== '' && !first.startsWith(lineEnd) && isHeadless(first, faithful)) {
		const fields = rest();
		if (faithful) {
			const others = first.slice(first.indexOf('\n') + 1 || first.length);
			return Buffer.from(`${text.slice(0, start)}${fields}\n${others}`, 'latin1');
		}
		// After the empty line it would begin a message.
		const quoted = first.startsWith('From ') ? `>${first}` : first;
		return fields === ''
			? header
			: Buffer.from(`${text.slice(0, start)}${fields}${lineEnd}${quoted}`, 'latin1');
	}
	let result = text.slice(0, start);
	let dropping = false;
	for (let at = start; at < text.length; ) {
		const end = text.indexOf('\n', at) + 1 || text.length;
		const line = text.slice(at, end);
		at = end;
		if (line === '\n' || line === lineEnd) {
			result += rest() + line + text.slice(at);
			break;
		}
		if (dropping && /^[ \t]/.test(line)) continue;
		const name = /^(x-)?status(?=\s*:)/i.exec(line)?.[0].toLowerCase();
		dropping = name !== undefined;
		if (name === undefined) {
			result += line;
			continue;
		}
		const field = wanted.get(name);
		wanted.delete(name);
		if (field) result += `${field}${lineEnd}`;
	}
	return Buffer.from(result, 'latin1');
}
