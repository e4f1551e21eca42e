/**
 * The files that say where mail goes and that users may write: ~/.forward and :include: lists. They are
 * read only where the rules of forward.ts trust them, judged by what was opened, not by what the name
 * may mean a moment later.
 */
import {
	closeSync,
	constants,
	fstatSync,
	openSync,
	readFileSync,
	type Stats,
	statSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { isErrno, reason } from '../complaint.js';
import type { System, User } from '../system.js';
import { type ForwardLine, forwardRefusal, mayRead, parseForward } from './forward.js';
import { ownedFiles } from './spool.js';

export interface ForwardFile {
	/** As it is shown. */
	readonly file: string;
	readonly lines: readonly ForwardLine[];
	/** Why it has to be ignored. */
	readonly refused?: string;
}

const absent = reason({ code: 'ENOENT' });

/** The text of a file, or why it is not read. */
function readTrusted(
	path: string,
	refuse: (file: Stats) => string | undefined,
): { readonly text: string } | string {
	try {
		// Without O_NONBLOCK a pipe in its place would keep delivery waiting for ever.
		const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
		try {
			const file = fstatSync(fd);
			const why = file.isFile() ? refuse(file) : 'Not a regular file';
			return why ?? { text: readFileSync(fd, 'latin1') };
		} finally {
			closeSync(fd);
		}
	} catch (error) {
		if (!isErrno(error)) throw error;
		return error.code === 'ENOTDIR' ? absent : reason(error);
	}
}

/**
 * The user's .forward that applies: the one for this host, else the plain one. Undefined where there is
 * none, or none with an address in it.
 */
export function readForward(system: System, user: User): ForwardFile | undefined {
	const home = system.real(user.home);
	const short = system.host.split('.', 1)[0] as string;
	for (const name of [`.forward.${short}`, '.forward']) {
		const path = `${home}/${name}`;
		const read = readTrusted(path, (file) =>
			forwardRefusal(file, statSync(dirname(path)), user, ownedFiles(system)),
		);
		const file = system.shown(path);
		if (typeof read !== 'string') {
			const lines = parseForward(read.text);
			return lines.some(({ items }) => items.length > 0) ? { file, lines } : undefined;
		}
		if (read !== absent) return { file, lines: [], refused: read };
	}
	return undefined;
}

/** The text of a list, read for `user` (undefined: the aliases file's wish), or why it is not read. */
export function readList(
	system: System,
	path: string,
	user: User | undefined,
): { readonly text: string } | string {
	return readTrusted(system.real(path), (file) => {
		if (file.mode & 0o002) return 'World writable file';
		return user && ownedFiles(system) && !mayRead(file, user) ? 'Permission denied' : undefined;
	});
}
