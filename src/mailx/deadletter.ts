/**
 * Where the text of a letter goes that cannot go anywhere else: dead.letter. Synchronous, because a
 * signal may leave time for nothing else.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';

import { isErrno, reason } from '../complaint.js';
import { countNewlines } from '../message/octets.js';
import { deadLetter } from './foldernames.js';
import type { Session } from './session.js';

/**
 * Appends the octets to dead.letter and tells how many they are; nothing for an empty letter.
 * False where it could not be written, which is told. `quiet`: nothing is told of success, and the text
 * stays elsewhere until then, so that no half of it is left here.
 */
export function saveDeadLetter(session: Session, octets: Uint8Array, quiet = false): boolean {
	if (octets.length === 0) return true;
	const { terminal, system } = session;
	const path = deadLetter(session);
	try {
		appendDurably(system.real(path), octets, quiet);
	} catch (error) {
		if (!isErrno(error)) throw error;
		terminal.complain(`${path}: ${reason(error)}\n`);
		return false;
	}
	if (!quiet) terminal.write(`"${path}" ${countNewlines(octets)}/${octets.length}\n`);
	return true;
}

/** Appends to a file of one's own (mode 0600 where it is made); on disk when it returns. Throws errno errors. */
function appendDurably(path: string, octets: Uint8Array, wholly: boolean): void {
	const file = openSync(path, 'a', 0o600);
	let written = 0;
	try {
		const { size } = fstatSync(file);
		try {
			while (written < octets.length) written += writeSync(file, octets, written);
			fsyncSync(file);
		} catch (error) {
			const isOurs = written > 0 && fstatSync(file).size === size + written;
			if (wholly && isOurs) ftruncateSync(file, size);
			throw error;
		}
	} finally {
		closeSync(file);
	}
}
