/**
 * Of each message of a mailbox the few fields that summaries, searches and orders ask for, as they stand:
 * kept while the mailbox is indexed, so that none of its headers has to be read again for them. A number
 * of octets is never exceeded: of the messages beyond, nothing is kept. Pure.
 */

const pieceOctets = 1 << 20;
const defaultLimit = 32 * pieceOctets;

export class Extracts {
	readonly #limit: number;
	/** Of the same size each; what is kept of one message lies in one of them. */
	readonly #pieces: Buffer[] = [];
	/** Octets in use of the last piece. */
	#used = pieceOctets;
	/** By index of the message: where it is, counted through all pieces, and how long; 0: nothing is kept. */
	#starts = new Uint32Array(64);
	#lengths = new Uint32Array(64);

	/** `limit`: octets, below 2^32. */
	constructor(limit = defaultLimit) {
		this.#limit = limit;
	}

	/** Keeps octets `from` to `to` for the message with this index. */
	put(index: number, octets: Uint8Array, from: number, to: number): void {
		const length = to - from;
		if (length > pieceOctets) return;
		if (this.#used + length > pieceOctets) {
			if ((this.#pieces.length + 1) * pieceOctets > this.#limit) return;
			this.#pieces.push(Buffer.allocUnsafeSlow(pieceOctets));
			this.#used = 0;
		}
		if (index >= this.#starts.length) this.#grow(index);
		const span = new Uint8Array(octets.buffer, octets.byteOffset + from, length);
		this.#pieces[this.#pieces.length - 1]?.set(span, this.#used);
		this.#starts[index] = (this.#pieces.length - 1) * pieceOctets + this.#used;
		this.#lengths[index] = length;
		this.#used += length;
	}

	/** What is kept of the message with this index is not worth keeping. */
	drop(index: number): void {
		if (index < this.#lengths.length) this.#lengths[index] = 0;
	}

	#grow(index: number): void {
		const starts = new Uint32Array(2 * index);
		const lengths = new Uint32Array(2 * index);
		starts.set(this.#starts);
		lengths.set(this.#lengths);
		this.#starts = starts;
		this.#lengths = lengths;
	}

	/**
	 * By index, for so many messages: 0 where something is kept and the pattern (with flag g) matches nothing
	 * in it, else 1. Looks through all that is kept at once, which takes a fraction of the time of a look at
	 * each.
	 */
	matching(pattern: RegExp, count: number): Uint8Array {
		const found = new Uint8Array(count).fill(1);
		const known = Math.min(count, this.#lengths.length);
		let index = 0;
		this.#pieces.forEach((piece, number) => {
			const text = piece.toString('latin1');
			const offset = number * pieceOctets;
			let next = -1;
			for (; index < known; index++) {
				const length = this.#lengths[index] as number;
				if (length === 0) continue;
				const from = (this.#starts[index] as number) - offset;
				if (from >= pieceOctets) return;
				if (next < from) {
					pattern.lastIndex = from;
					next = pattern.exec(text)?.index ?? pieceOctets;
				}
				if (next >= from + length) found[index] = 0;
			}
		});
		return found;
	}

	/** Whole fields, each line with its end, an octet a character; undefined where nothing is kept. */
	get(index: number): string | undefined {
		const length = this.#lengths[index];
		if (!length) return undefined;
		const start = this.#starts[index] as number;
		const from = start % pieceOctets;
		return this.#pieces[Math.floor(start / pieceOctets)]?.toString('latin1', from, from + length);
	}
}
