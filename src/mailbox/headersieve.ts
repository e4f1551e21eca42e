/**
 * Which lines of a header are looked at while a mailbox is indexed: those of a few fields, told by two
 * octets from all the others, of which no more is read than where they end. Here the time goes that it
 * takes to open a large mailbox. Pure.
 */
import { Kept, keptOfLine } from './status.js';

const newline = 10;
const carriageReturn = 13;

/** Whether a header line is worth a look, by its second and third octet: `Status`, `X-Status`, `From `. */
const lookedAt = new Uint8Array(1 << 16);
for (const [second = '', third = ''] of ['ta', '-s', 'ro']) {
	for (const one of [second, second.toUpperCase()]) {
		for (const two of [third, third.toUpperCase()]) {
			lookedAt[(one.charCodeAt(0) << 8) | two.charCodeAt(0)] = 1;
		}
	}
}

/**
 * The next line, from the one at `at` on, that is empty, may be one of the fields looked for, or is cut off.
 * Small, so that it is soon compiled: nearly all of the time of opening a mailbox is spent here.
 */
export function nextLookedAt(window: Buffer, from: number): number {
	const { length } = window;
	let at = from;
	while (at + 2 < length) {
		const first = window[at] as number;
		if (first > 0x20) {
			const next = ((window[at + 1] as number) << 8) | (window[at + 2] as number);
			if (lookedAt[next] === 1) return at;
		} else if (first === newline || first === carriageReturn) return at;
		const end = window.indexOf(newline, at);
		if (end < 0) return at;
		at = end + 1;
	}
	return at;
}

/** Begins with `st` or `x-st`, in whatever case: a cheap sieve before the strict look. */
export function mayBeStatus(octets: Buffer, at: number): boolean {
	const first = (octets[at] as number) | 0x20;
	const from = first === 0x78 && octets[at + 1] === 0x2d ? at + 2 : at;
	const s = from === at ? first : (octets[from] as number) | 0x20;
	return s === 0x73 && ((octets[from + 1] as number) | 0x20) === 0x74;
}

/** The bits of a status line. */
export function keptAt(octets: Buffer, at: number, end: number): number {
	// Read off the octets where it is as nearly all are.
	const length = end - at;
	if (length <= 11 && octets[end - 1] === newline && isStatusBlank(octets, at)) {
		const letter = octets[at + 8];
		if (length === 10 && letter === 0x4f) return Kept.old;
		if (length === 10 && letter === 0x52) return Kept.read;
		if (length === 11 && letter === 0x52 && octets[at + 9] === 0x4f) return Kept.read | Kept.old;
	}
	return keptOfLine(octets.toString('latin1', at, Math.min(end, at + 200)));
}

function isStatusBlank(octets: Buffer, at: number): boolean {
	for (let place = 0; place < statusBlank.length; place++) {
		if (octets[at + place] !== statusBlank[place]) return false;
	}
	return true;
}

const statusBlank = Buffer.from('Status: ', 'latin1');
