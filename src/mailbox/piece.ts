/**
 * The contents of a file put together anew: of spans of the file as it was, and of other octets. Copied
 * through a small buffer, whatever their size. Knows nothing of mailboxes.
 */
import { fstatSync, readSync } from 'node:fs';

import { writeAll } from './disk.js';

/** A part of the new contents: octets of the old file as they stand, or others. */
export type Piece =
	| { readonly kind: 'range'; readonly from: number; readonly to: number }
	| { readonly kind: 'octets'; readonly octets: Buffer };

/** Small enough to stay in the processor's cache between read and write. */
const copyOctets = 1 << 18;

/** Writes the pieces from `start` on, gathered into large writes; returns where they end. */
export function writePieces(
	from: number,
	pieces: readonly Piece[],
	to: number,
	start: number,
): number {
	const buffer = Buffer.allocUnsafe(copyOctets);
	let held = 0;
	let at = start;
	const flush = () => {
		writeAll(to, buffer.subarray(0, held), at);
		at += held;
		held = 0;
	};
	for (const piece of pieces) {
		const length = lengthOf(piece);
		for (let done = 0; done < length; ) {
			if (held === copyOctets) flush();
			const wanted = Math.min(copyOctets - held, length - done);
			const got =
				piece.kind === 'octets'
					? piece.octets.copy(buffer, held, done, done + wanted)
					: readSync(from, buffer, held, wanted, piece.from + done);
			if (got === 0) throw Object.assign(new Error('mailbox cut short'), { code: 'EIO' });
			held += got;
			done += got;
		}
	}
	flush();
	return at;
}

export function lengthOf(piece: Piece): number {
	return piece.kind === 'octets' ? piece.octets.length : piece.to - piece.from;
}

/** What a file has from an offset on. */
export function tailOf(fd: number, from: number): Buffer {
	const tail = Buffer.alloc(Math.max(0, fstatSync(fd).size - from));
	return tail.subarray(0, tail.length > 0 ? readSync(fd, tail, 0, tail.length, from) : 0);
}
