/**
 * One connection to one server, over nodemailer's: transactions, each recipient with its own Fate, and
 * the dialogue as `sendmail -v` tells it. It does not know why this server, nor what is done with the
 * fates. RFC 5321, 3207, 1870, 6152, 3461.
 */
import { isIP } from 'node:net';

import type SMTPConnection from 'nodemailer/lib/smtp-connection';

import { reason } from '../complaint.js';
import type { System } from '../system.js';
import {
	type Exchange,
	Exit,
	type Failure,
	type Fate,
	type ReportOptions,
	type Wishes,
} from './envelope.js';
import type { Server } from './exchangers.js';
import type { Settings } from './settings.js';

export interface Mail {
	/** Fully qualified, octets; the empty string is the null reverse-path. */
	readonly from: string;
	readonly to: readonly string[];
	readonly octets: Buffer;
	readonly options?: ReportOptions | undefined;
	/** Of all of these recipients. */
	readonly wishes?: Wishes | undefined;
}

/** How one introduces oneself to a server of one's choice. */
export interface Login {
	readonly user: string;
	readonly password: string;
	/** PLAIN, LOGIN, CRAM-MD5; undefined: what the server offers first. */
	readonly method?: string | undefined;
}

export interface Manner {
	readonly tls: Settings['tls'];
	readonly login?: Login | undefined;
	/** TLS from the first octet. */
	readonly secure?: boolean;
	/** Take any certificate. */
	readonly unverified?: boolean | undefined;
	/** A file of certificates to trust besides the usual ones, as shown; undefined: the setting's. */
	readonly certificates?: string | undefined;
	/** Names what the connection is for, in `via esmtp`. */
	readonly via?: string;
}

/** Milliseconds for a connection to come about; replies may take longer. */
const patience = 30_000;
const replyPatience = 5 * 60_000;

export interface SmtpError extends Error {
	readonly code?: string;
	readonly responseCode?: number;
	readonly response?: string;
}

export type Tell = (line: string) => void;

/** A reply may have many lines; the first says what it is. */
export function firstLine(reply: string): string {
	return reply.split('\n', 1)[0] as string;
}

/** Addresses are octets in strings; the connection wants text. */
function asText(address: string): string {
	return Buffer.from(address, 'latin1').toString('utf8');
}

export function connectionTrouble(error: SmtpError, host: string): string {
	if (error.response) return firstLine(error.response);
	const code = /\b(E[A-Z]{4,})\b/.exec(error.message)?.[1] ?? error.code;
	const words: Record<string, string> = {
		ENETUNREACH: 'Network is unreachable',
		EHOSTUNREACH: 'No route to host',
		ETIMEDOUT: 'Connection timed out',
	};
	if (code === 'ECONNREFUSED') return `Connection refused by ${host}.`;
	if (code === 'ETLS') return `${host}.: TLS: ${error.message.replace(/^Error.*? - /, '')}`;
	return `${host}.: ${(code && words[code]) || reason({ code: undefined, message: error.message })}`;
}

interface LineParts {
	readonly system: System;
	readonly server: Server;
	/** One of the server's. */
	readonly address: string;
	readonly manner: Manner;
	readonly tell: Tell;
	readonly certificates: (string | Buffer)[] | undefined;
	readonly ignoreTls: boolean;
}

/** One connection. */
export class Line {
	readonly server: Server;
	readonly #connection: SMTPConnection;
	readonly #tell: Tell;
	/** Lines sent ahead of the reply to MAIL: told after it, as a conversation goes. */
	#ahead: string[] | undefined;
	#asked = '';
	#replies: string[] = [];
	#extensions = '';
	letters = 0;
	broken = false;

	constructor(
		Connection: typeof SMTPConnection,
		{ system, server, address, manner, tell, certificates, ignoreTls }: LineParts,
	) {
		this.server = server;
		this.#tell = tell;
		const verified = !manner.unverified && (manner.tls === 'must' || manner.secure === true);
		const hear = (entry: unknown, ...words: unknown[]): void => this.#hear(entry, words);
		this.#connection = new Connection({
			host: address,
			port: server.port,
			name: system.host,
			// A certificate is for a name; addresses are not asked for by it.
			...(isIP(server.host) ? {} : { servername: server.host }),
			secure: manner.secure ?? false,
			// An exchanger's certificate proves nothing we could check; encrypted is better than not.
			opportunisticTLS: manner.tls === 'may',
			requireTLS: manner.tls === 'must' && !manner.secure,
			ignoreTLS: manner.tls === 'never' || ignoreTls,
			tls: { rejectUnauthorized: verified, ...(certificates ? { ca: certificates } : {}) },
			connectionTimeout: patience,
			greetingTimeout: patience,
			socketTimeout: replyPatience,
			socketCloseTimeout: 0,
			allowInternalNetworkInterfaces: true,
			transactionLog: true,
			logger: {
				trace: hear,
				debug: hear,
				info: hear,
				warn: hear,
				error: hear,
				fatal: hear,
				level: () => undefined,
			},
		});
	}

	#hear(entry: unknown, words: readonly unknown[]): void {
		const { tnx, outByteCount } = entry as { tnx?: string; outByteCount?: number };
		const text = String(words[0] ?? '');
		if (tnx === 'client') this.#said(text.replace(/^(MAIL FROM|RCPT TO):/, spelled));
		else if (tnx === 'message' && outByteCount !== undefined) this.#said('.');
		else if (tnx === 'server') this.#replied(octetsOf(text));
	}

	#said(command: string): void {
		if (this.#ahead) this.#ahead.push(command);
		else {
			this.#tell(`>>> ${command}`);
			if (command.startsWith('MAIL')) this.#ahead = [];
		}
		this.#asked = command;
	}

	#replied(text: string): void {
		this.#replies.push(text);
		for (const line of text.split('\n')) this.#tell(line);
		if (/^250[- ]/.test(text) && this.#asked.startsWith('EHLO')) this.#extensions = text;
		const ahead = this.#ahead ?? [];
		this.#ahead = undefined;
		for (const command of ahead) this.#tell(`>>> ${command}`);
	}

	offers(extension: string): boolean {
		return new RegExp(`^250[- ]${extension}\\b`, 'im').test(this.#extensions);
	}

	/** Throws SmtpError. */
	async open(login: Login | undefined): Promise<void> {
		await new Promise<void>((resolve, fail) => {
			this.#connection.on('error', (error) => {
				this.broken = true;
				fail(error);
			});
			this.#connection.on('end', () => {
				this.broken = true;
				fail(Object.assign(new Error('connection was closed'), { code: 'ECONNECTION' }));
			});
			this.#connection.connect((error) => (error ? fail(error) : resolve()));
		});
		if (login === undefined) return;
		await new Promise<void>((resolve, fail) => {
			const { user, password: pass, method } = login;
			const auth = method === undefined ? { user, pass } : { user, pass, method };
			this.#connection.login(auth, (error) => (error ? fail(error) : resolve()));
		});
	}

	/** One transaction. Each recipient of `mail.to` has a fate, at its index. */
	async send(mail: Mail): Promise<Fate[]> {
		this.letters++;
		this.#replies = [];
		const to = mail.to.map(asText);
		const { options, wishes } = mail;
		const remote = this.server.host;
		const octets = await this.#acceptable(mail.octets);
		if (octets === undefined) return to.map(() => ({ ...tooManyBits, remote }));
		const dsn = {
			...(options?.returned ? { ret: options.returned } : {}),
			...(options?.envelopeId ? { envid: options.envelopeId } : {}),
			...(wishes?.notify ? { notify: wishes.notify.join(',') } : {}),
			...(wishes?.original ? { orcpt: wishes.original } : {}),
		};
		const envelope = {
			from: asText(mail.from),
			to,
			size: octets.length,
			use8BitMime: octets.some((octet) => octet > 127),
			...(Object.keys(dsn).length > 0 ? { dsn } : {}),
		};
		return new Promise((resolve) => {
			let over = false;
			const settle = (error: SmtpError | undefined, response = ''): void => {
				if (over) return;
				over = true;
				this.#connection.removeListener('error', broken);
				this.#connection.removeListener('end', ended);
				resolve(to.map((_, at) => this.#fate(at, to, error, octetsOf(response))));
			};
			// What breaks the connection is told to nobody else once the transaction has begun.
			const broken = (error: SmtpError): void => settle(error);
			const ended = (): void => settle(new Error(`connection to ${remote}. was closed`));
			this.#connection.once('error', broken);
			this.#connection.once('end', ended);
			this.#connection.send(envelope, octets, (error, info) => {
				if (error) settle(error as SmtpError);
				else settle(undefined, info?.response ?? '');
			});
		});
	}

	/** The letter as this server takes it; undefined where it cannot be put so. */
	async #acceptable(octets: Buffer): Promise<Buffer | undefined> {
		if (this.offers('8BITMIME') || !octets.some((octet) => octet > 127)) return octets;
		const { toSevenBit } = await import('./sevenbit.js');
		return toSevenBit(octets);
	}

	/** The fate of the recipient at this index, by the replies to its RCPT and to the whole. */
	#fate(at: number, to: readonly string[], error: SmtpError | undefined, whole: string): Fate {
		const [mail = '', ...rest] = this.#replies;
		const replies = mail.startsWith('2') ? rest.slice(0, to.length) : [];
		const own = replies[at];
		const remote = this.server.host;
		if (own === undefined || own.startsWith('2')) {
			if (error) {
				const exchange = { asked: 'DATA', replied: error.response ?? '' };
				const said = octetsOf(error.response ?? (error.message || 'no reply'));
				return replyFate(error.responseCode, said, remote, exchange, error.code);
			}
			const note = ` (${whole.replace(/^\d{3} (\d\.\d\.\d )?/, '')})`;
			return { kind: 'sent', note, remote, reports: this.offers('DSN') };
		}
		const piped = this.offers('PIPELINING');
		const asked = piped ? 'DATA' : `RCPT To:<${to[at]}>`;
		// Where all were refused, DATA was answered too.
		const none = replies.length === to.length && !replies.some((reply) => reply.startsWith('2'));
		const then = none && piped ? this.#replies.at(-1) : undefined;
		return replyFate(
			Number(own.slice(0, 3)),
			own,
			remote,
			{ asked, replied: own, then },
			undefined,
		);
	}

	/** Forgets a transaction that did not come to its end, so that the next may begin. */
	async reset(): Promise<void> {
		await new Promise<void>((resolve) => {
			const done = (): void => {
				this.#connection.removeListener('end', done);
				resolve();
			};
			this.#connection.once('end', done);
			this.#connection.reset((error) => {
				if (error) this.broken = true;
				done();
			});
		});
	}

	async close(): Promise<void> {
		if (this.broken) return this.#connection.close();
		this.#tell(`Closing connection to ${this.server.host}.`);
		await new Promise<void>((resolve) => {
			// A server that does not say good-bye is left standing.
			const late = setTimeout(() => this.#connection.close(), 2000);
			this.#connection.once('end', () => {
				clearTimeout(late);
				resolve();
			});
			this.#connection.quit();
		});
	}
}

/** RFC 6152 3: it comes back rather than arriving as something else. */
const tooManyBits: Failure = {
	kind: 'failed',
	reason: 'Cannot send 8-bit data to 7-bit destination',
	status: '5.6.3',
	exit: Exit.dataError,
};

function spelled(verb: string): string {
	return verb.startsWith('MAIL') ? 'MAIL From:' : 'RCPT To:';
}

/** And replies come as text. */
function octetsOf(text: string): string {
	return Buffer.from(text, 'utf8').toString('latin1');
}

/** A reply's fate: 4yz waits, 5yz fails. */
function replyFate(
	code: number | undefined,
	response: string,
	remote: string,
	exchange: Exchange,
	kind: string | undefined,
): Fate {
	const first = firstLine(response);
	const status = /^\d{3}[ -](\d\.\d+\.\d+)/.exec(first)?.[1];
	if (code !== undefined && code >= 500) {
		const unknown = status === '5.1.1' || (code === 550 && exchange.asked !== 'MAIL');
		return {
			kind: 'failed',
			reason: unknown ? 'User unknown' : 'Service unavailable',
			status: status ?? (unknown ? '5.1.1' : '5.0.0'),
			exit: unknown ? Exit.noUser : Exit.unavailable,
			diagnostic: `SMTP; ${first}`,
			remote,
			exchange,
		};
	}
	if (code === undefined && kind === 'EMESSAGE') {
		const failure: Failure = {
			kind: 'failed',
			reason: 'Message is too large for that server',
			status: '5.3.4',
			exit: Exit.unavailable,
			remote,
		};
		return failure;
	}
	return { kind: 'deferred', reason: first || 'no reply', status: status ?? '4.4.2', remote };
}

/** The library's class, whichever way the build has wrapped it. */
export async function connectionClass(): Promise<typeof SMTPConnection> {
	const { default: found } = await import('nodemailer/lib/smtp-connection');
	return 'default' in found ? (found.default as typeof SMTPConnection) : found;
}
