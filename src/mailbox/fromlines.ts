/**
 * Lines that begin with `From `, which in an mbox begin a message: told, and written as `>From ` where they
 * are text (the quoting of mboxo). Pure.
 */
import { bufferOf } from '../message/octets.js';

const newline = 10;
const separator = Buffer.from('\nFrom ', 'latin1');

/** How a From_ line begins. */
export const fromBlank = Buffer.from('From ', 'latin1');

/** Whether `From ` stands at this place. */
export function isFrom(octets: Buffer, at: number): boolean {
	const end = at + fromBlank.length;
	return end <= octets.length && octets.compare(fromBlank, 0, fromBlank.length, at, end) === 0;
}

/**
 * Quotes `From ` at line starts as `>From `, chunk by chunk; `>From ` is left alone (mboxo). The first
 * chunk begins a line. A generator of chunks, in which most are passed on untouched.
 */
export function* quoteFrom(chunks: Iterable<Uint8Array>): Generator<Buffer> {
	let held = Buffer.alloc(0);
	let lineStart = true;
	for (const chunk of chunks) {
		const window = held.length > 0 ? Buffer.concat([held, chunk]) : bufferOf(chunk);
		if (window.length === 0) continue;
		// What may be the beginning of a `From ` that the next chunk ends waits for it.
		const tail = cutFrom(window, lineStart);
		const ready = window.subarray(0, window.length - tail);
		held = Buffer.from(window.subarray(window.length - tail));
		if (ready.length === 0) continue;
		yield* quoteWhole(ready, lineStart);
		lineStart = ready[ready.length - 1] === newline;
	}
	if (held.length > 0) yield held;
}

function* quoteWhole(octets: Buffer, lineStart: boolean): Generator<Buffer> {
	let done = 0;
	if (lineStart && isFrom(octets, 0)) yield Buffer.from('>');
	for (let at = octets.indexOf(separator); at >= 0; at = octets.indexOf(separator, at + 1)) {
		yield octets.subarray(done, at + 1);
		yield Buffer.from('>');
		done = at + 1;
	}
	if (done < octets.length) yield octets.subarray(done);
}

/** How many of the last octets are a cut off `From ` at a line start. */
function cutFrom(window: Buffer, lineStart: boolean): number {
	for (let tail = Math.min(fromBlank.length - 1, window.length); tail > 0; tail--) {
		const at = window.length - tail;
		if (at === 0 ? !lineStart : window[at - 1] !== newline) continue;
		if (window.compare(fromBlank, 0, tail, at) === 0) return tail;
	}
	return 0;
}
