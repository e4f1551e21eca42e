/**
 * Octets to keys. The decoder is pure: it keeps what is incomplete (a character of several octets, an
 * escape sequence, a paste) until the rest comes. The keyboard owns the terminal's input while somebody
 * waits for a person: raw mode and bracketed paste are on only then, and keys that came too early stay
 * here for the next wait. Sequences as in xterm's ctlseqs; names as in Emacs (`C-a`, `M-b`).
 */
import { constants, readFileSync, readSync } from 'node:fs';
import { ReadStream } from 'node:tty';

import { isErrno } from '../complaint.js';
import { decodeText } from './charset.js';

export type Key =
	| { readonly kind: 'text'; readonly text: string; readonly early?: true }
	| { readonly kind: 'paste'; readonly text: string }
	/** `early`: typed in cooked mode, before anybody waited: the kernel has shown it already. */
	| { readonly kind: 'key'; readonly name: string; readonly early?: true }
	/** The terminal's answer to "where is the cursor": from 1. */
	| { readonly kind: 'position'; readonly row: number; readonly column: number };

const pasteStart = Buffer.from('\x1b[200~');
const pasteEnd = Buffer.from('\x1b[201~');

const finals: Record<string, string> = {
	A: 'up',
	B: 'down',
	C: 'right',
	D: 'left',
	F: 'end',
	H: 'home',
	Z: 'S-tab',
};
const numbered: Record<string, string> = {
	1: 'home',
	2: 'insert',
	3: 'delete',
	4: 'end',
	5: 'page-up',
	6: 'page-down',
	7: 'home',
	8: 'end',
};

export class KeyDecoder {
	readonly #charset: string;
	#held: Buffer = Buffer.alloc(0);
	#pasting = false;

	constructor(charset: string) {
		this.#charset = charset;
	}

	/** Something is held back that may be an escape key and nothing more. */
	get undecided(): boolean {
		return this.#held[0] === 0x1b && !this.#pasting;
	}

	feed(octets: Uint8Array): Key[] {
		const all = Buffer.concat([this.#held, octets]);
		this.#held = Buffer.alloc(0);
		const keys: Key[] = [];
		for (let at = 0; at < all.length; ) {
			const rest = all.subarray(at);
			const length = this.#pasting ? this.#paste(rest, keys) : this.#one(rest, keys);
			if (length === 0) {
				this.#held = Buffer.from(rest);
				break;
			}
			at += length;
		}
		return keys;
	}

	/** Gives up waiting for the rest of an escape sequence: it was the escape key. */
	flush(): Key[] {
		if (!this.undecided) return [];
		const rest = this.#held.subarray(1);
		this.#held = Buffer.alloc(0);
		return [{ kind: 'key', name: 'escape' }, ...this.feed(rest)];
	}

	/** Octets used; 0 where the end of the paste has not come yet. */
	#paste(octets: Buffer, keys: Key[]): number {
		const end = octets.indexOf(pasteEnd);
		if (end < 0) return 0;
		this.#pasting = false;
		const text = decodeText(octets.subarray(0, end), this.#charset);
		keys.push({ kind: 'paste', text: text.replace(/\r\n?/g, '\n') });
		return end + pasteEnd.length;
	}

	#one(octets: Buffer, keys: Key[]): number {
		const first = octets[0] as number;
		if (first === 0x1b) return this.#escape(octets, keys);
		if (first < 0x20 || first === 0x7f) {
			keys.push(this.#control(first, octets[1]));
			return 1;
		}
		let end = 1;
		while (end < octets.length && (octets[end] as number) >= 0x20 && octets[end] !== 0x7f) end++;
		const whole = end < octets.length ? end : end - this.#incomplete(octets.subarray(0, end));
		if (whole > 0) {
			keys.push({ kind: 'text', text: decodeText(octets.subarray(0, whole), this.#charset) });
		}
		return whole;
	}

	#control(octet: number, next: number | undefined): Key {
		switch (octet) {
			case 0x0a:
			case 0x0d:
				return { kind: 'key', name: 'return' };
			case 0x09:
				// A person's Tab comes alone; within a run of text it is text that a program typed.
				return next !== undefined && next >= 0x20 && next !== 0x7f
					? { kind: 'text', text: '\t' }
					: { kind: 'key', name: 'tab' };
			case 0x08:
			case 0x7f:
				return { kind: 'key', name: 'backspace' };
		}
		return { kind: 'key', name: `C-${String.fromCharCode(octet + 0x40).toLowerCase()}` };
	}

	/** Octets at the end that begin a UTF-8 character and do not finish it. */
	#incomplete(octets: Buffer): number {
		if (this.#charset !== 'utf-8') return 0;
		for (let back = 1; back <= Math.min(3, octets.length); back++) {
			const octet = octets[octets.length - back] as number;
			if (octet < 0x80) return 0;
			if (octet < 0xc0) continue;
			const length = octet >= 0xf0 ? 4 : octet >= 0xe0 ? 3 : 2;
			return back < length ? back : 0;
		}
		return 0;
	}

	#escape(octets: Buffer, keys: Key[]): number {
		if (octets.length === 1) return 0;
		const text = octets.subarray(0, 32).toString('latin1');
		const [sequence, parameters = '', final = ''] =
			/^\x1b\[([0-?]*)[ -/]*([@-~])/.exec(text) ?? /^\x1bO()([A-Za-z])/.exec(text) ?? [];
		if (sequence === undefined) {
			if (/^\x1b(\[[0-?]*[ -/]*|O)$/.test(text)) return 0;
			const second = octets[1] as number;
			if (second === 0x1b && octets.length === 2) return 0;
			const after: Key[] = [];
			const length = this.#one(octets.subarray(1, second < 0x80 ? 2 : octets.length), after);
			if (length === 0) return 0;
			for (const key of after) keys.push(withMeta(key));
			return 1 + length;
		}
		if (sequence === pasteStart.toString('latin1')) this.#pasting = true;
		else {
			const key = named(parameters, final);
			if (key !== undefined) keys.push(key);
		}
		return sequence.length;
	}
}

function withMeta(key: Key): Key {
	if (key.kind === 'text') return { kind: 'key', name: `M-${key.text}` };
	return key.kind === 'key' ? { kind: 'key', name: `M-${key.name}` } : key;
}

function named(parameters: string, final: string): Key | undefined {
	const [first = '', second = ''] = parameters.split(';');
	if (final === 'R' && first !== '' && second !== '') {
		return { kind: 'position', row: Number(first), column: Number(second) };
	}
	const name = final === '~' ? numbered[first] : finals[final];
	if (name === undefined) return undefined;
	// xterm: 1 + the sum of shift 1, alt 2, control 4.
	const held = Math.max(0, Number(second || 1) - 1);
	return { kind: 'key', name: `${held & 4 ? 'C-' : ''}${held & 2 ? 'M-' : ''}${name}` };
}

/** Whether reading returns at once where there is nothing: so since libuv opened the terminal anew. */
function neverBlocks(fd: number): boolean {
	try {
		const [, flags = '0'] =
			/^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? [];
		return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
	} catch (error) {
		if (isErrno(error)) return false;
		throw error;
	}
}

/** How long the rest of an escape sequence may take, in milliseconds. */
const escapePatience = 50;

/** The person's keyboard: keys in order, from one wait to the next. */
export class Keyboard {
	readonly #decoder: KeyDecoder;
	readonly #draw: (text: string) => void;
	#input: ReadStream | undefined;
	#keys: Key[] = [];
	#arrived: (() => void) | undefined;
	#patience: NodeJS.Timeout | undefined;
	#gone = false;

	/** `draw` writes a control sequence to the terminal. */
	constructor(charset: string, draw: (text: string) => void) {
		this.#decoder = new KeyDecoder(charset);
		this.#draw = draw;
	}

	/** Raw mode and bracketed paste on; keys are gathered from now on. */
	start(): void {
		this.#input ??= this.#open();
		this.#takeEarly();
		this.#input.setRawMode(true);
		this.#draw('\x1b[?2004h');
		this.#input.resume();
	}

	/** The terminal as it was; what was typed and not taken stays. */
	stop(): void {
		if (this.#input === undefined) return;
		clearTimeout(this.#patience);
		this.#input.pause();
		this.#draw('\x1b[?2004l');
		if (!this.#gone) this.#input.setRawMode(false);
	}

	/** Lines that were finished while the terminal was cooked: they have been echoed once. */
	#takeEarly(): void {
		if (!neverBlocks(0)) return;
		const line = Buffer.alloc(4096);
		for (;;) {
			try {
				const octets = readSync(0, line);
				const keys: Key[] =
					octets === 0
						? [{ kind: 'key', name: 'C-d' }]
						: this.#decoder.feed(line.subarray(0, octets));
				for (const key of keys) {
					this.#keys.push(
						key.kind === 'text' || key.kind === 'key' ? { ...key, early: true } : key,
					);
				}
			} catch (error) {
				if (isErrno(error)) return;
				throw error;
			}
		}
	}

	#open(): ReadStream {
		const input = new ReadStream(0);
		input.on('data', (octets: Buffer) => {
			clearTimeout(this.#patience);
			this.#add(this.#decoder.feed(octets));
			if (this.#decoder.undecided) {
				this.#patience = setTimeout(() => this.#add(this.#decoder.flush()), escapePatience);
			}
		});
		const end = () => {
			// Hang-up: there will be no more keys, and no waiting for them.
			this.#gone = true;
			this.#add([]);
		};
		input.on('end', end);
		input.on('error', end);
		return input;
	}

	#add(keys: readonly Key[]): void {
		this.#keys.push(...keys);
		if (keys.length > 0 || this.#gone) this.wake();
	}

	/** Ends a wait though no key may have come: there is something else to look at. */
	wake(): void {
		const arrived = this.#arrived;
		this.#arrived = undefined;
		arrived?.();
	}

	/** The next key that has come; undefined: none waits. */
	take(): Key | undefined {
		return this.#keys.shift();
	}

	/**
	 * Takes a line that has come whole, of nothing but text: a program types, or somebody typed ahead.
	 * `shown`: the kernel has echoed it. Undefined where the first keys are no such line.
	 */
	takeLine(): { readonly text: string; readonly shown: boolean } | undefined {
		const length = this.#keys.findIndex((key) => key.kind !== 'text') + 1;
		const last = this.#keys[length - 1];
		if (last?.kind !== 'key' || last.name !== 'return') return undefined;
		const keys = this.#keys.splice(0, length);
		const text = keys.map((key) => (key.kind === 'text' ? key.text : '')).join('');
		return { text, shown: keys.every((key) => 'early' in key) };
	}

	/** Puts keys before those that wait: the rest of a paste, obeyed line by line. */
	putBack(keys: readonly Key[]): void {
		this.#keys.unshift(...keys);
	}

	/** As if typed: ^C that another process sent. */
	type(key: Key): void {
		this.#add([key]);
	}

	/** Resolves when a key waits, after some milliseconds, or on `wake`; false: there will never be one. */
	async ready(milliseconds?: number): Promise<boolean> {
		if (this.#keys.length > 0) return true;
		if (this.#gone) return false;
		await new Promise<void>((resolve) => {
			this.#arrived = resolve;
			if (milliseconds !== undefined) setTimeout(resolve, milliseconds);
		});
		return this.#keys.length > 0 || !this.#gone;
	}

	close(): void {
		this.#input?.destroy();
		this.#input = undefined;
	}
}
