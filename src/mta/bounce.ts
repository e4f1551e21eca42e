/**
 * The report that goes to a letter's sender when copies of it failed after it was accepted: a text for
 * people, a part for programs, and the header of the letter. RFC 3462, 3464, 3834.
 */
import type { System } from '../system.js';
import { type Copy, type Failure, qualified } from './envelope.js';
import { printDate } from './letter.js';

/** A copy that will never arrive. */
export interface Lost {
	readonly copy: Pick<Copy, 'address' | 'given' | 'delivery'>;
	readonly failure: Failure;
}

export interface ReportOn {
	readonly id: string;
	/** Of the report itself. */
	readonly reportId: string;
	readonly arrival: Date;
	/** The reverse-path of the letter reported on. */
	readonly sender: string | null;
	/** Who is told. */
	readonly to: string;
	/** The login name or host the letter came from, as in `from root@localhost`. */
	readonly from: string;
	readonly header: Buffer;
	readonly lost: readonly Lost[];
	/** A failed report, or a letter nobody is to hear of, told to the postmaster. */
	readonly toPostmaster?: boolean;
}

function reasonOf({ diagnostic, status, reason }: Failure): string {
	return diagnostic?.replace(/^[^;]*; /, '') ?? `${status} ${reason}`;
}

function people({ copy, failure }: Lost): string {
	const expanded = copy.given === copy.address ? '' : `\n    (expanded from: ${copy.given})`;
	return `${copy.address}\n    (reason: ${reasonOf(failure)})${expanded}`;
}

function transcript({ copy, failure }: Lost): string {
	const code = failure.status === '5.1.1' ? 550 : 554;
	const output = failure.output ? `${failure.output.trimEnd()}\n` : '';
	if (failure.reason.startsWith('unknown mailer error'))
		return `${output}554 5.3.0 ${failure.reason}`;
	return `${output}${code} ${failure.status} ${copy.address}... ${failure.reason}`;
}

function actual({ address, delivery }: Lost['copy'], host: string): string {
	switch (delivery.to) {
		case 'file':
			return `X-Unix; ${delivery.path}`;
		case 'program':
			return `X-Unix; |${delivery.command}`;
		case 'relay':
			return `rfc822; ${delivery.address}`;
		case 'mailbox':
			return `rfc822; ${qualified(delivery.user || address, host)}`;
	}
}

function machine(lost: Lost, host: string, now: Date): string {
	const { copy, failure } = lost;
	const fields = [`Final-Recipient: RFC822; ${qualified(copy.given, host)}`];
	if (copy.given !== copy.address) fields.push(`X-Actual-Recipient: ${actual(copy, host)}`);
	fields.push('Action: failed', `Status: ${failure.status}`);
	if (failure.diagnostic) fields.push(`Diagnostic-Code: ${failure.diagnostic}`);
	fields.push(`Last-Attempt-Date: ${printDate(now)}`);
	return `${fields.join('\n')}\n`;
}

/** The whole report but for the fields every letter gets (Received, Date, Message-Id). */
export function makeReport(system: System, about: ReportOn): Buffer {
	const { host } = system;
	const now = system.now();
	const boundary = `${about.reportId}.${Math.floor(now.getTime() / 1000)}/${host}`;
	const subject = about.toPostmaster ? 'Postmaster notify' : 'Returned mail';
	const kind = about.toPostmaster ? 'postmaster-notification' : 'failure';
	const id = about.toPostmaster ? `\nwith id ${about.id}` : '';
	const text = `To: ${about.to.includes('@') ? `<${about.to}>` : about.to}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="${boundary}"
Subject: ${subject}: see transcript for details
Auto-Submitted: auto-generated (${kind})

This is a MIME-encapsulated message

--${boundary}

The original message was received at ${printDate(about.arrival)}
from ${about.from}${id}

   ----- The following addresses had permanent fatal errors -----
${about.lost.map(people).join('\n')}

   ----- Transcript of session follows -----
${about.lost.map(transcript).join('\n')}

--${boundary}
Content-Type: message/delivery-status

Reporting-MTA: dns; ${host}
Arrival-Date: ${printDate(about.arrival)}

${about.lost.map((lost) => machine(lost, host, now)).join('\n')}
--${boundary}
Content-Type: text/rfc822-headers

Return-Path: <${about.sender === null ? `MAILER-DAEMON@${host}` : qualified(about.sender, host)}>
`;
	return Buffer.concat([
		Buffer.from(text, 'latin1'),
		about.header,
		Buffer.from(`\n--${boundary}--\n`, 'latin1'),
	]);
}
