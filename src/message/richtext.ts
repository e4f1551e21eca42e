/**
 * HTML to text that reads well in a terminal, links numbered and listed beneath. The one importer of
 * mailparser, which brings the converter; it is loaded when the first such letter is shown. What it
 * makes is still unfiltered text.
 */
import { simpleParser } from 'mailparser';
import { plainerHtml } from './plainerhtml.js';

/** Characters of HTML that are converted; longer letters are shown as they stand. */
export const longestHtml = 1_000_000;

/** Undefined where the converter gives up: the HTML was made to do harm, or is none. */
export async function htmlToText(html: string): Promise<string | undefined> {
	if (html.length > longestHtml || deepest(html) > mostDeep) return undefined;
	const plainer = plainerHtml(html);
	const letter = Buffer.from(`Content-Type: text/html; charset=utf-8\n\n${plainer.html}`);
	const options = { skipTextToHtml: true, skipImageLinks: true, skipTextLinks: true };
	try {
		const { text } = await simpleParser(letter, options);
		return text === undefined ? undefined : tidy(text, plainer.targets);
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

function tidy(text: string, targets: readonly string[]): string {
	const list = targets.map((target, index) => `[${index + 1}] ${target}\n`).join('');
	const plain = text
		.replaceAll('\u00a0', ' ')
		.replace(/[ \t]{1,200}$/gm, '')
		.replace(/\n{3,}/g, '\n\n')
		.replace(/^\n+/, '')
		.trimEnd();
	return `${plain}\n${list === '' ? '' : `\n${list}`}`;
}
