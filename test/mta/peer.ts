/** A mail server for tests that answers word for word as it is told. */
import { createServer, type Socket } from 'node:net';

export interface Taken {
	readonly mail: string;
	readonly rcpt: readonly string[];
	readonly text: string;
}

export interface PeerOptions {
	readonly name?: string;
	/** The reply to RCPT; undefined: 250. */
	readonly rcpt?: (address: string) => string | undefined;
	/** The reply to the end of the text; undefined: 250. */
	readonly data?: (letter: Taken) => string | undefined;
	readonly greeting?: string;
	readonly extensions?: readonly string[];
	/** Breaks the connection off when this command comes. */
	readonly dropAt?: RegExp;
}

export interface Peer {
	readonly port: number;
	readonly taken: Taken[];
	connections: number;
	close(): Promise<void>;
}

const usual = ['PIPELINING', 'SIZE 10240000', '8BITMIME', 'DSN', 'ENHANCEDSTATUSCODES'];

export async function startPeer(host: string, port = 0, options: PeerOptions = {}): Promise<Peer> {
	const taken: Taken[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		peer.connections++;
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => socket.destroy());
		talk(socket, options, taken);
	});
	await new Promise<void>((ready) => server.listen(port, host, ready));
	const address = server.address();
	const peer: Peer = {
		port: typeof address === 'object' && address ? address.port : 0,
		taken,
		connections: 0,
		close() {
			for (const socket of sockets) socket.destroy();
			return new Promise((done) => server.close(() => done()));
		},
	};
	return peer;
}

function talk(socket: Socket, options: PeerOptions, taken: Taken[]): void {
	const { name = 'mail.ok.example', extensions = usual } = options;
	const say = (text: string) => socket.write(`${text}\r\n`);
	let mail: string | undefined;
	let rcpt: string[] = [];
	let text: string[] | undefined;
	let count = 0;
	let rest = '';
	say(options.greeting ?? `220 ${name} ESMTP`);
	const hear = (line: string): void => {
		if (text !== undefined) {
			if (line !== '.') {
				text.push(line.replace(/^\./, ''));
				return;
			}
			const letter = { mail: mail ?? '', rcpt, text: `${text.join('\n')}\n` };
			text = undefined;
			mail = undefined;
			rcpt = [];
			const reply = options.data?.(letter);
			if (reply === undefined) taken.push(letter);
			say(reply ?? `250 2.0.0 queued as SINK${++count}`);
			return;
		}
		if (options.dropAt?.test(line)) {
			socket.destroy();
			return;
		}
		const [verb = ''] = line.toUpperCase().split(/[ :]/);
		if (verb === 'EHLO') {
			const lines = [name, ...extensions];
			const last = lines.length - 1;
			for (const [at, each] of lines.entries()) say(`250${at === last ? ' ' : '-'}${each}`);
		} else if (verb === 'MAIL') {
			mail = line.slice(10);
			say('250 2.1.0 Ok');
		} else if (verb === 'RCPT') {
			const reply = options.rcpt?.(/<(.*?)>/.exec(line)?.[1] ?? '');
			if (reply === undefined) rcpt.push(line.slice(8));
			say(reply ?? '250 2.1.5 Ok');
		} else if (verb === 'DATA') {
			if (rcpt.length === 0) return void say('503 5.5.1 No valid recipients');
			text = [];
			say('354 End data with <CR><LF>.<CR><LF>');
		} else if (verb === 'RSET') {
			mail = undefined;
			rcpt = [];
			say('250 2.0.0 Ok');
		} else if (verb === 'QUIT') {
			say('221 2.0.0 Bye');
			socket.end();
		} else say('500 5.5.1 Command unrecognized');
	};
	socket.on('data', (octets) => {
		rest += octets.toString('latin1');
		const lines = rest.split('\r\n');
		rest = lines.pop() ?? '';
		for (const line of lines) hear(line);
	});
}
