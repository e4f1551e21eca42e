/**
 * An mbox file as a Mailbox. Opening indexes it (mboxindex.ts); nothing of the text stays in memory, and
 * what is asked for later is read from the place where it stands, which is why the file stays open until
 * `close`. How new contents get into it is the business of contents.ts and rewrite.ts.
 */
import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from 'node:fs';

import { Complaint, errno } from '../complaint.js';
import { type Header, parseHeader } from '../message/header.js';
import { countLines } from '../message/octets.js';
import { type Contents, piecesOf } from './contents.js';
import { isWritable } from './disk.js';
import { fromBlank, isFrom } from './fromlines.js';
import { type Claim, claim, lockMailbox, MailboxBusy, type MailboxLock } from './lock.js';
import { Flag, type Mailbox, Message, type WriteBackOptions } from './mailbox.js';
import { MboxIndex } from './mboxindex.js';
import { rewrite } from './rewrite.js';
import { flagsOfKept, headerEnd } from './status.js';
import { FileWindow, windowOctets } from './window.js';

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
	/** A line `From ` begins a message wherever it stands. */
	readonly everyFrom?: boolean;
	/** The file, open for reading, where it may no longer be at its path. */
	readonly fd?: number;
	/** Called between the steps of writing back, with their names; for tests. */
	step?(name: string): void;
}

/** Told how far reading has come, in octets; may throw to stop it. */
export type Pause = (octets: number, of: number) => Promise<void>;

const headersKept = 64;
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
	readonly #fd: number;
	/** Octets of the file that are known: indexed, and accounted for when it is written back. */
	#octets = 0;
	/** The last octets known, to tell a file that has grown from one that has been rewritten. */
	#sample: Buffer = Buffer.alloc(0);
	readonly #lines = new Map<Message, number>();
	readonly #headers = new Map<Message, Header>();
	readonly #replaced = new Map<Message, Buffer>();
	/** What has to stand before a message that came without an empty line before it. */
	readonly #separators = new Map<Message, string>();
	readonly #window: FileWindow;
	readonly #index: MboxIndex;
	#closed = false;

	/**
	 * The same as `new`, in steps: `pause` is called between two of them, and told how many octets of how many
	 * have been read; what it throws closes the file.
	 */
	static async open(path: string, options: MboxOptions, pause: Pause): Promise<MboxFile> {
		const file = new MboxFile(path, options, true);
		try {
			const lock = file.#lockToRead(options.patience);
			try {
				const { size } = fstatSync(file.#fd);
				for (const octets of file.#takingIn(size)) await pause(octets, size);
			} finally {
				lock?.release();
			}
			return file;
		} catch (error) {
			file.close();
			throw error;
		}
	}

	/** `later`: it is read afterwards. Throws errno errors, EISDIR and EINVAL for what is no file, and MailboxBusy. */
	constructor(path: string, options: MboxOptions, later = false) {
		this.path = path;
		this.name = options.name;
		this.kind = options.kind;
		this.#options = options;
		this.#fd = options.fd ?? openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
		this.#window = new FileWindow(this.#fd, () => this.#changed());
		this.#index = new MboxIndex(this.#fd, this.#window, options);
		try {
			const stats = fstatSync(this.#fd);
			if (stats.isDirectory()) throw errno('EISDIR', path);
			if (!stats.isFile()) throw errno('EINVAL', path);
			this.readOnly = options.readOnly || !isWritable(path);
			if (later) return;
			const lock = this.#lockToRead(options.patience);
			try {
				this.#takeIn(fstatSync(this.#fd).size);
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
	#takeIn(size: number): void {
		const steps = this.#takingIn(size);
		while (!steps.next().done);
	}

	*#takingIn(size: number): Generator<number, void> {
		const first = this.messages.length;
		const before = this.messages.at(-1);
		const inCrlf = !this.#options.faithful && (before === undefined || this.#isCrlf(before));
		const starts = yield* this.#index.extend(this.#octets, size, inCrlf);
		// Text before the first From_ line belongs to the message before, or to none.
		if (before) this.#stretch(before, (starts[0] ?? size) - this.#startAfter(before));
		starts.forEach((start, index) => {
			const number = first + index + 1;
			const octets = (starts[index + 1] ?? size) - start;
			const flags = flagsOfKept(this.#index.kept(number - 1));
			this.messages.push(new Message(number, start, octets, flags));
		});
		const joined = before && starts[0] === this.#octets && this.messages[first];
		if (joined && !this.#options.faithful) this.#separate(before, joined);
		this.#octets = size;
		this.#sample = this.#window.read(Math.max(0, size - sampleOctets), size);
	}

	/** Notes what has to stand between two messages, where no empty line does. */
	#separate(before: Message, message: Message): void {
		const end = this.#sample.toString('latin1');
		if (end.endsWith('\n\n') || (this.#isCrlf(before) && end.endsWith('\n\r\n'))) return;
		this.#separators.set(message, end.endsWith('\n') ? '\n' : '\n\n');
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
		const octets = this.#window.look(message.start, wanted, most, this.#octets);
		if (isFrom(octets, 0)) return octets;
		this.#window.forget();
		throw this.#changed();
	}

	/** Whether what was peeked at is the whole message. */
	#isAll(message: Message, octets: Buffer): boolean {
		return octets.length >= message.octets || this.#replaced.has(message);
	}

	/** From the From_ line to the empty line after the header, or all there is. Good until the next look. */
	#head(message: Message): Buffer {
		const known = this.#replaced.has(message) ? 0 : this.#index.head(message.number - 1);
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

	read(message: Message): Buffer {
		const octets = this.look(message);
		return message.octets <= windowOctets ? Buffer.from(octets) : octets;
	}

	look(message: Message): Buffer {
		// Beyond the window there is no sense in keeping the octets a second time.
		if (message.octets <= windowOctets) return this.#peek(message, message.octets);
		this.#peek(message, 4096);
		return (
			this.#replaced.get(message) ??
			this.#window.read(message.start, message.start + message.octets)
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
		const octets = this.#postmark(message);
		// To Heirloom the CR is a part of the line.
		const cr = !this.#options.faithful && octets.at(-1) === carriageReturn;
		return octets.toString('latin1', 0, cr ? octets.length - 1 : octets.length);
	}

	/** Whether its lines end with CR LF. */
	#isCrlf(message: Message): boolean {
		return this.#postmark(message).at(-1) === carriageReturn;
	}

	/** The From_ line without its newline. Good until the next look. */
	#postmark(message: Message): Buffer {
		for (let least = 4096; ; least *= 4) {
			const octets = this.#peek(message, least);
			const end = octets.indexOf(10);
			if (end >= 0) return octets.subarray(0, end);
			if (this.#isAll(message, octets)) return octets;
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
			const piece = this.#window.read(at, Math.min(end, at + windowOctets));
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
			this.#takeIn(fstatSync(this.#fd).size);
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
		if (!this.#window.read(this.#octets - length, this.#octets).equals(this.#sample)) return false;
		const last = this.messages.at(-1);
		return !last || this.#window.read(last.start, last.start + 5).equals(fromBlank);
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
			decided: () => options.decided?.(),
			step: (name) => this.#options.step?.(name),
			pieces: () => {
				this.#assertOurs();
				const known = this.#octets;
				const size = fstatSync(this.#fd).size;
				// So that those are counted which have come; they are kept as they stand.
				const pieces = piecesOf(this.#contents(), keep, size);
				if (size > known) this.#takeIn(size);
				return pieces;
			},
		});
		return this.messages.length - before;
	}

	/** As contents.ts asks for it. */
	#contents(): Contents {
		return {
			messages: this.messages,
			known: this.#octets,
			faithful: this.#options.faithful ?? false,
			kept: ({ number }) => this.#index.kept(number - 1),
			replaced: (message) => this.#replaced.get(message),
			beginning: (message) => this.#peek(message, 512),
			head: (message) => this.#head(message),
			read: (message) => this.read(message),
			separator: (message) => this.#separators.get(message),
		};
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		closeSync(this.#fd);
	}
}

const carriageReturn = 13;
