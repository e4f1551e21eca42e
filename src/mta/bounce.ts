/**
 * Reports to a letter's sender on what became of copies: failed, late, arrived. A text for people, a
 * part for programs, and the letter or its header. RFC 3462, 3464, 3834. It makes octets; who is told,
 * and whether, is decided elsewhere.
 */
import type { System } from '../system.js';
import {
	type Copy,
	type Delivery,
	type Failure,
	type Fate,
	qualified,
	type ReportOptions,
} from './envelope.js';
import { printDate } from './letter.js';
import { settingsOf } from './settings.js';

/** A copy that will never arrive. */
export interface Lost {
	readonly copy: Reported;
	readonly failure: Failure;
	/** How resolving the address told it, with file and line. */
	readonly line?: string | undefined;
}

export type Reported = Pick<Copy, 'address' | 'given' | 'delivery' | 'wishes' | 'listed'>;

export interface Item {
	readonly copy: Reported;
	readonly fate: Fate;
	readonly line?: string | undefined;
}

export interface ReportOn {
	readonly kind: 'failure' | 'delay' | 'success';
	readonly id: string;
	/** Of the report itself. */
	readonly reportId: string;
	readonly arrival: Date;
	/** The reverse-path of the letter reported on. */
	readonly sender: string | null;
	/** Who is told. */
	readonly to: string;
	/** Who the letter came from: `root@localhost`, `client.example [192.0.2.1]`. */
	readonly from: string;
	readonly header: Buffer;
	/** Comes back with a failure where RET says so. */
	readonly body?: Buffer | undefined;
	readonly options?: ReportOptions | undefined;
	readonly items: readonly Item[];
	/** The list whose owner is told. */
	readonly list?: string | undefined;
	/** What went wrong when the sender was to be told, line by line. */
	readonly aftermath?: readonly string[] | undefined;
	/** A failed report, or a letter nobody is to hear of, told to the postmaster. */
	readonly toPostmaster?: boolean;
}

/** A time span in words: `4 hours`, `1 second`, `1 day 2 hours`. */
export function printSpan(milliseconds: number): string {
	let left = Math.max(1, Math.floor(milliseconds / 1000));
	const words: string[] = [];
	for (const [unit, seconds] of [
		['week', 604_800],
		['day', 86_400],
		['hour', 3600],
		['minute', 60],
		['second', 1],
	] as const) {
		const count = Math.floor(left / seconds);
		left %= seconds;
		if (count > 0) words.push(`${count} ${unit}${count === 1 ? '' : 's'}`);
	}
	return words.join(' ').replace(/^1 week(?! )/, '7 days');
}

function reasonOf({ diagnostic, status, reason }: Failure): string {
	return diagnostic?.replace(/^[^;]*; /, '') ?? `${status} ${reason}`;
}

/** One recipient, for people. */
function people({ copy, fate }: Item): string {
	const { address, given, delivery } = copy;
	if (fate.kind === 'sent') {
		const how = isRelayed(delivery) ? relayed : 'successfully delivered to mailbox';
		return `${address}  (${how})`;
	}
	const expanded = given === address ? '' : `\n    (expanded from: ${copy.listed ?? given})`;
	const why = fate.kind === 'failed' && !fate.expired ? `\n    (reason: ${reasonOf(fate)})` : '';
	return `${address}${why}${expanded}`;
}

function isRelayed({ to }: Delivery): boolean {
	return to === 'relay' || to === 'uucp';
}

const relayed = 'relayed to non-DSN-aware mailer';

/** All that was said: what resolving told, then what servers did. */
function transcripts(about: ReportOn, system: System): string {
	const told = (item: Item) => transcript(item, about, system);
	const here = about.items.filter(({ fate }) => fate.remote === undefined).map(told);
	const there = about.items.filter(({ fate }) => fate.remote !== undefined).map(told);
	const list = about.list === undefined ? [] : [`Message delivered to mailing list ${about.list}`];
	return [...here, ...list, ...there, ...(about.aftermath ?? [])].join('\n');
}

/** The line of a transcript for a failure. */
export function failureLine(address: string, { status, reason }: Failure, line?: string): string {
	const code = ['5.1.1', '5.1.2'].includes(status) ? 550 : 554;
	return `${code} ${status} ${line ?? `${address}... ${reason}`}`;
}

function transcript({ copy, fate, line }: Item, about: ReportOn, system: System): string {
	const { address, delivery } = copy;
	if (fate.kind === 'sent') {
		const told = isRelayed(delivery) ? 'relayed; expect no further notifications' : undefined;
		return `${address}... ${told ?? 'Successfully delivered'}`;
	}
	const age = system.now().getTime() - about.arrival.getTime();
	if (fate.kind === 'deferred') {
		const { returnAfter } = settingsOf(system);
		return `${address}... Deferred: ${fate.reason}
Warning: message still undelivered after ${printSpan(age)}
Will keep trying until message is ${printSpan(returnAfter)} old`;
	}
	if (fate.expired) return `${fate.output}\n${fate.reason.replace('; ', '\n')}`;
	const output = fate.output ? `${fate.output.trimEnd()}\n` : '';
	if (fate.reason.startsWith('unknown mailer error')) {
		return `${output}554 5.3.0 ${fate.reason}`;
	}
	if (fate.status === '5.1.10') return '554 5.0.0 Service unavailable';
	const lines = [failureLine(address, fate, line)];
	const { exchange, remote } = fate;
	if (exchange && remote) {
		const said = exchange.replied.replaceAll('\n', '\n<<< ');
		lines.unshift(`... while talking to ${remote}.:`, `>>> ${exchange.asked}`, `<<< ${said}`);
		if (exchange.then !== undefined) lines.push(`<<< ${exchange.then}`);
	}
	return output + lines.join('\n');
}

function actual({ address, delivery }: Reported, host: string): string {
	switch (delivery.to) {
		case 'file':
			return `X-Unix; ${delivery.path}`;
		case 'program':
			return `X-Unix; |${delivery.command}`;
		case 'uucp':
			return `X-UUCP; ${delivery.host}!${delivery.user}`;
		case 'relay':
			return `rfc822; ${delivery.address}`;
		case 'mailbox':
			return `rfc822; ${qualified(delivery.user || address, host)}`;
	}
}

function actionOf({ copy: { delivery }, fate }: Item): string {
	if (fate.kind === 'failed') return 'failed';
	if (fate.kind === 'deferred') return 'delayed';
	if (isRelayed(delivery)) return 'relayed (to non-DSN-aware mailer)';
	return delivery.to === 'mailbox' ? 'delivered (to mailbox)' : 'delivered';
}

/** One recipient, for programs. RFC 3464 2.3. */
function machine(item: Item, about: ReportOn, system: System): string {
	const { host } = system;
	const { copy, fate } = item;
	const fields: string[] = [];
	if (copy.wishes?.original) fields.push(`Original-Recipient: ${copy.wishes.original}`);
	fields.push(
		`Final-Recipient: RFC822; ${qualified(copy.given, host)}`,
		`X-Actual-Recipient: ${actual(copy, host)}`,
		`Action: ${actionOf(item)}`,
		`Status: ${fate.kind === 'sent' ? '2.1.5' : fate.status}`,
	);
	if (fate.remote) fields.push(`Remote-MTA: DNS; ${fate.remote}`);
	if (fate.kind === 'failed' && fate.diagnostic) {
		fields.push(`Diagnostic-Code: ${fate.diagnostic}`);
	}
	fields.push(`Last-Attempt-Date: ${printDate(system.now())}`);
	if (fate.kind === 'deferred') {
		const until = new Date(about.arrival.getTime() + settingsOf(system).returnAfter);
		fields.push(`Will-Retry-Until: ${printDate(until)}`);
	}
	return `${fields.join('\n')}\n`;
}

/** Subject and Auto-Submitted. */
function title(about: ReportOn, system: System): [string, string] {
	if (about.toPostmaster) {
		return ['Postmaster notify: see transcript for details', 'postmaster-notification'];
	}
	switch (about.kind) {
		case 'failure':
			return ['Returned mail: see transcript for details', 'failure'];
		case 'delay': {
			const span = printSpan(settingsOf(system).warnAfter);
			return [`Warning: could not send message for past ${span}`, 'warning-timeout'];
		}
		case 'success':
			return ['Return receipt', 'return-receipt'];
	}
}

const box = `    **********************************************
    **      THIS IS A WARNING MESSAGE ONLY      **
    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
    **********************************************

`;

/** The part that people read. */
function explanation(about: ReportOn, system: System): string {
	const headings = {
		failure: 'The following addresses had permanent fatal errors',
		delay: undefined,
		success: 'The following addresses had successful delivery notifications',
	};
	const heading = headings[about.kind];
	const who = heading ? `   ----- ${heading} -----\n${about.items.map(people).join('\n')}\n\n` : '';
	const id = about.toPostmaster ? `\nwith id ${about.id}` : '';
	return `${about.kind === 'delay' ? box : ''}The original message was received at ${printDate(about.arrival)}
from ${about.from}${id}

${who}   ----- Transcript of session follows -----
${transcripts(about, system)}
`;
}

/** The part that programs read. */
function deliveryStatus(about: ReportOn, system: System): string {
	const fields: string[] = [];
	const { options, from } = about;
	if (options?.envelopeId) fields.push(`Original-Envelope-Id: ${options.envelopeId}`);
	fields.push(`Reporting-MTA: dns; ${system.host}`);
	if (/ \[.*\]$/.test(from)) fields.push(`Received-From-MTA: DNS; ${from.split(' ', 1)[0]}`);
	fields.push(`Arrival-Date: ${printDate(about.arrival)}`);
	const items = about.items.map((item) => machine(item, about, system));
	return `${fields.join('\n')}\n\n${items.join('\n')}`;
}

/** The whole report but for the fields every letter gets (Received, Date, Message-Id). */
export function makeReport(system: System, about: ReportOn): Buffer {
	const { host } = system;
	const seconds = Math.floor(system.now().getTime() / 1000);
	const boundary = `${about.reportId}.${seconds}/${host}`;
	const [subject, kind] = title(about, system);
	const whole = about.kind === 'failure' && about.options?.returned === 'full' && about.body;
	const eightBit = [about.header, whole || undefined].some((part) =>
		part?.some((octet) => octet > 127),
	);
	const encoding = eightBit ? 'Content-Transfer-Encoding: 8bit\n' : '';
	const returnPath =
		about.sender === null ? `MAILER-DAEMON@${host}` : qualified(about.sender, host);
	const text = `To: ${about.to.includes('@') ? `<${about.to}>` : about.to}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="${boundary}"
${encoding}Subject: ${subject}
Auto-Submitted: auto-generated (${kind})

This is a MIME-encapsulated message

--${boundary}

${explanation(about, system)}
--${boundary}
Content-Type: message/delivery-status

${deliveryStatus(about, system)}
--${boundary}
Content-Type: ${whole ? 'message/rfc822' : 'text/rfc822-headers'}
${encoding}
Return-Path: <${returnPath}>
`;
	return Buffer.concat([
		Buffer.from(text, 'latin1'),
		about.header,
		...(whole ? [Buffer.from('\n'), whole] : []),
		Buffer.from(`\n--${boundary}--\n`, 'latin1'),
	]);
}
