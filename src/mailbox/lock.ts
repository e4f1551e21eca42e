/**
 * Locks on an mbox file: the dot lock (`FILE.lock`, made by link(2) so that it is atomic on NFS too)
 * and the POSIX record lock (fcntl), taken in the order the delivery agents take them. Deliverers go
 * dot first, readers record first, so nobody here waits while holding one: what cannot be had at once
 * is given back and tried again until the deadline.
 */

export interface LockOptions {
	/**
	 * `attempt` (as for a system mailbox): the dot lock is taken where the directory lets one make it;
	 * where it does not (EACCES, EPERM, EROFS) the record lock alone has to do. `none`: a private folder.
	 */
	readonly dot: 'attempt' | 'none';
	/** For reading only: shared with other readers. The descriptor may then be read-only. */
	readonly shared?: boolean;
	/** How long to go on trying, in milliseconds; 0 tries once. */
	readonly patience?: number;
}

/** What has been locked, and the way to let go of it; releasing twice is harmless. */
export interface MailboxLock {
	readonly dotLocked: boolean;
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

/**
 * Locks the mailbox open as `fd` at `path`, blocking the whole process while it waits.
 * Throws MailboxBusy when the patience is at an end, and errno errors.
 */
export declare function lockMailbox(path: string, fd: number, options: LockOptions): MailboxLock;

/** The same without blocking: other work goes on while it waits. */
export declare function waitForMailbox(
	path: string,
	fd: number,
	options: LockOptions,
): Promise<MailboxLock>;
