/**
 * The header of a letter: its fields in the original's order, folded, and nothing in them that could
 * begin a field of somebody else's making. RFC 5322 2.2.3 and 3.6, RFC 2047. Reads no clock: time and
 * chance come in. With -n the fields are written as Heirloom writes them.
 */
import { Complaint } from '../complaint.js';
import { isFileAddress, localPart, skin } from './address.js';
import type { Attempt, ComposeSettings } from './attempt.js';
import { decodeOctets } from './charset.js';
import { writeAddress, writeWords } from './classicwords.js';
import { printDate } from './date.js';
import { type Draft, describeFault, isLocalTarget, type Name, oneLine } from './draft.js';
import {
	afterLast,
	lineLength,
	Unsayable,
	type Wording,
	writeMailbox,
	writeText,
} from './headertext.js';
import { convertText } from './sendcharset.js';

/** Octets that one address or Message-ID may have: a line has 998 at most. */
const longestToken = 950;

/** All fields before `MIME-Version`. Throws Complaint, and Unsayable where the charset will not do. */
export async function headerFields(draft: Draft, attempt: Attempt): Promise<string[]> {
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
		organization ? await textField('Organization:', organization, attempt) : '',
		await addressField('Reply-To:', replyTo, attempt),
		await addressField('Sender:', sender, attempt),
		await addressField('To:', draft.to, attempt, { hideLocal: true }),
		...(attempt.subjectFirst ? [subject, ...copies] : [...copies, subject]),
		attempt.stealth ? '' : messageIdField(from, sender, attempt),
		referenceFields(draft.references, attempt.bare),
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

export interface AddressFieldOptions {
	/** Files and programs among the recipients are not told to the others. */
	readonly hideLocal?: true;
	/** Blanks alone between addresses. */
	readonly noCommas?: boolean;
}

/** An address list, its field name in front; '' for no names. Throws Complaint, Unsayable. */
export async function addressField(
	label: string,
	names: readonly Name[],
	attempt: Attempt,
	options: AddressFieldOptions = {},
): Promise<string> {
	if (names.length === 0) return '';
	// The original hides files only.
	const hidden = attempt.bare ? isFileAddress : isLocalTarget;
	const shown = (name: Name) => !options.hideLocal || !hidden(name.address);
	const listed = names.filter(shown);
	for (const name of listed) {
		const fault = describeFault(name.address);
		if (fault !== undefined)
			throw new Complaint(fault || (attempt.bare ? '' : 'Invalid address'), 'stderr');
	}
	if (attempt.bare) return heirloomList(label, names, listed, attempt, options);
	if (listed.length === 0) return '';
	let text = label;
	let column = label.length;
	for (const [index, { address, full }] of listed.entries()) {
		if (address.length > longestToken) {
			throw new Complaint(`${address.slice(0, 40)}...: the address is too long`, 'stderr');
		}
		const clean = cleanLine(full);
		const comma = index < listed.length - 1 ? ',' : '';
		const place = wording(attempt, clean, column + 1);
		let mailbox = await writeMailbox(clean, place);
		const first = mailbox.indexOf('\n');
		const width = first < 0 ? mailbox.length + comma.length : first;
		const folds = index > 0 && column + 1 + width > lineLength;
		if (folds) mailbox = await writeMailbox(clean, { ...place, column: 1 });
		text += `${folds ? '\n ' : ' '}${mailbox}${comma}`;
		column = afterLast(mailbox, folds ? 1 : column + 1) + comma.length;
	}
	return `${text}\n`;
}

/** As the original folds and encodes a list: at 72 columns, counting typed octets. */
async function heirloomList(
	label: string,
	names: readonly Name[],
	listed: readonly Name[],
	attempt: Attempt,
	options: AddressFieldOptions,
): Promise<string> {
	let text = label;
	let column = label.length;
	for (const [index, name] of listed.entries()) {
		const full = oneLine(name.full);
		const octets = (await inCharset(full, attempt)).toString('latin1');
		const written = writeAddress(octets, { charset: attempt.chosen, charset7: attempt.charset7 });
		const blank = options.noCommas || beforeFile(names, name);
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
	return textField(reply ? 'Subject: Re:' : 'Subject:', text, attempt);
}

/** Free text in a field, as encoded words where it needs them. Throws Unsayable. */
export async function textField(label: string, text: string, attempt: Attempt): Promise<string> {
	if (attempt.bare) {
		const octets = await inCharset(oneLine(text), attempt);
		return `${label} ${heirloomWords(octets.toString('latin1'), attempt)}\n`;
	}
	const clean = cleanLine(text);
	return `${label} ${await writeText(clean, wording(attempt, clean, label.length + 1))}\n`;
}

/** Octets of free text (latin1) for a field as the original writes them. */
export function heirloomWords(octets: string, attempt: Attempt): string {
	if (octets === '') return '';
	return writeWords(octets, { charset: attempt.chosen, charset7: attempt.charset7 }).text;
}

/** Text for one line: no sign in it that any program could take for the end of one. */
function cleanLine(text: string): string {
	return oneLine(text).replace(/[^\P{Cc}\t]|[\u2028\u2029]/gu, ' ');
}

/** How text is encoded. At last, octets that are no characters are taken for those of windows-1252. */
function wording(
	{ chosen, charset7, typedCharset, guesses }: Attempt,
	text: string,
	column: number,
): Wording {
	if (/^[\0-\x7f]*$/.test(text)) {
		return { charset: charset7, encode: async (piece) => Buffer.from(piece, 'latin1'), column };
	}
	const guess = (octet: string) =>
		decodeOctets(Buffer.from([octet.charCodeAt(0) & 0xff]), 'windows-1252', 'utf-8');
	const encode = (piece: string) =>
		convertText(guesses ? piece.replace(/\p{Surrogate}/gu, guess) : piece, typedCharset, chosen);
	return { charset: chosen, encode, column };
}

async function inCharset(text: string, attempt: Attempt): Promise<Buffer> {
	const octets = await convertText(text, attempt.typedCharset, attempt.chosen);
	if (octets === undefined) throw new Unsayable();
	return octets;
}

/** RFC 5322 3.6.4: made where we know a host or an address of our own; else left to the mailer. */
function messageIdField(
	from: readonly Name[],
	sender: readonly Name[],
	settings: ComposeSettings,
): string {
	const id = messageId(from.length > 1 ? sender : from, settings);
	return id === undefined ? '' : `Message-ID: ${id}\n`;
}

/** What may stand on the right of a Message-ID: a domain, or a literal in brackets. */
const rightSide = /^(?:[\w-]+(?:\.[\w-]+)*|\[[\w.:-]+\])$/;
const leftSide = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;

/** A fresh Message-ID with its angle brackets; undefined where nothing makes it unique. */
export function messageId(
	origin: readonly Name[],
	{ hostname, now, random, bare }: Pick<ComposeSettings, 'hostname' | 'now' | 'random' | 'bare'>,
): string | undefined {
	if (hostname !== undefined && (bare || rightSide.test(hostname))) {
		return `<${seconds(now)}.${randomText(random, 24)}@${oneLine(hostname)}>`;
	}
	const address = origin[0] && oneLine(skin(origin[0].address));
	if (!address?.includes('@')) return undefined;
	const local = localPart(address);
	const host = address.slice(local.length + 1);
	if (bare || (leftSide.test(local) && rightSide.test(host) && address.length < longestToken / 2)) {
		return `<${seconds(now)}.${randomText(random, 16)}%${address}>`;
	}
	if (!rightSide.test(host) || host.length > longestToken / 2) return undefined;
	return `<${seconds(now)}.${randomText(random, 24)}@${host}>`;
}

/** Whole seconds since 1970, in hexadecimal digits. */
export function seconds(now: Date): string {
	return Math.floor(now.getTime() / 1000).toString(16);
}

/** Letters and digits only: they need no quoting in any field. */
export function randomText(random: (octets: number) => Buffer, length: number): string {
	let text = '';
	while (text.length < length)
		text += random(length)
			.toString('base64')
			.replace(/[^a-zA-Z0-9]/g, '');
	return text.slice(0, length);
}

function referenceFields(references: readonly string[], bare: boolean): string {
	const isId = (id: string) =>
		bare
			? describeFault(id) === undefined
			: id.length <= longestToken && /^<[!-;=?-~]+@[!-;=?-~]+>$/.test(id);
	const valid = references.filter(isId);
	if (references.length === 0 || (valid.length === 0 && !bare)) return '';
	let text = 'References:';
	let column = text.length;
	for (const [index, id] of valid.entries()) {
		const fits = column + 1 + id.length <= 72 || (index === 0 && (bare || id.length <= 72));
		text += fits ? ' ' : '\n ';
		column = (fits ? column + 1 : 1) + id.length;
		text += id;
	}
	const last = references.at(-1);
	if (last === undefined || !valid.includes(last)) return `${text}\n`;
	const gap = bare || last.length <= lineLength - 13 ? ' ' : '\n ';
	return `${text}\nIn-Reply-To:${gap}${last}\n`;
}
