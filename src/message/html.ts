/**
 * HTML to text that reads well in a terminal, links numbered and listed beneath. The one importer of
 * mailparser, which brings the converter; it is loaded when the first such letter is shown. What it
 * makes is still unfiltered text.
 */
import { simpleParser } from 'mailparser';
import type { Fashion } from './columns.js';
import { plainerHtml } from './plainerhtml.js';
import { refill } from './refill.js';

/** Characters of HTML that are converted; longer letters are shown as they stand. */
export const longestHtml = 1_000_000;

/** Cells of a line of text, at most: what mailparser has it converted for. */
const widest = 80;

/**
 * Lines of at most `width` cells where words allow. Undefined where the converter gives up: the HTML was
 * made to do harm, or is none.
 */
export async function htmlToText(
	html: string,
	width = widest,
	fashion?: Fashion,
): Promise<string | undefined> {
	if (html.length > longestHtml || deepest(html) > mostDeep) return undefined;
	const plainer = plainerHtml(html);
	const letter = Buffer.from(`Content-Type: text/html; charset=utf-8\n\n${plainer.html}`);
	const options = { skipTextToHtml: true, skipImageLinks: true, skipTextLinks: true };
	try {
		const { text } = await simpleParser(letter, options);
		if (text === undefined) return undefined;
		return listed(refill(tidy(text), width, widest, fashion), plainer.targets);
	} catch {
		// A defect of the converter, whatever it throws, is no reason to show nothing of the letter.
		return undefined;
	}
}

/** Elements within one another; the converter descends by recursion. */
const mostDeep = 500;

function deepest(html: string): number {
	let depth = 0;
	let most = 0;
	for (const [, closes, name = ''] of html.matchAll(/<(\/?)([a-z][a-z\d]*)/gi)) {
		if (/^(br|hr|img|input|meta|link|p|li|td|tr|th|area|base|col|wbr)$/i.test(name)) continue;
		depth = closes ? Math.max(0, depth - 1) : depth + 1;
		most = Math.max(most, depth);
	}
	return most;
}

function tidy(text: string): string {
	return text
		.replaceAll('\u00a0', ' ')
		.replace(/[ \t]{1,200}$/gm, '')
		.replace(/\n{3,}/g, '\n\n')
		.replace(/^\n+/, '')
		.trimEnd();
}

/** With the targets of the links beneath, by number. */
function listed(text: string, targets: readonly string[]): string {
	const list = targets.map((target, index) => `[${index + 1}] ${target}\n`).join('');
	return `${text}\n${list === '' ? '' : `\n${list}`}`;
}
