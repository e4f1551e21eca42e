/**
 * Gives an mbox file new contents so that a kill or a power cut at any moment leaves the old mailbox
 * or the new one. A folder is written beside, synced and renamed. A system mailbox is written over in its
 * place, as a deliverer may have opened it already and be waiting for the lock: what it appends to a
 * file that was renamed away would be lost. Meanwhile a recovery copy of the new contents stands in the
 * home directory, and `recover` finishes what was cut short. Each way stands in for the other where
 * directories refuse it. Runs under the locks of the mailbox. Knows nothing of messages.
 */
import {
	closeSync,
	constants,
	fchmodSync,
	fchownSync,
	fstatSync,
	fsyncSync,
	ftruncateSync,
	openSync,
	readSync,
	realpathSync,
	renameSync,
	type Stats,
	statSync,
	unlinkSync,
	writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { isErrno } from '../complaint.js';
import { lockMailbox } from './lock.js';

/** A part of the new contents: octets of the old file as they stand, or others. */
export type Piece =
	| { readonly kind: 'range'; readonly from: number; readonly to: number }
	| { readonly kind: 'octets'; readonly octets: Buffer };

export interface Rewriting {
	readonly path: string;
	/** Open for reading; ranges are of this file. */
	readonly fd: number;
	/** For the recovery copy. */
	readonly home: string;
	readonly dot: 'attempt' | 'none';
	/** Remove the file rather than leave it empty. */
	readonly removeEmpty: boolean;
	/** Milliseconds to wait for locks. */
	readonly patience: number | undefined;
	/** Asked for under the locks: the new contents. Throws where the old is not what it was. */
	pieces(): readonly Piece[];
	/** Called between the steps, with their names; for tests. */
	step?(name: string): void;
}

/** Small enough to stay in the processor's cache between read and write. */
const copyOctets = 1 << 18;

/** Rewrites the file. Throws errno errors and MailboxBusy; the mailbox is then as it was. */
export function rewrite(job: Rewriting): void {
	const real = realpathSync(job.path);
	const fd = openSync(real, constants.O_RDWR);
	try {
		const { patience } = job;
		const lock = lockMailbox(job.path, fd, {
			dot: job.dot,
			...(patience === undefined ? {} : { patience }),
		});
		try {
			const pieces = job.pieces();
			const stats = fstatSync(fd);
			job.step?.('locked');
			if (isWhole(pieces, stats.size)) return;
			if (pieces.length === 0) empty(job, real, fd);
			else {
				const inPlace = () => overwrite(job, real, fd, stats, pieces);
				const byRename = () => replaceFile(job, real, stats, pieces);
				const ways = job.dot === 'attempt' ? [inPlace, byRename] : [byRename, inPlace];
				if (!ways.some((way) => way())) throw refused(job.path);
			}
		} finally {
			lock.release();
		}
	} finally {
		closeSync(fd);
	}
}

/** True where the new contents are the old. */
function isWhole(pieces: readonly Piece[], size: number): boolean {
	const [only] = pieces;
	if (only === undefined) return size === 0;
	return pieces.length === 1 && only.kind === 'range' && only.from === 0 && only.to === size;
}

function empty(job: Rewriting, real: string, fd: number): void {
	if (job.removeEmpty) {
		try {
			unlinkSync(real);
			syncDirectory(dirname(real));
			return;
		} catch (error) {
			// As with any spool one may not take files out of: it is left empty.
			if (!isErrno(error) || !isRefusal(error)) throw error;
		}
	}
	ftruncateSync(fd, 0);
	fsyncSync(fd);
}

function refused(path: string): NodeJS.ErrnoException {
	return Object.assign(new Error(`EACCES: ${path}`), { code: 'EACCES', path });
}

function isRefusal(error: NodeJS.ErrnoException): boolean {
	return ['EACCES', 'EPERM', 'EROFS', 'EBUSY'].includes(error.code ?? '');
}

/** By rename; false where the directory, a second link or a foreign owner stand against it. */
function replaceFile(
	job: Rewriting,
	real: string,
	stats: Stats,
	pieces: readonly Piece[],
): boolean {
	if (stats.nlink > 1) return false;
	const beside = join(dirname(real), `.${basename(real)}.inkloom`);
	let fd: number;
	try {
		// One that a kill has left: nobody else makes it while we hold the locks.
		removeIfThere(beside);
		fd = openSync(beside, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
	} catch (error) {
		if (isErrno(error) && isRefusal(error)) return false;
		throw error;
	}
	try {
		try {
			if (!sameOwner(fd, stats)) return false;
			job.step?.('begun');
			write(job.fd, pieces, fd, 0);
			job.step?.('written');
			fsyncSync(fd);
		} finally {
			closeSync(fd);
		}
		job.step?.('synced');
		renameSync(beside, real);
		job.step?.('renamed');
		syncDirectory(dirname(real));
		return true;
	} catch (error) {
		// A sticky directory lets us make files, but not replace another's.
		if (isErrno(error) && isRefusal(error)) return false;
		throw error;
	} finally {
		removeIfThere(beside);
	}
}

/** Gives a new file the owner and mode of the old; false where that is not ours to give. */
function sameOwner(fd: number, stats: Stats): boolean {
	const own = fstatSync(fd);
	try {
		if (own.uid !== stats.uid || own.gid !== stats.gid) fchownSync(fd, stats.uid, stats.gid);
	} catch (error) {
		if (isErrno(error) && isRefusal(error)) return false;
		throw error;
	}
	fchmodSync(fd, stats.mode & 0o7777);
	return true;
}

/** Writes the pieces from `start` on, gathered into large writes; returns where they end. */
function write(from: number, pieces: readonly Piece[], to: number, start: number): number {
	const buffer = Buffer.allocUnsafe(copyOctets);
	let held = 0;
	let at = start;
	const flush = () => {
		writeAll(to, buffer.subarray(0, held), at);
		at += held;
		held = 0;
	};
	for (const piece of pieces) {
		const length = lengthOf(piece);
		for (let done = 0; done < length; ) {
			if (held === copyOctets) flush();
			const wanted = Math.min(copyOctets - held, length - done);
			const got =
				piece.kind === 'octets'
					? piece.octets.copy(buffer, held, done, done + wanted)
					: readSync(from, buffer, held, wanted, piece.from + done);
			if (got === 0) throw Object.assign(new Error('mailbox cut short'), { code: 'EIO' });
			held += got;
			done += got;
		}
	}
	flush();
	return at;
}

function lengthOf(piece: Piece): number {
	return piece.kind === 'octets' ? piece.octets.length : piece.to - piece.from;
}

/** writeSync may write less than it was given. Without `at`: where the file stands. */
export function writeAll(fd: number, octets: Uint8Array, at: number | null = null): void {
	for (let done = 0; done < octets.length; ) {
		done += writeSync(fd, octets, done, octets.length - done, at === null ? null : at + done);
	}
}

export function syncDirectory(path: string): void {
	const fd = openSync(path, constants.O_RDONLY);
	try {
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

function removeIfThere(path: string): void {
	try {
		unlinkSync(path);
	} catch (error) {
		if (!isErrno(error) || error.code !== 'ENOENT') throw error;
	}
}

/** The first line of a recovery copy; the new contents follow it. */
interface Recovery {
	readonly path: string;
	readonly dev: number;
	readonly ino: number;
	readonly before: number;
	readonly after: number;
	/** What stood at `after` in the old file: gone when the file has been cut there. */
	readonly sample: string;
}

function recoveryPath(home: string, real: string): string {
	return join(home, `.inkloom-recovery-${basename(real)}`);
}

const sampleOctets = 64;

/** In its place, once a recovery copy is safe; false where there is no place for one. */
function overwrite(
	job: Rewriting,
	real: string,
	fd: number,
	stats: Stats,
	pieces: readonly Piece[],
): boolean {
	const copy = recoveryPath(job.home, real);
	const draft = `${copy}.draft`;
	let copyFd: number;
	try {
		removeIfThere(draft);
		copyFd = openSync(draft, 'wx+', 0o600);
	} catch (error) {
		if (isErrno(error) && (isRefusal(error) || error.code === 'ENOENT')) return false;
		throw error;
	}
	try {
		let after = 0;
		for (const piece of pieces) after += lengthOf(piece);
		const sample = Buffer.alloc(sampleOctets);
		const sampled = after < stats.size ? readSync(fd, sample, 0, sampleOctets, after) : 0;
		const recovery: Recovery = {
			path: real,
			dev: stats.dev,
			ino: stats.ino,
			before: stats.size,
			after,
			sample: sample.toString('base64', 0, sampled),
		};
		const line = Buffer.from(`${JSON.stringify(recovery)}\n`);
		writeAll(copyFd, line, 0);
		write(job.fd, pieces, copyFd, line.length);
		fsyncSync(copyFd);
		job.step?.('drafted');
		renameSync(draft, copy);
		syncDirectory(job.home);
		job.step?.('recoverable');
		putInPlace(fd, { fd: copyFd, offset: line.length, path: copy }, recovery, job.step);
	} catch (error) {
		removeIfThere(draft);
		throw error;
	} finally {
		closeSync(copyFd);
	}
	unlinkSync(copy);
	syncDirectory(job.home);
	job.step?.('done');
	return true;
}

/** Copies the new contents over the old, and cuts off the rest. */
function putInPlace(
	fd: number,
	copy: { readonly fd: number; readonly offset: number; readonly path: string },
	recovery: Recovery,
	step?: (name: string) => void,
): void {
	const { before, after } = recovery;
	const put = (from: number, to: number) => {
		const range: Piece = { kind: 'range', from: copy.offset + from, to: copy.offset + to };
		if (to > from) write(copy.fd, [range], fd, from);
	};
	if (after > before) {
		// First to the longer of both lengths: what lies beyond is then mail that came after a crash.
		try {
			ftruncateSync(fd, after);
			put(before, after);
			fsyncSync(fd);
		} catch (error) {
			// A full disk shows here, while the old contents are still whole.
			ftruncateSync(fd, before);
			unlinkSync(copy.path);
			throw error;
		}
	}
	step?.('stretched');
	const rest = Math.min(before, after);
	put(0, Math.floor(rest / 2));
	step?.('half');
	put(Math.floor(rest / 2), rest);
	fsyncSync(fd);
	step?.('overwritten');
	// sendmail's `*file*` respects nobody's locks; what it has added meanwhile moves up.
	const late = tailOf(fd, Math.max(before, after));
	writeAll(fd, late, after);
	ftruncateSync(fd, after + late.length);
	fsyncSync(fd);
	step?.('cut');
}

function tailOf(fd: number, from: number): Buffer {
	const tail = Buffer.alloc(Math.max(0, fstatSync(fd).size - from));
	return tail.subarray(0, tail.length > 0 ? readSync(fd, tail, 0, tail.length, from) : 0);
}

/**
 * Finishes a writing in place that was cut short, where a recovery copy says there was one. Mail that
 * has come since is kept. Cheap where there is none. Throws errno errors and MailboxBusy.
 */
export function recover(path: string, home: string, dot: 'attempt' | 'none'): void {
	// The copy is named after the file itself, whatever links lead to it.
	const real = realpathSync(path);
	const copy = recoveryPath(home, real);
	if (!statSync(copy, { throwIfNoEntry: false })) return;
	const fd = openSync(real, constants.O_RDWR);
	const copyFd = openSync(copy, 'r');
	try {
		const lock = lockMailbox(path, fd, { dot });
		try {
			const start = Buffer.alloc(8192);
			const line = start.subarray(0, readSync(copyFd, start, 0, start.length, 0));
			const offset = line.indexOf(10) + 1;
			const recovery = JSON.parse(line.toString('utf8', 0, offset)) as Recovery;
			const stats = fstatSync(fd);
			if (recovery.path !== real || recovery.ino !== stats.ino) return;
			finish(fd, copyFd, offset, recovery, stats.size);
			unlinkSync(copy);
		} finally {
			lock.release();
		}
	} finally {
		closeSync(copyFd);
		closeSync(fd);
	}
}

function finish(
	fd: number,
	copyFd: number,
	offset: number,
	recovery: Recovery,
	size: number,
): void {
	const longer = Math.max(recovery.before, recovery.after);
	const sample = Buffer.from(recovery.sample, 'base64');
	const there = Buffer.alloc(sample.length);
	const got = readSync(fd, there, 0, there.length, recovery.after);
	// Already cut: all that follows the new contents is new mail.
	const wasCut = size < longer || (sample.length > 0 && !there.subarray(0, got).equals(sample));
	const from = wasCut ? Math.min(size, recovery.after) : Math.min(size, longer);
	const tail = tailOf(fd, from);
	const pieces: Piece[] = [{ kind: 'range', from: offset, to: offset + recovery.after }];
	if (size < recovery.after) ftruncateSync(fd, recovery.after);
	const end = write(copyFd, pieces, fd, 0);
	writeAll(fd, tail, end);
	ftruncateSync(fd, end + tail.length);
	fsyncSync(fd);
}
