/**
 * HTML to text that reads well in a terminal, links numbered and listed beneath. The one importer of
 * mailparser, which brings the converter; it is loaded when the first such letter is shown. What it
 * makes is still unfiltered text.
 */
import { simpleParser } from 'mailparser';
import { plainerHtml } from './plainerhtml.js';

/** Characters of HTML that are converted; longer letters are shown as they stand. */
export const longestHtml = 1_000_000;

/** The converter has wrapped lines for the length of the target: a number finds room on the line before. */
const link = /(\n?)\[((?:https?|ftp|mailto|tel):[^\]\s]+)\]/gi;

/** Undefined where the converter gives up: the HTML was made to do harm, or is none. */
export async function htmlToText(html: string): Promise<string | undefined> {
	if (html.length > longestHtml || deepest(html) > mostDeep) return undefined;
	const letter = Buffer.from(`Content-Type: text/html; charset=utf-8\n\n${plainerHtml(html)}`);
	const options = { skipTextToHtml: true, skipImageLinks: true, skipTextLinks: true };
	try {
		const { text } = await simpleParser(letter, options);
		return text === undefined ? undefined : numberLinks(text);
	} catch {
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

function numberLinks(text: string): string {
	const targets: string[] = [];
	const body = text.replace(link, (_, newline: string, target: string, at: number) => {
		// Where the words are the target already, they need no number.
		if (says(text.slice(Math.max(0, at - target.length - 1), at), target)) return '';
		const known = targets.indexOf(target);
		return `${newline && ' '}[${known < 0 ? targets.push(target) : known + 1}]`;
	});
	const list = targets.map((target, index) => `[${index + 1}] ${target}\n`).join('');
	const plain = body
		.replaceAll('\u00a0', ' ')
		.replace(/[ \t]{1,200}$/gm, '')
		.replace(/\n{4,}/g, '\n\n\n')
		.trimEnd();
	return `${plain}\n${list === '' ? '' : `\n${list}`}`;
}

function says(before: string, target: string): boolean {
	const bare = target.replace(/^mailto:/i, '');
	return [bare, bare.replace(/\/$/, '')].some((words) => before.trimEnd().endsWith(words));
}
