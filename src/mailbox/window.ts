/**
 * What lies at an offset of an open file, read a good piece at a time: one who asks for a message asks for
 * the next one, too. Knows nothing of messages; who finds the file shorter than it was says what that means.
 */
import { readSync } from 'node:fs';

/** What is read around a message when the next one will probably be asked for too. */
export const windowOctets = 1 << 18;
/** What is read elsewhere: more than most headers have. */
const pageOctets = 4096;

export class FileWindow {
	readonly #fd: number;
	/** The error to be thrown where the file ends too soon. */
	readonly #tooShort: () => Error;
	#window: Buffer = Buffer.alloc(0);
	#arena: Buffer = Buffer.alloc(0);
	#start = 0;

	constructor(fd: number, tooShort: () => Error) {
		this.#fd = fd;
		this.#tooShort = tooShort;
	}

	/** Octets of the file from one offset to another, in a buffer of their own, or in `into`. */
	read(
		from: number,
		to: number,
		into: Buffer = Buffer.allocUnsafe(Math.max(0, to - from)),
	): Buffer {
		const octets = into.subarray(0, Math.max(0, to - from));
		let at = 0;
		while (at < octets.length) {
			const got = readSync(this.#fd, octets, at, octets.length - at, from + at);
			if (got === 0) throw this.#tooShort();
			at += got;
		}
		return octets;
	}

	/**
	 * Octets from an offset on, `least` of them or more, as many as are at hand up to `most`; none from `end`
	 * on are read. Good until the next look.
	 */
	look(from: number, least: number, most: number, end: number): Buffer {
		const at = from - this.#start;
		if (at >= 0 && at + least <= this.#window.length) return this.#window.subarray(at, at + most);
		// Near where the last read was, others will follow: read as much as is cheap.
		const inOrder = at >= 0 && at <= this.#window.length + pageOctets && this.#window.length > 0;
		const octets = Math.max(least, inOrder ? windowOctets : pageOctets);
		const to = Math.min(end, from + octets);
		// One arena for all: a new one each time would keep the garbage collector busier than the disk.
		if (this.#arena.length < to - from) {
			this.#arena = Buffer.allocUnsafeSlow(Math.max(octets, windowOctets));
		}
		this.forget();
		this.#window = this.read(from, to, this.#arena);
		this.#start = from;
		return this.#window.subarray(0, most);
	}

	/** What was read is not looked at again. */
	forget(): void {
		this.#window = this.#arena.subarray(0, 0);
	}
}
