/**
 * One client and his conversation: octets in, replies out, patience and memory limits between. Works on
 * a socket and on standard input alike. What is said is the session's; what a letter may hold,
 * smtpinput's.
 */
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { SecureContext } from 'node:tls';

import { SmtpInput } from './smtpinput.js';
import type { Reply, SmtpSession } from './smtpsession.js';

/** Octets of a command line, its end included. */
const longestLine = 2048;
/** Replies that a client does not fetch: he is not waited for. */
const mostUnread = 1 << 18;
/** Octets that wait while a command is worked on; the client waits then. */
const mostAhead = 1 << 20;

/** Octets of letters in memory, of all conversations together. */
export interface Memory {
	used: number;
	readonly limit: number;
}

export interface ConnectionOptions {
	/** Milliseconds without a word. */
	readonly patience: number;
	/** Octets of a letter; 0: no limit. */
	readonly sizeLimit: number;
	readonly memory: Memory;
	readonly tls?: SecureContext | undefined;
	/** Hears of a fault of ours; this conversation is over then, and the others go on. */
	readonly defect: (error: unknown) => void;
	/** Hears every line that is said, either way. */
	readonly trace?: ((direction: '<<<' | '>>>', line: string) => void) | undefined;
}

export class SmtpConnection {
	#input: Readable;
	#output: Writable;
	readonly #session: SmtpSession;
	readonly #options: ConnectionOptions;
	readonly #framing = new SmtpInput(longestLine);
	#wants: 'command' | 'letter' | 'credentials' = 'command';
	#busy = false;
	#stopping = false;
	/** The end of input has come. */
	#silent = false;
	#over = false;
	#counted = 0;
	#timer: NodeJS.Timeout | undefined;
	#unsaid = '';
	#end: () => void = () => undefined;
	/** Kept when the conversation is over. */
	readonly ended: Promise<void>;

	constructor(input: Readable, output: Writable, session: SmtpSession, options: ConnectionOptions) {
		this.#input = input;
		this.#output = output;
		this.#session = session;
		this.#options = options;
		this.ended = new Promise((end) => {
			this.#end = end;
		});
	}

	start(greet = true): void {
		if (greet) this.#answer(this.#session.greeting());
		this.#flush();
		this.#listen();
		this.#wait();
	}

	readonly #onData = (octets: Buffer): void => {
		this.#framing.push(octets);
		if (this.#busy) {
			if (this.#framing.held > mostAhead) this.#input.pause();
		} else void this.#proceed();
	};
	/** Who says no more may still want to hear the replies to what he has said. */
	readonly #onEnd = (): void => {
		this.#silent = true;
		if (!this.#busy) this.#close();
	};
	readonly #onClose = (): void => {
		if (!this.#silent || !this.#busy) this.#close();
	};
	readonly #onError = (): void => this.#close();

	#listen(): void {
		this.#input.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError);
		this.#input.on('close', this.#onClose);
		this.#output.on('error', this.#onError);
	}

	#leave(): void {
		this.#input.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError);
		this.#input.off('close', this.#onClose);
		this.#output.off('error', this.#onError);
	}

	#wait(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			if (this.#busy) return this.#wait();
			this.#bye('Timeout waiting for input from client', '421 4.4.2');
		}, this.#options.patience);
	}

	#bye(why?: string, code?: string): void {
		this.#answer(this.#session.farewell(why, code));
		this.#flush();
		this.#close();
	}

	/** Works through what has come. */
	async #proceed(): Promise<void> {
		this.#busy = true;
		try {
			for (;;) {
				const reply = await this.#next();
				if (reply === undefined || this.#over) break;
				this.#answer(reply);
				if (reply.next === 'close') {
					this.#flush();
					return this.#close();
				}
				if (reply.next === 'tls') return await this.#encrypt();
				this.#wants = reply.next ?? 'command';
				// Who is in the middle of something when we have to go may finish it.
				if (this.#stopping && this.#wants === 'command') {
					this.#flush();
					return this.#bye();
				}
			}
		} catch (error) {
			this.#options.defect(error instanceof Error ? error.stack : error);
			return this.#bye('internal error', '421 4.3.0');
		} finally {
			this.#busy = false;
		}
		if (this.#over) return;
		this.#flush();
		if (this.#count() > this.#options.memory.limit) {
			return this.#bye('Insufficient system storage; try again later', '421 4.3.1');
		}
		if (this.#input.isPaused()) this.#input.resume();
		// What was not complete when the end of input came never will be.
		if (this.#silent) return this.#close();
		if (this.#stopping && this.#wants === 'command') return this.#bye();
		this.#wait();
	}

	/** Keeps the books of memory; answers with what all letters take. */
	#count(): number {
		const { memory } = this.#options;
		const now = this.#framing.letterOctets;
		memory.used += now - this.#counted;
		this.#counted = now;
		return memory.used;
	}

	async #next(): Promise<Reply | undefined> {
		const framing = this.#framing;
		if (this.#wants === 'letter') {
			const letter = framing.letter(this.#options.sizeLimit);
			if (!letter) return undefined;
			this.#flush();
			const reply = await this.#session.letter(letter.octets, letter.fault);
			this.#count();
			return reply;
		}
		const line = framing.line();
		if (!line) return undefined;
		if (this.#wants === 'credentials') return this.#session.credentials(line.text);
		this.#options.trace?.('<<<', line.text ?? '(too long)');
		return this.#session.command(line.text);
	}

	/** Replies to commands that came in one piece go out in one piece. */
	#answer({ lines }: Reply): void {
		for (const line of lines) {
			this.#options.trace?.('>>>', line);
			this.#unsaid += `${line}\r\n`;
		}
		if (this.#unsaid.length > 1 << 15) this.#flush();
	}

	#flush(): void {
		if (this.#unsaid === '' || this.#over) return;
		this.#output.write(this.#unsaid, 'latin1');
		this.#unsaid = '';
		if (this.#output.writableLength > mostUnread) this.#close();
	}

	async #encrypt(): Promise<void> {
		const { TLSSocket } = await import('node:tls');
		const { tls: secureContext } = this.#options;
		this.#leave();
		clearTimeout(this.#timer);
		this.#input.pause();
		// What was sent ahead in the clear is nothing the client said (RFC 3207 6).
		this.#framing.clear();
		this.#flush();
		const plain = this.#input as Socket;
		const secret = new TLSSocket(plain, {
			isServer: true,
			...(secureContext ? { secureContext } : {}),
		});
		plain.on('error', this.#onError);
		this.#input = secret;
		this.#output = secret;
		this.#session.encrypted();
		this.#wants = 'command';
		this.#listen();
		this.#wait();
	}

	/** Has the client go as soon as he has nothing under way. */
	stop(): void {
		if (this.#stopping || this.#over) return;
		this.#stopping = true;
		if (!this.#busy && this.#wants === 'command') this.#bye();
	}

	/** Hangs up. */
	destroy(): void {
		this.#close();
		this.#input.destroy();
	}

	#close(): void {
		if (this.#over) return;
		this.#over = true;
		clearTimeout(this.#timer);
		this.#options.memory.used -= this.#counted;
		this.#counted = 0;
		const { destroyed } = this.#input;
		this.#leave();
		// A connection that is at its end still has errors to tell, and nobody to hear them.
		this.#input.on('error', () => undefined);
		this.#output.on('error', () => undefined);
		if ((this.#output as unknown) === process.stdout) this.#input.destroy();
		else {
			this.#output.end();
			this.#input.resume();
			if (!destroyed) setTimeout(() => this.#input.destroy(), 5000).unref();
		}
		this.#end();
	}
}
