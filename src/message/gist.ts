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

/** Text before the part itself, ending in a newline; undefined where there is nothing to say. */
export async function gistOf(part: Part, text: () => string): Promise<string | undefined> {
	switch (part.type) {
		case 'message/delivery-status':
			return inBrackets(deliveries(text()));
		case 'text/calendar':
			return inBrackets(await invitation(text()));
		case 'message/external-body':
			return inBrackets(elsewhere(part));
		case 'application/ms-tnef':
		case 'application/vnd.ms-tnef':
			return '[winmail.dat: a letter in a format of Outlook alone (TNEF)]\n';
		default:
			return undefined;
	}
}

function inBrackets(lines: readonly string[]): string | undefined {
	if (lines.length === 0) return undefined;
	const shown = lines.slice(0, mostLines).map((line) => `[${line.slice(0, 500)}]\n`);
	return `${shown.join('')}\n`;
}

function deliveries(text: string): string[] {
	return text.split(/\n\s*\n/, mostLines).flatMap((group) => {
		const fields = parseHeader(Buffer.from(`${group.trim()}\n`, 'latin1'));
		const recipient = fields.get('final-recipient') ?? fields.get('original-recipient');
		if (recipient === undefined) return [];
		const address = recipient.replace(/^[^;]*;\s*/, '');
		const action = fields.get('action') ?? 'unknown';
		const why = fields.get('diagnostic-code')?.replace(/^[^;]*;\s*/, '');
		const status = fields.get('status');
		const code = status === undefined ? '' : ` (${status})`;
		return [`${address}: ${action}${code}${why === undefined ? '' : `: ${why}`}`];
	});
}

async function invitation(text: string): Promise<string[]> {
	const unfolded = text.slice(0, 200_000).replace(/\r?\n[ \t]/g, '');
	const event = /BEGIN:VEVENT\r?\n([\s\S]*?)END:VEVENT/i.exec(unfolded)?.[1];
	if (event === undefined) return [];
	const value = (name: string) => new RegExp(`^${name}[^:\\n]*:([^\\r\\n]*)`, 'im').exec(event);
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
		[method === 'cancel' ? 'Cancelled' : 'Event', plain('SUMMARY')],
		['When', start === undefined ? undefined : end ? `${start} to ${end}` : start],
		['Where', plain('LOCATION')],
		['Organizer', plain('ORGANIZER')?.replace(/^mailto:/i, '')],
	];
	return lines.flatMap(([name, what]) => (what ? [`${name}: ${what}`] : []));
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
		return value === undefined ? [] : [`${name} ${value}`];
	});
	return [`The body is elsewhere: ${said.join(', ')}`];
}
