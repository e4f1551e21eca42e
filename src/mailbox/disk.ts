/**
 * Octets on their way to a disk: all of them written, the directory that names them on disk as well, and what
 * it means where that is refused. Knows nothing of mail.
 */
import {
	accessSync,
	closeSync,
	constants,
	fsyncSync,
	openSync,
	unlinkSync,
	writeSync,
} from 'node:fs';

import { isErrno } from '../complaint.js';

/** Whether one may write to what is at `path`. */
export function isWritable(path: string): boolean {
	try {
		accessSync(path, constants.W_OK);
		return true;
	} catch (error) {
		if (isErrno(error)) return false;
		throw error;
	}
}

/** writeSync may write less than it was given. Without `at`: where the file stands. Throws errno errors. */
export function writeAll(fd: number, octets: Uint8Array, at: number | null = null): void {
	for (let done = 0; done < octets.length; ) {
		done += writeSync(fd, octets, done, octets.length - done, at === null ? null : at + done);
	}
}

/** Not to be opened for reading (a spool of mode 1733), or a file system that syncs no directories. */
const unsyncable = ['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR'];

/**
 * Sees the names in a directory onto the disk. Where it may not be opened, what was done to the files
 * in it has to do: a journaling file system writes the name of a new file with the file. Throws errno errors.
 */
export function syncDirectory(path: string): void {
	let fd: number;
	try {
		fd = openSync(path, constants.O_RDONLY);
	} catch (error) {
		if (isErrno(error) && unsyncable.includes(error.code ?? '')) return;
		throw error;
	}
	try {
		fsyncSync(fd);
	} catch (error) {
		if (!isErrno(error) || !unsyncable.includes(error.code ?? '')) throw error;
	} finally {
		closeSync(fd);
	}
}

/** Whether it was room that was missing, on the disk or in one's quota. */
export function isFull(error: unknown): boolean {
	return isErrno(error) && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/** Whether a directory or a file is not ours to change. */
export function isRefusal(error: unknown): boolean {
	return (
		isErrno(error) &&
		['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ENAMETOOLONG'].includes(error.code ?? '')
	);
}

/** Throws errno errors, save where there is nothing. */
export function removeIfThere(path: string): void {
	try {
		unlinkSync(path);
	} catch (error) {
		if (!isErrno(error) || error.code !== 'ENOENT') throw error;
	}
}
