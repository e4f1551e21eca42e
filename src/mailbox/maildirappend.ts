/**
 * How letters get into a maildir: each a file in `tmp`, on disk before any of them is linked into `new`. Needs
 * no locks. Follows cr.yp.to/proto/maildir.html.
 */
import {
	closeSync,
	existsSync,
	fsyncSync,
	linkSync,
	mkdirSync,
	openSync,
	unlinkSync,
} from 'node:fs';
import { join } from 'node:path';

import { forgiving, isErrno } from '../complaint.js';
import { bufferOf } from '../message/octets.js';
import type { System } from '../system.js';
import type { Appended, AppendOptions } from './append.js';
import { syncDirectory, writeAll } from './disk.js';
import { quoteFrom } from './fromlines.js';
import type { Letter } from './letterwriter.js';
import { nameWithFlags, newName } from './maildirname.js';
import { flagsOfKept, keptOfLine } from './status.js';

/**
 * Writes each letter into a file in `tmp`, then puts them all into `new`: none is seen before all are
 * safe. Letters keep their flags in their names; where none are given, those of their status fields.
 */
export function appendToMaildir(
	system: System,
	path: string,
	letters: Iterable<Letter>,
	options: AppendOptions,
): Appended {
	const created = makeMaildir(path);
	const written: { draft: string; file: string }[] = [];
	try {
		for (const letter of letters) {
			const name = newName(system);
			const draft = join(path, 'tmp', name);
			let head = '';
			const watched = (function* () {
				for (const chunk of letter.content) {
					if (head.length < 65536) head += bufferOf(chunk).toString('latin1');
					yield chunk;
				}
			})();
			const quoted = options.quote === false ? watched : quoteFrom(watched);
			writeDurably(draft, quoted);
			written.push({ draft, file: nameWithFlags(name, letter.flags ?? flagsOfHead(head)) });
		}
		linkAll(written.map(({ draft, file }) => [draft, join(path, 'new', file)]));
		syncDirectory(join(path, 'new'));
	} finally {
		// They are in `new`, or to be written again: what cannot be removed goes with time.
		for (const { draft } of written) forgiving(() => unlinkSync(draft));
	}
	return { created };
}

/** All or none: half of what was to be saved would be saved twice the next time. */
function linkAll(links: readonly (readonly [from: string, to: string])[]): void {
	let made = 0;
	try {
		for (const [from, to] of links) {
			linkSync(from, to);
			made++;
		}
	} catch (error) {
		for (const [, to] of links.slice(0, made)) forgiving(() => unlinkSync(to));
		throw error;
	}
}

function flagsOfHead(head: string): number {
	let kept = 0;
	for (const line of head.split('\n')) {
		if (line === '') break;
		kept |= keptOfLine(`${line}\n`);
	}
	return flagsOfKept(kept);
}

/** Makes the folder where there is none. Throws errno errors. */
function makeMaildir(path: string): boolean {
	const created = !existsSync(path);
	for (const folder of ['', 'tmp', 'new', 'cur']) {
		try {
			mkdirSync(join(path, folder), 0o700);
		} catch (error) {
			if (!isErrno(error) || error.code !== 'EEXIST') throw error;
		}
	}
	return created;
}

/** Writes a new file; it is on disk, or not there. Throws errno errors. */
export function writeDurably(path: string, chunks: Iterable<Uint8Array>): void {
	const fd = openSync(path, 'wx', 0o600);
	try {
		for (const chunk of chunks) writeAll(fd, chunk);
		fsyncSync(fd);
	} catch (error) {
		unlinkSync(path);
		throw error;
	} finally {
		closeSync(fd);
	}
}
