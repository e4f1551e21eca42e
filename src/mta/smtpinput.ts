/**
 * Octets from an SMTP client, cut into command lines and letters. Pure. Strict where leniency lets one
 * letter pass for two: a letter ends at CR LF . CR LF and nothing else, and one with a bare LF or CR in
 * it is not taken (RFC 5321 2.3.8, 4.1.1.4). Command lines may end in LF alone: people and scripts type
 * them.
 */

/** A line without its end; undefined in place of a text that is longer than allowed. */
export interface CommandLine {
	readonly text: string | undefined;
}

export type Fault = 'bare LF' | 'bare CR' | 'too big';

/** Line ends are LF, the dots of transparency are gone. With a fault there are no octets. */
export interface InputLetter {
	readonly octets: Buffer;
	readonly fault: Fault | undefined;
}

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

/** Where in a line the reader of a letter stands. */
const At = { start: 0, text: 1, cr: 2, dot: 3, dotCr: 4 } as const;

export class SmtpInput {
	readonly #longest: number;
	#held: Buffer = Buffer.alloc(0);
	#skipping = false;
	#letter: LetterReader | undefined;

	/** `longest`: octets of a command line, its end included. */
	constructor(longest: number) {
		this.#longest = longest;
	}

	push(octets: Buffer): void {
		this.#held = this.#held.length === 0 ? octets : Buffer.concat([this.#held, octets]);
	}

	/** Forgets what has come but was not asked for: it was sent before encryption began. */
	clear(): void {
		this.#held = Buffer.alloc(0);
	}

	/** Octets of the letter at hand that are kept in memory. */
	get letterOctets(): number {
		return this.#letter?.octets ?? 0;
	}

	/** Octets that were not read yet. */
	get held(): number {
		return this.#held.length;
	}

	/** The next command line, octets in a string; undefined until there is a whole one. */
	line(): CommandLine | undefined {
		const end = this.#held.indexOf(LF);
		if (end < 0) {
			if (this.#held.length > this.#longest) {
				this.#skipping = true;
				this.#held = Buffer.alloc(0);
			}
			return undefined;
		}
		const whole = this.#held.subarray(0, end);
		this.#held = this.#held.subarray(end + 1);
		const tooLong = this.#skipping || end >= this.#longest;
		this.#skipping = false;
		if (tooLong) return { text: undefined };
		return { text: whole.toString('latin1', 0, whole.at(-1) === CR ? end - 1 : end) };
	}

	/** The letter after DATA; undefined until its end has come. `limit` in octets, 0: none. */
	letter(limit: number): InputLetter | undefined {
		this.#letter ??= new LetterReader(limit);
		const used = this.#letter.read(this.#held);
		this.#held = this.#held.subarray(used);
		if (!this.#letter.ended) return undefined;
		const letter = this.#letter.result();
		this.#letter = undefined;
		return letter;
	}
}

class LetterReader {
	readonly #limit: number;
	readonly #chunks: Buffer[] = [];
	#at: (typeof At)[keyof typeof At] = At.start;
	/** The line before ended in LF alone. */
	#afterBare = false;
	#fault: Fault | undefined;
	octets = 0;
	ended = false;

	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Reads as far as the letter goes; answers how many octets those were. */
	read(octets: Buffer): number {
		// A bare CR held back from the last chunk, and a dot, may come out before this one's octets.
		const out = Buffer.allocUnsafe(octets.length + 2);
		let length = 0;
		let used = 0;
		while (used < octets.length && !this.ended) {
			const octet = octets[used++] as number;
			if (octet === LF) {
				this.#endLine();
				if (!this.ended) out[length++] = LF;
				continue;
			}
			if (this.#at === At.cr || this.#at === At.dotCr) {
				this.#fault ??= 'bare CR';
				out[length++] = CR;
				this.#at = At.text;
			}
			if (octet === CR) this.#at = this.#at === At.dot ? At.dotCr : At.cr;
			else if (octet === DOT && this.#at === At.start) this.#at = At.dot;
			else {
				out[length++] = octet;
				this.#at = At.text;
			}
		}
		this.#keep(out.subarray(0, length));
		return used;
	}

	#endLine(): void {
		const bare = this.#at !== At.cr && this.#at !== At.dotCr;
		if (bare) this.#fault ??= 'bare LF';
		// Where somebody else might see the end of a letter, this one ends, but is not taken.
		if (this.#at === At.dotCr || this.#at === At.dot) {
			this.ended = true;
			if (this.#afterBare) this.#fault ??= 'bare LF';
		}
		this.#afterBare = bare;
		this.#at = At.start;
	}

	#keep(octets: Buffer): void {
		this.octets += octets.length;
		if (this.#limit > 0 && this.octets > this.#limit) this.#fault ??= 'too big';
		if (this.#fault === undefined) this.#chunks.push(octets);
		else {
			this.#chunks.length = 0;
			this.octets = Math.min(this.octets, this.#limit + 1);
		}
	}

	result(): InputLetter {
		const octets = this.#fault === undefined ? Buffer.concat(this.#chunks) : Buffer.alloc(0);
		return { octets, fault: this.#fault };
	}
}
