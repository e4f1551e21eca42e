/** The messages of an mbox that is in memory: what a mailbox finds in its file, in a form to compare. */
import { type Dialect, Splitter } from '../../src/mailbox/mbox.js';
import { joinKept } from '../../src/mailbox/status.js';

export interface Span {
	readonly start: number;
	readonly octets: number;
	/** Bits of `Kept`. */
	readonly kept: number;
	readonly bare: boolean;
}

/** `size`: octets read at a time. */
export function splitMbox(octets: Buffer, dialect: Dialect = {}, size = octets.length): Span[] {
	const spans: { start: number; octets: number; kept: number; bare: boolean }[] = [];
	const splitter = new Splitter(
		{
			begin: (start) => spans.push({ start, octets: 0, kept: 0, bare: false }),
			keep: (bits) => {
				const span = spans.at(-1);
				if (span) span.kept = joinKept(span.kept, bits);
			},
			bare: () => {
				const span = spans.at(-1);
				if (span) span.bare = true;
			},
		},
		dialect,
	);
	let held: Buffer = Buffer.from(Splitter.prefix);
	for (let at = 0; at < octets.length; at += size) {
		const window = Buffer.concat([held, octets.subarray(at, at + size)]);
		held = window.subarray(splitter.push(window, at - held.length, at + size >= octets.length));
	}
	spans.forEach((span, index) => {
		span.octets = (spans[index + 1]?.start ?? octets.length) - span.start;
	});
	return spans;
}
