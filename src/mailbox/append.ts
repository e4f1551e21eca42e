/**
 * The one way letters get into an mbox file, for `save`, `copy`, quitting and local delivery alike:
 * locked, separated by an empty line, From-quoted where asked, on disk before success is told, and cut
 * back to the old length on any failure. Knows nothing of who asks.
 */

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
	/** Write `From ` at the start of any body line as `>From `. Default true. */
	readonly quote?: boolean;
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
}

/** What was written, as the original tells it: separators between letters are not counted. */
export interface Appended {
	readonly octets: number;
	readonly lines: number;
	readonly created: boolean;
}

/**
 * Appends letters, all or none. The file is durable (fsync) when the promise is kept.
 * Throws errno errors (EISDIR, EACCES, ENOSPC, EDQUOT…) and MailboxBusy; the file is then as it was.
 */
export declare function append(
	path: string,
	letters: Iterable<Letter>,
	options?: AppendOptions,
): Promise<Appended>;
