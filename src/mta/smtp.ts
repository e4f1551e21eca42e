/**
 * SMTP out, over nodemailer's connection. A Courier serves one queue run or one letter: it remembers
 * which servers did not answer, and keeps connections for the next letter to the same. Every recipient
 * has its own Fate. It tells its dialogue as `sendmail -v` does. RFC 5321, 3207, 1870, 6152, 3461.
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
import { addressesOf, findRoute, type Route, type Server } from './exchangers.js';
import { type Settings, settingsOf } from './settings.js';

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
/** Letters over one connection. */
const mostLetters = 100;

interface SmtpError extends Error {
	readonly code?: string;
	readonly responseCode?: number;
	readonly response?: string;
}

/** No conversation came about: another server may do better. */
export class Unreachable extends Error {}

type Tell = (line: string) => void;

/** A reply may have many lines; the first says what it is. */
export function firstLine(reply: string): string {
	return reply.split('\n', 1)[0] as string;
}

/** Addresses are octets in strings; the connection wants text. */
function asText(address: string): string {
	return Buffer.from(address, 'latin1').toString('utf8');
}

function connectionTrouble(error: SmtpError, host: string): string {
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
class Line {
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
		const { octets, options, wishes } = mail;
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
		const remote = this.server.host;
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
async function connectionClass(): Promise<typeof SMTPConnection> {
	const { default: found } = await import('nodemailer/lib/smtp-connection');
	return 'default' in found ? (found.default as typeof SMTPConnection) : found;
}

/** Carries letters to other hosts, for as long as a run lasts. */
export class Courier {
	readonly #system: System;
	readonly #tell: Tell;
	readonly #routes = new Map<string, Promise<Awaited<ReturnType<typeof findRoute>>>>();
	readonly #idle = new Map<string, Line[]>();
	/** Servers that did not answer in this run, and what was wrong. */
	readonly #dead = new Map<string, string>();

	constructor(system: System, tell: Tell) {
		this.#system = system;
		this.#tell = tell;
	}

	/** Sends to recipients of one domain; all of them have a fate, at their index. */
	async send(domain: string, mail: Mail): Promise<Fate[]> {
		const route = this.#routes.get(domain) ?? findRoute(this.#system, domain);
		this.#routes.set(domain, route);
		const found = await route;
		if ('kind' in found) return mail.to.map(() => found);
		return this.sendBy(found, mail, this.#manner(found));
	}

	#manner({ relay, servers }: Route): Manner {
		const { tls, relayUser: user, relayPassword: password = '' } = settingsOf(this.#system);
		const via = relay ? 'relay' : 'esmtp';
		if (!relay || user === undefined) return { tls, via };
		// A password does not go out in the clear because a server forgot to offer better.
		const near = servers.every(({ host }) => /^(127\.[\d.]+|::1|localhost)$/.test(host));
		return { tls: tls === 'may' && !near ? 'must' : tls, login: { user, password }, via };
	}

	/** The same by a way that is known. */
	async sendBy({ servers }: Route, mail: Mail, manner: Manner): Promise<Fate[]> {
		let why = 'no server';
		let remote: string | undefined;
		for (const server of servers) {
			remote = server.host;
			try {
				return await this.#sendTo(server, mail, manner);
			} catch (error) {
				if (!(error instanceof Unreachable)) throw error;
				why = error.message;
			}
		}
		const status = '4.4.1';
		return mail.to.map(() => ({
			kind: 'deferred',
			reason: why,
			status,
			...(remote ? { remote } : {}),
		}));
	}

	async #sendTo(server: Server, mail: Mail, manner: Manner): Promise<Fate[]> {
		const key = `${server.host}:${server.port}`;
		const dead = this.#dead.get(key);
		if (dead !== undefined) throw new Unreachable(dead);
		const about = mail.to.join(',');
		const via = `to ${server.host}. via ${manner.via ?? 'esmtp'}...`;
		const idle = this.#idle.get(key)?.pop();
		if (idle && !idle.broken) {
			this.#tell(`${about}... Using cached ESMTP connection ${via}`);
			const fates = await idle.send(mail);
			if (!idle.broken) return this.#keep(key, idle, fates);
			// It was closed while it waited: that says nothing about the letter.
		}
		this.#tell(`${about}... Connecting ${via}`);
		let line: Line;
		try {
			line = await this.#open(server, manner);
		} catch (error) {
			// Whatever has no code is a defect, not a server's doing.
			if (!(error instanceof Error) || !('code' in error)) throw error;
			const why = connectionTrouble(error as SmtpError, server.host);
			this.#dead.set(key, why);
			throw new Unreachable(why);
		}
		return this.#keep(key, line, await line.send(mail));
	}

	async #keep(key: string, line: Line, fates: Fate[]): Promise<Fate[]> {
		const ended = fates.some(({ kind }) => kind === 'sent');
		if (!ended && !line.broken) await line.reset();
		if (line.broken) await line.close();
		else if (line.letters >= mostLetters) await line.close();
		else this.#idle.set(key, [...(this.#idle.get(key) ?? []), line]);
		return fates;
	}

	/** Throws the error of the last address that was tried. */
	async #open(server: Server, manner: Manner): Promise<Line> {
		const Connection = await connectionClass();
		const addresses = await addressesOf(this.#system, server.host);
		const certificates = await this.#certificates(manner);
		let last: Error = Object.assign(new Error('host not found'), { code: undefined });
		for (const address of addresses) {
			for (const ignoreTls of manner.tls === 'may' ? [false, true] : [false]) {
				const parts = { system: this.#system, server, address, manner, tell: this.#tell };
				const line = new Line(Connection, { ...parts, certificates, ignoreTls });
				try {
					await line.open(manner.login);
					return line;
				} catch (error) {
					if (!(error instanceof Error)) throw error;
					line.broken = true;
					await line.close();
					last = error;
					// A handshake that failed: what need not be encrypted goes as it is.
					if ((error as SmtpError).code !== 'ETLS') break;
				}
			}
		}
		throw last;
	}

	/** What is trusted besides the usual, with the usual; undefined: nothing besides. */
	async #certificates(manner: Manner): Promise<(string | Buffer)[] | undefined> {
		const file = manner.certificates ?? settingsOf(this.#system).tlsCertificates;
		if (file === undefined) return undefined;
		const { rootCertificates } = await import('node:tls');
		const { readFileSync } = process.getBuiltinModule('node:fs');
		return [...rootCertificates, readFileSync(this.#system.real(file))];
	}

	/** Says good-bye to all servers. */
	async close(): Promise<void> {
		const lines = [...this.#idle.values()].flat();
		this.#idle.clear();
		for (const line of lines) await line.close();
	}
}
