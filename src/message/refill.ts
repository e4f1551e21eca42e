/**
 * Text that a converter has filled for one width, filled for a narrower one. Only what does not fit is
 * touched: lines that the converter broke because the next word had no room are joined and broken anew,
 * with what stands before the words of a list or a quotation. Pure.
 */
import { columns, type Fashion } from './columns.js';

/** Blanks, marks of quotation, and one mark of a list. */
const leadOf = /^(?:> ?)*[ \t]*(?:(?:[*\u2022-]|\d{1,3}[.)]) +)?/;

/** `width`: cells of the widest line; `filled`: UTF-16 units that a line was given, as html-to-text counts. */
export function refill(text: string, width: number, filled: number, fashion?: Fashion): string {
	const out: string[] = [];
	let paragraph: string[] = [];
	const flush = () => {
		const fits = paragraph.every((line) => columns(line, fashion) <= width);
		out.push(...(fits || isRow(paragraph[0] ?? '') ? paragraph : fill(paragraph, width, fashion)));
		paragraph = [];
	};
	for (const line of text.split('\n')) {
		if (paragraph.length > 0 && !continues(paragraph, line, filled)) flush();
		paragraph.push(line);
	}
	flush();
	return out.join('\n');
}

function lead(line: string): string {
	return leadOf.exec(line)?.[0] ?? '';
}

/** Of a table: between its cells there is more than a blank. */
function isRow(line: string): boolean {
	return /\S {2,}\S/.test(line.slice(lead(line).length));
}

/** Whether the converter went on with `line` only because its first word had no room above. */
function continues(paragraph: readonly string[], line: string, filled: number): boolean {
	const above = paragraph.at(-1) as string;
	const begin = lead(line);
	const first = line.slice(begin.length);
	if (above.trim() === '' || first === '' || above.length > filled) return false;
	// Rows of a table and items of a list each begin anew.
	if (isRow(above) || /[^> \t]/.test(begin)) return false;
	if (begin.length !== lead(paragraph.length === 1 ? above : (paragraph[1] as string)).length) {
		return false;
	}
	return above.length + 1 + (/^\S+/.exec(first)?.[0].length ?? 0) > filled;
}

function fill(paragraph: readonly string[], width: number, fashion: Fashion | undefined): string[] {
	const [top = ''] = paragraph;
	const begin = lead(top);
	const further = paragraph[1] === undefined ? begin.replace(/[^>]/g, ' ') : lead(paragraph[1]);
	const words = paragraph
		.map((line) => line.slice(lead(line).length))
		.join(' ')
		.split(' ');
	const lines: string[] = [];
	let line = begin + (words.shift() ?? '');
	let used = columns(line, fashion);
	for (const word of words) {
		const cells = columns(word, fashion);
		if (used + 1 + cells > width) {
			lines.push(line);
			line = further + word;
			used = columns(further, fashion) + cells;
		} else {
			line += ` ${word}`;
			used += 1 + cells;
		}
	}
	return [...lines, line];
}
