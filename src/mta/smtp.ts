/**
 * SMTP out. A Courier serves one queue run or one letter: it finds the way of a domain, tries its servers
 * in order, remembers which did not answer, and keeps connections for the next letter to the same.
 * Every recipient has its own Fate. RFC 5321 5.
 */
import type { System } from '../system.js';
import type { Fate } from './envelope.js';
import { addressesOf, findRoute, type Route, type Server } from './exchangers.js';
import { settingsOf } from './settings.js';
import {
	connectionClass,
	connectionTrouble,
	Line,
	type Mail,
	type Manner,
	type SmtpError,
	type Tell,
} from './smtpline.js';

/** Letters over one connection. */
const mostLetters = 100;

/** No conversation came about: another server may do better. */
export class Unreachable extends Error {}

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
