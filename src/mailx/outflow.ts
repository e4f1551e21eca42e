/**
 * Where a message that is being shown or copied flows to: octets in order, a prefix before each line, and
 * the figures that `pipe`, `save` and `write` report, counted as the original counts them.
 */
import { countNewlines } from '../message/octets.js';

export interface Rendered {
	readonly octets: Buffer;
	/** -1 for binary, which sums take as it is, as the original's do. */
	readonly lines: number;
	readonly count: number;
}

export class Outflow {
	/** Before every line; without its trailing blanks before empty ones. */
	readonly prefix: string | undefined;
	/** Figures are wanted: they need a text to be put line by line. */
	readonly measured: boolean;
	#chunks: Buffer[] = [];
	#atLineStart = true;
	#afterEmptyLine = true;
	#counting = true;
	#lines = 0;
	#count = 0;
	#length = 0;

	/** Takes what flows as it comes; then nothing of it is left for the result. */
	readonly #sink: ((octets: Buffer) => void) | undefined;
	#diverted = false;

	constructor(
		prefix: string | undefined,
		measured: boolean,
		sink: ((octets: Buffer) => void) | undefined,
	) {
		this.prefix = prefix;
		this.measured = measured;
		this.#sink = sink;
	}

	result(): Rendered {
		return { octets: Buffer.concat(this.#chunks), lines: this.#lines, count: this.#count };
	}

	/** Octets that have been put here, prefixes included. */
	get length(): number {
		return this.#length;
	}

	/** Octets as they are, beside the figures. */
	add(octets: Buffer): void {
		if (this.#sink && !this.#diverted) this.#sink(octets);
		else this.#chunks.push(octets);
	}

	/** Ends a line that has no end. */
	endLine(): void {
		if (!this.#atLineStart) this.say('\n');
	}

	/** So that an empty line stands before what comes next. */
	endParagraph(): void {
		this.endLine();
		if (!this.#afterEmptyLine) this.say('\n');
	}

	/** Our own words within a message. */
	say(text: string): void {
		this.put(Buffer.from(text, 'latin1'), text);
	}

	/**
	 * Octets, each line with the prefix. The lines reported are those of the encoded text, `raw`, as far as
	 * the octets reach.
	 */
	put(octets: Buffer, raw: Buffer | string): void {
		if (octets.length === 0) return;
		const text = this.#prefixed(octets);
		this.add(text);
		this.#length += text.length;
		this.#afterEmptyLine =
			octets.at(-1) === 10 && (octets.length > 1 ? octets.at(-2) === 10 : this.#atLineStart);
		this.#atLineStart = octets.at(-1) === 10;
		if (this.measured) this.measure(countNewlines(raw, text.length), text.length);
	}

	#prefixed(octets: Buffer): Buffer {
		if (this.prefix === undefined) return octets;
		const prefix = Buffer.from(this.prefix, 'latin1');
		const bare = Buffer.from(this.prefix.trimEnd(), 'latin1');
		// One buffer: an object for each line is too many where a letter is made of empty ones.
		const room = (countNewlines(octets, octets.length) + 1) * prefix.length;
		const text = Buffer.allocUnsafe(octets.length + room);
		let length = 0;
		let starts = this.#atLineStart;
		for (let at = 0; at < octets.length; at++) {
			const octet = octets[at] as number;
			if (starts) {
				const mark = octet === 10 ? bare : prefix;
				for (let i = 0; i < mark.length; i++) text[length++] = mark[i] as number;
			}
			starts = octet === 10;
			text[length++] = octet;
		}
		return text.subarray(0, length);
	}

	measure(lines: number, count: number): void {
		if (!this.#counting) return;
		if (this.#lines >= 0) this.#lines += lines;
		this.#count += count;
	}

	/** What flows here has no lines. */
	isBinary(): void {
		if (this.#counting) this.#lines = -1;
	}

	/** From now on nothing is counted. */
	stopCounting(): void {
		this.#counting = false;
	}

	/** What `flow` puts here goes elsewhere: it is returned, in pieces. */
	async divert(flow: () => Promise<void>): Promise<Buffer[]> {
		const outer = this.#chunks;
		this.#chunks = [];
		this.#diverted = true;
		try {
			await flow();
			return this.#chunks;
		} finally {
			this.#chunks = outer;
			this.#diverted = false;
		}
	}
}
