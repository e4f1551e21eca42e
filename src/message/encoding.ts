/**
 * Octets of a body or an attachment as mail carries them: what is in them, which content transfer
 * encoding that asks for, and the encodings (RFC 2045 6). The choices and the places where lines are cut
 * are those of the original.
 */

export type TransferEncoding = '7bit' | '8bit' | 'quoted-printable' | 'base64';

/** What there is in some octets that mail has to be careful about. */
export interface Contents {
	readonly highBits: boolean;
	readonly nul: boolean;
	/** Other than tab, line feed and form feed. */
	readonly controls: boolean;
	readonly longLines: boolean;
	/** The last line is not ended; so it is with nothing at all. */
	readonly unended: boolean;
}

/** Looks octets over. `longest`: octets that a line may have, its end and a margin included. */
export function inspect(octets: Uint8Array, longest: number): Contents {
	let highBits = false;
	let controls = false;
	let length = 1;
	let longestSeen = 0;
	for (const octet of octets) {
		length++;
		if (octet === 0x0a) {
			longestSeen = Math.max(longestSeen, length);
			length = 1;
		} else if (octet >= 0x80) highBits = true;
		else if (octet === 0) {
			return { highBits, nul: true, controls, longLines: false, unended: false };
		} else if ((octet < 0x20 && octet !== 0x09 && octet !== 0x0c) || octet === 0x7f) {
			controls = true;
		}
	}
	longestSeen = Math.max(longestSeen, length + 1);
	return {
		highBits,
		nul: false,
		controls,
		longLines: longestSeen > longest,
		unended: octets.at(-1) !== 0x0a,
	};
}

export interface PartType {
	readonly encoding: TransferEncoding;
	readonly contentType: string;
	/** Undefined where the octets are no text. */
	readonly charset: string | undefined;
}

export interface TypeChoice {
	/** From mime.types, or as a person said; undefined: by what is in the octets. */
	readonly contentType: string | undefined;
	/** For text with octets above 127, and for text without. */
	readonly charset: string;
	readonly charset7: string;
	/** Reads the variable `encoding`. */
	readonly preferred: () => string | undefined;
	/** Text that no charset has characters for: goes as it is, called data. */
	readonly asData: boolean;
	/** `contenttype-cntrl`: the type of text with control characters. */
	readonly controlType: string | undefined;
}

/** The type and encoding of a part, in the original's order of questions. */
export function chooseType(contents: Contents, choice: TypeChoice): PartType {
	const { contentType } = choice;
	const data = 'application/octet-stream';
	const text = contentType === undefined || /^text\//i.test(contentType);
	if (contents.nul || !text || (contentType === undefined && contents.controls)) {
		return { encoding: 'base64', contentType: text ? data : contentType, charset: undefined };
	}
	const careful = contents.longLines || contents.controls || contents.unended;
	const plain = () => (contents.highBits ? textEncoding(choice.preferred()) : '7bit');
	const encoding = careful ? 'quoted-printable' : plain();
	if (contents.controls) {
		return { encoding, contentType: choice.controlType ?? data, charset: undefined };
	}
	if (choice.asData) return { encoding, contentType: data, charset: undefined };
	return {
		encoding,
		contentType: contentType ?? 'text/plain',
		charset: contents.highBits ? choice.charset : choice.charset7,
	};
}

function textEncoding(preferred: string | undefined): TransferEncoding {
	return preferred === 'quoted-printable' ? 'quoted-printable' : '8bit';
}

/** Octets in an encoding; text stays as it is in 7bit and 8bit. */
export function encodeBody(octets: Buffer, encoding: TransferEncoding): Buffer {
	switch (encoding) {
		case '7bit':
		case '8bit':
			return octets;
		case 'quoted-printable':
			return Buffer.from(quotedPrintable(octets.toString('latin1')), 'latin1');
		case 'base64':
			return Buffer.from(base64Lines(octets), 'latin1');
	}
}

/** RFC 2045 6.8, in lines of 72 characters. */
function base64Lines(octets: Buffer): string {
	return octets.toString('base64').replace(/.{1,72}/g, '$&\n');
}

/** RFC 2045 6.7. A last line that is not ended stays so: the caller ends it with a soft break. */
export function quotedPrintable(latin1: string): string {
	return latin1.replace(/[^\n]*\n|[^\n]+$/g, quotedLine);
}

function quotedLine(line: string): string {
	let quoted = '';
	let width = 0;
	for (let at = 0; at < line.length; at++) {
		const char = line[at] as string;
		if (char === '\n') return `${quoted}\n`;
		const special = mustQuote(char) || (isBlank(char) && line[at + 1] === '\n');
		const risky = at === 0 && (/^From./s.test(line) || line === '.\n');
		const piece = special || risky ? hex(char) : char;
		if (width >= (piece.length > 1 ? 69 : 71)) {
			quoted += '=\n';
			width = 0;
		}
		quoted += piece;
		width += piece.length;
	}
	return quoted;
}

const isBlank = (char: string) => char === ' ' || char === '\t';
const mustQuote = (char: string) => char < ' ' || char === '=' || char >= '\x7f';

/** `=XX`. */
export function hex(char: string): string {
	return `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
