/**
 * Writes over a mailbox in its place. A copy of the new contents stands in the home directory until all is
 * done, and `recover` finishes what a kill or a power cut has cut short. What programs without locks add
 * meanwhile is kept. Runs under the locks of the mailbox; which way new contents take is rewrite.ts's to say.
 */
import {
	closeSync,
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
import { basename, join } from 'node:path';

import { isErrno } from '../complaint.js';
import { isRefusal, removeIfThere, syncDirectory, writeAll } from './disk.js';
import { isInterrupted, undoInterrupted } from './journal.js';
import { type Claim, claim } from './lock.js';
import { lengthOf, type Piece, tailOf, writePieces } from './piece.js';

export interface Overwriting {
	/** Open for reading; ranges are of this file. */
	readonly fd: number;
	/** For the recovery copy. */
	readonly home: string;
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

/** Whether a writing in place was begun, and not ended. */
export function isHalfWritten(home: string, real: string): boolean {
	return statSync(recoveryPath(home, real), { throwIfNoEntry: false }) !== undefined;
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
export function overwrite(
	job: Overwriting,
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
		if (isRefusal(error) || (isErrno(error) && error.code === 'ENOENT')) return false;
		throw error;
	}
	let begun = false;
	try {
		let after = 0;
		for (const piece of pieces) after += lengthOf(piece);
		const line = Buffer.alloc(recoveryLine, ' ');
		line[recoveryLine - 1] = 10;
		writeAll(copyFd, line, 0);
		writePieces(job.fd, pieces, copyFd, line.length);
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
	if (!isHalfWritten(home, real)) return;
	const copy = recoveryPath(home, real);
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
	{ step, decided }: Pick<Overwriting, 'step' | 'decided'>,
): void {
	const { before, after } = recovery;
	const put = (from: number, to: number) => {
		const range: Piece = { kind: 'range', from: copy.offset + from, to: copy.offset + to };
		if (to > from) writePieces(copy.fd, [range], fd, from);
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

/**
 * Makes good what was cut short: an append, and a writing in place where a recovery copy says there was
 * one. Mail that has come since is kept. Cheap where there is nothing. Throws errno errors and MailboxBusy.
 */
export function recover(path: string, home: string, dot: 'attempt' | 'none'): void {
	// The copy is named after the file itself, whatever links lead to it.
	const real = realpathSync(path);
	const copy = recoveryPath(home, real);
	const hasCopy = isHalfWritten(home, real);
	if (!hasCopy && !isInterrupted(path)) return;
	let claimed: Claim;
	try {
		claimed = claim({ path, dot, patience: undefined });
	} catch (error) {
		// One may look at what one may not mend.
		if (isRefusal(error)) return;
		throw error;
	}
	const { fd, lock, release } = claimed;
	try {
		// Without locks the writer may be alive.
		if (lock.dotLocked || lock.recordLocked) undoInterrupted(path, fd);
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
	const end = writePieces(copyFd, pieces, fd, 0);
	writeAll(fd, tail, end);
	ftruncateSync(fd, end + tail.length);
	fsyncSync(fd);
}
