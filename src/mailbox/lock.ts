/**
 * Locks on an mbox file: the dot lock (`FILE.lock`, made by link(2) so that it is atomic on NFS too)
 * and the POSIX record lock (fcntl), in the order the delivery agents take them. They go dot first,
 * readers record first, so nobody here waits while holding one: what cannot be had at once is given
 * back and tried again until the patience ends. Record locks are those of open file descriptions
 * (OFD): they conflict with everybody's, and closing the file elsewhere in the process keeps them.
 */
import {
	closeSync,
	constants,
	existsSync,
	linkSync,
	openSync,
	readFileSync,
	realpathSync,
	renameSync,
	statSync,
	unlinkSync,
	writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';

import { errno, forgiving, isErrno } from '../complaint.js';
import { isFull } from './disk.js';

export interface LockOptions {
	/**
	 * `attempt` (as for a system mailbox): the dot lock is taken where the directory lets one make it;
	 * where it does not (EACCES, EPERM, EROFS), and where the disk is full, the record lock alone has to
	 * do, and the dot lock of another is respected. `none`: a private folder.
	 */
	readonly dot: 'attempt' | 'none';
	/** For reading only: shared with other readers. The descriptor may then be read-only. */
	readonly shared?: boolean;
	/** How long to go on trying, in milliseconds; 0 tries once. Default 20 000. */
	readonly patience?: number;
}

/** What has been locked, and the way to let go of it; releasing twice is harmless. */
export interface MailboxLock {
	readonly dotLocked: boolean;
	/** The disk had no room for the dot lock: programs that look for nothing else are not kept out. */
	readonly noRoom: boolean;
	/** False where the native library is missing, or the file system knows no record locks. */
	readonly recordLocked: boolean;
	release(): void;
}

/** Somebody else has the mailbox: `code` is `EAGAIN`, so it can be told as any errno error; try later. */
export class MailboxBusy extends Error {
	override readonly name = 'MailboxBusy';
	readonly code = 'EAGAIN';
	readonly path: string;

	constructor(path: string) {
		super(`${path}: mailbox is locked by another program`);
		this.path = path;
	}
}

/** procmail forces a dot lock of this age; the others do sooner or later. Seconds. */
const staleAfter = 1024;
const defaultPatience = 20_000;

/** The one function needed of the native library: throws EAGAIN where the lock is another's. */
interface RecordLocks {
	tryLock(fd: number, offset: number, length: number, exclusive: boolean): void;
	unlock(fd: number, offset: number, length: number): void;
}

let native: RecordLocks | undefined;
let nativeTried = false;

/**
 * Its binary directly: the JavaScript around it takes 12 ms to find what is found here in one.
 * Undefined on a system it was not built for; the dot lock is all there is then.
 */
function recordLocks(): RecordLocks | undefined {
	if (nativeTried) return native;
	nativeTried = true;
	if (process.env.INKLOOM_NO_RECORD_LOCKS) return undefined;
	const here = typeof __filename === 'string' ? __filename : import.meta.url;
	const require = process.getBuiltinModule('node:module').createRequire(here);
	const place = `${process.platform}-${process.arch}`;
	try {
		native = require(`fs-native-extensions/prebuilds/${place}/fs-native-extensions.node`);
	} catch (error) {
		// Not installed, or built for another C library (musl).
		if (!isErrno(error)) throw error;
	}
	return native;
}

/**
 * Locks the mailbox open as `fd` at `path`, blocking the whole process while it waits.
 * Throws MailboxBusy when the patience is at an end, and errno errors.
 */
export function lockMailbox(path: string, fd: number, options: LockOptions): MailboxLock {
	const deadline = Date.now() + (options.patience ?? defaultPatience);
	const pause = new Int32Array(new SharedArrayBuffer(4));
	for (let turn = 0; ; turn++) {
		const lock = tryOnce(path, fd, options);
		if (lock) return lock;
		const wait = pauseBefore(turn, deadline);
		if (wait === undefined) throw new MailboxBusy(path);
		Atomics.wait(pause, 0, 0, wait);
	}
}

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
}: {
	readonly path: string;
	readonly dot: LockOptions['dot'];
	readonly patience: number | undefined;
}): Claim {
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

/** The same without blocking: other work goes on while it waits. */
export async function waitForMailbox(
	path: string,
	fd: number,
	options: LockOptions,
): Promise<MailboxLock> {
	const deadline = Date.now() + (options.patience ?? defaultPatience);
	for (let turn = 0; ; turn++) {
		const lock = tryOnce(path, fd, options);
		if (lock) return lock;
		const wait = pauseBefore(turn, deadline);
		if (wait === undefined) throw new MailboxBusy(path);
		await new Promise((resolve) => setTimeout(resolve, wait));
	}
}

/** Milliseconds until the next try; undefined when the deadline has come. Uneven, against lockstep. */
function pauseBefore(turn: number, deadline: number): number | undefined {
	const left = deadline - Date.now();
	if (left <= 0) return undefined;
	return Math.min(left, Math.min(500, 5 * 2 ** Math.min(turn, 7)) * (0.5 + Math.random()));
}

function tryOnce(path: string, fd: number, options: LockOptions): MailboxLock | undefined {
	const locks = recordLocks();
	const wantsDot = options.dot === 'attempt' || (locks === undefined && !options.shared);
	let dot = wantsDot ? takeDotLock(`${path}.lock`) : 'none';
	if (dot === 'busy') return undefined;
	const dropDot = () => {
		if (dot === 'taken') removeIfThere(`${path}.lock`);
	};
	let recordLocked = false;
	try {
		recordLocked = locks !== undefined && takeRecordLock(locks, fd, !options.shared);
	} catch (error) {
		dropDot();
		if (isErrno(error) && error.code === 'EAGAIN') return undefined;
		throw error;
	}
	// Without record locks a private folder, too, needs the only kind there is.
	if (!recordLocked && dot === 'none' && !options.shared) dot = takeDotLock(`${path}.lock`);
	if (dot === 'busy') return undefined;
	const noRoom = dot === 'full';
	// Without any lock nothing is written; letters that are to be deleted can wait.
	if (noRoom && !recordLocked) throw errno('ENOSPC', `${path}.lock`);
	let held = true;
	return {
		dotLocked: dot === 'taken',
		noRoom,
		recordLocked,
		release() {
			if (!held) return;
			held = false;
			if (recordLocked) locks?.unlock(fd, 0, 0);
			dropDot();
		},
	};
}

/** File systems without record locks (some network ones) say so in one of these ways. */
const unsupported = ['ENOLCK', 'ENOSYS', 'EINVAL', 'EOPNOTSUPP', 'ENOTSUP'];

function takeRecordLock(locks: RecordLocks, fd: number, exclusive: boolean): boolean {
	try {
		locks.tryLock(fd, 0, 0, exclusive);
		return true;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code !== undefined && unsupported.includes(code)) return false;
		if (code === 'EACCES') throw Object.assign(new Error('locked'), { code: 'EAGAIN' });
		throw error;
	}
}

let count = 0;

type DotLock = 'taken' | 'busy' | 'refused' | 'full';

/** That one cannot be made here says nothing about whether another has made one. */
function without(lock: string, why: 'refused' | 'full'): DotLock {
	if (!existsSync(lock)) return why;
	if (!isStale(lock)) return 'busy';
	breakLock(lock);
	return why === 'refused' || !existsSync(lock) ? why : 'busy';
}

function takeDotLock(lock: string): DotLock {
	const mine = `${lock}.${hostname()}.${process.pid}.${Date.now()}.${++count}`;
	try {
		const fd = openSync(mine, 'wx', 0o444);
		try {
			// Not brought to disk: after a crash of the machine it locks nothing.
			writeSync(fd, `${process.pid} ${hostname()}\n`);
		} catch (error) {
			// An empty file locks as well; whose it is cannot be told, so that it goes stale by its age alone.
			if (!isFull(error)) throw error;
		} finally {
			closeSync(fd);
		}
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return without(lock, 'refused');
		if (code === 'ENAMETOOLONG' || code === 'ENOENT') return 'refused';
		removeIfThere(mine);
		if (isFull(error)) return without(lock, 'full');
		throw error;
	}
	try {
		linkSync(mine, lock);
		return 'taken';
	} catch (error) {
		// NFS may do it and report that it did not: two links are the proof.
		if (statSync(mine).nlink === 2) return 'taken';
		if (isFull(error)) return without(lock, 'full');
		if (!isErrno(error) || error.code !== 'EEXIST') throw error;
		if (isStale(lock)) breakLock(lock);
		return 'busy';
	} finally {
		removeIfThere(mine);
	}
}

/** Too old by the clock of its file system, or made on this machine by a process that is no more. */
function isStale(lock: string): boolean {
	try {
		const made = statSync(lock).mtimeMs;
		const now = statSync(dirname(lock)).mtimeMs;
		if (Math.max(now, Date.now()) - made > staleAfter * 1000) return true;
		const [pid, host] = readFileSync(lock, 'latin1').trim().split(' ');
		return host === hostname() && /^\d+$/.test(pid ?? '') && !isAlive(Number(pid));
	} catch (error) {
		if (isErrno(error)) return false;
		throw error;
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return !isErrno(error) || error.code !== 'ESRCH';
	}
}

/** Takes a stale lock away: renamed first, so that of two who try only one takes it, and only this one. */
function breakLock(lock: string): void {
	const aside = `${lock}.stale.${process.pid}.${++count}`;
	try {
		const { ino } = statSync(lock);
		renameSync(lock, aside);
		// Somebody was faster, and what was moved is a fresh lock: back with it.
		if (statSync(aside).ino !== ino) linkSync(aside, lock);
	} catch (error) {
		if (!isErrno(error)) throw error;
	}
	removeIfThere(aside);
}

function removeIfThere(path: string): void {
	forgiving(() => unlinkSync(path));
}
