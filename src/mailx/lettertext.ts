/**
 * The text of a letter while it is being written: in memory to work on, and in a private file that grows
 * with it, so that not even a kill takes more than the last line. Knows no escapes.
 */
import {
	closeSync,
	ftruncateSync,
	mkdtempSync,
	openSync,
	rmdirSync,
	unlinkSync,
	writeSync,
} from 'node:fs';

import { isErrno, reason } from '../complaint.js';
import { temporaryFolder } from './foldernames.js';
import type { Session } from './session.js';

export class LetterText {
	readonly #session: Session;
	#pieces: Buffer[] = [];
	#folder: string | undefined;
	#file: number | undefined;

	/** A file that cannot be made is told; the letter then lives in memory only. */
	constructor(session: Session) {
		this.#session = session;
		try {
			// The process in the name tells the next session whether it was left behind (leftbehind.ts).
			const place = session.system.real(temporaryFolder(session));
			this.#folder = mkdtempSync(`${place}/mail-${process.pid}-`);
			this.#file = openSync(`${this.#folder}/draft`, 'w', 0o600);
		} catch (error) {
			if (!isErrno(error)) throw error;
			this.#told(error);
		}
	}

	get octets(): Buffer {
		if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)];
		return this.#pieces[0] ?? Buffer.alloc(0);
	}

	append(octets: Buffer): void {
		if (octets.length === 0) return;
		this.#pieces.push(octets);
		this.#write((file) => writeWhole(file, octets));
	}

	replace(octets: Buffer): void {
		this.#pieces = [octets];
		this.#write((file) => {
			ftruncateSync(file, 0);
			writeWhole(file, octets, 0);
		});
	}

	/** A full disk takes the file away, which is told, and not the letter. */
	#write(work: (file: number) => void): void {
		if (this.#file === undefined) return;
		try {
			work(this.#file);
		} catch (error) {
			if (!isErrno(error)) throw error;
			this.discard();
			this.#told(error);
		}
	}

	#told(error: NodeJS.ErrnoException): void {
		this.#session.terminal.complain(`temporary mail file: ${reason(error)}\n`);
	}

	/** The letter is where it belongs: the file is no longer needed. */
	discard(): void {
		if (this.#file !== undefined) closeSync(this.#file);
		if (this.#folder !== undefined) removeDraft(this.#folder);
		this.#file = undefined;
		this.#folder = undefined;
	}
}

/** Not rmSync: what that loads costs a millisecond of each `mail -s`. */
function removeDraft(folder: string): void {
	try {
		unlinkSync(`${folder}/draft`);
		rmdirSync(folder);
	} catch (error) {
		// Somebody cleaned up before us.
		if (!isErrno(error)) throw error;
	}
}

function writeWhole(file: number, octets: Buffer, position?: number): void {
	for (let at = 0; at < octets.length; ) {
		const left = octets.subarray(at);
		at += writeSync(file, left, 0, left.length, position === undefined ? null : position + at);
	}
}
