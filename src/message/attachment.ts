/**
 * What goes with a letter, as parts of a multipart/mixed: files, and messages whole. A file arrives octet
 * for octet, which Heirloom (-n) does not promise. RFC 2045, RFC 2046 5.2.1, RFC 2183, RFC 2231.
 */
import { type Attempt, isForMail, typeChoice } from './attempt.js';
import { oneLine } from './draft.js';
import { chooseType, encodeBody, inspect, type PartType } from './encoding.js';
import { Unsayable } from './headertext.js';
import { heirloomWords, textField } from './letterheader.js';
import { convertOctets, isKnown } from './sendcharset.js';

/** What goes with the letter, already read. */
export type Part =
	| {
			readonly kind: 'file';
			/** The last part of its path. */
			readonly name: string;
			readonly octets: Buffer;
			readonly contentType: string | undefined;
			readonly charset: string | undefined;
			readonly disposition: string | undefined;
			readonly contentId: string | undefined;
			readonly description: string | undefined;
	  }
	/** A whole message, without its From_ line. */
	| { readonly kind: 'message'; readonly octets: Buffer };

/** A part of a multipart letter: its fields and its octets, encoded. Throws Unsayable. */
export async function partOctets(part: Part, attempt: Attempt): Promise<Buffer> {
	if (part.kind === 'message') return messagePart(part.octets, attempt);
	if (!attempt.bare) return filePart(part, attempt);
	const contents = inspect(part.octets, attempt.longestLine);
	const charsets = part.charset === undefined ? attempt.charsets : [part.charset];
	const usual = charsets.length > 0 ? charsets : [attempt.charset];
	for (const chosen of usual) {
		const type = chooseType(
			contents,
			typeChoice({ ...attempt, chosen, asData: false }, part.contentType),
		);
		// What has no octets above 127, or is no text, needs no conversion.
		const converted =
			type.charset === undefined
				? part.octets
				: await convertOctets(part.octets, attempt.typedCharset, type.charset);
		if (converted) return writePart(part, type, converted, { ...attempt, chosen });
		if (!(await isKnown(chosen))) attempt.unknownCharset(chosen);
	}
	if (charsets.length === 0) throw new Unsayable();
	const type = chooseType(contents, typeChoice({ ...attempt, asData: true }, part.contentType));
	return writePart(part, type, part.octets, attempt);
}

type FilePart = Part & { readonly kind: 'file' };

/** A message of the folder, whole. One that no mail server would take as it is goes as a file. */
async function messagePart(octets: Buffer, attempt: Attempt): Promise<Buffer> {
	// The empty line that ends a message in its folder is not the message's.
	const whole = attempt.bare
		? octets
		: withoutStatus(endsEmpty(octets) ? octets.subarray(0, -1) : octets);
	if (!attempt.bare && !passesAsIs(whole)) {
		return filePart(dataPart('message.eml', whole), attempt);
	}
	const fields = `Content-Type: message/rfc822\n${eightBit(whole, attempt)}Content-Disposition: inline\n\n`;
	return Buffer.concat([Buffer.from(fields), whole]);
}

/** What one's own mailbox notes about a message is nobody else's business. */
function withoutStatus(octets: Buffer): Buffer {
	const end = octets.indexOf('\n\n') + 1 || octets.length;
	const header = octets
		.toString('latin1', 0, end)
		.replace(/(?<![^\n])(?:x-)?status:[^\n]*\n/gi, '');
	return Buffer.concat([Buffer.from(header, 'latin1'), octets.subarray(end)]);
}

const endsEmpty = (octets: Buffer) => octets.subarray(-2).toString('latin1') === '\n\n';

function eightBit(octets: Buffer, { bare }: Attempt): string {
	const high = !bare && octets.some((octet) => octet >= 0x80);
	return high ? 'Content-Transfer-Encoding: 8bit\n' : '';
}

function dataPart(name: string, octets: Buffer): FilePart {
	return {
		kind: 'file',
		name,
		octets,
		contentType: 'application/octet-stream',
		charset: undefined,
		disposition: undefined,
		contentId: undefined,
		description: undefined,
	};
}

/** Whether octets may stand in a letter without any encoding (RFC 2045 2.8). */
function passesAsIs(octets: Buffer): boolean {
	if (octets.includes(0) || octets.includes(0x0d) || octets.at(-1) !== 0x0a) return false;
	return !/[^\n]{999}/.test(octets.toString('latin1'));
}

/** A file arrives octet for octet: it is never converted, unless a person asked for a charset. */
async function filePart(part: FilePart, attempt: Attempt): Promise<Buffer> {
	const { octets, charset } = part;
	const named = /^[\w.+-]+\/[\w.+-]+$/.test(part.contentType ?? '') ? part.contentType : undefined;
	if (/^(?:message|multipart)\//i.test(named ?? '')) {
		// Nothing but 7bit and 8bit is allowed to them (RFC 2046 5).
		if (named?.toLowerCase() === 'message/rfc822' && passesAsIs(octets)) {
			const encoding = octets.some((octet) => octet >= 0x80) ? '8bit' : '7bit';
			return writePart(part, { contentType: named, encoding, charset: undefined }, octets, attempt);
		}
		return filePart({ ...part, contentType: 'application/octet-stream' }, attempt);
	}
	const contents = inspect(octets, attempt.longestLine);
	const asked = charset !== undefined && isForMail(charset) ? charset : undefined;
	const chosen = asked ?? attempt.typedCharset;
	const converted = await convertOctets(octets, attempt.typedCharset, chosen);
	const plain = { ...attempt, chosen, asData: converted === undefined };
	const withReturns = contents.controls && !contents.nul && isText(octets, named);
	const type = chooseType(
		withReturns ? { ...contents, controls: false } : contents,
		typeChoice(plain, named),
	);
	// Line ends other than ours come through in base64 alone.
	const safe = withReturns ? { ...type, encoding: 'base64' as const } : type;
	const sent = type.charset === undefined ? octets : (converted ?? octets);
	return writePart(part, safe, sent, attempt);
}

/** By its name; else where only carriage returns make one doubt. */
function isText(octets: Buffer, contentType: string | undefined): boolean {
	if (contentType !== undefined) return /^text\//i.test(contentType);
	const rest = Buffer.from(octets.toString('latin1').replaceAll('\r', ''), 'latin1');
	return !inspect(rest, rest.length + 2).controls;
}

async function writePart(
	part: FilePart,
	type: PartType,
	octets: Buffer,
	attempt: Attempt,
): Promise<Buffer> {
	const disposition = `Content-Disposition: ${oneLine(part.disposition ?? 'attachment')};`;
	const fields = [
		`Content-Type: ${oneLine(type.contentType)}`,
		type.charset === undefined ? '\n' : `;\n charset=${oneLine(type.charset)}\n`,
		`Content-Transfer-Encoding: ${type.encoding}\n`,
		`${disposition}\n ${await fileName(part.name, attempt)}\n`,
		part.contentId === undefined ? '' : `Content-ID: ${oneLine(part.contentId)}\n`,
		part.description === undefined
			? ''
			: await textField('Content-Description:', part.description, attempt),
		'\n',
	];
	const pieces = [Buffer.from(fields.join(''), 'latin1'), encodeBody(octets, type.encoding)];
	if (type.encoding === 'quoted-printable' && octets.at(-1) !== 0x0a) {
		pieces.push(Buffer.from('=\n'));
	}
	return Buffer.concat(pieces);
}

/** Characters of a parameter's value on one line. */
const longestValue = 60;

/**
 * RFC 2231 where the name is not ASCII (4), in sections where it is long (3); bare Heirloom puts encoded
 * words of unconverted octets within quotes there.
 */
async function fileName(name: string, attempt: Attempt): Promise<string> {
	const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
	if (attempt.bare)
		return `filename="${heirloomWords(Buffer.from(name).toString('latin1'), attempt)}"`;
	// Octets of the name that are no UTF-8 stand as lone surrogates.
	const whole = name.replace(/[\p{Surrogate}\p{Cc}\u2028\u2029]/gu, '_');
	const plain = /^[\x20-\x7e]*$/.test(whole);
	if (plain && whole.length <= longestValue) return `filename=${quote(whole)}`;
	const code = (char: string) => (plain ? char : percentEncode(char));
	const sections: string[] = [''];
	for (const char of whole) {
		const last = sections.length - 1;
		const longer = `${sections[last]}${code(char)}`;
		if (longer.length <= longestValue) sections[last] = longer;
		else sections.push(code(char));
	}
	if (plain) return sections.map((text, n) => `filename*${n}=${quote(text)}`).join(';\n ');
	if (sections.length === 1) return `filename*=utf-8''${sections[0]}`;
	return sections
		.map((text, n) => `filename*${n}*=${n === 0 ? "utf-8''" : ''}${text}`)
		.join(';\n ');
}

function percentEncode(char: string): string {
	const octet = (sign: string) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
	return encodeURIComponent(char).replace(/['()*]/g, octet);
}
