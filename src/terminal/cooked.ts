/**
 * Waiting on a terminal in its own cooked mode: the kernel edits the line, echoes it, and makes ^C
 * and ^Z signals. For dumb terminals, Emacs shells, screen readers, and where live is not wanted.
 * Lines typed ahead stay in the kernel, where a child may find them.
 */
import { ReadStream } from 'node:tty';

import { decodeText } from './charset.js';
import type { Ground, Wait } from './plain.js';
import type { Line, LineRequest } from './terminal.js';

export class CookedWait implements Wait {
	readonly #ground: Ground;
	#input: ReadStream | undefined;
	#rest = Buffer.alloc(0);
	#settle: ((line: Line) => void) | undefined;
	#prompt = '';

	constructor(ground: Ground) {
		this.#ground = ground;
		process.on('SIGCONT', this.#onContinue);
	}

	async readLine(request: LineRequest): Promise<Line> {
		const initial = request.initial ?? '';
		this.#prompt = request.kind === 'body' ? '(continue)\n' : request.prompt + initial;
		this.#ground.write(request.prompt + initial);
		const line = await new Promise<Line>((resolve) => {
			this.#settle = resolve;
			if (!this.#takeLine()) this.#open().resume();
		});
		// The kernel cannot edit a text it has not seen: Return accepts the old one, else a new one is typed.
		return line.kind === 'line' && line.text === '' ? { kind: 'line', text: initial } : line;
	}

	/** The stream is made anew after each end of file: ^D ends one reading, not the terminal. */
	#open(): ReadStream {
		if (this.#input !== undefined) return this.#input;
		const input = new ReadStream(0);
		input.on('data', (octets: Buffer) => {
			this.#rest = Buffer.concat([this.#rest, octets]);
			this.#takeLine();
		});
		input.on('end', () => {
			this.#input = undefined;
			const last = this.#rest;
			this.#rest = Buffer.alloc(0);
			if (last.length > 0) this.#finish({ kind: 'line', text: this.#decode(last) });
			else this.#finish({ kind: 'end' });
		});
		input.on('error', () => {
			// The terminal has gone (hang-up): nobody will type any more.
			this.#input = undefined;
			this.#finish({ kind: 'end' });
		});
		this.#input = input;
		return input;
	}

	#takeLine(): boolean {
		const newline = this.#rest.indexOf(0x0a);
		if (newline < 0) return false;
		const text = this.#decode(this.#rest.subarray(0, newline));
		this.#rest = this.#rest.subarray(newline + 1);
		this.#finish({ kind: 'line', text });
		return true;
	}

	#decode(octets: Buffer): string {
		return decodeText(octets, this.#ground.charset);
	}

	#finish(line: Line): void {
		this.#input?.pause();
		const settle = this.#settle;
		this.#settle = undefined;
		settle?.(line);
	}

	readonly #onContinue = () => {
		if (this.#settle !== undefined) this.#ground.write(this.#prompt);
	};

	interrupt(): void {
		this.#rest = Buffer.alloc(0);
		this.#finish({ kind: 'interrupt' });
	}

	close(): void {
		process.removeListener('SIGCONT', this.#onContinue);
		this.#input?.destroy();
		this.#input = undefined;
	}
}
