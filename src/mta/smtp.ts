/**
 * SMTP out, over nodemailer's connection: to the exchangers of a domain in their order, to a smarthost,
 * or to the server on this host. Each recipient has its own Fate. RFC 5321 5, RFC 7505.
 */
import type { MxRecord } from 'node:dns';

import { isErrno, reason } from '../complaint.js';
import type { System } from '../system.js';
import { type Deferral, Exit, type Failure, type Fate, qualified } from './envelope.js';
import type { Envelope, Receipt } from './transport.js';

export interface Server {
	readonly host: string;
	readonly port: number;
}

export interface Mail {
	/** Fully qualified; the empty string is the null reverse-path. */
	readonly from: string;
	readonly to: readonly string[];
	readonly octets: Buffer;
}

/** Milliseconds for a connection to come about; replies may take longer. */
const patience = 30_000;

interface SmtpError extends Error {
	readonly code?: string;
	readonly responseCode?: number;
	readonly response?: string;
	readonly rejectedErrors?: readonly (SmtpError & { readonly recipient?: string })[];
}

/** No conversation came about: another server may do better. */
class Unreachable extends Error {}

/** A reply's fate: 4yz waits, 5yz fails. */
function replyFate(code: number | undefined, response: string): Deferral | Failure {
	const status = /^\d{3}[ -](\d\.\d+\.\d+)/.exec(response)?.[1];
	if (code !== undefined && code >= 500) {
		const unknown = status === '5.1.1' || code === 550;
		return {
			kind: 'failed',
			reason: unknown ? 'User unknown' : 'Service unavailable',
			status: status ?? '5.0.0',
			exit: unknown ? Exit.noUser : Exit.unavailable,
			diagnostic: `SMTP; ${response}`,
		};
	}
	return { kind: 'deferred', reason: response || 'no reply', status: status ?? '4.0.0' };
}

function connectionTrouble(error: Error, { host }: Server): string {
	const code = /\b(E[A-Z]{4,})\b/.exec(error.message)?.[1];
	const words: Record<string, string> = {
		ENETUNREACH: 'Network is unreachable',
		EHOSTUNREACH: 'No route to host',
	};
	if (code === 'ECONNREFUSED') return `Connection refused by ${host}.`;
	return `${host}.: ${(code && words[code]) || reason({ code, message: error.message })}`;
}

/** Speaks to one server. Throws Unreachable where there was no conversation. */
async function converse(
	system: System,
	server: Server,
	mail: Mail,
): Promise<ReadonlyMap<string, Fate>> {
	const { default: SMTPConnection } = await import('nodemailer/lib/smtp-connection');
	const connection = new SMTPConnection({
		...server,
		name: system.host,
		// An exchanger's certificate proves nothing we could check; encrypted is better than not.
		opportunisticTLS: true,
		tls: { rejectUnauthorized: false },
		connectionTimeout: patience,
		greetingTimeout: patience,
	});
	return new Promise((resolve, fail) => {
		let connected = false;
		connection.once('error', (error: SmtpError) => {
			if (connected && error.responseCode) resolve(allOf(mail, error));
			else fail(new Unreachable(connectionTrouble(error, server)));
		});
		connection.connect((error) => {
			if (error) return fail(new Unreachable(connectionTrouble(error, server)));
			connected = true;
			const envelope = { from: mail.from, to: [...mail.to], size: mail.octets.length };
			connection.send(envelope, mail.octets, (refused, info) => {
				connection.quit();
				if (refused) return resolve(allOf(mail, refused as SmtpError));
				const fates = new Map<string, Fate>();
				const note = ` (${(info?.response ?? '').replace(/^\d{3} (\d\.\d\.\d )?/, '')})`;
				for (const address of mail.to) fates.set(address, { kind: 'sent', note });
				for (const each of (info?.rejectedErrors ?? []) as SmtpError['rejectedErrors'] & object) {
					if (each.recipient) {
						fates.set(each.recipient, replyFate(each.responseCode, each.response ?? ''));
					}
				}
				resolve(fates);
			});
		});
	});
}

function allOf(mail: Mail, error: SmtpError): ReadonlyMap<string, Fate> {
	return new Map(
		mail.to.map((address) => {
			const own = error.rejectedErrors?.find(({ recipient }) => recipient === address) ?? error;
			return [address, replyFate(own.responseCode, own.response ?? own.message)];
		}),
	);
}

/** The exchangers of a domain, best first, or why there are none. RFC 5321 5.1. */
async function exchangers(domain: string): Promise<Server[] | Deferral | Failure> {
	const { promises: dns } = await import('node:dns');
	const host = domain.replace(/\.$/, '');
	let records: MxRecord[];
	try {
		records = await dns.resolveMx(host);
	} catch (error) {
		if (!isErrno(error)) throw error;
		if (error.code === 'ENODATA') return [{ host, port: 25 }];
		if (error.code === 'ENOTFOUND') {
			return {
				kind: 'failed',
				reason: `Host unknown (Name server: ${host}.: host not found)`,
				status: '5.1.2',
				exit: Exit.noHost,
				diagnostic: 'SMTP; 550 Host unknown',
			};
		}
		const why = `Name server: ${host}.: host name lookup failure`;
		return { kind: 'deferred', reason: why, status: '4.4.3' };
	}
	if (records.every(({ exchange }) => exchange === '' || exchange === '.')) {
		return {
			kind: 'failed',
			reason: 'Host does not accept mail: MX 0 .',
			status: '5.1.10',
			exit: Exit.unavailable,
			diagnostic: 'SMTP; 556 Host does not accept mail: MX 0 .',
		};
	}
	return records
		.sort((a, b) => a.priority - b.priority)
		.map(({ exchange }) => ({ host: exchange, port: 25 }));
}

/** `INKLOOM_SMARTHOST=HOST[:PORT]`: everything that is not local goes there. */
export function smarthost(system: System): Server | undefined {
	const given = /^(.+?)(?::(\d+))?$/.exec(system.env.INKLOOM_SMARTHOST ?? '');
	return given ? { host: given[1] as string, port: Number(given[2] ?? 25) } : undefined;
}

/** Sends to the recipients of one domain; every one of them has a fate. */
export async function sendToDomain(
	system: System,
	domain: string,
	mail: Mail,
): Promise<ReadonlyMap<string, Fate>> {
	const smart = smarthost(system);
	const servers = smart ? [smart] : await exchangers(domain);
	if (!Array.isArray(servers)) return new Map(mail.to.map((address) => [address, servers]));
	let why = '';
	for (const server of servers) {
		try {
			return await converse(system, server, mail);
		} catch (error) {
			if (!(error instanceof Unreachable)) throw error;
			why = error.message;
		}
	}
	const fate: Fate = { kind: 'deferred', reason: why, status: '4.4.1' };
	return new Map(mail.to.map((address) => [address, fate]));
}

/**
 * Hands a letter to the mail server of this host, which then answers for it; undefined where none
 * listens.
 */
export async function submitToServer(
	system: System,
	envelope: Envelope,
	letter: Uint8Array,
): Promise<Receipt | undefined> {
	const { host } = system;
	const sender = envelope.reversePath === undefined ? system.user.name : envelope.reversePath;
	const mail: Mail = {
		from: sender === null ? '' : qualified(sender, host),
		to: envelope.recipients.map((address) => qualified(address, host)),
		octets: Buffer.from(letter),
	};
	let fates: ReadonlyMap<string, Fate>;
	try {
		fates = await converse(system, { host: '127.0.0.1', port: 25 }, mail);
	} catch (error) {
		if (error instanceof Unreachable) return undefined;
		throw error;
	}
	const told = [...fates].flatMap(([address, fate]) =>
		fate.kind === 'sent'
			? envelope.verbose
				? [`${address}... Sent${fate.note ?? ''}`]
				: []
			: [`${address}... ${fate.reason}`],
	);
	// What the server puts off, nobody has: for the sender it is refused.
	const bad = [...fates.values()].filter(({ kind }) => kind !== 'sent');
	const exits = bad.map((fate) => (fate.kind === 'failed' ? fate.exit : Exit.temporary));
	const status = Math.max(0, ...exits);
	return { outcome: status === 0 ? 'sent' : 'refused', status, report: told };
}
