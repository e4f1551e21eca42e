/**
 * The door of the mailboxes: looks at what stands at a path and opens it as what it is. Formats beyond
 * the plain mbox file are loaded when one is met. Errors are those of the file system, for the caller
 * to word.
 */
import type { System } from '../system.js';
import type { Appended, AppendOptions, Letter } from './append.js';
import type { Mailbox } from './mailbox.js';

export type Format = 'mbox' | 'maildir' | 'gzip' | 'bzip2';

/** What is at `path` (on disk); `undefined` where nothing is. Throws EISDIR for another directory. */
export declare function formatOf(path: string): Format | undefined;

/**
 * Opens the mailbox at `path` (on disk).
 * Throws errno errors: ENOENT, EACCES, EISDIR (a directory that is no maildir), EINVAL (a device).
 * `FOO` that is not there but has a `FOO.gz` or `FOO.bz2` beside it is that one, as in the original.
 */
export declare function openMailbox(
	system: System,
	path: string,
	options: { readonly kind: 'system' | 'file'; readonly readOnly: boolean },
): Promise<Mailbox>;

/**
 * Appends to whatever kind of folder is at `path`; where nothing is, makes one of `newFormat`
 * (default mbox; what the variable `newfolders` says). Throws as `append`.
 */
export declare function appendTo(
	system: System,
	path: string,
	letters: Iterable<Letter>,
	options?: AppendOptions & { readonly newFormat?: 'mbox' | 'maildir' },
): Promise<Appended>;
