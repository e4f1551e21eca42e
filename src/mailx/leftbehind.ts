/**
 * Letters that a session was writing when it was killed with no time for anything: their text is still
 * in the private file of lettertext.ts. The next session of the same person moves it to dead.letter and
 * says so. Takes nothing from a session that still runs.
 */
import {
	lstatSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	type Stats,
} from 'node:fs';

import { isErrno } from '../complaint.js';
import { countNewlines } from '../message/octets.js';
import { saveDeadLetter } from './deadletter.js';
import { deadLetter, temporaryFolder } from './foldernames.js';
import type { Session } from './session.js';

/** Moves what was left behind to dead.letter; one line for each letter. */
export function recoverLetters(session: Session): void {
	const folder = session.system.real(temporaryFolder(session));
	for (const name of entriesOf(folder)) {
		const pid = Number(/^mail-(\d+)-/.exec(name)?.[1]);
		if (!Number.isSafeInteger(pid) || pid < 1 || isAlive(pid)) continue;
		try {
			recover(session, folder, name);
		} catch (error) {
			// Somebody else's, or gone meanwhile: not ours to take, and nothing to trouble a person with.
			if (!isErrno(error)) throw error;
		}
	}
}

function recover(session: Session, folder: string, name: string): void {
	const path = `${folder}/${name}`;
	if (!isOwn(lstatSync(path), 'folder') || !isOwn(lstatSync(`${path}/draft`), 'file')) return;
	// Of two sessions that start at once, one gets it; killed right here, the next one finds it again.
	const claimed = mkdtempSync(`${folder}/mail-${process.pid}-`);
	renameSync(path, claimed);
	const octets = readFileSync(`${claimed}/draft`);
	if (!saveDeadLetter(session, octets, true)) return;
	rmSync(claimed, { recursive: true, force: true });
	if (octets.length === 0) return;
	const size = `${countNewlines(octets)}/${octets.length}`;
	session.terminal.write(
		`"${deadLetter(session)}" ${size}: a letter left unfinished; ~d brings it back\n`,
	);
}

function entriesOf(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch (error) {
		if (!isErrno(error)) throw error;
		return [];
	}
}

/** Anybody may make such names in /tmp: no link is followed, no file of others read. */
function isOwn(stats: Stats, kind: 'folder' | 'file'): boolean {
	const right = kind === 'folder' ? stats.isDirectory() : stats.isFile() && stats.nlink === 1;
	return right && stats.uid === process.geteuid?.();
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		if (!isErrno(error)) throw error;
		return error.code !== 'ESRCH';
	}
}
