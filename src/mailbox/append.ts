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
	/** False where it is known that no line of the content begins with `From `. */
	readonly quotable?: boolean;
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
	/** Refuse (ELOOP) a symbolic link: in a folder where others may put one in the file's place. */
	readonly noLink?: boolean;
}

/** Told when all of the letters are written. */
export interface Appended {
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
			if (options.place === 'start' && stats.size > 0) {
				prepend(path, fd, stats, letters, options);
			} else writeAtEnd(fd, stats.size, letters, options);
			if (options.aside && stats.isFile()) await synced(fd);
			if (created) syncDirectory(dirname(path));
			return { created };
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

const newline = 10;
const readAndAppend = constants.O_RDWR | constants.O_APPEND;

function openToAppend(path: string, options: AppendOptions): { fd: number; created: boolean } {
	const way = readAndAppend | (options.noLink ? constants.O_NOFOLLOW : 0);
	for (;;) {
		try {
			return { fd: openSync(path, way), created: false };
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

/** Newlines that make what ends in these two octets (as far as there are so many) end in an empty line. */
function missingNewlines(before: number | undefined, last: number | undefined): string {
	if (last === undefined) return '';
	if (last !== newline) return '\n\n';
	// One newline is all there is: an empty line already.
	return before === undefined || before === newline ? '' : '\n';
}

/** What is missing where a file of `size` octets ends. */
function missingAtEnd(fd: number, size: number): string {
	const end = endOf(fd, size);
	return missingNewlines(end.at(-2), end.at(-1));
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
): void {
	const out = new Output(fd);
	const separate = options.separate ?? true;
	if (separate && size > 0) out.putText(missingAtEnd(fd, size));
	for (const letter of letters) {
		// The first has been seen to; where it came right after other text, nothing is missing yet.
		if (separate) out.putText(out.missing);
		out.putText(`${letter.postmark}\n`);
		const asItIs = options.quote === false || letter.quotable === false;
		const content = asItIs ? letter.content : quoteFrom(letter.content);
		for (const chunk of content) out.put(bufferOf(chunk));
		if (options.finish ?? true) out.putText(out.missing);
	}
	out.flush();
	if (!options.aside && fstatSync(fd).isFile()) fsyncSync(fd);
}

/** Gathers small chunks into large writes. A chunk may be filled anew by its owner afterwards. */
class Output {
	readonly #fd: number;
	readonly #held = Buffer.allocUnsafeSlow(1 << 18);
	#heldOctets = 0;
	/** The last two octets that were put. */
	#before: number | undefined;
	#last: number | undefined;

	constructor(fd: number) {
		this.#fd = fd;
	}

	/** Newlines that would make it end in an empty line. */
	get missing(): string {
		return missingNewlines(this.#before, this.#last);
	}

	/** An octet a character. */
	putText(text: string): void {
		if (text !== '') this.put(Buffer.from(text, 'latin1'));
	}

	put(octets: Buffer): void {
		const { length } = octets;
		if (length === 0) return;
		this.#before = length > 1 ? octets[length - 2] : this.#last;
		this.#last = octets[length - 1];
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
): void {
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
			prepend(path, fd, stats, letters, options);
			return;
		}
		if (stats.nlink > 1 || ['EACCES', 'EPERM', 'EROFS'].includes(error.code ?? '')) {
			writeAtEnd(fd, stats.size, letters, options);
			return;
		}
		throw error;
	}
	try {
		if (fstatSync(made).uid !== stats.uid || fstatSync(made).gid !== stats.gid) {
			fchownSync(made, stats.uid, stats.gid);
		}
		fchmodSync(made, stats.mode & 0o7777);
		writeAtEnd(made, 0, letters, { ...options, aside: false });
		const length = fstatSync(made).size;
		if (options.separate ?? true) writeAll(made, Buffer.from(missingAtEnd(made, length)));
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
	} catch (error) {
		unlinkSync(beside);
		throw error;
	} finally {
		closeSync(made);
	}
}
