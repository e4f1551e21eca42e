/**
 * The one way letters get into an mbox file, for `save`, `copy`, quitting and local delivery alike:
 * locked, separated by an empty line, From-quoted where asked, on disk before success is told, and cut
 * back to the old length on any failure, by the next who comes where it was a kill (journal.ts). Knows
 * nothing of who asks.
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
	lstatSync,
	openSync,
	readSync,
	realpathSync,
	renameSync,
	type Stats,
	statSync,
	unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { forgiving, isErrno } from '../complaint.js';
import { syncDirectory, writeAll } from './disk.js';
import { Journal, undoInterrupted } from './journal.js';
import { type Letter, missingAtEnd, type WriteOptions, writeLetters } from './letterwriter.js';
import { type MailboxLock, waitForMailbox } from './lock.js';

export interface AppendOptions extends WriteOptions {
	/** `attempt` for a system mailbox (as MTAs lock), `none` (default) for a private folder: record lock only. */
	readonly dot?: 'attempt' | 'none';
	/** `start` puts the letters before what the file holds (mbox without `append`). Default `end`. */
	readonly place?: 'end' | 'start';
	/** Of a file that has to be created; default 0o600. The umask does not apply. */
	readonly mode?: number;
	/** Owner of a file that has to be created, where one may give it away. */
	readonly owner?: { readonly uid: number; readonly gid: number };
	/** Milliseconds to wait for locks; default 20 000. */
	readonly patience?: number;
	/** Refuse (ENOENT) rather than create. */
	readonly mustExist?: boolean;
	/** Refuse (ForeignFile) a file that belongs to anybody else than these, by number. */
	readonly ownedBy?: readonly number[];
	/** Refuse (ELOOP) a symbolic link: in a folder where others may put one in the file's place. */
	readonly noLink?: boolean;
}

/** The file belongs to somebody who is not to get what is for another. */
export class ForeignFile extends Error {
	override readonly name = 'ForeignFile';
	readonly code = 'EPERM';

	constructor(uid: number) {
		super(`wrong ownership (${uid})`);
	}
}

/** Told when all of the letters are written. */
export interface Appended {
	readonly created: boolean;
}

/**
 * Letters that are on disk in their folder, which is still locked, but may yet be taken back. A kill
 * before `commit` leaves the folder, from its next opening on, as it was.
 */
export interface Tentative extends Appended {
	/** They are there to stay. May be called more than once. Throws errno errors; then they are not there. */
	commit(): void;
	/** The folder is as it was; after `commit`, where that is still possible. False where it is not. */
	undo(): boolean;
	/** Gives back locks and descriptors; what is not committed is undone. */
	close(): void;
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
	const work = new Appending(path, await openLocked(path, options), options);
	try {
		work.write(letters, false);
		if (options.aside) await work.synced();
		work.commit();
		return { created: work.created };
	} finally {
		work.close();
	}
}

/** The same, up to the moment before it counts. Throws as `append`. */
export async function appendTentatively(
	path: string,
	letters: Iterable<Letter>,
	options: AppendOptions = {},
): Promise<Tentative> {
	const work = new Appending(path, await openLocked(path, options), options);
	try {
		work.write(letters, true);
		return work;
	} catch (error) {
		work.close();
		throw error;
	}
}

class Appending implements Tentative {
	readonly created: boolean;
	readonly #path: string;
	readonly #fd: number;
	readonly #lock: MailboxLock | undefined;
	readonly #options: AppendOptions;
	readonly #before: Stats;
	/** Octets of the file when all was written. */
	#after = 0;
	#journal: Journal | undefined;
	/** What is to take the file's place (`place: start`). */
	#beside: string | undefined;
	#state: 'begun' | 'committed' | 'undone' = 'begun';

	constructor(path: string, { fd, created, lock }: Opened, options: AppendOptions) {
		this.#path = path;
		this.#fd = fd;
		this.created = created;
		this.#lock = lock;
		this.#options = options;
		this.#before = fstatSync(fd);
	}

	/** `careful`: a kill is to leave nothing of it, however little it is. */
	write(letters: Iterable<Letter>, careful: boolean): void {
		const { size } = this.#before;
		const options = this.#options;
		if (options.place === 'start' && size > 0) {
			this.#beside = writeBeside(this.#path, this.#fd, this.#before, letters, options);
			if (this.#beside !== undefined) return;
		}
		const note = (first: Buffer): Journal | undefined => {
			if (this.#before.isFile()) {
				this.#journal = Journal.begin(this.#path, this.#fd, size, first);
			}
			return this.#journal;
		};
		writeLetters(this.#fd, size, letters, options, { note, careful });
		this.#after = fstatSync(this.#fd).size;
		if (this.created) syncDirectory(dirname(this.#path));
	}

	/** On disk, by another thread. */
	async synced(): Promise<void> {
		if (!this.#before.isFile()) return;
		await new Promise<void>((resolve, reject) => {
			fsync(this.#fd, (error) => (error ? reject(error) : resolve()));
		});
	}

	commit(): void {
		if (this.#state !== 'begun') return;
		if (this.#beside !== undefined) {
			const real = realpathSync(this.#path);
			renameSync(this.#beside, real);
			this.#beside = undefined;
			this.#state = 'committed';
			syncDirectory(dirname(real));
			return;
		}
		this.#journal?.end();
		this.#journal = undefined;
		this.#state = 'committed';
	}

	undo(): boolean {
		if (this.#state === 'undone') return true;
		const wasCommitted = this.#state === 'committed';
		if (this.#beside !== undefined) unlinkSync(this.#beside);
		else if (this.#before.isFile()) {
			// Behind our back somebody without locks has added to it, or a new file has taken its place.
			const now = fstatSync(this.#fd);
			if (wasCommitted && (now.size !== this.#after || now.nlink === 0)) return false;
			if (this.created && this.#before.size === 0) unlinkSync(this.#path);
			else ftruncateSync(this.#fd, this.#before.size);
			// The note is for this very case, and is void only when it is over.
			if (this.#journal) fsyncSync(this.#fd);
		}
		this.#beside = undefined;
		forgiving(() => this.#journal?.end());
		this.#journal = undefined;
		this.#state = 'undone';
		return true;
	}

	close(): void {
		try {
			if (this.#state === 'begun') this.undo();
		} finally {
			this.#lock?.release();
			closeSync(this.#fd);
		}
	}
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
		let lock: MailboxLock | undefined;
		try {
			const stats = fstatSync(opened.fd);
			if (!(options.ownedBy?.includes(stats.uid) ?? true)) throw new ForeignFile(stats.uid);
			// A device (/dev/null) has no length to restore and nobody to exclude.
			if (!stats.isFile()) return { ...opened, lock: undefined };
			lock = await waitForMailbox(path, opened.fd, {
				dot: options.dot ?? 'none',
				...(options.patience === undefined ? {} : { patience: options.patience }),
			});
			const there = statSync(path, { throwIfNoEntry: false });
			if (there?.ino === stats.ino && there.dev === stats.dev) {
				// Without locks the writer may be alive.
				if (lock.dotLocked || lock.recordLocked) undoInterrupted(path, opened.fd);
				return { ...opened, lock };
			}
			lock.release();
		} catch (error) {
			lock?.release();
			closeSync(opened.fd);
			throw error;
		}
		closeSync(opened.fd);
	}
}

const readAndAppend = constants.O_RDWR | constants.O_APPEND;

function openToAppend(path: string, options: AppendOptions): { fd: number; created: boolean } {
	const way = readAndAppend | (options.noLink ? constants.O_NOFOLLOW : 0);
	for (;;) {
		try {
			const isPipe = statSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false;
			return { fd: isPipe ? openPipe(path) : openSync(path, way), created: false };
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

/** Throws ENXIO where nobody reads: what is written then is nowhere. */
function openPipe(path: string): number {
	const probe = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
	try {
		return openSync(path, constants.O_WRONLY);
	} finally {
		closeSync(probe);
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

/**
 * Writes new letters, then the old contents, into a file that is to take the place of the old, durably;
 * returns its path. Undefined where the directory refuses that: they go to the end then, in the wrong
 * order, but safe.
 */
function writeBeside(
	path: string,
	fd: number,
	stats: Stats,
	letters: Iterable<Letter>,
	options: AppendOptions,
): string | undefined {
	const real = realpathSync(path);
	const beside = join(dirname(real), `.${basename(real)}.inkloom`);
	let made: number;
	try {
		if (stats.nlink > 1) return undefined;
		// One that a kill has left: nobody else makes it while we hold the lock.
		if (lstatSync(beside, { throwIfNoEntry: false })) unlinkSync(beside);
		made = openSync(beside, 'wx+', 0o600);
	} catch (error) {
		if (isErrno(error) && ['EACCES', 'EPERM', 'EROFS'].includes(error.code ?? '')) {
			return undefined;
		}
		throw error;
	}
	try {
		const own = fstatSync(made);
		if (own.uid !== stats.uid || own.gid !== stats.gid) fchownSync(made, stats.uid, stats.gid);
		fchmodSync(made, stats.mode & 0o7777);
		writeLetters(made, 0, letters, { ...options, aside: false });
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
		return beside;
	} catch (error) {
		unlinkSync(beside);
		// Its owner is another, and it is not ours to give away.
		if (isErrno(error) && error.code === 'EPERM') return undefined;
		throw error;
	} finally {
		closeSync(made);
	}
}
