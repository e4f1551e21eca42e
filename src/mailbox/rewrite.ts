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
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { isErrno } from '../complaint.js';
import { syncDirectory, writeAll } from './disk.js';
import { isInterrupted, undoInterrupted } from './journal.js';
import { isFull, lockMailbox, type MailboxLock } from './lock.js';

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
	/** Locked already, by `claim`; else locked for the time of the rewriting. */
	readonly claim?: Claim | undefined;
	/** Asked for under the locks: the new contents. Throws where the old is not what it was. */
	pieces(): readonly Piece[];
	/**
	 * The new contents are safe, and become the mailbox's with the next step: the last moment to see to
	 * it that what is taken out is elsewhere. May be called twice. What it throws ends the rewriting.
	 */
	ready?(): void;
	/**
	 * From now on the new contents are the mailbox's, at the latest with its next opening, and whatever is
	 * thrown after that.
	 */
	decided?(): void;
	/** Called between the steps, with their names; for tests. */
	step?(name: string): void;
}

/** Small enough to stay in the processor's cache between read and write. */
const copyOctets = 1 << 18;

/** A mailbox locked for writing, until `release`. */
export interface Claim {
	readonly fd: number;
	readonly lock: MailboxLock;
	release(): void;
}

/** Locks a mailbox that is to be rewritten. Throws errno errors and MailboxBusy. */
export function claim({
	path,
	dot,
	patience,
}: Pick<Rewriting, 'path' | 'dot' | 'patience'>): Claim {
	const fd = openSync(realpathSync(path), constants.O_RDWR);
	try {
		const lock = lockMailbox(path, fd, { dot, ...(patience === undefined ? {} : { patience }) });
		const release = () => {
			lock.release();
			closeSync(fd);
		};
		return { fd, lock, release };
	} catch (error) {
		closeSync(fd);
		throw error;
	}
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
	let why: Error = refused(job.path);
	for (const way of job.dot === 'attempt' ? [inPlace, byRename] : [byRename, inPlace]) {
		try {
			if (way()) return;
		} catch (error) {
			// The other way may need room on another disk. What is half written over is left to `recover`.
			const isHalf = statSync(recoveryPath(job.home, real), { throwIfNoEntry: false });
			if (!isFull(error) || isHalf) throw error;
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
			if (!isErrno(error) || !isRefusal(error)) throw error;
		}
	}
	ftruncateSync(fd, 0);
	job.decided?.();
	fsyncSync(fd);
}

function refused(path: string): NodeJS.ErrnoException {
	return Object.assign(new Error(`EACCES: ${path}`), { code: 'EACCES', path });
}

function isRefusal(error: NodeJS.ErrnoException): boolean {
	return ['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ENAMETOOLONG'].includes(error.code ?? '');
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
		job.ready?.();
		renameSync(beside, real);
		job.decided?.();
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
	/** What stood at `after` in the old file: gone when the file has been cut there. Base64, as all samples. */
	readonly sample: string;
	/** How the old contents begin, and the new: a mailbox that begins otherwise is another's work. */
	readonly begins: readonly [old: string, new: string];
}

/** Two folders may have one name; where one lies tells them apart. */
function recoveryPath(home: string, real: string): string {
	return join(home, `.inkloom-recovery-${basename(real).slice(0, 100)}-${digest(real)}`);
}

/** FNV-1a, of 32 bits, forwards and backwards: for names, not against malice; what is found is verified. */
function digest(text: string): string {
	const octets = Buffer.from(text);
	const one = (sum: number, octet: number) => Math.imul(sum ^ octet, 0x01000193) >>> 0;
	return [octets.reduce(one, 0x811c9dc5), octets.reduceRight(one, 0x811c9dc5)]
		.map((sum) => sum.toString(36))
		.join('');
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
	let begun = false;
	try {
		let after = 0;
		for (const piece of pieces) after += lengthOf(piece);
		const line = Buffer.alloc(recoveryLine, ' ');
		line[recoveryLine - 1] = 10;
		writeAll(copyFd, line, 0);
		write(job.fd, pieces, copyFd, line.length);
		const recovery: Recovery = {
			path: real,
			dev: stats.dev,
			ino: stats.ino,
			before: stats.size,
			after,
			sample: after < stats.size ? sampleAt(fd, after) : '',
			begins: [sampleAt(fd, 0), sampleAt(copyFd, line.length)],
		};
		const said = Buffer.from(JSON.stringify(recovery));
		// A path of such a length that no copy can say whose it is.
		if (said.length >= line.length) return false;
		writeAll(copyFd, said, 0);
		fsyncSync(copyFd);
		job.step?.('drafted');
		job.ready?.();
		// One that could not be applied, of a mailbox that is no more: nobody's mail is thrown away.
		setAside(job.home, real);
		renameSync(draft, copy);
		try {
			syncDirectory(job.home);
		} catch (error) {
			// Or it would be applied at the next opening, when much may have changed.
			removeIfThere(copy);
			throw error;
		}
		job.step?.('recoverable');
		begun = true;
		putInPlace(fd, { fd: copyFd, offset: line.length, path: copy }, recovery, job);
	} finally {
		closeSync(copyFd);
		if (!begun) removeIfThere(draft);
	}
	unlinkSync(copy);
	syncDirectory(job.home);
	job.step?.('done');
	return true;
}

/** Octets of the first line of a recovery copy: a path is no longer than 4096. */
const recoveryLine = 8192;

function sampleAt(fd: number, from: number): string {
	const sample = Buffer.alloc(sampleOctets);
	return sample.toString('base64', 0, readSync(fd, sample, 0, sampleOctets, from));
}

/** A copy that fits no mailbox any more becomes a file that its owner sees, and may open as a folder. */
function setAside(home: string, real: string): void {
	const copy = recoveryPath(home, real);
	if (!statSync(copy, { throwIfNoEntry: false })) return;
	for (let number = 1; ; number++) {
		const place = join(home, `recovered-${basename(real).slice(0, 100)}-${number}`);
		if (statSync(place, { throwIfNoEntry: false })) continue;
		renameSync(copy, place);
		return;
	}
}

/** Copies the new contents over the old, and cuts off the rest. */
function putInPlace(
	fd: number,
	copy: { readonly fd: number; readonly offset: number; readonly path: string },
	recovery: Recovery,
	{ step, decided }: Pick<Rewriting, 'step' | 'decided'>,
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
			unlinkSync(copy.path);
			ftruncateSync(fd, before);
			throw error;
		}
	}
	decided?.();
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
 * Makes good what was cut short: an append, and a writing in place where a recovery copy says there was
 * one. Mail that has come since is kept. Cheap where there is nothing. Throws errno errors and MailboxBusy.
 */
export function recover(path: string, home: string, dot: 'attempt' | 'none'): void {
	// The copy is named after the file itself, whatever links lead to it.
	const real = realpathSync(path);
	const copy = recoveryPath(home, real);
	const hasCopy = statSync(copy, { throwIfNoEntry: false }) !== undefined;
	if (!hasCopy && !isInterrupted(path)) return;
	const { fd, release } = claim({ path, dot, patience: undefined });
	try {
		undoInterrupted(path, fd);
		if (hasCopy && !applyCopy(fd, copy, real)) setAside(home, real);
	} finally {
		release();
	}
}

/** False where the mailbox is not the one that was written over. */
function applyCopy(fd: number, copy: string, real: string): boolean {
	let copyFd: number;
	try {
		copyFd = openSync(copy, 'r');
	} catch (error) {
		// While we waited for the locks, somebody else has done it.
		if (isErrno(error) && error.code === 'ENOENT') return true;
		throw error;
	}
	try {
		const start = Buffer.alloc(recoveryLine);
		const line = start.subarray(0, readSync(copyFd, start, 0, start.length, 0));
		const offset = line.indexOf(10) + 1;
		const recovery = parseRecovery(line.toString('utf8', 0, offset));
		const stats = fstatSync(fd);
		if (recovery?.path !== real || recovery.ino !== stats.ino || recovery.dev !== stats.dev) {
			return false;
		}
		if (fstatSync(copyFd).size < offset + recovery.after) return false;
		if (!beginsAsLeft(fd, recovery)) return false;
		finish(fd, copyFd, offset, recovery, stats.size);
	} finally {
		closeSync(copyFd);
	}
	unlinkSync(copy);
	return true;
}

/** Whether the mailbox begins as the old one did, or as the new one does. */
function beginsAsLeft(fd: number, { begins }: Recovery): boolean {
	const now = Buffer.from(sampleAt(fd, 0), 'base64');
	return begins.some((sample) => {
		const whole = Buffer.from(sample, 'base64');
		return now.subarray(0, whole.length).equals(whole);
	});
}

function parseRecovery(line: string): Recovery | undefined {
	try {
		return JSON.parse(line) as Recovery;
	} catch (error) {
		if (error instanceof SyntaxError) return undefined;
		throw error;
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
