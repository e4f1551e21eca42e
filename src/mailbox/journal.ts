/**
 * The note that stands beside an mbox file while a long append is under way: how long the file was
 * before, and how far the writing has come. Who finds it under the lock knows that the writer is dead,
 * and cuts off what he left of his letters, so that no torn letter is read and nothing is glued to it.
 * What may be anybody else's mail is never cut. The note is the hidden file `.NAME.inkloom-append`.
 */
import {
	closeSync,
	constants,
	fchownSync,
	fstatSync,
	fsyncSync,
	ftruncateSync,
	lstatSync,
	openSync,
	readFileSync,
	readSync,
	realpathSync,
	unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { forgiving, isErrno } from '../complaint.js';
import { syncDirectory, writeAll } from './disk.js';

/** The first line of a note; on each further line the length that the next write leads to. */
interface Note {
	readonly dev: number;
	readonly ino: number;
	/** Octets of the file before the append. */
	readonly size: number;
	/** Octets that stood before that place, and the first that were put there; latin1. */
	readonly before: string;
	readonly first: string;
}

const sampleOctets = 64;

function notePath(path: string): string {
	const real = realpathSync(path);
	return join(dirname(real), `.${basename(real)}.inkloom-append`);
}

function sampleAt(fd: number, from: number, octets: number): string {
	const sample = Buffer.alloc(octets);
	return sample.toString('latin1', 0, readSync(fd, sample, 0, octets, from));
}

function sampleBefore(fd: number, at: number): string {
	const octets = Math.min(sampleOctets, at);
	return sampleAt(fd, at - octets, octets);
}

/** A note, as its writer has it. */
export class Journal {
	readonly #path: string;
	readonly #fd: number;
	#ended = false;

	private constructor(path: string, fd: number) {
		this.#path = path;
		this.#fd = fd;
	}

	/**
	 * Makes a durable note that `first` and more will be written to the end of the file open as `fd`, now
	 * of `size` octets. Undefined where the directory takes none: then a kill leaves a torn letter.
	 */
	static begin(path: string, fd: number, size: number, first: Buffer): Journal | undefined {
		return forgiving(() => {
			const place = notePath(path);
			const stats = fstatSync(fd);
			const note: Note = {
				dev: stats.dev,
				ino: stats.ino,
				size,
				before: sampleBefore(fd, size),
				first: first.toString('latin1', 0, sampleOctets),
			};
			const made = openSync(place, 'wx', 0o600);
			try {
				// Its reader is the mailbox's owner.
				if (fstatSync(made).uid !== stats.uid) {
					forgiving(() => fchownSync(made, stats.uid, stats.gid));
				}
				writeAll(made, Buffer.from(`${JSON.stringify(note)}\n`));
				fsyncSync(made);
				syncDirectory(dirname(place));
				return new Journal(place, made);
			} catch (error) {
				closeSync(made);
				unlinkSync(place);
				throw error;
			}
		});
	}

	/** Before each write: how long the file will then be. */
	reaches(end: number): void {
		writeAll(this.#fd, Buffer.from(`${end}\n`));
	}

	/**
	 * The append is done, or undone. The note is void, on disk, before it is removed: one that came back after
	 * a crash of the machine would undo what has been reported as done. Throws errno errors.
	 */
	end(): void {
		if (this.#ended) return;
		this.#ended = true;
		try {
			ftruncateSync(this.#fd, 0);
			fsyncSync(this.#fd);
		} finally {
			closeSync(this.#fd);
			forgiving(() => unlinkSync(this.#path));
		}
	}
}

/**
 * Makes good what a kill has left of an append to the mailbox open for writing as `fd`. To be called
 * under its exclusive lock. Cheap where there is nothing. Throws errno errors.
 */
export function undoInterrupted(path: string, fd: number): void {
	const place = notePath(path);
	const text = forgiving(() => readNote(place, fd));
	if (text === undefined) return;
	const [head = '', ...lines] = text.slice(0, text.lastIndexOf('\n')).split('\n');
	const note = parseNote(head);
	const ends = lines.map(Number);
	// After a crash of the machine there may be anything where a line was to be.
	if (note && ends.every(Number.isSafeInteger) && isLeftBy(note, ends, fd)) {
		ftruncateSync(fd, note.size);
		fsyncSync(fd);
	}
	forgiving(() => unlinkSync(place));
}

/** A note of more octets is none of ours: a line of it stands for a quarter of a megabyte. */
const mostOctets = 1 << 22;

/** Undefined where there is none, or where somebody else may have put it there to harm the owner. */
function readNote(place: string, mailbox: number): string | undefined {
	if (!lstatSync(place, { throwIfNoEntry: false })) return undefined;
	const fd = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
	try {
		const stats = fstatSync(fd);
		const trusted = [0, fstatSync(mailbox).uid, process.geteuid?.()].includes(stats.uid);
		const isOurs = trusted && stats.isFile() && stats.nlink === 1 && stats.size <= mostOctets;
		return isOurs ? readFileSync(fd, 'utf8') : undefined;
	} finally {
		closeSync(fd);
	}
}

function parseNote(line: string): Note | undefined {
	try {
		const note = JSON.parse(line) as Partial<Note> | null;
		const { size, before, first } = note ?? {};
		// Root, too, reads what a user has written there.
		const isNote =
			Number.isSafeInteger(size) &&
			(size as number) >= 0 &&
			typeof before === 'string' &&
			typeof first === 'string' &&
			first.length <= sampleOctets;
		return isNote ? (note as Note) : undefined;
	} catch (error) {
		// Killed while it was written: nothing else had been begun.
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
}

/** How a From_ line looks that is not ours: anything that could be somebody's letter counts. */
const postmark = /(?<!>)From [^\n]{0,200}\d\d:\d\d/;
/** More than one write of ours. */
const mostUnexplained = 1 << 24;

/** Whether all that follows the old end of the file was written by who left this note. */
function isLeftBy(note: Note, ends: readonly number[], fd: number): boolean {
	const { dev, ino, size: now } = fstatSync(fd);
	const { size, first } = note;
	if (dev !== note.dev || ino !== note.ino || now <= size) return false;
	if (sampleBefore(fd, size) !== note.before) return false;
	const there = sampleAt(fd, size, first.length);
	if (!first.startsWith(there)) return false;
	const next = ends.at(-1) ?? size;
	const done = ends.at(-2) ?? size;
	if (now === done || now === next) return true;
	// Torn within a write, or mail of others has come since: what may be that stays.
	if (now > next || now < done || now - done > mostUnexplained) return false;
	const skipped = done === size ? first.length : 0;
	return !postmark.test(sampleAt(fd, done + skipped, now - done - skipped));
}

/** Whether an append was cut short there, as far as a look without locks tells. */
export function isInterrupted(path: string): boolean {
	try {
		return lstatSync(notePath(path), { throwIfNoEntry: false }) !== undefined;
	} catch (error) {
		if (isErrno(error)) return false;
		throw error;
	}
}
