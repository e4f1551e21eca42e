/**
 * A letter as it leaves this host: header completed as sendmail completes it (Received, Date, From,
 * Message-Id; hosts on bare addresses), fields that must not travel taken out, line ends made LF. The
 * body's octets stay as they are. Pure. RFC 5321 4.4, RFC 6409 8.
 */
import { type Field, parseHeader } from '../message/header.js';

/** How a letter came that another host or program sent by SMTP (RFC 5321 4.4). */
export interface Arrival {
	/** What stands after `from`: `client.example (root@localhost)`, `client.example ([192.0.2.1])`. */
	readonly from: string;
	/** `SMTP`, `ESMTPSA`, `LMTP` … (RFC 3848). */
	readonly protocol: string;
	/** The recipient, with brackets, where there is one and no other was asked for. */
	readonly only: string | undefined;
}

/** Who sends, from where, when. */
export interface Origin {
	readonly id: string;
	readonly host: string;
	/** What stands after `by HOST`. */
	readonly software: string;
	/** The login name of the person, or undefined for a report of our own. */
	readonly login: string | undefined;
	/** Fully qualified reverse-path, for From. */
	readonly sender: string;
	readonly fullName: string;
	readonly date: Date;
	/** As given; one alone is named in Received. */
	readonly recipients: readonly string[];
	/** Where it came by SMTP. */
	readonly arrival?: Arrival | undefined;
	/** `X-Authentication-Warning` texts. */
	readonly warnings?: readonly string[];
}

export interface FinishedLetter {
	/** All fields, without the empty line. Octets. */
	readonly header: Buffer;
	readonly body: Buffer;
	/** How many Received fields it came with: mailers passed. */
	readonly hops: number;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

const two = (number: number): string => String(number).padStart(2, '0');
const clock = (date: Date): string =>
	`${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/** RFC 5322 3.3, in local time; `GMT` where that is the zone, as sendmail writes it. */
export function printDate(date: Date): string {
	const minutes = -date.getTimezoneOffset();
	const ahead = Math.abs(minutes);
	const zone =
		minutes === 0
			? 'GMT'
			: `${minutes < 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}${two(ahead % 60)}`;
	const day = `${days[date.getDay()]}, ${date.getDate()} ${months[date.getMonth()]}`;
	return `${day} ${date.getFullYear()} ${clock(date)} ${zone}`;
}

/** asctime(3) without its newline, in local time. */
export function printAsctime(date: Date): string {
	const day = String(date.getDate()).padStart(2);
	return `${days[date.getDay()]} ${months[date.getMonth()]} ${day} ${clock(date)} ${date.getFullYear()}`;
}

/** A display-name with the quotes it needs. */
function printPhrase(name: string): string {
	return /[()<>@,;:\\".[\]]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
}

const dropped = new Set(['return-path', 'content-length', 'bcc', 'resent-bcc']);
const addressed = new Set(
	['to', 'cc', 'from', 'sender', 'reply-to', 'errors-to'].flatMap((name) => [
		name,
		`resent-${name}`,
	]),
);

function withLf(letter: Buffer): Buffer {
	if (!letter.includes('\r\n')) return letter;
	return Buffer.from(letter.toString('latin1').replace(/\r\n/g, '\n'), 'latin1');
}

/** The date of a From_ line, or undefined. */
function postmarkDate(line: string): Date | undefined {
	const text = /([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})/.exec(line)?.[1];
	const date = text === undefined ? undefined : new Date(text);
	return date && !Number.isNaN(date.getTime()) ? date : undefined;
}

/** Completes a letter for its journey. */
export function finishLetter(given: Uint8Array, origin: Origin): FinishedLetter {
	let letter = withLf(Buffer.from(given.buffer, given.byteOffset, given.byteLength));
	let date = origin.date;
	if (letter.subarray(0, 5).toString('latin1') === 'From ') {
		const end = letter.indexOf('\n') + 1 || letter.length;
		date = postmarkDate(letter.toString('latin1', 0, end)) ?? date;
		letter = letter.subarray(end);
	}
	const { fields } = parseHeader(letter);
	const octets = fields.reduce((sum, { raw }) => sum + raw.length, 0);
	// A line that is no field ends the header: the empty line is put in, the line is text.
	const body = letter.subarray(octets + (letter[octets] === 0x0a ? 1 : 0));
	const has = (name: string): boolean => fields.some((field) => field.name.toLowerCase() === name);
	const lines = [received(origin)];
	for (const warning of origin.warnings ?? []) {
		lines.push(`X-Authentication-Warning: ${origin.host}: ${warning}\n`);
	}
	const resent = fields.some(({ name }) => /^resent-/i.test(name)) ? 'Resent-' : '';
	if (!has(`${resent}date`.toLowerCase())) lines.push(`${resent}Date: ${printDate(date)}\n`);
	if (!has(`${resent}from`.toLowerCase())) {
		const name = origin.fullName;
		const from = name === '' ? origin.sender : `${printPhrase(name)} <${origin.sender}>`;
		lines.push(`${resent}From: ${from}\n`);
	}
	if (!has(`${resent}message-id`.toLowerCase())) {
		lines.push(`${resent}Message-Id: <${stamp(origin.date)}.${origin.id}@${origin.host}>\n`);
	}
	for (const field of fields) {
		const name = field.name.toLowerCase();
		if (dropped.has(name)) continue;
		lines.push(addressed.has(name) ? completeField(field, origin.host) : closed(field.raw));
	}
	const hops = fields.filter(({ name }) => name.toLowerCase() === 'received').length;
	return { header: Buffer.from(lines.join(''), 'latin1'), body, hops };
}

function closed(raw: string): string {
	return raw.endsWith('\n') ? raw : `${raw}\n`;
}

function received({ id, host, software, login, date, recipients, arrival }: Origin): string {
	if (arrival) {
		const by = `by ${host} (${software}) with ${arrival.protocol} id ${id}`;
		const rest = arrival.only === undefined ? `${by};\n\t` : `${by}\n\tfor ${arrival.only}; `;
		return `Received: from ${arrival.from}\n\t${rest}${printDate(date)}\n`;
	}
	const from = login === undefined ? 'from localhost (localhost)' : `(from ${login}@localhost)`;
	const by = `by ${host} (${software}) id ${id}`;
	const only = recipients.length === 1 && login !== undefined ? recipients[0] : undefined;
	const rest = only === undefined ? `${by};\n\t` : `${by}\n\tfor ${only.replace(/\s+/g, ' ')}; `;
	return `Received: ${from}\n\t${rest}${printDate(date)}\n`;
}

/** YYYYMMDDHHMM, in UTC. */
function stamp(date: Date): string {
	return date.toISOString().replace(/\D/g, '').slice(0, 12);
}

/** Spans of the items between a list's commas. */
function itemSpans(text: string): [number, number][] {
	const spans: [number, number][] = [];
	let start = 0;
	let quoted = false;
	let depth = 0;
	for (let at = 0; at < text.length; at++) {
		const sign = text[at];
		if (sign === '\\') at++;
		else if (sign === '"' && depth === 0) quoted = !quoted;
		else if (quoted) continue;
		else if (sign === '(' || sign === '<') depth++;
		else if (sign === ')' || sign === '>') depth--;
		else if (sign === ',' && depth <= 0) {
			spans.push([start, at]);
			start = at + 1;
		}
	}
	spans.push([start, text.length]);
	return spans;
}

/** Puts the host on the bare names of an address field; what needs nothing stays as it stands. */
function completeField({ raw }: Field, host: string): string {
	const whole = closed(raw);
	const colon = whole.indexOf(':') + 1;
	const list = whole.slice(colon, -1);
	const spans = itemSpans(list);
	const items = spans.map(([start, end]) => list.slice(start, end));
	const lone = items.length === 1 ? (items[0] as string) : '';
	if (/^\s*[\w.+-]+(\s+[\w.+-]+)+\s*$/.test(lone)) {
		// A list of names with blanks between them, as the oldest mailers wrote.
		const names = lone.trim().split(/\s+/);
		return `${whole.slice(0, colon)} ${names.map((name) => `${name}@${host}`).join(', ')}\n`;
	}
	return `${whole.slice(0, colon)}${items.map((item) => completeItem(item, host)).join(',')}\n`;
}

function completeItem(item: string, host: string): string {
	const bracketed = /^([^<]*<\s*)((?:"[^"]*"|[^@!<>:;"\s])+)(\s*>.*)$/s.exec(item);
	if (bracketed) return `${bracketed[1]}${bracketed[2]}@${host}${bracketed[3]}`;
	const single = /^(\s*)((?:"[^"]*"|[^@!<>:;"()\s])+)(\s*(?:\([^)]*\)\s*)?)$/s.exec(item);
	return single ? `${single[1]}${single[2]}@${host}${single[3]}` : item;
}

/** The recipients that the header names, as `-t` reads them: Resent fields alone where there are any. */
export function headerRecipients(letter: Uint8Array): string[] {
	const { fields } = parseHeader(letter);
	const resent = fields.some(({ name }) => /^resent-(to|cc|bcc)$/i.test(name));
	const wanted = resent ? /^resent-(to|cc|bcc)$/i : /^(to|cc|bcc)$/i;
	return fields.flatMap(({ name, value }) =>
		wanted.test(name)
			? itemSpans(value)
					.map(([start, end]) => value.slice(start, end).trim())
					.filter((item) => item !== '')
			: [],
	);
}
