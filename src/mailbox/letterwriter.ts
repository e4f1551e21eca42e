/**
 * How letters are written into an mbox file: each with its From_ line, quoted, set apart by empty lines, in
 * large writes, with a note in the journal before more is written than one write takes. Locks, names and
 * undoing are the business of append.ts.
 */
import { fstatSync, fsyncSync, readSync } from 'node:fs';

import { bufferOf } from '../message/octets.js';
import { writeAll } from './disk.js';
import { quoteFrom } from './fromlines.js';
import type { Journal } from './journal.js';

/** A letter on its way into a folder. */
export interface Letter {
	/** The From_ line without its newline; left out where the folder has none (maildir). */
	readonly postmark: string;
	/** Header, empty line and body, in chunks of any size, cut anywhere. */
	readonly content: Iterable<Uint8Array>;
	/** For a maildir, where flags are in the file's name; an mbox has them in its header already. */
	readonly flags?: number;
	/** False where it is known that no line of the content begins with `From `. */
	readonly quotable?: boolean;
}

export interface WriteOptions {
	/** Write `From ` at the start of any line of the content as `>From `. Default true. */
	readonly quote?: boolean;
	/** End each letter with an empty line, as mbox wants it. Default true; `save` leaves letters as they are. */
	readonly finish?: boolean;
	/**
	 * Put in the newlines missing before a letter, so that it does not melt with what the file ends in.
	 * Default true; the original's `save` does not.
	 */
	readonly separate?: boolean;
	/** Wait for the disk in another thread: other work goes on meanwhile. */
	readonly aside?: boolean;
}

const newline = 10;

/** Newlines that make what ends in these two octets (as far as there are so many) end in an empty line. */
function missingNewlines(before: number | undefined, last: number | undefined): string {
	if (last === undefined) return '';
	if (last !== newline) return '\n\n';
	// One newline is all there is: an empty line already.
	return before === undefined || before === newline ? '' : '\n';
}

/** What is missing where a file of `size` octets ends. */
export function missingAtEnd(fd: number, size: number): string {
	const end = endOf(fd, size);
	return missingNewlines(end.at(-2), end.at(-1));
}

function endOf(fd: number, size: number): Buffer {
	const end = Buffer.alloc(Math.min(2, size));
	if (size > 0) readSync(fd, end, 0, end.length, size - end.length);
	return end;
}

/** Makes a note beside the file, to be asked for before more is written than goes in one piece. */
interface Noting {
	readonly note: (first: Buffer) => Journal | undefined;
	/** To be made for the smallest letter, too. */
	readonly careful: boolean;
}

/**
 * Writes letters where a file of `size` octets ends. It is on disk afterwards, unless that is to be waited for
 * aside. Throws errno errors.
 */
export function writeLetters(
	fd: number,
	size: number,
	letters: Iterable<Letter>,
	options: WriteOptions,
	noting?: Noting,
): void {
	const out = new Output(fd, size, noting);
	const separate = options.separate ?? true;
	if (separate && size > 0) out.putText(missingAtEnd(fd, size));
	for (const letter of letters) {
		// The first has been seen to; where it came right after other text, nothing is missing yet.
		if (separate) out.putText(out.missing);
		out.putText(`${letter.postmark}\n`);
		const asItIs = options.quote === false || letter.quotable === false;
		const content = asItIs ? letter.content : quoteFrom(letter.content);
		for (const chunk of content) out.put(bufferOf(chunk));
		if (options.finish ?? true) out.putText(out.missing);
	}
	out.flush();
	if (!options.aside && fstatSync(fd).isFile()) fsyncSync(fd);
}

/** Gathers small chunks into large writes. A chunk may be filled anew by its owner afterwards. */
class Output {
	readonly #fd: number;
	readonly #held = Buffer.allocUnsafeSlow(1 << 18);
	#heldOctets = 0;
	/** The last two octets that were put. */
	#before: number | undefined;
	#last: number | undefined;

	/** Where the file ends, as far as it was written by us. */
	#at: number;
	readonly #noting: Noting | undefined;
	#journal: Journal | undefined;
	#begun = false;

	constructor(fd: number, size: number, noting: Noting | undefined) {
		this.#fd = fd;
		this.#at = size;
		this.#noting = noting;
	}

	/** Newlines that would make it end in an empty line. */
	get missing(): string {
		return missingNewlines(this.#before, this.#last);
	}

	/** An octet a character. */
	putText(text: string): void {
		if (text !== '') this.put(Buffer.from(text, 'latin1'));
	}

	put(octets: Buffer): void {
		const { length } = octets;
		if (length === 0) return;
		this.#before = length > 1 ? octets[length - 2] : this.#last;
		this.#last = octets[length - 1];
		if (this.#heldOctets + length > this.#held.length) this.#flush(true);
		if (length > this.#held.length) this.#write(octets, true);
		else this.#heldOctets += octets.copy(this.#held, this.#heldOctets);
	}

	flush(): void {
		this.#flush(false);
	}

	#flush(more: boolean): void {
		const octets = this.#held.subarray(0, this.#heldOctets);
		this.#heldOctets = 0;
		if (octets.length > 0) this.#write(octets, more);
	}

	/** `more`: this is not all that is written. */
	#write(octets: Buffer, more: boolean): void {
		if (!this.#begun && this.#noting && (more || this.#noting.careful)) {
			this.#journal = this.#noting.note(octets);
		}
		this.#begun = true;
		this.#at += octets.length;
		this.#journal?.reaches(this.#at);
		writeAll(this.#fd, octets);
	}
}
