/**
 * A finished draft to the octets of a letter: header fields in the original's order, the body in the
 * encoding it needs, attachments as a multipart/mixed. RFC 5322 3.6, RFC 2045, RFC 2046 5.1. Reads no
 * clock and no file: what is needed comes in.
 */
import { Complaint } from '../complaint.js';
import { isFileAddress, skin } from './address.js';
import { convertOctets, convertText } from './convert.js';
import { printDate } from './date.js';
import { type Draft, describeFault, isLocalTarget, type Name, oneLine } from './draft.js';
import { writeAddress, writeWords } from './encodedwords.js';
import { chooseType, encodeBody, inspect, type PartType } from './transfer.js';

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

export interface ComposeSettings {
	readonly now: Date;
	readonly random: (octets: number) => Buffer;
	/** The charset of what was typed: that of the terminal. */
	readonly typedCharset: string;
	/** `sendcharsets`, in the order to be tried; empty: `charset` alone. */
	readonly charsets: readonly string[];
	/** The variable `charset`, else utf-8. */
	readonly charset: string;
	/** The variable `charset7`, else us-ascii. */
	readonly charset7: string;
	/** Text that fits none of `charsets` is sent as data instead of refused (no person to ask). */
	readonly dataAsLastResort: boolean;
	readonly encoding: string | undefined;
	readonly controlType: string | undefined;
	/** `maximum-unencoded-line-length`, at most 950. */
	readonly longestLine: number;
	/** Subject before Cc and Bcc (`bsdcompat`, `bsdorder`). */
	readonly subjectFirst: boolean;
	/** The variables `from`, `replyto` and `sender`, parsed; `ORGANIZATION`. */
	readonly from: readonly Name[];
	readonly replyTo: readonly Name[];
	readonly sender: readonly Name[];
	readonly organization: string | undefined;
	/** The variable `hostname`: the right side of Message-IDs. */
	readonly hostname: string | undefined;
	/** The original's faults too: no comma before a file, a lone `Resent-` (`-n`). */
	readonly bare: boolean;
	/** `stealthmua`: neither Message-ID nor User-Agent. */
	readonly stealth: boolean;
	readonly userAgent: string;
	/** Reads the file of the variable `signature`. */
	readonly signature: () => Buffer | undefined;
}

/** The letter fits none of the charsets it may be sent in. */
export class UnsuitableCharset extends Complaint {}

/** What some charset has no character for; the next one may. */
class Unconvertible extends Error {
	override readonly name = 'Unconvertible';
}

/** One attempt: the charset for text with octets above 127. */
interface Attempt extends ComposeSettings {
	readonly chosen: string;
	readonly asData: boolean;
}

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
			if (!(error instanceof Unconvertible)) throw error;
		}
	}
	throw new UnsuitableCharset('Invalid or incomplete multibyte or wide character', 'stderr');
}

function attempts(draft: Draft, settings: ComposeSettings): Attempt[] {
	const own = draft.charset === undefined ? [] : [draft.charset];
	const usual = settings.charsets.length > 0 ? settings.charsets : [settings.charset];
	const tries = [...own, ...usual].map((chosen) => ({ ...settings, chosen, asData: false }));
	if (!settings.dataAsLastResort || settings.charsets.length === 0) return tries;
	return [...tries, { ...settings, chosen: settings.charset, asData: true }];
}

async function compose(
	draft: Draft,
	body: Buffer,
	parts: readonly Part[],
	attempt: Attempt,
): Promise<Buffer> {
	const contents = inspect(body, attempt.longestLine);
	// A signature has a say in the charset: unlike the original we do not call its umlauts ASCII.
	const signed = !attempt.bare && attempt.signature()?.some((octet) => octet >= 0x80) === true;
	const type = chooseType(
		{ ...contents, highBits: contents.highBits || signed },
		typeChoice(attempt, undefined),
	);
	const boundary = `=_${seconds(attempt.now)}.${randomText(attempt.random, 48)}`;
	const header = [
		...(await headerFields(draft, attempt)),
		'MIME-Version: 1.0\n',
		...(parts.length > 0
			? [`Content-Type: multipart/mixed;\n boundary="${boundary}"\n`]
			: [contentFields(type)]),
		'\n',
	];
	const head = Buffer.from(header.join(''), 'latin1');
	if (parts.length === 0) {
		return Buffer.concat([head, await bodyOctets(body, type, attempt, '=\n')]);
	}
	return Buffer.concat([head, ...(await multipart(body, type, parts, boundary, attempt))]);
}

const typeChoice = (attempt: Attempt, contentType: string | undefined) => ({
	contentType,
	charset: attempt.chosen,
	charset7: attempt.charset7,
	preferred: attempt.encoding,
	asData: attempt.asData,
	controlType: attempt.controlType,
});

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
	const converted = await converted8bit(body, type, attempt.typedCharset);
	const pieces = [encodeBody(converted, type.encoding)];
	const unended = body.at(-1) !== 0x0a;
	if (unended && (type.encoding === 'quoted-printable' || ending === '\n')) {
		pieces.push(Buffer.from(ending));
	}
	const signature = type.charset === undefined ? undefined : attempt.signature();
	if (signature !== undefined) {
		const plain = attempt.bare && type.charset === attempt.charset7;
		const octets = plain ? signature : await converted8bit(signature, type, attempt.typedCharset);
		pieces.push(encodeBody(octets, type.encoding));
		if (octets.length > 0 && octets.at(-1) !== 0x0a) pieces.push(Buffer.from('\n'));
	}
	return Buffer.concat(pieces);
}

async function converted8bit(octets: Buffer, type: PartType, typed: string): Promise<Buffer> {
	if (type.charset === undefined) return octets;
	const converted = await convertOctets(octets, typed, type.charset);
	if (converted === undefined) throw new Unconvertible();
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

async function partOctets(part: Part, attempt: Attempt): Promise<Buffer> {
	if (part.kind === 'message') {
		const fields = 'Content-Type: message/rfc822\nContent-Disposition: inline\n\n';
		return Buffer.concat([Buffer.from(fields), part.octets]);
	}
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
		if (converted) return writePart(part, type, converted, attempt);
	}
	const type = chooseType(contents, typeChoice({ ...attempt, asData: true }, part.contentType));
	return writePart(part, type, part.octets, attempt);
}

async function writePart(
	part: Part & { kind: 'file' },
	type: PartType,
	octets: Buffer,
	attempt: Attempt,
): Promise<Buffer> {
	const fields = [
		`Content-Type: ${oneLine(type.contentType)}`,
		type.charset === undefined ? '\n' : `;\n charset=${oneLine(type.charset)}\n`,
		`Content-Transfer-Encoding: ${type.encoding}\n`,
		`Content-Disposition: ${oneLine(part.disposition ?? 'attachment')};\n ${await fileName(part.name, attempt)}\n`,
		part.contentId === undefined ? '' : `Content-ID: ${oneLine(part.contentId)}\n`,
		part.description === undefined
			? ''
			: `Content-Description: ${await words(part.description, attempt)}\n`,
		'\n',
	];
	const pieces = [Buffer.from(fields.join(''), 'latin1'), encodeBody(octets, type.encoding)];
	if (type.encoding === 'quoted-printable' && octets.at(-1) !== 0x0a) {
		pieces.push(Buffer.from('=\n'));
	}
	return Buffer.concat(pieces);
}

/** RFC 2231 4 where the name is not ASCII; bare Heirloom puts encoded words within quotes there. */
async function fileName(name: string, attempt: Attempt): Promise<string> {
	if (!attempt.bare && /[^\x20-\x7e]/.test(name)) {
		const octet = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
		// Octets of the name that are no UTF-8 stand as lone surrogates.
		const whole = name.replace(/\p{Surrogate}/gu, '_');
		return `filename*=utf-8''${encodeURIComponent(whole).replace(/['()*]/g, octet)}`;
	}
	return `filename="${await words(name.replace(/["\\]/g, '\\$&'), attempt)}"`;
}

// The header.

async function headerFields(draft: Draft, attempt: Attempt): Promise<string[]> {
	const from = draft.from.length > 0 ? draft.from : attempt.from;
	const replyTo = draft.replyTo.length > 0 ? draft.replyTo : attempt.replyTo;
	const sender = draft.sender.length > 0 ? draft.sender : attempt.sender;
	checkSender(from, sender);
	const organization = draft.organization ?? attempt.organization;
	const copies = [
		await addressField('Cc:', draft.cc, attempt, { hideLocal: true }),
		await addressField('Bcc:', draft.bcc, attempt, { hideLocal: true }),
	];
	const subject = await subjectField(draft.subject, attempt);
	return [
		`Date: ${printDate(attempt.now)}\n`,
		await addressField('From:', from, attempt),
		organization ? `Organization: ${await words(organization, attempt)}\n` : '',
		await addressField('Reply-To:', replyTo, attempt),
		await addressField('Sender:', sender, attempt),
		await addressField('To:', draft.to, attempt, { hideLocal: true }),
		...(attempt.subjectFirst ? [subject, ...copies] : [...copies, subject]),
		attempt.stealth ? '' : messageIdField(from, sender, attempt),
		referenceFields(draft.references),
		attempt.stealth ? '' : `User-Agent: ${attempt.userAgent}\n`,
	];
}

/** RFC 5322 3.6.2. Throws Complaint in the original's words. */
export function checkSender(from: readonly Name[], sender: readonly Name[]): void {
	if (from.length > 1 && sender.length === 0) {
		throw new Complaint(
			'A Sender: field is required with multiple addresses in From: field.',
			'stderr',
		);
	}
	if (sender.length > 1) {
		throw new Complaint('The Sender: field may contain only one address.', 'stderr');
	}
}

interface AddressFieldOptions {
	/** Files and programs among the recipients are not told to the others. */
	readonly hideLocal?: true;
	/** Blanks alone between addresses. */
	readonly noCommas?: boolean;
}

/** An address list folded at 72 columns, its field name in front; '' for no names. */
async function addressField(
	label: string,
	names: readonly Name[],
	attempt: Attempt,
	options: AddressFieldOptions = {},
): Promise<string> {
	if (names.length === 0) return '';
	const shown = (name: Name) => !options.hideLocal || !isLocalTarget(name.address);
	const listed = names.filter(shown);
	for (const name of listed) {
		const fault = describeFault(name.address);
		if (fault !== undefined) throw new Complaint(fault || 'Invalid address', 'stderr');
	}
	let text = label;
	let column = label.length;
	for (const [index, name] of listed.entries()) {
		const full = oneLine(name.full);
		const octets = (await inCharset(full, attempt)).toString('latin1');
		const written = writeAddress(octets, { charset: attempt.chosen, charset7: attempt.charset7 });
		const blank = options.noCommas || (attempt.bare && beforeFile(names, name));
		const comma = index < listed.length - 1 && !blank ? 1 : 0;
		const typed = await convertText(full, attempt.typedCharset, attempt.typedCharset);
		const fits = column + 1 + (typed?.length ?? octets.length) + comma <= 72;
		text += index > 0 && !fits ? '\n ' : ' ';
		column = (index > 0 && !fits ? 1 : column + 1) + written.columns + comma;
		text += written.text + (comma ? ',' : '');
	}
	return `${text}\n`;
}

/** Whether a file follows among the names. */
function beforeFile(names: readonly Name[], name: Name): boolean {
	const next = names[names.indexOf(name) + 1];
	return next !== undefined && isFileAddress(next.address);
}

async function subjectField(subject: string | undefined, attempt: Attempt): Promise<string> {
	if (subject === undefined) return '';
	const [, reply, text = ''] = /^(re: )?(.*)$/is.exec(oneLine(subject)) ?? [];
	return `Subject: ${reply ? 'Re: ' : ''}${await words(text, attempt)}\n`;
}

/** Free text as encoded words where it needs them (latin1). */
async function words(text: string, attempt: Attempt): Promise<string> {
	if (text === '') return '';
	const octets = (await inCharset(oneLine(text), attempt)).toString('latin1');
	return writeWords(octets, { charset: attempt.chosen, charset7: attempt.charset7 }).text;
}

async function inCharset(text: string, attempt: Attempt): Promise<Buffer> {
	const octets = await convertText(text, attempt.typedCharset, attempt.chosen);
	if (octets === undefined) throw new Unconvertible();
	return octets;
}

/** RFC 5322 3.6.4: made where we know a host or an address of our own; else left to the mailer. */
function messageIdField(
	from: readonly Name[],
	sender: readonly Name[],
	{ hostname, now, random }: Pick<ComposeSettings, 'hostname' | 'now' | 'random'>,
): string {
	const id = messageId(from.length > 1 ? sender : from, { hostname, now, random });
	return id === undefined ? '' : `Message-ID: ${id}\n`;
}

/** A fresh Message-ID with its angle brackets; undefined where nothing makes it unique. */
export function messageId(
	origin: readonly Name[],
	{ hostname, now, random }: Pick<ComposeSettings, 'hostname' | 'now' | 'random'>,
): string | undefined {
	if (hostname !== undefined) {
		return `<${seconds(now)}.${randomText(random, 24)}@${oneLine(hostname)}>`;
	}
	const address = origin[0] && oneLine(skin(origin[0].address));
	if (!address?.includes('@')) return undefined;
	return `<${seconds(now)}.${randomText(random, 16)}%${address}>`;
}

function seconds(now: Date): string {
	return Math.floor(now.getTime() / 1000).toString(16);
}

/** Letters and digits only: they need no quoting in any field. */
function randomText(random: (octets: number) => Buffer, length: number): string {
	let text = '';
	while (text.length < length)
		text += random(length)
			.toString('base64')
			.replace(/[^a-zA-Z0-9]/g, '');
	return text.slice(0, length);
}

function referenceFields(references: readonly string[]): string {
	const valid = references.filter((id) => describeFault(id) === undefined);
	if (references.length === 0) return '';
	let text = 'References:';
	let column = text.length;
	for (const [index, id] of valid.entries()) {
		const fits = column + 1 + id.length <= 72;
		text += index > 0 && !fits ? '\n ' : ' ';
		column = (index > 0 && !fits ? 1 : column + 1) + id.length;
		text += id;
	}
	const last = references.at(-1);
	const parent = last !== undefined && valid.includes(last) ? `In-Reply-To: ${last}\n` : '';
	return `${text}\n${parent}`;
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
	const kept = head.replace(/^From [^\n]*\n/gm, '').replace(/^status: [^\n]*\n/gim, '');
	// The empty line that ends a message in its folder is not the message's.
	const rest = text.slice(head.length).replace(/\n\n$/, '\n');
	return Buffer.from(fields + kept + rest, 'latin1');
}
