/**
 * What parts made for programs say, in a few lines for people: delivery reports (RFC 3464), invitations
 * (RFC 5545), bodies that are elsewhere (RFC 2046 5.2.3), Outlook's envelope of its own. Values are
 * unfiltered; whoever shows them filters them.
 */
import type { Part } from './body.js';
import { parameter } from './body.js';
import { formatMoment } from './date.js';
import { parseHeader } from './header.js';

const mostLines = 20;

/** What there is to say of a part: lines in brackets, each ending in a newline; undefined where nothing is. */
export async function gistOf(part: Part, text: () => string): Promise<string | undefined> {
	switch (part.type) {
		case 'message/delivery-status':
		case 'message/global-delivery-status':
			return inBrackets(deliveries(text()));
		case 'message/disposition-notification':
			return inBrackets(receipt(text()));
		case 'message/feedback-report':
			return inBrackets(complaint(text()));
		case 'message/external-body':
			return inBrackets(elsewhere(part));
		case 'message/partial':
			return inBrackets(pieceOf(part));
		case 'text/calendar':
			return inBrackets(await invitation(text()));
		case 'application/pkcs7-mime':
		case 'application/x-pkcs7-mime':
			return inBrackets([sealed(part)]);
		case 'application/pgp-encrypted':
			return inBrackets(['Encrypted with PGP: the next part is what gpg --decrypt reads']);
		case 'application/pgp-signature':
			return inBrackets(['Signed with PGP; the signature has not been checked']);
		case 'application/pkcs7-signature':
		case 'application/x-pkcs7-signature':
			return inBrackets(['Signed with S/MIME; the signature has not been checked']);
		default:
			return isTnef(part)
				? inBrackets(['winmail.dat: a letter in a format of Outlook alone (TNEF)'])
				: undefined;
	}
}

function isTnef(part: Part): boolean {
	if (/^application\/(vnd\.)?ms-tnef$/.test(part.type)) return true;
	return part.type === 'application/octet-stream' && /^winmail\.dat$/i.test(part.filename ?? '');
}

/** What an attachment is, in a line. `name`: ready to be shown; `octets`: of the decoded file. */
export function attachmentLine(part: Part, name: string | undefined, octets: number): string {
	const called = name === undefined ? '' : ` "${name.slice(0, 200)}"`;
	return `[${part.type.slice(0, 100)}${called}, ${sizeOf(octets)} - "write FILE" saves it]\n`;
}

function sizeOf(octets: number): string {
	if (octets < 10_000) return `${octets} octets`;
	return octets < 1e6 ? `${Math.round(octets / 1e3)} kB` : `${(octets / 1e6).toFixed(1)} MB`;
}

function inBrackets(lines: readonly string[]): string | undefined {
	if (lines.length === 0) return undefined;
	const shown = lines.slice(0, mostLines).map((line) => `[${line.slice(0, 500)}]\n`);
	const more = lines.length > mostLines ? `[... and ${lines.length - mostLines} more]\n` : '';
	return shown.join('') + more;
}

/** Groups of fields, as in reports (RFC 3464 2.1); values without the type that stands before them. */
function groupsOf(text: string): ((name: string) => string | undefined)[] {
	return text.split(/\r?\n[ \t]*\r?\n/, 1000).map((group) => {
		const fields = parseHeader(Buffer.from(`${group.trim()}\n`));
		return (name) => {
			const value = fields.get(name);
			return value === undefined ? undefined : Buffer.from(value, 'latin1').toString();
		};
	});
}

const untyped = (value: string | undefined) => value?.replace(/^[^;]*;\s*/, '');

function receipt(text: string): string[] {
	const [field] = groupsOf(text);
	const disposition = field?.('disposition');
	if (!field || disposition === undefined) return [];
	const person = untyped(field('final-recipient') ?? field('original-recipient')) ?? 'unknown';
	return [`${person}: ${untyped(disposition)}`];
}

function complaint(text: string): string[] {
	const [field] = groupsOf(text);
	const kind = field?.('feedback-type');
	return kind === undefined ? [] : [`Complaint about a message: ${kind}`];
}

function pieceOf(part: Part): string[] {
	const field = part.header.get('content-type') ?? '';
	const [number = '?', total] = ['number', 'total'].map((name) => parameter(field, name));
	return [
		`Piece ${number}${total === undefined ? '' : ` of ${total}`} of a message sent in pieces`,
	];
}

function sealed(part: Part): string {
	const kind = parameter(part.header.get('content-type') ?? '', 'smime-type')?.toLowerCase();
	if (kind === 'signed-data')
		return 'Signed with S/MIME, the text inside: openssl smime -verify -noverify reads it';
	return 'Encrypted with S/MIME: openssl smime -decrypt reads it';
}

function deliveries(text: string): string[] {
	return groupsOf(text).flatMap((field) => {
		const recipient = untyped(field('final-recipient') ?? field('original-recipient'));
		if (recipient === undefined) return [];
		const action = field('action') ?? 'unknown';
		const why = untyped(field('diagnostic-code'));
		const status = field('status');
		const until = field('will-retry-until');
		const code = status === undefined ? '' : ` (${status})`;
		const reason = why === undefined ? '' : `: ${why}`;
		const retry = until === undefined ? '' : `, tried until ${until}`;
		return [`${recipient}: ${action}${code}${reason}${retry}`];
	});
}

async function invitation(text: string): Promise<string[]> {
	const unfolded = text.slice(0, 200_000).replace(/\r?\n[ \t]/g, '');
	const events = unfolded.split(/BEGIN:VEVENT\r?\n/i);
	const event = events[1]?.split(/END:VEVENT|BEGIN:VALARM/i, 1)[0];
	if (event === undefined) return [];
	const value = (name: string) =>
		new RegExp(`^${name}(?=[;:])(?:"[^"\\n]*"|[^:"\\n])*:([^\\r\\n]*)`, 'im').exec(event);
	const plain = (name: string) => value(name)?.[1]?.replace(/\\n/gi, ' ').replace(/\\(.)/g, '$1');
	const moment = async (name: string) => {
		const found = value(name);
		if (!found) return undefined;
		const zone = /TZID="?([^:;"]+)/i.exec(found[0])?.[1];
		const date = await calendarTime(found[1] ?? '');
		return date && zone ? `${date} (${zone})` : date;
	};
	const start = await moment('DTSTART');
	const end = await moment('DTEND');
	const method = /^METHOD:([^\r\n]*)/im.exec(unfolded)?.[1]?.toLowerCase();
	const lines: [string, string | undefined][] = [
		[kinds[method ?? ''] ?? 'Event', plain('SUMMARY') ?? '(no title)'],
		['When', start === undefined ? undefined : span(start, end)],
		['Where', plain('LOCATION')],
		['Organizer', plain('ORGANIZER')?.replace(/^mailto:/i, '')],
		['Answer', method === 'reply' ? answerOf(event) : undefined],
		['Repeats', plain('RRULE')],
		['About', plain('DESCRIPTION')],
	];
	const said = lines.flatMap(([name, what]) => (what ? [`${name}: ${what}`] : []));
	return events.length > 2 ? [...said, `and ${events.length - 2} more`] : said;
}

/** A day and its zone are said once. */
function span(start: string, end: string | undefined): string {
	if (end === undefined || end === start) return start;
	const [, day, from, zone] = /^(.*, )(\d\d:\d\d)(.*)$/.exec(start) ?? [];
	if (day === undefined || !end.startsWith(day) || !end.endsWith(zone ?? ''))
		return `${start} to ${end}`;
	return `${day}${from} to ${end.slice(day.length)}`;
}

/** By METHOD (RFC 5546). */
const kinds: Readonly<Record<string, string>> = {
	cancel: 'Cancelled',
	reply: 'Answer to an invitation',
	counter: 'Counter-proposal',
};

function answerOf(event: string): string | undefined {
	const match = /^ATTENDEE[^\r\n]*?PARTSTAT=([A-Z-]+)[^\r\n]*?:(?:mailto:)?([^:\r\n]*)$/im.exec(
		event,
	);
	return match ? `${match[2]}: ${match[1]?.toLowerCase()}` : undefined;
}

/** A time in UTC in the reader's zone; one of another zone as it is written. */
async function calendarTime(value: string): Promise<string | undefined> {
	const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?/.exec(value);
	if (!match) return undefined;
	const [year, month, day, hour = 0, minute = 0] = match
		.slice(1, 6)
		.map((digits) => Number(digits ?? 0));
	const numbers = [year ?? 0, (month ?? 1) - 1, day ?? 1, hour, minute] as const;
	const date = match[7] ? new Date(Date.UTC(...numbers)) : new Date(...numbers);
	return formatMoment(date, match[4] !== undefined);
}

function elsewhere(part: Part): string[] {
	const field = part.header.get('content-type') ?? '';
	const said = ['access-type', 'url', 'site', 'directory', 'name'].flatMap((name) => {
		const value = parameter(field, name);
		const clean = name === 'url' ? value?.replace(/\s/g, '') : value;
		return clean === undefined ? [] : [`${name} ${clean}`];
	});
	return [`The body is elsewhere: ${said.join(', ')}`];
}
