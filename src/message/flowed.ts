/**
 * Text in paragraphs (format=flowed, RFC 3676) laid out for a width. Knows depth of quotation, space
 * stuffing and signatures; nothing of charsets or terminals.
 */
import { columns, type Fashion } from './columns.js';

/** `delSp`: the blank at the end of a line is no part of the text (RFC 3676 4.1). */
export function layOut(text: string, width: number, delSp = false, fashion?: Fashion): string {
	const out: string[] = [];
	let words: string[] = [];
	let depth = 0;
	let open = false;
	const flush = () => {
		if (open) out.push(...wrap(words.join(''), depth, width, fashion));
		words = [];
		open = false;
	};
	for (const line of text.replace(/\n$/, '').split(/\r?\n/)) {
		const quotes = /^>*/.exec(line)?.[0].length ?? 0;
		const content = line.slice(quotes).replace(/^ /, '');
		const fixed = content === '-- ' || !content.endsWith(' ');
		if (open && (quotes !== depth || content === '-- ')) flush();
		if (!open && fixed) {
			out.push(`${mark(quotes)}${content}`);
			continue;
		}
		depth = quotes;
		open = true;
		words.push(!fixed && delSp ? content.slice(0, -1) : content);
		if (fixed) flush();
	}
	flush();
	return `${out.join('\n')}\n`;
}

function mark(depth: number): string {
	return depth === 0 ? '' : `${'>'.repeat(Math.min(depth, 30))} `;
}

function wrap(
	paragraph: string,
	depth: number,
	width: number,
	fashion: Fashion | undefined,
): string[] {
	const prefix = mark(depth);
	const room = Math.max(20, width - prefix.length);
	const lines: string[] = [];
	let line: string[] = [];
	let used = 0;
	for (const word of paragraph.trimEnd().split(' ')) {
		const size = columns(word, fashion);
		if (line.length > 0 && used + 1 + size > room) {
			lines.push(prefix + line.join(' '));
			line = [];
			used = 0;
		}
		used += size + (line.length > 0 ? 1 : 0);
		line.push(word);
	}
	lines.push(prefix + line.join(' '));
	return lines;
}
