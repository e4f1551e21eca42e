/**
 * The one way letters get into an mbox file, for `save`, `copy`, quitting and local delivery alike:
 * locked, separated by an empty line, From-quoted where asked, on disk before success is told, and cut
 * back to the old length on any failure. Knows nothing of who asks.
 */
import {
	closeSync,
	constants,
	fchmodSync,
	fchownSync,
	fstatSync,
	fsync,
	fsyncSync,
	ftruncateSync,
	openSync,
	readSync,
	realpathSync,
	renameSync,
	type Stats,
	statSync,
	unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { isErrno } from '../complaint.js';
import { type MailboxLock, waitForMailbox } from './lock.js';
import { bufferOf, quoteFrom } from './mbox.js';
import { syncDirectory, writeAll } from './rewrite.js';

/** A letter on its way into a folder. */
export interface Letter {
	/** The From_ line without its newline; left out where the folder has none (maildir). */
	readonly postmark: string;
	/** Header, empty line and body, in chunks of any size, cut anywhere. */
	readonly content: Iterable<Uint8Array>;
	/** For a maildir, where flags are in the file's name; an mbox has them in its header already. */
	readonly flags?: number;
}

export interface AppendOptions {
	/** `attempt` for a system mailbox (as MTAs lock), `none` (default) for a private folder: record lock only. */
	readonly dot?: 'attempt' | 'none';
	/** Write `From ` at the start of any line of the content as `>From `. Default true. */
	readonly quote?: boolean;
	/** End each letter with an empty line, as mbox wants it. Default true; `save` leaves letters as they are. */
	readonly finish?: boolean;
	/**
	 * Put in the newlines missing before a letter, so that it does not melt with what the file ends in.
	 * Default true; the original's `save` does not.
	 */
	readonly separate?: boolean;
	/** `start` puts the letters before what the file holds (mbox without `append`). Default `end`. */
	readonly place?: 'end' | 'start';
	/** Of a file that has to be created; default 0o600. The umask does not apply. */
	readonly mode?: number;
	/** Owner of a file that has to be created, where one may give it away. */
	readonly owner?: { readonly uid: number; readonly gid: number };
	/** Milliseconds to wait for locks; default 20 000. */
	readonly patience?: number;
	/** Wait for the disk in another thread: other work goes on meanwhile. */
	readonly aside?: boolean;
	/** Refuse (ENOENT) rather than create. */
	readonly mustExist?: boolean;
}

/** What was written: all of the letters, without newlines put in before the first. */
export interface Appended {
	readonly octets: number;
	readonly lines: number;
	readonly created: boolean;
}

/**
 * Appends letters, all or none. The file is durable (fsync) when the promise is kept.
 * Throws errno errors (EISDIR, EACCES, ENOSPC, EDQUOT…) and MailboxBusy; the file is then as it was.
 */
export async function append(
	path: string,
	letters: Iterable<Letter>,
	options: AppendOptions = {},
): Promise<Appended> {
	const { fd, created, lock } = await openLocked(path, options);
	try {
		const stats = fstatSync(fd);
		try {
			const written =
				options.place === 'start' && stats.size > 0
					? prepend(path, fd, stats, letters, options)
					: writeAtEnd(fd, stats.size, letters, options);
			if (options.aside && stats.isFile()) await synced(fd);
			if (created) syncDirectory(dirname(path));
			return { ...written, created };
		} catch (error) {
			if (stats.isFile()) {
				if (created && stats.size === 0) unlinkSync(path);
				else ftruncateSync(fd, stats.size);
			}
			throw error;
		}
	} finally {
		lock?.release();
		closeSync(fd);
	}
}

function synced(fd: number): Promise<void> {
	return new Promise((resolve, reject) => {
		fsync(fd, (error) => (error ? reject(error) : resolve()));
	});
}

interface Opened {
	readonly fd: number;
	readonly created: boolean;
	readonly lock: MailboxLock | undefined;
}

/** The file, locked, and still the one at the path: another may have been put there while we waited. */
async function openLocked(path: string, options: AppendOptions): Promise<Opened> {
	for (;;) {
		const opened = openToAppend(path, options);
		try {
			const stats = fstatSync(opened.fd);
			// A device (/dev/null) has no length to restore and nobody to exclude.
			if (!stats.isFile()) return { ...opened, lock: undefined };
			const lock = await waitForMailbox(path, opened.fd, {
				dot: options.dot ?? 'none',
				...(options.patience === undefined ? {} : { patience: options.patience }),
			});
			const there = statSync(path, { throwIfNoEntry: false });
			if (there?.ino === stats.ino && there.dev === stats.dev) return { ...opened, lock };
			lock.release();
		} catch (error) {
			closeSync(opened.fd);
			throw error;
		}
		closeSync(opened.fd);
	}
}

const readAndAppend = constants.O_RDWR | constants.O_APPEND;

function openToAppend(path: string, options: AppendOptions): { fd: number; created: boolean } {
	for (;;) {
		try {
			return { fd: openSync(path, readAndAppend), created: false };
		} catch (error) {
			if (!isErrno(error)) throw error;
			if (error.code !== 'ENOENT' || options.mustExist) throw error;
		}
		try {
			const fd = openSync(path, readAndAppend | constants.O_CREAT | constants.O_EXCL, 0o600);
			establish(fd, options);
			return { fd, created: true };
		} catch (error) {
			if (!isErrno(error) || error.code !== 'EEXIST') throw error;
			// A symbolic link that leads nowhere exists and does not.
			if (!statSync(path, { throwIfNoEntry: false })) throw error;
		}
	}
}

function establish(fd: number, options: AppendOptions): void {
	if (options.owner) {
		try {
			fchownSync(fd, options.owner.uid, options.owner.gid);
		} catch (error) {
			// Only root gives files away.
			if (!isErrno(error) || error.code !== 'EPERM') throw error;
		}
	}
	fchmodSync(fd, options.mode ?? 0o600);
}

/** Newlines that make `octets` (the end of what precedes) end in an empty line. */
function missingNewlines(end: Uint8Array): string {
	if (end.length === 0) return '';
	if (end[end.length - 1] !== 10) return '\n\n';
	// One newline is all there is: an empty line already.
	return end.length === 1 || end[end.length - 2] === 10 ? '' : '\n';
}

function endOf(fd: number, size: number): Buffer {
	const end = Buffer.alloc(Math.min(2, size));
	if (size > 0) readSync(fd, end, 0, end.length, size - end.length);
	return end;
}

function writeAtEnd(
	fd: number,
	size: number,
	letters: Iterable<Letter>,
	options: AppendOptions,
): { octets: number; lines: number } {
	const out = new Output(fd);
	const separate = options.separate ?? true;
	if (separate && size > 0) out.put(Buffer.from(missingNewlines(endOf(fd, size))));
	out.octets = 0;
	out.lines = 0;
	for (const letter of letters) {
		// The first has been seen to; where it came right after other text, `end` is still empty.
		if (separate) out.put(Buffer.from(missingNewlines(out.end)));
		out.put(Buffer.from(`${letter.postmark}\n`, 'latin1'));
		const content = options.quote === false ? letter.content : quoteFrom(letter.content);
		for (const chunk of content) out.put(bufferOf(chunk));
		if (options.finish ?? true) out.put(Buffer.from(missingNewlines(out.end)));
	}
	out.flush();
	if (!options.aside && fstatSync(fd).isFile()) fsyncSync(fd);
	return { octets: out.octets, lines: out.lines + (out.isInLine ? 1 : 0) };
}

/** Gathers small chunks into large writes, and counts. A chunk may be filled anew by its owner afterwards. */
class Output {
	octets = 0;
	lines = 0;
	readonly #fd: number;
	readonly #held = Buffer.allocUnsafeSlow(1 << 18);
	#heldOctets = 0;
	/** The last two octets that were put. */
	#end: readonly number[] = [];

	constructor(fd: number) {
		this.#fd = fd;
	}

	get end(): Uint8Array {
		return Uint8Array.from(this.#end);
	}

	get isInLine(): boolean {
		return this.#end.length > 0 && this.#end.at(-1) !== 10;
	}

	put(octets: Buffer): void {
		const { length } = octets;
		if (length === 0) return;
		this.octets += length;
		for (let at = octets.indexOf(10); at >= 0; at = octets.indexOf(10, at + 1)) this.lines++;
		const last = octets[length - 1] as number;
		const before = length > 1 ? octets[length - 2] : this.#end.at(-1);
		this.#end = before === undefined ? [last] : [before, last];
		if (this.#heldOctets + length > this.#held.length) this.flush();
		if (length > this.#held.length) writeAll(this.#fd, octets);
		else this.#heldOctets += octets.copy(this.#held, this.#heldOctets);
	}

	flush(): void {
		const octets = this.#held.subarray(0, this.#heldOctets);
		this.#heldOctets = 0;
		if (octets.length > 0) writeAll(this.#fd, octets);
	}
}

/**
 * New letters, then the old contents, in a file that takes the place of the old. Where the directory
 * refuses that, they go to the end: in the wrong order, but safe.
 */
function prepend(
	path: string,
	fd: number,
	stats: Stats,
	letters: Iterable<Letter>,
	options: AppendOptions,
): { octets: number; lines: number } {
	const real = realpathSync(path);
	const beside = join(dirname(real), `.${basename(real)}.inkloom`);
	let made: number;
	try {
		made = openSync(beside, 'wx+', 0o600);
	} catch (error) {
		if (!isErrno(error)) throw error;
		if (error.code === 'EEXIST') {
			// Left by a kill: nobody else makes it while we hold the lock.
			unlinkSync(beside);
			return prepend(path, fd, stats, letters, options);
		}
		if (stats.nlink > 1 || ['EACCES', 'EPERM', 'EROFS'].includes(error.code ?? '')) {
			return writeAtEnd(fd, stats.size, letters, options);
		}
		throw error;
	}
	try {
		if (fstatSync(made).uid !== stats.uid || fstatSync(made).gid !== stats.gid) {
			fchownSync(made, stats.uid, stats.gid);
		}
		fchmodSync(made, stats.mode & 0o7777);
		const written = writeAtEnd(made, 0, letters, { ...options, aside: false });
		const length = fstatSync(made).size;
		if (options.separate ?? true) writeAll(made, Buffer.from(missingNewlines(endOf(made, length))));
		const buffer = Buffer.allocUnsafe(1 << 20);
		for (let at = 0; at < stats.size; ) {
			const got = readSync(fd, buffer, 0, buffer.length, at);
			if (got === 0) break;
			writeAll(made, buffer.subarray(0, got));
			at += got;
		}
		fsyncSync(made);
		renameSync(beside, real);
		syncDirectory(dirname(real));
		return written;
	} catch (error) {
		unlinkSync(beside);
		throw error;
	} finally {
		closeSync(made);
	}
}
