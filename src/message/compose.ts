/**
 * A finished draft to the octets of a letter: header fields in the original's order, the body in the
 * encoding it needs, attachments as a multipart/mixed. RFC 5322 3.6, RFC 2045, RFC 2046 5.1. Reads no
 * clock and no file: what is needed comes in.
 */
import { Complaint } from '../complaint.js';
import { type Part, partOctets } from './attachment.js';
import { type Attempt, attempts, type ComposeSettings, typeChoice } from './attempt.js';
import { decodeOctets } from './charset.js';
import { printDate } from './date.js';
import { type Draft, describeFault, type Name } from './draft.js';
import { type Contents, chooseType, encodeBody, inspect, type PartType } from './encoding.js';
import { Unsayable } from './headertext.js';
import {
	addressField,
	checkSender,
	headerFields,
	messageId,
	randomText,
	seconds,
} from './letterheader.js';
import { convertOctets, isKnown } from './sendcharset.js';

/** The letter fits none of the charsets it may be sent in. */
export class UnsuitableCharset extends Complaint {}

/**
 * The octets of the letter, LF line ends.
 * Throws Complaint where an address cannot stand in a header, a Sender is missing, or the text fits no charset.
 */
export async function composeLetter(
	draft: Draft,
	body: Buffer,
	parts: readonly Part[],
	settings: ComposeSettings,
): Promise<Buffer> {
	for (const attempt of attempts(draft, settings)) {
		try {
			return await compose(draft, body, parts, attempt);
		} catch (error) {
			if (!(error instanceof Unsayable)) throw error;
			if (!(await isKnown(attempt.chosen))) attempt.unknownCharset(attempt.chosen);
		}
	}
	throw new UnsuitableCharset('Invalid or incomplete multibyte or wide character', 'stderr');
}

async function compose(
	draft: Draft,
	typed: Buffer,
	parts: readonly Part[],
	attempt: Attempt,
): Promise<Buffer> {
	const readable = attempt.guesses && !looksBinary(typed);
	const body = attempt.bare
		? typed
		: withoutReturns(readable ? await guessed(typed, attempt) : typed);
	const contents = attempt.guesses && !readable ? binary : inspectText(body, attempt);
	// A signature has a say in the charset: unlike the original we do not call its umlauts ASCII.
	const signed = !attempt.bare && attempt.signature()?.some((octet) => octet >= 0x80) === true;
	const type = chooseType(
		{ ...contents, highBits: contents.highBits || signed },
		typeChoice(attempt, undefined),
	);
	const fields = [...(await headerFields(draft, attempt)), 'MIME-Version: 1.0\n'];
	if (parts.length === 0) {
		const head = Buffer.from([...fields, contentFields(type), '\n'].join(''), 'latin1');
		return Buffer.concat([head, await bodyOctets(body, type, attempt, '=\n')]);
	}
	const boundary = `=_${seconds(attempt.now)}.${randomText(attempt.random, 48)}`;
	const pieces = await multipart(body, type, parts, boundary, attempt);
	// What holds a part of 8bit is 8bit itself (RFC 2045 6.4); Heirloom does not say so.
	const high = !attempt.bare && pieces.some((piece) => piece.some((octet) => octet >= 0x80));
	fields.push(
		`Content-Type: multipart/mixed;\n boundary="${boundary}"\n`,
		high ? 'Content-Transfer-Encoding: 8bit\n' : '',
		'\n',
	);
	return Buffer.concat([Buffer.from(fields.join(''), 'latin1'), ...pieces]);
}

/** Text whose lines all end as those of DOS is text of lines. */
function withoutReturns(octets: Buffer): Buffer {
	if (!octets.includes('\r\n')) return octets;
	const lines = octets.toString('latin1');
	return /\r(?!\n)|(?<!\r)\n/.test(lines)
		? octets
		: Buffer.from(lines.replaceAll('\r\n', '\n'), 'latin1');
}

/** Octets that are text in no charset, as UTF-8: read as we read such letters ourselves. */
async function guessed(octets: Buffer, { typedCharset }: Attempt): Promise<Buffer> {
	const converted = await convertOctets(octets, typedCharset, 'utf-8');
	return converted ?? Buffer.from(decodeOctets(octets, undefined, 'utf-8', true));
}

/** More control characters than in a log with colours. */
function looksBinary(octets: Buffer): boolean {
	const controls = octets.toString('latin1').match(/[\x01-\x07\x0e-\x1a\x1c-\x1f\x7f]/g);
	return (controls?.length ?? 0) > octets.length / 20;
}

const binary: Contents = {
	highBits: true,
	longLines: true,
	controls: true,
	nul: true,
	unended: true,
};

/** What somebody typed is text, whatever signs are in it, but for NUL: so not with -n. */
function inspectText(octets: Buffer, { bare, longestLine }: Attempt): Contents {
	const contents = inspect(octets, longestLine);
	if (bare || !contents.controls) return contents;
	return { ...contents, controls: false, longLines: !contents.nul };
}

function contentFields({ contentType, charset, encoding }: PartType): string {
	const parameter = charset === undefined ? '' : `; charset=${charset}`;
	return `Content-Type: ${contentType}${parameter}\nContent-Transfer-Encoding: ${encoding}\n`;
}

/** The text, encoded, and the signature. `ending`: what ends a last line that has no end. */
async function bodyOctets(
	body: Buffer,
	type: PartType,
	attempt: Attempt,
	ending: string,
): Promise<Buffer> {
	const converted = attempt.guesses ? body : await converted8bit(body, type, attempt.typedCharset);
	const pieces = [encodeBody(converted, type.encoding)];
	const unended = body.at(-1) !== 0x0a;
	if (unended && (type.encoding === 'quoted-printable' || ending === '\n')) {
		pieces.push(Buffer.from(ending));
	}
	const signature = type.charset === undefined ? undefined : attempt.signature();
	if (signature !== undefined) {
		const plain = attempt.bare && type.charset === attempt.charset7;
		const octets = attempt.guesses
			? await guessed(signature, attempt)
			: plain
				? signature
				: await converted8bit(signature, type, attempt.typedCharset);
		pieces.push(encodeBody(octets, type.encoding));
		if (octets.length > 0 && octets.at(-1) !== 0x0a) pieces.push(Buffer.from('\n'));
	}
	return Buffer.concat(pieces);
}

async function converted8bit(octets: Buffer, type: PartType, typed: string): Promise<Buffer> {
	if (type.charset === undefined) return octets;
	const converted = await convertOctets(octets, typed, type.charset);
	if (converted === undefined) throw new Unsayable();
	return converted;
}

async function multipart(
	body: Buffer,
	type: PartType,
	parts: readonly Part[],
	boundary: string,
	attempt: Attempt,
): Promise<Buffer[]> {
	const pieces: Buffer[] = [Buffer.from('This is a multi-part message in MIME format.\n')];
	if (body.length > 0) {
		const fields = `\n--${boundary}\n${contentFields(type)}Content-Disposition: inline\n\n`;
		pieces.push(Buffer.from(fields), await bodyOctets(body, type, attempt, '\n'));
	}
	for (const part of parts) {
		pieces.push(Buffer.from(`\n--${boundary}\n`), await partOctets(part, attempt));
	}
	pieces.push(Buffer.from(`\n--${boundary}--\n`));
	return pieces;
}

export interface ResentSettings extends ComposeSettings {
	/** Add Resent- fields (RFC 5322 3.6.6). */
	readonly resent: boolean;
	readonly to: readonly Name[];
}

/** A received message (From_ line and all) on its way to somebody else. Throws Complaint as composeLetter. */
export async function composeResent(message: Buffer, settings: ResentSettings): Promise<Buffer> {
	const attempt: Attempt = { ...settings, chosen: settings.charset, asData: false };
	const { from, sender, to } = settings;
	let fields = '';
	if (settings.resent) {
		checkSender(from, sender);
		const id = settings.stealth ? undefined : messageId(from.length > 1 ? sender : from, settings);
		const valid = to.filter((name) => describeFault(name.address) === undefined);
		fields = [
			`Resent-Date: ${printDate(settings.now)}\n`,
			await addressField('Resent-From:', from, attempt),
			await addressField('Resent-Sender:', sender, attempt),
			await addressField('Resent-To:', valid, attempt, {
				hideLocal: true,
				noCommas: settings.bare,
			}),
			id === undefined ? '' : `Resent-Message-ID: ${id}\n`,
			// The original has begun the field before it knows that there is none: the next one is renamed.
			id === undefined && settings.bare && !settings.stealth ? 'Resent-' : '',
		].join('');
	}
	const text = message.toString('latin1');
	const end = text.indexOf('\n\n');
	const head = end < 0 ? text : text.slice(0, end + 1);
	const kept = head
		.replace(/(?<![^\n])From [^\n]*\n/g, '')
		.replace(/(?<![^\n])status: [^\n]*\n/gi, '');
	// The empty line that ends a message in its folder is not the message's.
	const rest = text.slice(head.length).replace(/\n\n$/, '\n');
	return Buffer.from(fields + kept + rest, 'latin1');
}
