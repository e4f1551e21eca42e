/**
 * The store of letters that are not yet where they should be. Per letter a data file (df: header and
 * body) and a control file (qf): one line of JSON that says who sends what to whom, and a line for
 * everything that happened since. A letter is there from the moment its control file gets its name by
 * rename, and both files and the folder are on disk before that is reported. The data file's record
 * lock belongs to whoever is working on the letter.
 */
import {
	closeSync,
	fstatSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	readSync,
	renameSync,
	rmSync,
	statSync,
} from 'node:fs';

import { errno, isErrno } from '../complaint.js';
import { isFull, syncDirectory, writeAll } from '../mailbox/disk.js';
import { lockMailbox, MailboxBusy, type MailboxLock } from '../mailbox/lock.js';
import type { System } from '../system.js';
import type { Copy, Fate, ReportOptions, Success } from './envelope.js';
import { settingsOf } from './settings.js';
import { queueFolder } from './spool.js';

/** What the control file's first line says; it never changes. */
export interface QueuedLetter {
	readonly id: string;
	/** Milliseconds since 1970. */
	readonly arrival: number;
	/** The reverse-path as given; null: no reports. */
	readonly sender: string | null;
	/** Octets of the header at the start of the data file, and of the body after it. */
	readonly headerOctets: number;
	readonly bodyOctets: number;
	/** The body has octets above 127. */
	readonly eightBit: boolean;
	readonly copies: readonly Copy[];
	/** Where it came from, as reports say it: `pue@localhost`, `mx.example.org [192.0.2.1]`. */
	readonly from?: string | undefined;
	readonly options?: ReportOptions | undefined;
}

/** A letter as it stands in the queue. */
export interface QueueEntry {
	readonly letter: QueuedLetter;
	/** By index in `letter.copies`: undefined is done with; else the last thing said, or an empty text. */
	readonly waiting: readonly (string | undefined)[];
	/** Copies, by index, that have arrived, of which the sender wants to hear and has not heard yet. */
	readonly owed: ReadonlyMap<number, Success>;
	/** Runs that left something behind. */
	readonly tries: number;
	readonly lastTry: number | undefined;
	/** Before this moment a scheduled run leaves it alone; undefined: due. */
	readonly nextTry: number | undefined;
	/** The last message-wide status. */
	readonly status: string;
	/** Nobody tries it until it is released. */
	readonly held: boolean;
	/** Its sender was told that it is late. */
	readonly warned: boolean;
	/** Somebody works on it now. */
	readonly busy: boolean;
}

/** A line of the control file after the first. */
type Event =
	/** A sign for each copy, to be written over where there is no room for a line: `d` where it is done with. */
	| { readonly marks: string }
	| { readonly done: number; readonly owed?: Success }
	/** The sender has heard of all that had arrived. */
	| { readonly told: true }
	| { readonly kept: number; readonly status: string }
	| { readonly tried: number; readonly status: string; readonly next?: number }
	| { readonly warned: number; readonly status: string }
	| { readonly held: boolean }
	/** Due at once again. */
	| { readonly due: true };

const version = 1;

function control(folder: string, id: string): string {
	return `${folder}/qf${id}`;
}
function data(folder: string, id: string): string {
	return `${folder}/df${id}`;
}

/** Writes a new file and sees it onto the disk. The descriptor stays open. */
function create(path: string, parts: readonly Uint8Array[]): number {
	const fd = openSync(path, 'wx+', 0o640);
	try {
		for (const part of parts) writeAll(fd, part);
		fsyncSync(fd);
		return fd;
	} catch (error) {
		closeSync(fd);
		rmSync(path, { force: true });
		throw error;
	}
}

/** Octets for a control file. Addresses are octets in strings, and JSON keeps them so. */
function line(value: object): Buffer {
	return Buffer.from(`${JSON.stringify(value)}\n`, 'utf8');
}

/**
 * Takes a letter in: on disk, and locked for the caller, when it returns.
 * Throws errno errors; then there is nothing in the queue.
 */
export function enqueue(
	system: System,
	letter: Omit<QueuedLetter, 'headerOctets' | 'bodyOctets' | 'eightBit'>,
	text: { readonly header: Buffer; readonly body: Buffer },
): Ticket {
	const folder = queueFolder(system);
	mkdirSync(folder, { recursive: true, mode: 0o750 });
	const { id } = letter;
	const whole: QueuedLetter = {
		...letter,
		headerOctets: text.header.length,
		bodyOctets: text.body.length,
		eightBit: text.body.some((octet) => octet > 127),
	};
	const fd = create(data(folder, id), [text.header, text.body]);
	let lock: MailboxLock | undefined;
	try {
		lock = lockMailbox(data(folder, id), fd, { dot: 'none', patience: 0 });
		const marks: Event = { marks: '-'.repeat(whole.copies.length) };
		closeSync(create(`${folder}/tf${id}`, [line({ version, ...whole }), line(marks)]));
		renameSync(`${folder}/tf${id}`, control(folder, id));
		syncDirectory(folder);
	} catch (error) {
		lock?.release();
		closeSync(fd);
		for (const kind of ['tf', 'qf', 'df']) rmSync(`${folder}/${kind}${id}`, { force: true });
		throw error;
	}
	return new Ticket(folder, fd, lock, {
		letter: whole,
		waiting: whole.copies.map(() => ''),
		owed: new Map(),
		...untried,
		busy: true,
	});
}

const untried = {
	tries: 0,
	lastTry: undefined,
	nextTry: undefined,
	status: '',
	held: false,
	warned: false,
};

/** The moment of the next try after so many: the pause doubles, up to a limit, and ends with the deadline. */
function nextTry(system: System, tries: number, deadline = Number.POSITIVE_INFINITY): number {
	const { retryMin, retryMax } = settingsOf(system);
	const now = system.now().getTime();
	const next = now + Math.min(retryMax, retryMin * 2 ** Math.min(tries - 1, 30));
	return deadline > now ? Math.min(next, deadline) : next;
}

/** The ids in the queue, oldest names first. */
function ids(folder: string): string[] {
	return namesIn(folder)
		.filter((name) => name.startsWith('qf'))
		.map((name) => name.slice(2))
		.sort();
}

function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch (error) {
		if (isErrno(error) && error.code === 'ENOENT') return [];
		throw error;
	}
}

/** Opens a control file to add lines: a last one that was torn is closed off, not continued. */
function openEvents(path: string): number {
	const fd = openSync(path, 'a+');
	const { size } = fstatSync(fd);
	const end = Buffer.alloc(1);
	if (size > 0 && readSync(fd, end, 0, 1, size - 1) === 1 && end[0] !== 0x0a) {
		writeAll(fd, Buffer.from('\n'));
	}
	return fd;
}

/** Of a damaged disk: it is one letter's trouble, and not the queue's. */
const unreadable = ['EIO', 'EUCLEAN', 'EISDIR'];

/** Reads a control file; undefined where it is gone. A torn last line counts as not written. */
function readEntry(folder: string, id: string): Omit<QueueEntry, 'busy'> | undefined {
	let text: string;
	try {
		text = readFileSync(control(folder, id), 'utf8');
	} catch (error) {
		if (!isErrno(error)) throw error;
		if (error.code === 'ENOENT' || unreadable.includes(error.code ?? '')) return undefined;
		throw error;
	}
	const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
	const letter = parseLine(lines[0] ?? '') as QueuedLetter | undefined;
	if (letter?.copies === undefined) return undefined;
	const waiting: (string | undefined)[] = letter.copies.map(() => '');
	const owed = new Map<number, Success>();
	let state: Omit<QueueEntry, 'busy' | 'letter' | 'waiting' | 'owed'> = untried;
	for (const text of lines.slice(1)) {
		const event = parseLine(text) as Event | undefined;
		if (event === undefined) continue;
		if ('marks' in event) {
			for (const [index, mark] of [...event.marks].entries()) {
				if (mark === 'd') waiting[index] = undefined;
			}
		} else if ('done' in event) {
			waiting[event.done] = undefined;
			if (event.owed) owed.set(event.done, event.owed);
		} else if ('told' in event) owed.clear();
		else if ('kept' in event) waiting[event.kept] = event.status;
		else if ('held' in event) state = { ...state, held: event.held };
		else if ('warned' in event) state = { ...state, warned: true, status: event.status };
		else if ('due' in event) state = { ...state, nextTry: undefined };
		else {
			const { tried: lastTry, next: nextTry, status } = event;
			state = { ...state, tries: state.tries + 1, lastTry, nextTry, status };
		}
	}
	return { letter, waiting, owed, ...state };
}

function parseLine(text: string): object | undefined {
	try {
		return JSON.parse(text) as object;
	} catch (error) {
		// Written when the machine stopped.
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
}

function isBusy(folder: string, id: string): boolean {
	try {
		const path = data(folder, id);
		const fd = openSync(path, 'r');
		try {
			lockMailbox(path, fd, { dot: 'none', shared: true, patience: 0 }).release();
			return false;
		} finally {
			closeSync(fd);
		}
	} catch (error) {
		if (error instanceof MailboxBusy) return true;
		if (isErrno(error)) return false;
		throw error;
	}
}

/** Sendmail's order of work: octets, recipients and failed runs weigh; the lowest goes first. */
export function priority({ letter, waiting, tries }: Omit<QueueEntry, 'busy'>): number {
	const recipients = waiting.filter((status) => status !== undefined).length;
	return letter.bodyOctets + 30_000 * recipients + 90_000 * tries;
}

/** All letters, in order of priority. Throws errno errors (EACCES). */
export function readQueue(system: System): QueueEntry[] {
	const folder = queueFolder(system);
	return ids(folder)
		.flatMap((id) => {
			const entry = readEntry(folder, id);
			return entry ? [{ ...entry, busy: isBusy(folder, id) }] : [];
		})
		.sort((a, b) => priority(a) - priority(b) || a.letter.arrival - b.letter.arrival);
}

/** One letter, by the whole of its id; undefined where there is none. */
export function readLetter(system: System, id: string): QueueEntry | undefined {
	const folder = queueFolder(system);
	const entry = /^\w+$/.test(id) ? readEntry(folder, id) : undefined;
	return entry && { ...entry, busy: isBusy(folder, id) };
}

/** The whole text of a letter. Throws errno errors. */
export function readLetterText(system: System, { id, headerOctets }: QueuedLetter): Buffer {
	const octets = readFileSync(data(queueFolder(system), id));
	const parts = [octets.subarray(0, headerOctets), octets.subarray(headerOctets)];
	return Buffer.concat([parts[0] as Buffer, Buffer.from('\n'), parts[1] as Buffer]);
}

/** Takes a letter out to work on it; undefined where somebody else has it, or it is gone. */
export function takeLetter(system: System, id: string): Ticket | 'locked' | undefined {
	const folder = queueFolder(system);
	const path = data(folder, id);
	let fd: number;
	try {
		fd = openSync(path, 'r+');
	} catch (error) {
		if (isErrno(error) && error.code === 'ENOENT') return undefined;
		throw error;
	}
	let lock: MailboxLock | undefined;
	try {
		lock = lockMailbox(path, fd, { dot: 'none', patience: 0 });
		// Only what the control file says under our lock is true.
		const entry = readEntry(folder, id);
		if (entry) return new Ticket(folder, fd, lock, { ...entry, busy: true });
	} catch (error) {
		lock?.release();
		closeSync(fd);
		if (error instanceof MailboxBusy) return 'locked';
		throw error;
	}
	lock.release();
	closeSync(fd);
	return undefined;
}

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

/** Data and temporary files without a control file, left by a kill before the letter was accepted. */
export function sweep(system: System, now: Date): void {
	const folder = queueFolder(system);
	const known = new Set(ids(folder));
	for (const name of namesIn(folder)) {
		const id = name.slice(2);
		if (!/^[dt]f/.test(name) || known.has(id)) continue;
		const about = statSync(`${folder}/${name}`, { throwIfNoEntry: false });
		const day = 24 * 3600 * 1000;
		if (about && now.getTime() - about.mtimeMs > day && !isBusy(folder, id)) {
			rmSync(`${folder}/${name}`, { force: true });
		}
	}
}
