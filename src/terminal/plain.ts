/**
 * The terminal of pipes, files and dumb ttys: lines in, text out, nothing drawn. Prompts are printed
 * as asked; whether to ask is the interpreter's business. Reading a pipe or a file needs no stream and
 * no event loop turn; a terminal is read in its own cooked mode, so that ^C and ^Z are the kernel's.
 *
 * The live terminal is this one with another `Wait`: everything that is not waiting for a person
 * (output, signals, children) is done here, once.
 */
import { readSync } from 'node:fs';

import { Interrupted } from '../complaint.js';
import type { Fashion } from '../message/columns.js';
import { makeSayable } from '../message/text.js';
import { charsetOf, decodeText, encodeText } from './charset.js';
import { fashionOf } from './fashion.js';
import { isTerminal } from './isterminal.js';
import { Output } from './output.js';
import type { Child, ChildEnd, Line, LineRequest, Terminal } from './terminal.js';

/** How a line is got from a person. Resolves to an interrupt when `interrupt` is called meanwhile. */
export interface Wait {
	readLine(request: LineRequest): Promise<Line>;
	interrupt(): void;
	/** Shows a long text, where no pager program was named; undefined: it is just printed. */
	page?(text: string, title: string): Promise<void>;
	/** Lets go of the terminal for good. */
	close(): void;
}

/** What a `Wait` may use of the terminal it works for. */
export interface Ground {
	readonly env: NodeJS.ProcessEnv;
	readonly charset: string;
	readonly fashion: Fashion;
	readonly columns: number;
	readonly rows: number;
	/** What was written since the last newline; undefined where a child may have written after it. */
	readonly tail: string | undefined;
	write(text: string | Uint8Array): void;
	/** Control sequences, and what is not to stay: written like text, but not part of `tail`. */
	draw(text: string): void;
}

/** The terminal for this process: file descriptors 0, 1 and 2. */
export function openPlain(env: NodeJS.ProcessEnv = process.env): PlainTerminal {
	return new PlainTerminal(env);
}

export class PlainTerminal implements Terminal, Ground {
	readonly interactive = isTerminal(0);
	readonly outputIsTerminal = isTerminal(1);
	readonly env: NodeJS.ProcessEnv;
	readonly charset: string;
	readonly fashion: Fashion;
	readonly #output = new Output(1, this.outputIsTerminal);
	readonly #errors = new Output(2, true);
	#wait: Wait | undefined;
	#waiting = false;
	#interrupted = false;
	#interruptsIgnored = false;
	#lent = false;
	#foundModes: string | undefined;
	#tail: string | undefined = '';

	constructor(env: NodeJS.ProcessEnv) {
		this.env = env;
		this.charset = charsetOf(env);
		this.fashion = fashionOf(env);
		if (this.interactive) process.on('SIGINT', this.#onInterrupt);
	}

	readonly #onInterrupt = () => {
		// A child that has the terminal has the ^C as well: it is not meant for us.
		if (this.#lent) return;
		if (this.#waiting) this.#wait?.interrupt();
		else if (!this.#interruptsIgnored) this.#interrupted = true;
	};

	get columns(): number {
		return (this.outputIsTerminal && process.stdout.columns) || 80;
	}

	get rows(): number {
		return (this.outputIsTerminal && process.stdout.rows) || 24;
	}

	get tail(): string | undefined {
		return this.#tail;
	}

	write(text: string | Uint8Array): void {
		this.#output.write(typeof text === 'string' ? encodeText(text, this.charset) : text);
		if (this.outputIsTerminal) this.#noteTail(text);
	}

	draw(text: string): void {
		this.#output.write(encodeText(text, this.charset));
	}

	#noteTail(text: string | Uint8Array): void {
		const octets = typeof text === 'string' ? undefined : Buffer.from(text);
		const newline = octets?.lastIndexOf(0x0a) ?? (text as string).lastIndexOf('\n');
		if (newline >= 0) this.#tail = '';
		if (this.#tail === undefined) return;
		this.#tail += octets
			? decodeText(octets.subarray(newline + 1), this.charset)
			: (text as string).slice(newline + 1);
	}

	complain(text: string | Uint8Array): void {
		this.#output.flush();
		const octets =
			typeof text === 'string' ? encodeText(makeSayable(text, this.charset), this.charset) : text;
		if (this.outputIsTerminal) this.#noteTail(octets);
		this.#errors.write(octets);
	}

	async readLine(request: LineRequest): Promise<Line> {
		if (this.#interrupted) {
			this.#interrupted = false;
			return { kind: 'interrupt' };
		}
		this.#wait ??= await this.openWait();
		this.#waiting = true;
		try {
			return await this.#wait.readLine(request);
		} finally {
			this.#waiting = false;
		}
	}

	async readRest(): Promise<Uint8Array> {
		this.#wait ??= await this.openWait();
		return this.#wait instanceof PipedWait ? this.#wait.readRest() : new Uint8Array();
	}

	protected async openWait(): Promise<Wait> {
		if (this.interactive) return new (await import('./cooked.js')).CookedWait(this);
		return new PipedWait(this, () => this.#output.flush());
	}

	async page(text: Uint8Array, title: string, pager: string | undefined): Promise<void> {
		if (pager !== undefined) {
			const words = pager.trim().split(/ +/);
			const plain = /^[\w./+-]+$/.test(words[0] ?? '') && !/[^\w./+:=@%^, -]/.test(pager);
			const end = await this.lend({ command: plain ? words : pager, input: text });
			if (end.error !== undefined) this.complain(`${words[0]}: ${end.error}\n`);
		} else if (this.#wait?.page !== undefined && this.outputIsTerminal) {
			await this.#wait.page(decodeText(text, this.charset), title);
		} else this.write(text);
	}

	hasLent = false;

	async lend(child: Child): Promise<ChildEnd> {
		this.#output.flush();
		const { run, terminalModes, restoreModes } = await import('./child.js');
		const onTerminal = this.interactive && child.capture !== true;
		if (onTerminal) this.#foundModes ??= terminalModes();
		this.#lent = true;
		this.hasLent = true;
		try {
			const end = run(child, this.env);
			this.#tail = undefined;
			// An editor that was killed cannot have put the terminal back in order.
			if (onTerminal && end.signal !== undefined) restoreModes(this.#foundModes);
			return end;
		} finally {
			// The signals that came meanwhile are delivered now, while they are still the child's.
			await turn();
			this.#lent = false;
		}
	}

	async checkpoint(): Promise<void> {
		await turn();
		if (!this.#interrupted) return;
		this.#interrupted = false;
		throw new Interrupted();
	}

	ignoreInterrupts(ignored: boolean): void {
		this.#interruptsIgnored = ignored;
	}

	close(): void {
		this.#wait?.close();
		this.#wait = undefined;
		process.removeListener('SIGINT', this.#onInterrupt);
		this.#output.flush();
	}
}

/** Two rounds of the event loop: one is not enough to pass the place where signals come in. */
async function turn(): Promise<void> {
	await new Promise((resolve) => setImmediate(resolve));
	await new Promise((resolve) => setImmediate(resolve));
}

/** Lines from a pipe or a file. The last one need not end in a newline; NUL is a character. */
class PipedWait implements Wait {
	readonly #ground: Ground;
	readonly #beforeRead: () => void;
	#chunk: Buffer = Buffer.alloc(0);
	#ended = false;

	constructor(ground: Ground, beforeRead: () => void) {
		this.#ground = ground;
		this.#beforeRead = beforeRead;
	}

	async readLine(request: LineRequest): Promise<Line> {
		this.#ground.write(request.prompt + (request.initial ?? ''));
		const pieces: Buffer[] = [];
		for (;;) {
			const newline = this.#chunk.indexOf(0x0a);
			if (newline >= 0) {
				pieces.push(this.#chunk.subarray(0, newline));
				this.#chunk = this.#chunk.subarray(newline + 1);
				break;
			}
			if (this.#chunk.length > 0) pieces.push(this.#chunk);
			this.#chunk = await this.#read();
			if (this.#chunk.length === 0) {
				if (pieces.length === 0) return { kind: 'end' };
				break;
			}
		}
		const text = decodeText(Buffer.concat(pieces), this.#ground.charset);
		return { kind: 'line', text: text === '' ? (request.initial ?? '') : text };
	}

	async readRest(): Promise<Buffer> {
		const pieces = [this.#chunk];
		this.#chunk = Buffer.alloc(0);
		for (;;) {
			const chunk = await this.#read();
			if (chunk.length === 0) return Buffer.concat(pieces);
			pieces.push(chunk);
		}
	}

	/** The next octets; none at the end, which stays the end (a pipe has only one). */
	async #read(): Promise<Buffer> {
		if (this.#ended) return Buffer.alloc(0);
		this.#beforeRead();
		const chunk = Buffer.allocUnsafe(1 << 16);
		for (;;) {
			try {
				const octets = readSync(0, chunk);
				this.#ended = octets === 0;
				return chunk.subarray(0, octets);
			} catch (error) {
				const { code } = error as NodeJS.ErrnoException;
				// Whoever gave us the pipe made it non-blocking: nothing there yet is not the end.
				if (code === 'EAGAIN') await new Promise((resolve) => setTimeout(resolve, 5));
				else if (code === 'EOF' || code === 'EIO' || code === 'EISDIR' || code === 'EBADF') {
					this.#ended = true;
					return Buffer.alloc(0);
				} else throw error;
			}
		}
	}

	interrupt(): void {
		// Without a terminal ^C ends the program before anybody asks.
	}

	close(): void {
		this.#chunk = Buffer.alloc(0);
	}
}
