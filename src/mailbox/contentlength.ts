/**
 * Content-Length, by which mboxcl2 says where a body ends whose lines `From ` are not quoted. It lies as often
 * as not, so it is believed where it leads to the very beginning of another message, or to the end of the file,
 * and nothing on the way reads as a letter: else it might hide one. Pure.
 */

/** What a mailbox was found to consist of. */
export interface Beginnings {
	/** Where messages begin, in order. */
	readonly starts: readonly number[];
	/** Which of them, by index, do not read as letters (`Found.doubt`). */
	readonly doubtful: ReadonlySet<number>;
	/** Octets of the file. */
	readonly size: number;
	/** From the From_ line to the empty line; undefined where there is none, or too much of it. */
	header(index: number): Buffer | undefined;
}

/** Those of the beginnings that are none, but text. */
export function textAmong({ starts, doubtful, size, header }: Beginnings): number[] {
	const text: number[] = [];
	for (let index = 0; index < starts.length; index++) {
		if (!doubtful.has(index + 1)) continue;
		let next = index + 1;
		while (doubtful.has(next)) next++;
		const last = next - 1;
		const head = header(index);
		const length = head && statedLength(head);
		if (head && length !== undefined) {
			const end = (starts[index] as number) + head.length + length;
			while (next > index + 1 && !isBoundary(end, starts[next] ?? size)) next--;
			for (const start of starts.slice(index + 1, next)) text.push(start);
		}
		index = last;
	}
	return text;
}

/** Octets of the body; undefined where nothing is said, or one thing and another. */
function statedLength(header: Buffer): number | undefined {
	const fields = header
		.toString('latin1')
		.matchAll(/\ncontent-length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?(?=\n)/gi);
	const lengths = new Set([...fields].map(([, digits]) => Number(digits)));
	return lengths.size === 1 ? [...lengths][0] : undefined;
}

/** Whether a message that ends there is followed by one that begins at `start`, an empty line between them. */
function isBoundary(end: number, start: number): boolean {
	return start - end >= 0 && start - end <= 2;
}
