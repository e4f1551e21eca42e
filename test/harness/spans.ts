/** The messages of an mbox that is in memory as a whole: what a mailbox finds in its file, in a form to compare. */
import { type Dialect, Splitter } from '../../src/mailbox/mbox.js';
import { joinKept } from '../../src/mailbox/status.js';

export interface Span {
	readonly start: number;
	readonly octets: number;
	/** Bits of `Kept`. */
	readonly kept: number;
	readonly bare: boolean;
}

export function splitMbox(octets: Buffer, dialect: Dialect = {}): Span[] {
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
	splitter.push(Buffer.concat([Splitter.prefix, octets]), -Splitter.prefix.length, true);
	spans.forEach((span, index) => {
		span.octets = (spans[index + 1]?.start ?? octets.length) - span.start;
	});
	return spans;
}
