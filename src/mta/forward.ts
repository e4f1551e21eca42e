/**
 * The lines of ~/.forward and of :include: files, and the rules by which a .forward file is trusted.
 * Pure: it is given octets as a string (latin1) and what stat(2) said, never a path.
 */
import type { User } from '../system.js';
import { splitList } from './recipient.js';

export interface ForwardLine {
	/** 1 is the first line of the file. */
	readonly line: number;
	/** As it is written, for the story that `-v` tells. */
	readonly text: string;
	/** Its addresses, as they are written. */
	readonly items: readonly string[];
}

/** The lines that name recipients. `#` begins a comment in the first column only. */
export function parseForward(text: string): ForwardLine[] {
	return text.split('\n').flatMap((raw, index) => {
		const line = raw.replace(/[ \t\r]+$/, '');
		if (line === '' || line.startsWith('#')) return [];
		return [{ line: index + 1, text: line, items: splitList(line, true) }];
	});
}

interface Owned {
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
}

/**
 * Why a .forward file has to be ignored, in sendmail's words; undefined where it is trusted.
 * `owned` is false in a root of one's own, where every file belongs to the person running: then modes
 * alone count.
 */
export function forwardRefusal(
	file: Owned,
	folder: Owned,
	user: User,
	owned: boolean,
): string | undefined {
	if (file.mode & 0o020) return 'Group writable file';
	if (file.mode & 0o002) return 'World writable file';
	if (folder.mode & 0o002) return 'World writable directory';
	if (owned && file.uid !== user.uid && file.uid !== 0) return 'Permission denied';
	if (owned ? !mayRead(file, user) : (file.mode & 0o400) === 0) return 'Permission denied';
	return undefined;
}

/** Whether the user himself may read it: the programs that read it for him may read anything. */
export function mayRead(file: Owned, user: Pick<User, 'uid' | 'gid'>): boolean {
	if (user.uid === 0) return true;
	if (file.uid === user.uid) return (file.mode & 0o400) !== 0;
	return (file.mode & (file.gid === user.gid ? 0o040 : 0o004)) !== 0;
}
