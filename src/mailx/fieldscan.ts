/**
 * Values of a few header fields out of many messages: read off the octets, without parsing what stands
 * between. For summaries, searches and sorting; a message that is shown gets a proper Header.
 */
import type { Mailbox, Message } from '../mailbox/mailbox.js';
import { headerEnd } from '../mailbox/status.js';

/** The header of one message as text, an octet a character; what follows its empty line is passed over. */
export class FieldScan {
	readonly #text: string;

	constructor(text: string) {
		this.#text = text;
	}

	/** False where no field has an encoded word (RFC 2047) in a rare charset. */
	mayNeedDecoder(): boolean {
		return mayNeedDecoder(this.#text);
	}

	/**
	 * The value of a field, unfolded; of several by that name all, a blank between them; undefined
	 * where there is none. Lines that are no field are passed over. `name` in lower case.
	 */
	get(name: string): string | undefined {
		const text = this.#text;
		const first = name.charCodeAt(0) | 0x20;
		let found: string | undefined;
		findLines(text);
		for (let line = 0; line < lines.count; line++) {
			const at = lines.starts[line] as number;
			if ((text.charCodeAt(at) | 0x20) !== first) continue;
			const value = fieldAt(text, at, lineEnd(text, at), name);
			if (value !== undefined) found = found === undefined ? value : `${found} ${value}`;
		}
		return found;
	}
}

/** The fields of a message of an open mailbox. */
export function scanFields(mailbox: Mailbox, message: Message): FieldScan {
	const octets = mailbox.head?.(message) ?? headerOf(mailbox.read(message));
	const start = mailbox.format === 'mbox' ? octets.indexOf(0x0a) + 1 : 0;
	return new FieldScan(octets.toString('latin1', start));
}

/** As `FieldScan.get`, for a single field of each of many messages. */
export function fieldOf(mailbox: Mailbox, message: Message, name: string): string | undefined {
	return scanFields(mailbox, message).get(name);
}

/** Where lines begin in the header looked at last: it is often asked for several fields. */
const lines = { of: '', starts: new Uint32Array(256), count: 0 };

function findLines(text: string): void {
	if (text === lines.of) return;
	lines.of = text;
	lines.count = 0;
	for (let at = 0; at < text.length; ) {
		const end = lineEnd(text, at);
		if (end === at || isEmptyLine(text, at, end)) return;
		if (lines.count === lines.starts.length) {
			const more = new Uint32Array(lines.count * 2);
			more.set(lines.starts);
			lines.starts = more;
		}
		lines.starts[lines.count++] = at;
		at = end + 1;
	}
}

/** Only a CR; were it the first line of all, the header would begin with it. */
function isEmptyLine(text: string, at: number, end: number): boolean {
	return end === at + 1 && at > 0 && text.charCodeAt(at) === 0x0d;
}

function lineEnd(text: string, from: number): number {
	const end = text.indexOf('\n', from);
	return end < 0 ? text.length : end;
}

function fieldAt(text: string, start: number, end: number, name: string): string | undefined {
	let at = start + name.length;
	if (at >= end || text.slice(start, at).toLowerCase() !== name) return undefined;
	while (isBlank(text, at)) at++;
	if (text[at] !== ':') return undefined;
	const lines = [trimEnd(text.slice(at + 1, end))];
	let next = end + 1;
	while (isBlank(text, next)) {
		const stop = lineEnd(text, next);
		const more = trimEnd(text.slice(next, stop)).replace(/^[ \t]+/, '');
		if (more !== '') lines.push(more);
		next = stop + 1;
	}
	return lines.join(' ').replace(/^[ \t]+/, '');
}

function isBlank(text: string, at: number): boolean {
	const code = text.charCodeAt(at);
	return code === 0x20 || code === 0x09;
}

function trimEnd(text: string): string {
	// No expression: on a long run of blanks it would try each of them.
	let end = text.length;
	while (end > 0 && (isBlank(text, end - 1) || text[end - 1] === '\r')) end--;
	return text.slice(0, end);
}

/** Whether a value is in a charset whose decoder may have to be loaded first. */
export function mayNeedDecoder(value: string): boolean {
	return value.includes('=?') && /=\?(?!utf-8[?*]|us-ascii[?*]|iso-8859-1[?*])/i.test(value);
}

function headerOf(octets: Buffer): Buffer {
	return octets.subarray(0, headerEnd(octets));
}
