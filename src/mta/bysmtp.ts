/**
 * Transports that speak SMTP to one server which then answers for the letter: the one on this host, or
 * one of the person's choice (`set smtp=`). What a server puts off nobody has: it counts as refused, and
 * the text stays with its writer. RFC 6409.
 */
import { isErrno, reason } from '../complaint.js';
import type { System } from '../system.js';
import { type Deferral, Exit, type Failure, type Fate, newId, qualified } from './envelope.js';
import { parseRelay, type Server } from './exchangers.js';
import { finishLetter } from './letter.js';
import { Courier } from './smtp.js';
import { firstLine, type Login, type Mail, type Manner } from './smtpline.js';
import type { Envelope, Receipt, Transport } from './transport.js';

export interface SmtpOptions {
	/** `host`, `host:port`, `[host]:port`, with `smtp://` or `smtps://` in front or not. */
	readonly server: string;
	/** `may` where it is left to the server. */
	readonly tls: Manner['tls'];
	readonly login?: Login | undefined;
	/** Take any certificate. */
	readonly unverified?: boolean;
	/** A file of certificates to trust, as shown. */
	readonly certificates?: string | undefined;
	/** The reverse-path where the envelope has none: the person's own address. */
	readonly sender?: string | undefined;
}

/** Reads what `set smtp=` names; undefined where it names no server. */
export function parseServer(text: string): (Server & { readonly secure: boolean }) | undefined {
	const [, scheme = '', rest = ''] = /^(?:(smtps?|submission):\/\/)?(.*?)\/?$/i.exec(text) ?? [];
	const secure = scheme.toLowerCase() === 'smtps';
	const ports: Record<string, number> = { smtps: 465, submission: 587 };
	const port = ports[scheme.toLowerCase()] ?? 25;
	const relay = parseRelay(rest, port);
	return relay && { host: relay.host, port: relay.port, secure };
}

/** The transport of `set smtp=`. `refused` where the server cannot be reached, or takes not all. */
export function smtpTransport(system: System, options: SmtpOptions): Transport {
	return {
		async send(envelope, letter) {
			const server = parseServer(options.server);
			if (!server) return refusal(`${options.server}: not the name of a server`);
			const { tls, login, unverified, certificates } = options;
			const { secure } = server;
			const manner: Manner = { tls, login, unverified, certificates, secure, via: 'smtp' };
			const { sender } = options;
			const given = sender === undefined ? envelope : { reversePath: sender, ...defined(envelope) };
			return talk(system, server, { ...envelope, ...given }, letter, manner, true);
		},
	};
}

/** An envelope's own reverse-path goes before any other. */
function defined({ reversePath }: Envelope): { reversePath?: string | null } {
	return reversePath === undefined ? {} : { reversePath };
}

/**
 * Hands a letter to the mail server of this host, which then answers for it; undefined where none
 * listens.
 */
export async function submitToServer(
	system: System,
	envelope: Envelope,
	letter: Uint8Array,
	port = 25,
): Promise<Receipt | undefined> {
	const server = { host: '127.0.0.1', port };
	if (!(await listens(server))) return undefined;
	return talk(system, server, envelope, letter, { tls: 'never', via: 'relay' }, false);
}

async function listens({ host, port }: Server): Promise<boolean> {
	const { connect } = await import('node:net');
	return new Promise((resolve) => {
		const socket = connect({ host, port, timeout: 2000 });
		const end = (open: boolean) => {
			socket.destroy();
			resolve(open);
		};
		socket.once('connect', () => end(true));
		socket.once('timeout', () => end(false));
		socket.once('error', () => end(false));
	});
}

function refusal(line: string, status: number = Exit.unavailable): Receipt {
	return { outcome: 'refused', status, report: [line] };
}

async function talk(
	system: System,
	server: Server,
	envelope: Envelope,
	letter: Uint8Array,
	manner: Manner,
	complete: boolean,
): Promise<Receipt> {
	const { host } = system;
	const path = envelope.reversePath === undefined ? system.user.name : envelope.reversePath;
	const from = path === null || path === '' || path === '<>' ? '' : qualified(octets(path), host);
	const to = envelope.recipients.map((address) => qualified(octets(address), host));
	const story: string[] = [];
	const courier = new Courier(system, (line) => story.push(line));
	const whole = complete ? completed(system, letter, from, to) : Buffer.from(letter);
	const mail: Mail = { from, to, octets: whole };
	let fates: Fate[];
	try {
		fates = await courier.sendBy({ servers: [server], relay: true }, mail, manner);
	} catch (error) {
		if (!isErrno(error)) throw error;
		return refusal(`${server.host}: ${reason(error)}`);
	} finally {
		await courier.close();
	}
	const bad: string[] = [];
	const exits: number[] = [];
	for (const [at, fate] of fates.entries()) {
		const line = `${to[at]}... ${told(fate)}`;
		if (fate.kind === 'sent') story.push(line);
		else {
			bad.push(line);
			exits.push(fate.kind === 'failed' ? fate.exit : Exit.temporary);
		}
	}
	const status = Math.max(0, ...exits);
	const lines = envelope.verbose ? [...story, ...bad] : bad;
	const report = lines.map((line) =>
		Buffer.from(line, 'latin1').toString('utf8').replace(unseen, '?'),
	);
	return { outcome: status === 0 ? 'sent' : 'refused', status, report };
}

/** What a terminal would obey. */
const unseen = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

function told(fate: Fate): string {
	if (fate.kind === 'sent') return `Sent${fate.note ?? ''}`;
	return words(fate);
}

function words(fate: Deferral | Failure): string {
	if (fate.kind === 'deferred' || !fate.exchange) return fate.reason;
	return `${fate.reason} (${firstLine(fate.exchange.replied)})`;
}

function octets(text: string): string {
	return Buffer.from(text, 'utf8').toString('latin1');
}

/** The fields that a letter must have and no server has to add. */
function completed(
	system: System,
	letter: Uint8Array,
	sender: string,
	recipients: readonly string[],
): Buffer {
	const { header, body } = finishLetter(letter, {
		id: newId(system),
		host: system.host,
		software: 'Inkloom',
		login: system.user.name,
		sender: sender || qualified(system.user.name, system.host),
		fullName: '',
		date: system.now(),
		recipients,
	});
	// It has passed no mailer yet.
	const text = header.toString('latin1').replace(/^Received:.*\n(?:[ \t].*\n)*/, '');
	return Buffer.concat([Buffer.from(text, 'latin1'), Buffer.from('\n'), body]);
}
