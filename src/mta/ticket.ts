/**
 * Work on one letter of the queue: its text, what became of each copy, noted durably as it happens, and what
 * remains when the work ends: nothing, or a letter that is due again at another time.
 */
import { closeSync, fsyncSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';

import { errno } from '../complaint.js';
import { isFull, syncDirectory, writeAll } from '../mailbox/disk.js';
import type { MailboxLock } from '../mailbox/lock.js';
import type { System } from '../system.js';
import { control, data, type Event, line, openEvents, type QueueEntry } from './controlfile.js';
import type { Fate, Success } from './envelope.js';
import { settingsOf } from './settings.js';

/** A letter's data file has lost its end: by hand, or by a disk. */
export class CutShort extends Error {}

/** The right to work on one letter of the queue, until `close`. */
export class Ticket {
	readonly entry: QueueEntry;
	readonly #folder: string;
	readonly #data: number;
	readonly #lock: MailboxLock;
	readonly #waiting: (string | undefined)[];
	readonly #owed: Map<number, Success>;
	#events: number | undefined;
	#closed = false;

	constructor(folder: string, fd: number, lock: MailboxLock, entry: QueueEntry) {
		this.#folder = folder;
		this.#data = fd;
		this.#lock = lock;
		this.#waiting = [...entry.waiting];
		this.#owed = new Map(entry.owed);
		this.entry = entry;
	}

	/** The indexes of the copies that are not done with. */
	get open(): number[] {
		return this.#waiting.flatMap((status, index) => (status === undefined ? [] : [index]));
	}

	/** Throws CutShort. */
	text(): { header: Buffer; body: Buffer } {
		const { headerOctets, bodyOctets } = this.entry.letter;
		const octets = Buffer.alloc(headerOctets + bodyOctets);
		for (let at = 0; at < octets.length; ) {
			const got = readSync(this.#data, octets, at, octets.length - at, at);
			if (got === 0) throw new CutShort('data file is cut short');
			at += got;
		}
		return { header: octets.subarray(0, headerOctets), body: octets.subarray(headerOctets) };
	}

	/** Of these, by index, the sender is to hear that they have arrived. */
	get owed(): ReadonlyMap<number, Success> {
		return this.#owed;
	}

	/** He has. */
	told(): void {
		if (this.#owed.size === 0) return;
		this.#owed.clear();
		if (this.open.length > 0) this.#noteIfRoom({ told: true });
	}

	/**
	 * Notes what became of a copy, durably: what is done will not be done again. `reporting`: the sender
	 * wants to hear of it where it has arrived; it stays noted until he is `told`.
	 */
	settle(index: number, fate: Fate, reporting = false): void {
		const status = fate.kind === 'deferred' ? `Deferred: ${fate.reason}` : undefined;
		const known = this.#waiting[index] === status;
		this.#waiting[index] = status;
		// The last copy needs no note: the letter is removed instead.
		if (reporting && fate.kind === 'sent') {
			this.#owed.set(index, fate);
			this.#noteDone(index, { done: index, owed: fate });
		} else if (status !== undefined && !known) this.#noteIfRoom({ kept: index, status });
		else if (status === undefined && this.open.length > 0) this.#noteDone(index, { done: index });
	}

	/** On a full disk, too: or it would be delivered again with each run until there is room. */
	#noteDone(index: number, event: Event): void {
		try {
			this.#note(event);
		} catch (error) {
			if (!isFull(error)) throw error;
			this.#mark(index);
		}
	}

	/** Writes over a sign in the control file, which needs no room. */
	#mark(index: number): void {
		const path = control(this.#folder, this.entry.letter.id);
		const start = Buffer.from('{"marks":"');
		const at = readFileSync(path).indexOf(start);
		if (at < 0) throw errno('ENOSPC', path);
		const fd = openSync(path, 'r+');
		try {
			writeAll(fd, Buffer.from('d'), at + start.length + index);
			fsyncSync(fd);
		} finally {
			closeSync(fd);
		}
	}

	/** What it would be a pity, but no harm, to forget. */
	#noteIfRoom(event: Event): void {
		try {
			this.#note(event);
		} catch (error) {
			if (!isFull(error)) throw error;
		}
	}

	#note(event: Event): void {
		this.#events ??= openEvents(control(this.#folder, this.entry.letter.id));
		writeAll(this.#events, line(event));
		fsyncSync(this.#events);
	}

	/** The last thing said of a copy. */
	statusOf(index: number): string {
		return this.#waiting[index] ?? '';
	}

	/** Notes, durably, that its sender was told that it is late. */
	warned(now: Date, status: string): void {
		this.#note({ warned: now.getTime(), status });
	}

	/** Holds it back, or lets it go, due at once. */
	hold(held: boolean): void {
		this.#note({ held });
		if (!held) this.#note({ due: true });
	}

	/** Ends the work: the letter leaves the queue when nothing is left of it, else waits for the next run. */
	close(system: System): void {
		if (this.#closed) return;
		this.#closed = true;
		const left = this.open;
		try {
			if (left.length > 0 || this.#owed.size > 0) {
				const last = left.map((index) => this.#waiting[index]).findLast(Boolean);
				const { letter, tries } = this.entry;
				const next = nextTry(system, tries + 1, letter.options?.deadline?.at);
				this.#noteIfRoom({ tried: system.now().getTime(), status: last ?? '', next });
			} else this.#remove();
		} finally {
			// On a full disk, too: a server that kept the lock would never try this letter again.
			this.#release();
		}
	}

	/** Leaves the letter as it is, untried. */
	release(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#release();
	}

	/** Takes the letter out of the queue, whatever is left of it. */
	discard(): void {
		if (this.#closed) return;
		this.#closed = true;
		try {
			this.#remove();
		} finally {
			this.#release();
		}
	}

	#remove(): void {
		const { id } = this.entry.letter;
		// The control file first: without it the data file is nothing but litter.
		rmSync(control(this.#folder, id), { force: true });
		rmSync(data(this.#folder, id), { force: true });
		syncDirectory(this.#folder);
	}

	#release(): void {
		if (this.#events !== undefined) closeSync(this.#events);
		this.#lock.release();
		closeSync(this.#data);
	}
}

/** The moment of the next try after so many: the pause doubles, up to a limit, and ends with the deadline. */
function nextTry(system: System, tries: number, deadline = Number.POSITIVE_INFINITY): number {
	const { retryMin, retryMax } = settingsOf(system);
	const now = system.now().getTime();
	const next = now + Math.min(retryMax, retryMin * 2 ** Math.min(tries - 1, 30));
	return deadline > now ? Math.min(next, deadline) : next;
}
