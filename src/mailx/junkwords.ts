/**
 * The words of a message that the junk filter learns and judges by: those of the header marked with
 * their field, hosts and addresses of links, the text of HTML. Takes a message as show.ts renders it
 * for the purpose `junk`; pure.
 */

export interface JunkWord {
	readonly word: string;
	readonly inHeader: boolean;
	/** Nothing before it in the same field or text: it makes no pair with the word before. */
	readonly first: boolean;
}

/** What differs in every message, or only repeats what other filters have found. */
const skippedFields =
	/^(?:message-id|references|in-reply-to|status|x-status|date|delivery-date|x-spam.*|x-pstn.*|x-scanned.*)$/i;

/** Letters, digits and signs; dots, commas and slashes within numbers; `&amp;` as one word. */
const words = /(?:&\w*;|[\w\x80-\xff'"$!#%&-]|(?<=\d)[.,](?=\d)|(?<=\d)\/)+/g;
const subjectWords = /(?:[\w\x80-\xff'"$!#%&.-]|(?<=\d)[,/])+/g;
const links = /\b([a-z][a-z\d+.-]*):\/\/([\w.-]*)[^\s{}|\\^~[\]`<>#"\x80-\xff]*/gi;

/** Tags whose attributes are worth reading. */
const readTags = /^(?:a|img|font|span|meta|table|tr|td|p)$/i;

/** The words of a rendered message, octets as latin1, parts apart by NUL, HTML after a backspace. */
export function* junkWords(rendered: string): Generator<JunkWord> {
	const afterPostmark = rendered.startsWith('From ') ? rendered.indexOf('\n') + 1 : 0;
	for (const part of rendered.slice(afterPostmark).split('\0')) {
		const end = /^\n|\n\n/.exec(part);
		const header = end ? part.slice(0, end.index) : part;
		const body = end ? part.slice(end.index + end[0].length) : '';
		for (const field of header.split(/\n(?![ \t])/)) yield* fieldWords(field);
		const html = body.indexOf('\b');
		const text = html < 0 ? body : body.slice(0, html) + withoutTags(body.slice(html + 1));
		yield* textWords(text, '', false, words);
	}
}

function* fieldWords(field: string): Generator<JunkWord> {
	const [, name = '', value = ''] = /^([^\s:]+)[ \t]*:([\s\S]*)$/.exec(field) ?? [];
	if (name === '' || skippedFields.test(name)) return;
	const pattern = name.toLowerCase() === 'subject' ? subjectWords : words;
	for (const found of textWords(value, `${name}*`, true, pattern)) {
		if (name.toLowerCase() !== 'received' || tellsOfPath(found.word.slice(9))) yield found;
	}
}

/** Of Received only names of some length that are not mostly digits. */
function tellsOfPath(word: string): boolean {
	const digits = word.replace(/\D/g, '').length;
	return word.length >= 4 && digits * 2 <= word.length && !/localhost/i.test(word);
}

function* textWords(
	text: string,
	prefix: string,
	inHeader: boolean,
	pattern: RegExp,
): Generator<JunkWord> {
	let first = true;
	for (const [link, , host] of text.matchAll(links)) {
		yield { word: `URL*${link}`, inHeader, first: true };
		if (host) yield { word: `HOST*${host}`, inHeader, first: true };
	}
	for (const [word] of text.replace(links, ' ').matchAll(pattern)) {
		// A bare number says nothing.
		if (/^\d+$/.test(word)) continue;
		yield { word: prefix + word, inHeader, first };
		first = false;
	}
}

function withoutTags(html: string): string {
	return html.replace(/<([^\s>]*)([^>]*)>/g, (_, tag: string, attributes: string) =>
		readTags.test(tag) ? `${attributes} ` : '',
	);
}
