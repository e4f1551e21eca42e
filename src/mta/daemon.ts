/**
 * The server: sockets, who may connect and how often, the pid file, queue runs by the clock, and an end
 * in good order. What is said in a conversation is smtpsession's, what becomes of letters intake's.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { SecureContext } from 'node:tls';

import { Complaint, isErrno, reason } from '../complaint.js';
import type { System } from '../system.js';
import { type Place, type ServerSettings, usualSizeLimit } from './configuration.js';
import { Exit } from './envelope.js';
import { Intake } from './intake.js';
import { log } from './log.js';
import { addressLiteral, isLoopback, isWithin } from './network.js';
import { Postroom } from './postroom.js';
import { type ConnectionOptions, type Memory, SmtpConnection } from './smtpconnection.js';
import { SmtpSession } from './smtpsession.js';
import { Workers } from './workers.js';

/** Milliseconds that conversations have to come to an end when we are asked to. */
const farewellPatience = 30_000;
/** Milliseconds after that for deliveries under way; what they do not settle stays in the queue. */
const carrierPatience = 10_000;
const minute = 60_000;

export interface DaemonOptions {
	readonly server: ServerSettings;
	/** Milliseconds between queue runs; undefined: none. */
	readonly every: number | undefined;
	/** The program that carries letters out. */
	readonly program: string;
	/** Hears every line that is said. */
	readonly trace?: ConnectionOptions['trace'];
}

/** Connections by client: those there are, and those of this minute. */
class Visitors {
	readonly #now = new Map<string, number>();
	readonly #lately = new Map<string, number>();
	#since = Date.now();
	total = 0;

	/** Why a connection is not wanted. */
	objection(address: string, trusted: boolean, limits: ServerSettings): string | undefined {
		if (Date.now() - this.#since > minute) {
			this.#lately.clear();
			this.#since = Date.now();
		}
		if (this.total >= limits.connectionLimit) return 'Too many connections, try again later';
		if (trusted) return undefined;
		const lately = (this.#lately.get(address) ?? 0) + 1;
		this.#lately.set(address, lately);
		if (lately > limits.clientRate) return 'Connection rate limit exceeded';
		if ((this.#now.get(address) ?? 0) >= limits.clientLimit) {
			return 'Too many open connections from your address';
		}
		return undefined;
	}

	enter(address: string): void {
		this.total++;
		this.#now.set(address, (this.#now.get(address) ?? 0) + 1);
	}

	leave(address: string): void {
		this.total--;
		const left = (this.#now.get(address) ?? 1) - 1;
		if (left > 0) this.#now.set(address, left);
		else this.#now.delete(address);
	}
}

/** Takes away the socket of a server that was killed. Throws a Complaint where one still answers there. */
async function clearSocket(path: string, shown: string): Promise<void> {
	if (!statSync(path, { throwIfNoEntry: false })?.isSocket()) return;
	const code = await new Promise<string | undefined>((answer) => {
		const caller = connect(path, () => answer(undefined));
		caller.on('error', (error: NodeJS.ErrnoException) => answer(error.code));
		caller.on('connect', () => caller.destroy());
	});
	// Gone meanwhile is as good as left behind.
	if (code === 'ECONNREFUSED' || code === 'ENOENT') {
		rmSync(path, { force: true });
		return;
	}
	throw new Complaint(`sendmail: cannot listen on ${shown}: Address already in use`, 'stderr', 71);
}

export class Daemon {
	readonly #options: DaemonOptions;
	readonly #room: Postroom;
	readonly #workers: Workers;
	readonly #visitors = new Visitors();
	readonly #conversations = new Set<SmtpConnection>();
	readonly #servers: Server[] = [];
	readonly #memory: Memory = { used: 0, limit: 512 << 20 };
	readonly #system: System;
	#secure: { readonly context: SecureContext; readonly stamp: number } | undefined;
	#clock: NodeJS.Timeout | undefined;
	#stopping = false;
	#finish: () => void = () => undefined;

	constructor(system: System, options: DaemonOptions) {
		this.#system = system;
		this.#options = options;
		this.#room = new Postroom(system);
		this.#workers = new Workers(system, options.program);
	}

	/** Where it listens: `127.0.0.1:25`, `[::1]:25`, a path. */
	get places(): string[] {
		return this.#servers.map((server) => {
			const at = server.address();
			if (at === null || typeof at === 'string') return this.#system.shown(at ?? '');
			return at.family === 'IPv6' ? `[${at.address}]:${at.port}` : `${at.address}:${at.port}`;
		});
	}

	/** Serves until it is told to stop. Throws a Complaint where it cannot listen. */
	async serve(): Promise<void> {
		const { server, every } = this.#options;
		await this.#tls();
		const places = [
			...server.listen.map((place) => ({ place, lmtp: false })),
			...server.listenLmtp.map((place) => ({ place, lmtp: true })),
		];
		try {
			for (const { place, lmtp } of places) await this.#listen(place, lmtp);
			if (this.#servers.length === 0) throw new Complaint('nowhere to listen', 'stderr', 71);
			this.#writePid();
		} catch (error) {
			for (const each of this.#servers) each.close();
			throw error;
		}
		log(this.#system, 'NOQUEUE', { stat: `listening on ${this.places.join(' ')}` });
		if (every !== undefined) {
			this.#workers.runAll();
			this.#clock = setInterval(() => this.#workers.runAll(), every);
		}
		await new Promise<void>((finish) => {
			this.#finish = finish;
		});
		rmSync(this.#system.real(server.pidFile), { force: true });
		this.#room.close();
		// Reports for the last letters have been waited for; a long queue run need not be.
		await Promise.race([
			this.#workers.stop(),
			new Promise((late) => setTimeout(late, carrierPatience)),
		]);
	}

	async #listen(place: Place, lmtp: boolean): Promise<void> {
		const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) =>
			this.#welcome(socket, lmtp),
		);
		const path = 'path' in place ? this.#system.real(place.path) : undefined;
		if (path !== undefined) {
			mkdirSync(dirname(path), { recursive: true });
			await clearSocket(path, this.#system.shown(path));
		}
		try {
			await new Promise<void>((resolve, reject) => {
				server.once('error', reject);
				if ('path' in place) server.listen(path, resolve);
				else server.listen({ host: place.host, port: place.port, backlog: 511 }, resolve);
			});
		} catch (error) {
			if (!isErrno(error)) throw error;
			// The machine has no such protocol: what else is to be listened on is enough.
			const absent = error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT';
			if (absent && 'host' in place && place.host === '::1') return;
			const where = 'path' in place ? place.path : `${place.host ?? '*'}:${place.port}`;
			const why = error.code === 'EADDRINUSE' ? 'Address already in use' : reason(error);
			throw new Complaint(`sendmail: cannot listen on ${where}: ${why}`, 'stderr', 71);
		}
		if (path !== undefined) chmodSync(path, 0o660);
		server.on('error', (error) => log(this.#system, 'NOQUEUE', { stat: reason(error) }));
		this.#servers.push(server);
	}

	#writePid(): void {
		const path = this.#system.real(this.#options.server.pidFile);
		try {
			mkdirSync(dirname(path), { recursive: true });
			writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
		} catch (error) {
			if (!isErrno(error)) throw error;
			const { pidFile } = this.#options.server;
			throw new Complaint(`sendmail: ${pidFile}: ${reason(error)}`, 'stderr', Exit.cannotCreate);
		}
	}

	/** The certificate as it is on disk now: a renewed one is taken without a restart. */
	async #tls(): Promise<SecureContext | undefined> {
		const { tlsKey, tlsCertificate } = this.#options.server;
		if (tlsKey === undefined || tlsCertificate === undefined) return undefined;
		const path = this.#system.real(tlsCertificate);
		try {
			const stamp = statSync(path).mtimeMs;
			if (this.#secure?.stamp === stamp) return this.#secure.context;
			const { createSecureContext } = await import('node:tls');
			const context = createSecureContext({
				cert: readFileSync(path),
				key: readFileSync(this.#system.real(tlsKey)),
				minVersion: 'TLSv1.2',
			});
			this.#secure = { context, stamp };
		} catch (error) {
			if (!isErrno(error)) throw error;
			const why = `sendmail: ${tlsCertificate}, ${tlsKey}: ${reason(error)}`;
			if (!this.#secure) throw new Complaint(why, 'stderr', Exit.configuration);
			log(this.#system, 'NOQUEUE', { stat: why });
		}
		return this.#secure?.context;
	}

	#welcome(socket: Socket, lmtp: boolean): void {
		const { server } = this.#options;
		const address = socket.remoteAddress ?? '';
		const local = address === '' || isLoopback(address);
		const trusted = address === '' || isWithin(address, server.relayNetworks);
		const literal = address === '' ? '' : addressLiteral(address);
		const name = address === '' ? 'localhost' : local ? `localhost ${literal}` : literal;
		// Gone before it could be welcomed.
		if (socket.destroyed) return;
		const objection = this.#stopping
			? 'closing down, try again later'
			: this.#visitors.objection(address, trusted, server);
		if (objection !== undefined) {
			log(this.#system, 'NOQUEUE', { relay: name, reject: `421 4.3.2 ${objection}` });
			socket.on('error', () => socket.destroy());
			socket.end(`421 4.3.2 ${this.#system.host} ${objection}\r\n`);
			socket.setTimeout(5000, () => socket.destroy());
			socket.resume();
			return;
		}
		this.#visitors.enter(address);
		this.#converse(socket, { name, trusted, private: local }, lmtp)
			.catch((error) => {
				// A conversation that cannot begin must not end all the others.
				log(this.#system, 'NOQUEUE', { relay: name, stat: reason(error) });
				socket.destroy();
			})
			.finally(() => this.#visitors.leave(address));
	}

	async #converse(
		socket: Socket,
		client: { readonly name: string; readonly trusted: boolean; readonly private: boolean },
		lmtp: boolean,
	): Promise<void> {
		const { server } = this.#options;
		const sizeLimit = server.sizeLimit ?? usualSizeLimit;
		const tls = this.#secure && (await this.#tls());
		const users = this.#system.real(server.users);
		const office = new Intake(this.#room, client, {
			sizeLimit,
			recipientLimit: server.recipientLimit,
			tls: tls !== undefined,
			users: statSync(users, { throwIfNoEntry: false }) ? server.users : undefined,
			carriers: this.#workers,
			tryDomain: (domain) => this.#workers.runFor(domain),
		});
		const session = new SmtpSession(office, client, lmtp);
		const connection = new SmtpConnection(socket, socket, session, {
			patience: server.commandTimeout,
			sizeLimit,
			memory: this.#memory,
			tls,
			trace: this.#options.trace,
			defect: (error) => process.stderr.write(`sendmail: ${error}\n`),
		});
		this.#conversations.add(connection);
		connection.start();
		if (this.#stopping) connection.stop();
		await connection.ended;
		this.#conversations.delete(connection);
		if (this.#stopping && this.#conversations.size === 0) this.#finish();
	}

	/** Refuses new clients, lets those there are finish their letter, and ends. */
	stop(): void {
		if (this.#stopping) {
			for (const each of this.#conversations) each.destroy();
			process.exit(0);
		}
		this.#stopping = true;
		clearInterval(this.#clock);
		for (const server of this.#servers) server.close();
		for (const each of this.#conversations) each.stop();
		if (this.#conversations.size === 0) this.#finish();
		setTimeout(() => {
			for (const each of this.#conversations) each.destroy();
		}, farewellPatience).unref();
	}
}
