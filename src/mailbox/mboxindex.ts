/**
 * What is known of the messages of an mbox file: where they begin, what their status fields say, how long
 * their headers are. Found in one pass in large chunks, of which nothing is kept; in a second one where a
 * Content-Length shows that what looked like a message is text. Knows no locks, and not the messages
 * themselves.
 */
import { readSync } from 'node:fs';

import { textAmong } from './contentlength.js';
import { Splitter } from './mbox.js';
import { joinKept } from './status.js';
import { type FileWindow, windowOctets } from './window.js';

/** Beside `Kept`: has an unquoted `From ` line. */
export const bareBit = 64;

interface IndexOptions {
	/** Octets read at a time; for tests. */
	readonly chunk?: number;
	/** As Heirloom: CR LF is no line end, and a Content-Length counts for nothing. */
	readonly faithful?: boolean;
	/** A line `From ` begins a message wherever it stands. */
	readonly everyFrom?: boolean;
}

const chunkOctets = 1 << 20;

export class MboxIndex {
	readonly #fd: number;
	readonly #window: FileWindow;
	readonly #options: IndexOptions;
	readonly #chunk: number;
	/** Messages that are known. */
	#count = 0;
	/** Of each message. */
	#kept = new Uint8Array(64);
	#heads = new Uint32Array(64);
	/** What looks like the beginning of a message, in the body of one that has the length it says. */
	readonly #text = new Set<number>();

	constructor(fd: number, window: FileWindow, options: IndexOptions) {
		this.#fd = fd;
		this.#window = window;
		this.#options = options;
		this.#chunk = options.chunk ?? chunkOctets;
	}

	/** `Kept` of the message with this index, as the file has it, and `bareBit`. */
	kept(index: number): number {
		return this.#kept[index] as number;
	}

	/** Octets from the From_ line to the empty line after the header, 0 where that is not known. */
	head(index: number): number {
		return this.#heads[index] as number;
	}

	/**
	 * Takes in the messages that begin between these two offsets; returns where, and says on the way how far
	 * it has come. `inCrlf`: what stands before the first belongs to a message whose lines end with CR LF, or
	 * to none.
	 */
	*extend(from: number, size: number, inCrlf: boolean): Generator<number, number[]> {
		const { starts, doubtful } = yield* this.#scan(from, size, inCrlf);
		let found = starts;
		// Rare enough to look through it all once more: what is kept of each message has to be counted anew.
		if (doubtful.size > 0 && this.#findText(starts, doubtful, size)) {
			found = (yield* this.#scan(from, size, inCrlf)).starts;
		}
		this.#count += found.length;
		return found;
	}

	/** Where messages begin; and which of these, by index, may be text. */
	*#scan(
		from: number,
		size: number,
		inCrlf: boolean,
	): Generator<number, { starts: number[]; doubtful: Set<number> }> {
		const { faithful = false, everyFrom = false } = this.#options;
		const starts: number[] = [];
		const doubtful = new Set<number>();
		let count = this.#count;
		const splitter = new Splitter(
			{
				begin: (start) => {
					starts.push(start);
					if (count === this.#kept.length) {
						this.#kept = grown(this.#kept, new Uint8Array(count * 2));
						this.#heads = grown(this.#heads, new Uint32Array(count * 2));
					}
					this.#heads[count] = 0;
					this.#kept[count++] = 0;
				},
				body: (start) => {
					const octets = start - (starts.at(-1) as number);
					if (octets < 2 ** 32) this.#heads[count - 1] = octets;
				},
				// Whether a Content-Length counts for anything.
				...(!faithful && !everyFrom && { doubt: () => doubtful.add(starts.length - 1) }),
				keep: (bits) => {
					const at = count - 1;
					this.#kept[at] = joinKept(this.#kept[at] as number, bits);
				},
				bare: () => {
					if (count > 0) this.#kept[count - 1] = (this.#kept[count - 1] as number) | bareBit;
				},
			},
			{ crlf: !faithful, everyFrom, text: this.#text.size > 0 ? this.#text : undefined },
			inCrlf,
		);
		let window = Buffer.allocUnsafe(Math.min(this.#chunk, size - from) + 8192);
		let held = Splitter.prefix.copy(window);
		for (let at = from; at < size; ) {
			if (window.length - held < Math.min(this.#chunk, size - at)) {
				window = Buffer.concat([window], held + this.#chunk);
			}
			const wanted = Math.min(this.#chunk, window.length - held, size - at);
			const got = readSync(this.#fd, window, held, wanted, at);
			if (got === 0) break;
			const offset = at - held;
			at += got;
			const length = held + got;
			const used = splitter.push(window.subarray(0, length), offset, at >= size);
			window.copy(window, 0, used, length);
			held = length - used;
			if (at < size) yield at;
		}
		return { starts, doubtful };
	}

	/** Notes what stands in bodies, though it looks like the beginning of a message. True where there is any. */
	#findText(starts: readonly number[], doubtful: ReadonlySet<number>, size: number): boolean {
		const header = (index: number) => {
			const octets = this.#heads[this.#count + index] as number;
			if (octets === 0 || octets > windowOctets) return undefined;
			const start = starts[index] as number;
			return this.#window.read(start, start + octets);
		};
		const text = textAmong({ starts, doubtful, size, header });
		for (const start of text) this.#text.add(start);
		return text.length > 0;
	}
}

function grown<T extends Uint8Array | Uint32Array>(array: T, larger: T): T {
	larger.set(array);
	return larger;
}
