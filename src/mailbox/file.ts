/**
 * An mbox file as a Mailbox. Opening is one pass in large chunks that keeps offsets and the status
 * fields; nothing of the text stays in memory, and what is asked for later is read from the place
 * where it stands. The file stays open until `close`; writing back is the business of rewrite.ts.
 */
import {
	accessSync,
	closeSync,
	constants,
	fstatSync,
	openSync,
	readSync,
	type Stats,
	statSync,
} from 'node:fs';

import { Complaint, isErrno } from '../complaint.js';
import { type Header, parseHeader } from '../message/header.js';
import { Extracts } from './extracts.js';
import { lockMailbox, MailboxBusy, type MailboxLock } from './lock.js';
import { Flag, type Mailbox, Message, type WriteBackOptions } from './mailbox.js';
import { countLines, joinKept, quoteFrom, Splitter } from './mbox.js';
import { type Claim, claim, type Piece, rewrite } from './rewrite.js';
import { flagsOfKept, headerEnd, isHeadless, Kept, keptOfFlags, restateStatus } from './status.js';

export interface MboxOptions {
	readonly kind: 'system' | 'file';
	readonly readOnly: boolean;
	/** As it is shown. */
	readonly name: string;
	/** Where a recovery copy goes when the mailbox's own directory is closed to us. */
	readonly home: string;
	/** Octets read at a time; for tests. */
	readonly chunk?: number;
	/** Milliseconds to wait for locks. */
	readonly patience?: number;
	/** Writes back as Heirloom does: every `From ` quoted, the first line of a message without header lost. */
	readonly faithful?: boolean;
	/** The file, open for reading, where it may no longer be at its path. */
	readonly fd?: number;
	/** Called between the steps of writing back, with their names; for tests. */
	step?(name: string): void;
}

const chunkOctets = 1 << 20;
/** What is read around a message when the next one will probably be asked for too. */
const windowOctets = 1 << 18;
const headersKept = 64;
/** Beside `Kept`: has an unquoted `From ` line. */
const bareBit = 64;
const sampleOctets = 128;

export class MboxFile implements Mailbox {
	readonly path: string;
	readonly name: string;
	readonly kind: 'system' | 'file';
	readonly format = 'mbox';
	readonly readOnly: boolean;
	readonly messages: Message[] = [];
	dot: Message | undefined;
	previousDot: Message | undefined;

	readonly #options: MboxOptions;
	readonly #chunk: number;
	readonly #fd: number;
	/** Octets of the file that are known: indexed, and accounted for when it is written back. */
	#octets = 0;
	/** `Kept` of each message as the file has it, and the bare bit. */
	#kept = new Uint8Array(64);
	/** Octets from the From_ line to the empty line after the header, 0 where that is not known. */
	#heads = new Uint32Array(64);
	readonly #extracts = new Extracts();
	/** The last octets known, to tell a file that has grown from one that has been rewritten. */
	#sample: Buffer = Buffer.alloc(0);
	readonly #lines = new Map<Message, number>();
	readonly #headers = new Map<Message, Header>();
	readonly #replaced = new Map<Message, Buffer>();
	#window: Buffer = Buffer.alloc(0);
	#arena: Buffer = Buffer.alloc(0);
	#windowStart = 0;
	#closed = false;

	/** Throws errno errors, EISDIR and EINVAL for what is no file, and MailboxBusy. */
	constructor(path: string, options: MboxOptions) {
		this.path = path;
		this.name = options.name;
		this.kind = options.kind;
		this.#options = options;
		this.#chunk = options.chunk ?? chunkOctets;
		this.#fd = options.fd ?? openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
		try {
			const stats = fstatSync(this.#fd);
			if (stats.isDirectory()) throw errno('EISDIR', path);
			if (!stats.isFile()) throw errno('EINVAL', path);
			this.readOnly = options.readOnly || !isWritable(path);
			const lock = this.#lockToRead(options.patience);
			try {
				this.#index(fstatSync(this.#fd).size);
			} finally {
				lock?.release();
			}
		} catch (error) {
			closeSync(this.#fd);
			throw error;
		}
	}

	/** Deliverers write into a system mailbox: it is read under a shared lock. */
	#lockToRead(patience: number | undefined): MailboxLock | undefined {
		if (this.kind !== 'system') return undefined;
		return lockMailbox(this.path, this.#fd, {
			dot: 'none',
			shared: true,
			...(patience === undefined ? {} : { patience }),
		});
	}

	/** Reads on from what is known to `size`, which becomes what is known. */
	#index(size: number): void {
		const first = this.messages.length;
		const starts: number[] = [];
		let count = first;
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
				fields: (octets, from, to) => this.#extracts.put(count - 1, octets, from, to),
				keep: (bits) => {
					const at = count - 1;
					this.#kept[at] = joinKept(this.#kept[at] as number, bits);
				},
				bare: () => {
					if (count > 0) this.#kept[count - 1] = (this.#kept[count - 1] as number) | bareBit;
				},
			},
			!this.#options.faithful,
		);
		let window = Buffer.allocUnsafe(Math.min(this.#chunk, size - this.#octets) + 8192);
		let held = Splitter.prefix.copy(window);
		for (let at = this.#octets; at < size; ) {
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
		}
		const before = this.messages.at(-1);
		// Text before the first From_ line belongs to the message before, or to none.
		if (before) this.#stretch(before, (starts[0] ?? size) - this.#startAfter(before));
		starts.forEach((start, index) => {
			const number = first + index + 1;
			const octets = (starts[index + 1] ?? size) - start;
			const flags = flagsOfKept(this.#kept[number - 1] as number);
			this.messages.push(new Message(number, start, octets, flags));
		});
		this.#octets = size;
		this.#sample = this.#pread(Math.max(0, size - sampleOctets), size);
	}

	#stretch(message: Message, octets: number): void {
		if (octets === 0) return;
		message.octets += octets;
		this.#lines.delete(message);
		this.#headers.delete(message);
	}

	/** Where the file goes on after a message, whatever has been put in its place. */
	#startAfter(message: Message): number {
		return this.messages[message.number]?.start ?? this.#octets;
	}

	#pread(from: number, to: number, into: Buffer = Buffer.allocUnsafe(to - from)): Buffer {
		const octets = into.subarray(0, Math.max(0, to - from));
		let at = 0;
		while (at < octets.length) {
			const got = readSync(this.#fd, octets, at, octets.length - at, from + at);
			if (got === 0) throw this.#changed();
			at += got;
		}
		return octets;
	}

	#changed(): Complaint {
		return new Complaint(
			`${this.name}: changed by another program; leave with exit and open it again`,
			'stderr',
		);
	}

	/**
	 * The first octets of a message, at least `least` where it has so many, and `most`. Good until the
	 * next look.
	 */
	#peek(message: Message, least: number, most = message.octets): Buffer {
		const replaced = this.#replaced.get(message);
		if (replaced) return replaced;
		const wanted = Math.min(least, message.octets);
		const from = message.start - this.#windowStart;
		if (from >= 0 && from + wanted <= this.#window.length) {
			return this.#window.subarray(from, from + most);
		}
		// Near where the last read was, others will follow: read as much as is cheap.
		const inOrder = from >= 0 && from <= this.#window.length + 4096 && this.#window.length > 0;
		const octets = Math.max(wanted, inOrder ? windowOctets : 4096);
		const to = Math.min(this.#octets, message.start + octets);
		// One arena for all: a new one each time would keep the garbage collector busier than the disk.
		if (this.#arena.length < to - message.start) {
			this.#arena = Buffer.allocUnsafeSlow(Math.max(octets, windowOctets));
		}
		this.#window = this.#arena.subarray(0, 0);
		this.#window = this.#pread(message.start, to, this.#arena);
		this.#windowStart = message.start;
		if (!this.#window.subarray(0, 5).equals(fromBlank)) {
			this.#window = Buffer.alloc(0);
			throw this.#changed();
		}
		return this.#window.subarray(0, most);
	}

	/** Whether what was peeked at is the whole message. */
	#isAll(message: Message, octets: Buffer): boolean {
		return octets.length >= message.octets || this.#replaced.has(message);
	}

	/** From the From_ line to the empty line after the header, or all there is. Good until the next look. */
	#head(message: Message): Buffer {
		const known = this.#replaced.has(message) ? 0 : this.#heads[message.number - 1];
		if (known) return this.#peek(message, known, known);
		for (let least = 4096; ; least *= 4) {
			const octets = this.#peek(message, least);
			const end = headerEnd(octets, this.#options.faithful);
			if (end < octets.length || this.#isAll(message, octets)) return octets.subarray(0, end);
		}
	}

	head(message: Message): Buffer {
		return this.#head(message);
	}

	extract(message: Message): string | undefined {
		return this.#replaced.has(message) ? undefined : this.#extracts.get(message.number - 1);
	}

	read(message: Message): Buffer {
		const octets = this.look(message);
		return message.octets <= windowOctets ? Buffer.from(octets) : octets;
	}

	look(message: Message): Buffer {
		// Beyond the window there is no sense in keeping the octets a second time.
		if (message.octets <= windowOctets) return this.#peek(message, message.octets);
		this.#peek(message, 4096);
		return (
			this.#replaced.get(message) ?? this.#pread(message.start, message.start + message.octets)
		);
	}

	header(message: Message): Header {
		const known = this.#headers.get(message);
		if (known) return known;
		const head = this.#head(message);
		const header = parseHeader(head.subarray(head.indexOf(10) + 1));
		const [oldest] = this.#headers.keys();
		if (this.#headers.size >= headersKept && oldest) this.#headers.delete(oldest);
		this.#headers.set(message, header);
		return header;
	}

	postmark(message: Message): string {
		for (let least = 4096; ; least *= 4) {
			const octets = this.#peek(message, least);
			const end = octets.indexOf(10);
			if (end >= 0) return octets.toString('latin1', 0, end);
			if (this.#isAll(message, octets)) return octets.toString('latin1');
		}
	}

	lines(message: Message): number {
		const known = this.#lines.get(message);
		if (known !== undefined) return known;
		const lines = this.#countLines(message);
		this.#lines.set(message, lines);
		return lines;
	}

	#countLines(message: Message): number {
		if (message.octets <= windowOctets) return countLines(this.#peek(message, message.octets));
		const replaced = this.#replaced.get(message);
		if (replaced) return countLines(replaced);
		let lines = 0;
		const end = message.start + message.octets;
		for (let at = message.start; at < end; at += windowOctets) {
			const piece = this.#pread(at, Math.min(end, at + windowOctets));
			lines += countLines(piece);
			// A piece that ends inside a line has not ended it.
			if (at + windowOctets < end && piece[piece.length - 1] !== 10) lines--;
		}
		return lines;
	}

	replace(message: Message, octets: Uint8Array): void {
		// As in the original the summary goes on showing the size it had in the file.
		this.lines(message);
		this.#replaced.set(message, Buffer.from(octets));
		this.#headers.delete(message);
		message.set(Flag.modified);
	}

	hasGrown(): boolean {
		const stats = this.#stats();
		return stats !== undefined && stats.size > this.#octets && this.#isOurs(stats);
	}

	/** Of what is at the path now. */
	#stats(): Stats | undefined {
		return statSync(this.path, { throwIfNoEntry: false });
	}

	#isOurs(stats: Stats): boolean {
		const own = fstatSync(this.#fd);
		return own.ino === stats.ino && own.dev === stats.dev;
	}

	takeNew(): Message[] {
		if (!this.hasGrown()) return [];
		let lock: MailboxLock | undefined;
		try {
			lock = this.#lockToRead(1000);
		} catch (error) {
			// A delivery is under way: what it brings is taken in next time.
			if (error instanceof MailboxBusy) return [];
			throw error;
		}
		try {
			if (!this.#isPrefixOurs()) throw this.#changed();
			const known = this.messages.length;
			this.#index(fstatSync(this.#fd).size);
			const taken = this.messages.slice(known);
			if (taken.length > 0) for (const message of this.messages) message.clear(Flag.newest);
			for (const message of taken) message.set(Flag.newest);
			return taken;
		} finally {
			lock?.release();
		}
	}

	/** Whether what was read still stands where it stood, as far as its ends tell. */
	#isPrefixOurs(): boolean {
		if (fstatSync(this.#fd).size < this.#octets) return false;
		const { length } = this.#sample;
		if (!this.#pread(this.#octets - length, this.#octets).equals(this.#sample)) return false;
		const last = this.messages.at(-1);
		return !last || this.#pread(last.start, last.start + 5).equals(fromBlank);
	}

	claim(): Claim {
		const held = claim(this.#place());
		try {
			this.#assertOurs();
			return held;
		} catch (error) {
			held.release();
			throw error;
		}
	}

	/** As rewrite.ts asks for it. */
	#place() {
		const { patience } = this.#options;
		return {
			path: this.path,
			dot: this.kind === 'system' ? ('attempt' as const) : ('none' as const),
			patience,
		};
	}

	/** Throws a Complaint where what is at the path is not what was read. */
	#assertOurs(): void {
		const stats = this.#stats();
		if (stats && this.#isOurs(stats) && this.#isPrefixOurs()) return;
		throw new Complaint(
			`${this.name}: changed by another program; nothing has been written`,
			'stderr',
		);
	}

	writeBack(keep: readonly Message[], options: WriteBackOptions): number {
		const before = this.messages.length;
		rewrite({
			...this.#place(),
			fd: this.#fd,
			home: this.#options.home,
			removeEmpty: options.removeEmpty,
			claim: options.claim,
			ready: () => options.ready?.(),
			step: (name) => this.#options.step?.(name),
			pieces: () => {
				this.#assertOurs();
				const known = this.#octets;
				const size = fstatSync(this.#fd).size;
				// So that those are counted which have come; they are kept as they stand.
				const pieces = this.#pieces(keep, known, size);
				if (size > known) this.#index(size);
				return pieces;
			},
		});
		return this.messages.length - before;
	}

	/** What the file is to consist of, in order; neighbours that stay as they are become one range. */
	#pieces(keep: readonly Message[], known: number, size: number): Piece[] {
		const kept = new Set(keep);
		const pieces: Piece[] = [];
		let from = 0;
		let to = this.messages[0]?.start ?? known;
		const flush = () => {
			if (to > from) pieces.push({ kind: 'range', from, to });
		};
		for (const message of this.messages) {
			const end = this.#startAfter(message);
			if (kept.has(message) && !this.#differs(message)) {
				if (to !== message.start) {
					flush();
					from = message.start;
				}
				to = end;
				continue;
			}
			flush();
			from = end;
			to = end;
			if (kept.has(message)) pieces.push(...this.#restated(message, end));
		}
		if (to !== known) {
			flush();
			from = known;
		}
		to = size;
		flush();
		return pieces;
	}

	/** Whether it has to be written in another way than it stands in the file. */
	#differs(message: Message): boolean {
		const bits = this.#kept[message.number - 1] as number;
		if (this.#replaced.has(message)) return true;
		if (this.#mustQuote(message)) return true;
		if (this.#options.faithful && this.#isHeadless(message)) return true;
		// The original spells status fields anew in whatever it writes; a copy should be a copy.
		const unheard = this.#options.faithful ? bareBit : bareBit | Kept.odd;
		return (bits & ~unheard) !== keptOfFlags(message.flags);
	}

	/** As the original, who quotes on writing; but messages nobody has dealt with are let alone. */
	#mustQuote(message: Message): boolean {
		const bits = this.#kept[message.number - 1] as number;
		const dealtWith = this.#options.faithful || message.has(Flag.touched | Flag.saved);
		return (bits & bareBit) !== 0 && dealtWith;
	}

	#isHeadless(message: Message): boolean {
		const octets = this.#peek(message, 512);
		const from = octets.indexOf(10) + 1;
		// A field, by far the most frequent case, is told without making a string of it.
		for (let at = from; at < octets.length; at++) {
			const octet = octets[at] as number;
			if (octet === colon) return false;
			if (octet <= space) break;
		}
		const header = octets.toString('latin1', from, from + 512);
		return header !== '' && isHeadless(header);
	}

	#restated(message: Message, end: number): Piece[] {
		const kept = keptOfFlags(message.flags);
		const replaced = this.#replaced.get(message);
		if (replaced || this.#mustQuote(message)) {
			const octets = replaced ?? this.read(message);
			const head = headerEnd(octets, this.#options.faithful);
			const postmark = octets.indexOf(10) + 1;
			const restated = restateStatus(octets.subarray(0, head), kept, this.#options.faithful);
			const body = [...quoteFrom([restated.subarray(postmark), octets.subarray(head)])];
			return [restated.subarray(0, postmark), ...body].map((piece) => ({
				kind: 'octets',
				octets: piece,
			}));
		}
		const head = this.#head(message);
		const octets = restateStatus(head, kept, this.#options.faithful);
		const body: Piece = { kind: 'range', from: message.start + head.length, to: end };
		return [{ kind: 'octets', octets }, ...(body.to > body.from ? [body] : [])];
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		closeSync(this.#fd);
	}
}

const colon = 58;
const space = 32;
const fromBlank = Buffer.from('From ', 'latin1');

function grown<T extends Uint8Array | Uint32Array>(array: T, larger: T): T {
	larger.set(array);
	return larger;
}

/** Whether one may write to what is at `path`. */
export function isWritable(path: string): boolean {
	try {
		accessSync(path, constants.W_OK);
		return true;
	} catch (error) {
		if (isErrno(error)) return false;
		throw error;
	}
}

/** An error as the file system would have thrown it. */
export function errno(code: string, path: string): NodeJS.ErrnoException {
	return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
