/** A server of ours on a loopback port, and somebody who speaks to it word by word. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { connect as connectTls } from 'node:tls';

import type { Office } from './office.js';

export const dist = resolve(process.env.INKLOOM_DIST ?? 'dist');
export const sendmailProgram = join(dist, 'sendmail.cjs');

export interface RunningServer {
	readonly child: ChildProcess;
	readonly port: number;
	readonly ended: Promise<number | null>;
}

/** Polls until `look` gives something; there is nothing to listen to for a file that appears. */
export async function until<T>(look: () => T | undefined | false, what: string): Promise<T> {
	for (let turn = 0; turn < 1500; turn++) {
		const found = look();
		if (found !== undefined && found !== false) return found;
		await new Promise((again) => setTimeout(again, 10));
	}
	throw new Error(`waited in vain for ${what}`);
}

function logged(office: Office): string {
	const path = join(office.root, 'var/log/mail.log');
	return existsSync(path) ? readFileSync(path, 'latin1') : '';
}

/** Starts the server in front, with these lines in its configuration. */
export async function startServer(
	office: Office,
	settings = '',
	words: readonly string[] = ['-bD'],
): Promise<RunningServer> {
	office.write('var/log/mail.log', '');
	office.write('etc/mail/inkloom.conf', `listen = 127.0.0.1:0\n${settings}`);
	const child = spawn(process.execPath, [sendmailProgram, ...words], {
		env: office.env('root'),
		stdio: ['ignore', 'inherit', 'inherit'],
	});
	const ended = new Promise<number | null>((end) => child.on('exit', (status) => end(status)));
	const port = await until(
		() => Number(/listening on 127\.0\.0\.1:(\d+)/.exec(logged(office))?.[1]) || undefined,
		'the server',
	);
	return { child, port, ended };
}

/** A client that says what it is told and remembers what it hears. */
export class Caller {
	#socket: Socket;
	#heard = '';
	#wake: () => void = () => undefined;
	closed = false;

	constructor(where: number | string) {
		this.#socket =
			typeof where === 'string' ? connect(where) : connect({ port: where, host: '127.0.0.1' });
		this.#listen();
	}

	#listen(): void {
		this.#socket.on('data', (octets) => {
			this.#heard += octets.toString('latin1');
			this.#wake();
		});
		const gone = () => {
			this.closed = true;
			this.#wake();
		};
		this.#socket.on('close', gone).on('end', gone).on('error', gone);
	}

	/** The next whole reply, its lines without CR LF; undefined where the server has hung up. */
	async reply(): Promise<string | undefined> {
		for (;;) {
			const reply = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/.exec(this.#heard)?.[0];
			if (reply !== undefined) {
				this.#heard = this.#heard.slice(reply.length);
				return reply.replace(/\r\n/g, '\n').trimEnd();
			}
			if (this.closed) return undefined;
			await new Promise<void>((wake) => {
				this.#wake = wake;
			});
		}
	}

	write(text: string): void {
		this.#socket.write(text, 'latin1');
	}

	/** Says this, and that it is all. */
	finish(text: string): void {
		this.#socket.end(text, 'latin1');
	}

	/** Says a line and answers with the reply to it. */
	say(line: string): Promise<string | undefined> {
		this.write(`${line}\r\n`);
		return this.reply();
	}

	async encrypt(): Promise<void> {
		const secret = connectTls({ socket: this.#socket, rejectUnauthorized: false });
		this.#socket.removeAllListeners('data');
		this.#socket = secret;
		this.#listen();
		await new Promise((ready) => secret.once('secureConnect', ready));
	}

	/** Greeting, EHLO, and an envelope; stops before DATA. */
	async begin(from: string, ...to: string[]): Promise<(string | undefined)[]> {
		await this.reply();
		await this.say('EHLO client.example');
		const replies = [await this.say(`MAIL FROM:<${from}>`)];
		for (const one of to) replies.push(await this.say(`RCPT TO:<${one}>`));
		return replies;
	}

	end(): void {
		this.#socket.destroy();
	}
}

/** Subjects of the letters in a mailbox, and in the queue. */
export function subjects(office: Office, user: string): string[] {
	const mailbox = join(office.root, 'var/spool/mail', user);
	const queue = join(office.root, 'var/spool/mqueue');
	const files = readdirSync(queue).filter(
		(name) => name.startsWith('df') && existsSync(join(queue, name.replace(/^df/, 'qf'))),
	);
	const all = [mailbox, ...files.map((name) => join(queue, name))].filter((path) =>
		existsSync(path),
	);
	return all.flatMap((path) =>
		[...readFileSync(path, 'latin1').matchAll(/^Subject: (.*)$/gm)].map(([, text = '']) => text),
	);
}
