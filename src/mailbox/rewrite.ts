/**
 * Gives an mbox file new contents so that a kill or a power cut at any moment leaves the old mailbox
 * or the new one. A folder is written beside, synced and renamed. A system mailbox is written over in its
 * place, as a deliverer may have opened it already and be waiting for the lock: what it appends to a
 * file that was renamed away would be lost (overwrite.ts). Each way stands in for the other where
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
	realpathSync,
	renameSync,
	type Stats,
	unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { errno } from '../complaint.js';
import { isFull, isRefusal, removeIfThere, syncDirectory, writeAll } from './disk.js';
import { type Claim, claim } from './lock.js';
import { isHalfWritten, type Overwriting, overwrite } from './overwrite.js';
import { lengthOf, type Piece, tailOf, writePieces } from './piece.js';

export interface Rewriting extends Overwriting {
	readonly path: string;
	readonly dot: 'attempt' | 'none';
	/** Remove the file rather than leave it empty. */
	readonly removeEmpty: boolean;
	/** Milliseconds to wait for locks. */
	readonly patience: number | undefined;
	/** Locked already, by `claim`; else locked for the time of the rewriting. */
	readonly claim?: Claim | undefined;
	/** Asked for under the locks: the new contents. Throws where the old is not what it was. */
	pieces(): readonly Piece[];
}

/** Rewrites the file. Throws errno errors and MailboxBusy; the mailbox is then as it was, unless `decided` was called. */
export function rewrite(job: Rewriting): void {
	const real = realpathSync(job.path);
	const claimed = job.claim ?? claim(job);
	const { fd } = claimed;
	try {
		const pieces = job.pieces();
		const stats = fstatSync(fd);
		job.step?.('locked');
		if (isWhole(pieces, stats.size)) job.ready?.();
		else if (pieces.length === 0 && tailOf(fd, stats.size).length === 0) empty(job, real, fd);
		else if (pieces.length === 0) shorten(job, fd, 0, stats.size);
		else if (isBeginning(pieces)) shorten(job, fd, lengthOf(pieces[0] as Piece), stats.size);
		else inSomeWay(job, real, fd, stats, pieces);
	} finally {
		if (job.claim === undefined) claimed.release();
	}
}

/** In the way that suits its kind, else in the other. */
function inSomeWay(
	job: Rewriting,
	real: string,
	fd: number,
	stats: Stats,
	pieces: readonly Piece[],
): void {
	const inPlace = () => overwrite(job, real, fd, stats, pieces);
	const byRename = () => replaceFile(job, real, stats, pieces);
	let why: Error = errno('EACCES', job.path);
	for (const way of job.dot === 'attempt' ? [inPlace, byRename] : [byRename, inPlace]) {
		try {
			if (way()) return;
		} catch (error) {
			// The other way may need room on another disk. What is half written over is left to `recover`.
			if (!isFull(error) || isHalfWritten(job.home, real)) throw error;
			why = error as Error;
		}
	}
	throw why;
}

/** True where the new contents are the old. */
function isWhole(pieces: readonly Piece[], size: number): boolean {
	const [only] = pieces;
	if (only === undefined) return size === 0;
	return pieces.length === 1 && only.kind === 'range' && only.from === 0 && only.to === size;
}

/** True where the new contents are the old without its end. */
function isBeginning(pieces: readonly Piece[]): boolean {
	const [only] = pieces;
	return pieces.length === 1 && only?.kind === 'range' && only.from === 0;
}

/** Takes off the end, which needs no room; what a program without locks has just added stays. */
function shorten(job: Rewriting, fd: number, length: number, size: number): void {
	job.ready?.();
	const late = tailOf(fd, size);
	if (late.length > 0) writeAll(fd, late, length);
	ftruncateSync(fd, length + late.length);
	job.decided?.();
	fsyncSync(fd);
}

function empty(job: Rewriting, real: string, fd: number): void {
	job.ready?.();
	if (job.removeEmpty) {
		try {
			unlinkSync(real);
			job.decided?.();
			syncDirectory(dirname(real));
			return;
		} catch (error) {
			// As with any spool one may not take files out of: it is left empty.
			if (!isRefusal(error)) throw error;
		}
	}
	ftruncateSync(fd, 0);
	job.decided?.();
	fsyncSync(fd);
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
		if (isRefusal(error)) return false;
		throw error;
	}
	try {
		try {
			if (!sameOwner(fd, stats)) return false;
			job.step?.('begun');
			writePieces(job.fd, pieces, fd, 0);
			job.step?.('written');
			fsyncSync(fd);
		} finally {
			closeSync(fd);
		}
		job.step?.('synced');
		job.ready?.();
		renameSync(beside, real);
		job.decided?.();
		job.step?.('renamed');
		syncDirectory(dirname(real));
		return true;
	} catch (error) {
		// A sticky directory lets us make files, but not replace another's.
		if (isRefusal(error)) return false;
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
		if (isRefusal(error)) return false;
		throw error;
	}
	fchmodSync(fd, stats.mode & 0o7777);
	return true;
}
