/**
 * The header of a message: its fields in order, as they stand. Values are octets in a string, one
 * UTF-16 unit each (latin1): they are decoded only to be shown (words.ts), and nothing is ever
 * written back from here. RFC 5322 2.2 and 3.6.8.
 */

export interface Field {
	/** As it is written. */
	readonly name: string;
	/** Unfolded: each line end with its surrounding white space has become one blank. */
	readonly value: string;
	/** The whole field with its line ends. */
	readonly raw: string;
}

const fieldStart = /^([!-9;-~]+)[ \t]*:/;
/** More fields are not looked at: the longest honest headers have some hundreds. */
export const mostFields = 20_000;

export class Header {
	readonly fields: readonly Field[];
	#values: Map<string, string[]> | undefined;

	constructor(fields: readonly Field[]) {
		this.fields = fields;
	}

	/** The first field of that name, whatever its case. */
	get(name: string): string | undefined {
		return this.#byName.get(name.toLowerCase())?.[0];
	}

	/** All fields of that name, in order. */
	all(name: string): readonly string[] {
		return this.#byName.get(name.toLowerCase()) ?? [];
	}

	get #byName(): Map<string, string[]> {
		if (this.#values) return this.#values;
		const values = new Map<string, string[]>();
		for (const field of this.fields) {
			const key = field.name.toLowerCase();
			const same = values.get(key);
			if (same) same.push(field.value);
			else values.set(key, [field.value]);
		}
		this.#values = values;
		return values;
	}
}

/**
 * Parses up to the first empty line, `mostFields` at most; what is neither a field nor its continuation is
 * passed over.
 */
export function parseHeader(octets: Uint8Array): Header {
	const text = headerText(octets);
	const fields: Field[] = [];
	let at = 0;
	while (at < text.length && fields.length < mostFields) {
		const start = at;
		at = lineEnd(text, start);
		const line = text.slice(start, at);
		if (line === '\n' || line === '\r\n') break;
		const match = fieldStart.exec(line);
		if (!match) continue;
		while (text[at] === ' ' || text[at] === '\t') at = lineEnd(text, at);
		const raw = text.slice(start, at);
		const value = unfold(raw.slice(match[0].length));
		fields.push({ name: match[1] as string, value, raw });
	}
	return new Header(fields);
}

/** RFC 2047 6.2: white space between two encoded words is none, so that folding leaves no blank there. */
function unfold(value: string): string {
	if (value.indexOf('\n') === value.length - 1) return trimmed(value);
	const text = trimmed(value);
	// A million lines of References: nothing but their ends to be seen to.
	if (!text.includes('?=\n') && !/[ \t\r\v\f]\n/.test(text)) {
		return text.replace(/\n[ \t\r\v\f]*/g, ' ');
	}
	const pieces: string[] = [];
	let before = '';
	for (const line of text.split('\n')) {
		const part = trimmed(line);
		const joins = before.endsWith('?=') && part.startsWith('=?');
		if (pieces.length > 0 && !joins) pieces.push(' ');
		pieces.push(part);
		// Of what has been put together, whose end is this line's unless it is empty.
		before = part === '' ? ' ' : part;
	}
	return pieces.join('');
}

/** Octets without the blanks around them. String.trim would take A0 for one, which ends many a UTF-8 character. */
export function trimmed(value: string): string {
	let start = 0;
	let end = value.length;
	while (start < end && isBlank(value.charCodeAt(start))) start++;
	while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
	return value.slice(start, end);
}

const isBlank = (code: number) => code === 32 || (code >= 9 && code <= 13);

/** What may be header: up to the first empty line, so that a large body is never turned into a string. */
function headerText(octets: Uint8Array): string {
	const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
	const empty = buffer.indexOf('\n\n');
	return buffer.toString('latin1', 0, empty < 0 ? buffer.length : empty + 1);
}

function lineEnd(text: string, from: number): number {
	const newline = text.indexOf('\n', from);
	return newline < 0 ? text.length : newline + 1;
}
