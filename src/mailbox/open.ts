/**
 * The door of the mailboxes: looks at what stands at a path and opens it as what it is. Formats beyond
 * the plain mbox file are loaded when one is met. Errors are those of the file system, for the caller
 * to word.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';

import { errno } from '../complaint.js';
import type { System } from '../system.js';
import type { Appended, AppendOptions, Tentative } from './append.js';
import { MboxFile, type Pause } from './file.js';
import type { Letter } from './letterwriter.js';
import type { Mailbox } from './mailbox.js';
import { recover } from './overwrite.js';

export type Format = 'mbox' | 'maildir' | 'gzip' | 'bzip2';

export interface OpenOptions {
	/** `system`: one's incoming mail; `file`: any other folder. */
	readonly kind: 'system' | 'file';
	readonly readOnly: boolean;
	/** As it is shown; default: the path without a lab's root. */
	readonly name?: string;
	/** Milliseconds to wait for the locks of a system mailbox; default 20 000. */
	readonly patience?: number;
	/** Written back as Heirloom does, see MboxOptions; default false. */
	readonly faithful?: boolean;
	/** See MboxOptions; default false. */
	readonly everyFrom?: boolean;
	/** The plain mbox at `path`, open for reading: it is read even if it has been removed meanwhile. */
	readonly fd?: number;
	/** Called now and then while a plain mbox is read. */
	readonly pause?: Pause;
}

function isDirectory(path: string): boolean {
	return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * What is at `path` (on disk), and the path it really is at: `FOO` that is not there, but has a
 * `FOO.gz` or `FOO.bz2` beside it, is that one. `undefined` where nothing is; a name ending in .gz or
 * .bz2 tells the format, as in the original. Throws EISDIR for a directory that is no maildir.
 */
function findFolder(path: string): { path: string; format: Format } | undefined {
	const stats = statSync(path, { throwIfNoEntry: false });
	if (stats?.isDirectory()) {
		if (['tmp', 'new', 'cur'].every((name) => isDirectory(join(path, name)))) {
			return { path, format: 'maildir' };
		}
		throw errno('EISDIR', path);
	}
	if (stats) {
		if (path.endsWith('.gz')) return { path, format: 'gzip' };
		return { path, format: path.endsWith('.bz2') ? 'bzip2' : 'mbox' };
	}
	for (const [ending, format] of [
		['.gz', 'gzip'],
		['.bz2', 'bzip2'],
	] as const) {
		if (statSync(path + ending, { throwIfNoEntry: false })) return { path: path + ending, format };
	}
	return undefined;
}

/** What is at `path` (on disk); `undefined` where nothing is. Throws EISDIR for another directory. */
export function formatOf(path: string): Format | undefined {
	return findFolder(path)?.format;
}

/**
 * Opens the mailbox at `path` (on disk).
 * Throws errno errors: ENOENT, EACCES, EISDIR (a directory that is no maildir), EINVAL (a device);
 * MailboxBusy where a deliverer holds a system mailbox.
 */
export async function openMailbox(
	system: System,
	path: string,
	options: OpenOptions,
): Promise<Mailbox> {
	const { kind, readOnly } = options;
	const name = options.name ?? system.shown(path);
	const folder = findFolder(path);
	if (!folder && options.fd !== undefined) {
		return new MboxFile(path, { ...options, name, home: system.home, readOnly: true });
	}
	if (!folder) throw errno('ENOENT', path);
	if (folder.format === 'mbox') {
		if (!readOnly) recover(path, system.home, kind === 'system' ? 'attempt' : 'none');
		const { pause, ...rest } = { ...options, name, home: system.home };
		return pause ? MboxFile.open(path, rest, pause) : new MboxFile(path, rest);
	}
	if (folder.format === 'maildir') {
		const { Maildir } = await import('./maildir.js');
		return new Maildir(path, { kind, readOnly, name, now: () => system.now() });
	}
	const { CompressedMbox } = await import('./compressed.js');
	return new CompressedMbox(folder.path, folder.format, {
		...options,
		name: options.name ?? system.shown(folder.path),
		home: system.home,
	});
}

/**
 * Appends to whatever kind of folder is at `path`; where nothing is, makes one of `newFormat`
 * (default mbox; what the variable `newfolders` says), or as the ending of the name says.
 * Throws as `append`.
 */
export async function appendTo(
	system: System,
	path: string,
	letters: Iterable<Letter>,
	options: AppendOptions & { readonly newFormat?: 'mbox' | 'maildir' } = {},
): Promise<Appended> {
	const folder = findFolder(path) ?? newFolder(path, options.newFormat ?? 'mbox');
	if (folder.format === 'mbox') {
		const { append } = await import('./append.js');
		return append(folder.path, letters, options);
	}
	if (folder.format === 'maildir') {
		const { appendToMaildir } = await import('./maildirappend.js');
		return appendToMaildir(system, folder.path, letters, options);
	}
	const { appendToCompressed } = await import('./compressed.js');
	return appendToCompressed(folder.path, folder.format, letters, options);
}

/**
 * The same, until the moment before it counts, where the folder is a plain mbox; letters for any other
 * are there when the promise is kept, and cannot be taken back. Throws as `append`.
 */
export async function appendTentativelyTo(
	...[system, path, letters, options = {}]: Parameters<typeof appendTo>
): Promise<Tentative> {
	const folder = findFolder(path) ?? newFolder(path, options.newFormat ?? 'mbox');
	if (folder.format === 'mbox') {
		const { appendTentatively } = await import('./append.js');
		return appendTentatively(folder.path, letters, options);
	}
	const done = await appendTo(system, path, letters, options);
	return { ...done, commit: () => undefined, undo: () => false, close: () => undefined };
}

function newFolder(path: string, otherwise: 'mbox' | 'maildir'): { path: string; format: Format } {
	if (path.endsWith('.gz')) return { path, format: 'gzip' };
	if (path.endsWith('.bz2')) return { path, format: 'bzip2' };
	return { path, format: otherwise };
}
