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

export class Header {
	readonly fields: readonly Field[];

	constructor(fields: readonly Field[]) {
		this.fields = fields;
	}

	/** The first field of that name, whatever its case. */
	get(name: string): string | undefined {
		const key = name.toLowerCase();
		return this.fields.find((field) => field.name.toLowerCase() === key)?.value;
	}

	/** All fields of that name, in order. */
	all(name: string): string[] {
		const key = name.toLowerCase();
		return this.fields
			.filter((field) => field.name.toLowerCase() === key)
			.map((field) => field.value);
	}
}

/** Parses up to the first empty line, or to the first line that is neither a field nor its continuation. */
export function parseHeader(octets: Uint8Array): Header {
	const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).latin1Slice();
	const fields: Field[] = [];
	let at = 0;
	while (at < text.length) {
		let end = lineEnd(text, at);
		const match = fieldStart.exec(text.slice(at, end));
		if (!match) break;
		while (text[end] === ' ' || text[end] === '\t') end = lineEnd(text, end);
		const raw = text.slice(at, end);
		const value = raw
			.slice(match[0].length)
			.replace(/[ \t\r]*\n[ \t]*/g, ' ')
			.trim();
		fields.push({ name: match[1] as string, value, raw });
		at = end;
	}
	return new Header(fields);
}

function lineEnd(text: string, from: number): number {
	const newline = text.indexOf('\n', from);
	return newline < 0 ? text.length : newline + 1;
}
