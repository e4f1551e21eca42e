/**
 * Addresses as people write them: taking one apart, cutting a list into its members. Knows nothing of
 * aliases, files or pipes. Follows RFC 5322 3.4 where the original does; its liberties (` at ` for `@`,
 * words as addresses) are kept, for they decide what a reply goes to.
 */
import { trimmed } from './header.js';

/** Past the comment whose opening parenthesis stands before `from`. */
export function skipComment(text: string, from: number): number {
	let depth = 1;
	let at = from;
	while (depth > 0 && at < text.length) {
		const char = text[at];
		if (char === '\\' && at + 1 < text.length) at++;
		else if (char === '(') depth++;
		else if (char === ')') depth--;
		at++;
	}
	return at;
}

/** At the quotation mark that closes the one at `from`, or at the end of the text. */
export function closingQuote(text: string, from: number): number {
	let at = from + 1;
	while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
	return Math.min(at, text.length);
}

/** Where the address in angle brackets begins (at its `<`), or undefined where there is none. */
export function routePart(text: string): number | undefined {
	let route: number | undefined;
	for (let at = 0; at < text.length; at++) {
		switch (text[at]) {
			case '(':
				at = skipComment(text, at + 1) - 1;
				break;
			case '"':
				at = closingQuote(text, at);
				break;
			case '<':
				route = at;
				break;
			case '>':
				return route;
		}
	}
	return undefined;
}

/**
 * The addresses of `text` without display names and comments, a comma and a blank between them.
 * A text without `(`, `<` and blanks is returned as it is.
 */
export function skin(text: string): string {
	if (!/[(< ]/.test(text)) return text;
	let done = '';
	let current = '';
	let inAngle = false;
	let at = 0;
	while (at < text.length) {
		const char = text[at++] as string;
		if (char === '(') {
			at = skipComment(text, at);
		} else if (char === '"') {
			const end = closingQuote(text, at - 1);
			const inner = text.slice(at, end).replace(/\\(.)/gs, '$1');
			current += end < text.length ? `"${inner}"` : `"${inner}`;
			at = end + 1;
		} else if (char === ' ') {
			if (text.startsWith('at ', at)) {
				current += '@';
				at += 3;
			} else if (text.startsWith('@ ', at)) {
				current += '@';
				at += 2;
			}
		} else if (char === '<') {
			current = '';
			inAngle = true;
		} else if (char === '>' && inAngle) {
			inAngle = false;
			at = nextComma(text, at);
		} else {
			current += char;
			if (char === ',' && !inAngle) {
				done += `${current} `;
				current = '';
				while (text[at] === ' ') at++;
			}
		}
	}
	return done + current;
}

function nextComma(text: string, from: number): number {
	let at = from;
	while (at < text.length && text[at] !== ',') {
		if (text[at] === '(') at = skipComment(text, at + 1);
		else if (text[at] === '"') at = closingQuote(text, at) + 1;
		else at++;
	}
	return at;
}

/**
 * The display name of the first address of `text`, still encoded (RFC 2047), quotes and parentheses
 * taken off; undefined where there is none, or two comments that leave open which is the name.
 */
export function displayName(text: string): string | undefined {
	let start: number | undefined;
	let end = 0;
	scan: for (let at = 0; at < text.length; at++) {
		switch (text[at]) {
			case '(': {
				if (start !== undefined) return undefined;
				const after = skipComment(text, at + 1);
				start = at;
				end = after;
				at = after - 1;
				break;
			}
			case '"':
				at = closingQuote(text, at);
				break;
			case '<':
				if (at > 0) {
					start = 0;
					end = at;
				}
				break;
			case ',':
				break scan;
		}
	}
	return start === undefined ? undefined : trimmed(unquote(text.slice(start, end))) || undefined;
}

/** Without the quotes, backslashes and parentheses that only syntax needs. */
function unquote(phrase: string): string {
	let plain = '';
	let quoted = false;
	for (let at = 0; at < phrase.length; at++) {
		const char = phrase[at] as string;
		if (char === '(' && !quoted) {
			const end = skipComment(phrase, at + 1);
			const closed = phrase[end - 1] === ')' ? end - 1 : end;
			plain += phrase.slice(at + 1, closed).replace(/\\(.)/gs, '$1');
			at = closed;
		} else if (char === '\\' && at + 1 < phrase.length) plain += phrase[++at];
		else if (char === '"') quoted = !quoted;
		else plain += char;
	}
	return plain;
}

/**
 * The members of an address list.
 * `field`: as in a header field, at commas, with names and comments; a list without any of `,"\(<` is cut
 * at blanks. `words`: as after `mail` and on the command line, at blanks, commas and comments.
 */
export function splitAddresses(text: string, way: 'field' | 'words' = 'field'): string[] {
	const asField = way === 'field' && /[,"\\(<]/.test(text);
	const separators = asField ? ',' : ' \t,(';
	const found: string[] = [];
	let at = 0;
	for (;;) {
		while (at < text.length && ' \t,'.includes(text[at] as string)) at++;
		const start = at;
		at = nextToken(text, at);
		if (at >= text.length) return found;
		const [word, end] = oneAddress(text, at, separators);
		found.push((asField ? text.slice(start, at) : '') + word);
		at = end;
	}
}

/**
 * The list without what RFC 5322 3.4 calls groups (their members stay) and without source routes (RFC
 * 5321 C): `Friends: a@x, b@y;, <@h:c@z>` is `a@x, b@y, <c@z>`.
 */
export function withoutGroups(text: string): string {
	if (!text.includes(':')) return text;
	const encodedWord = /=\?[^?\s]*\?[bq]\?[^?\s]*\?=/iy;
	let done = '';
	let start = 0;
	for (let at = 0; at < text.length; at++) {
		const char = text[at];
		if (char === '"') at = closingQuote(text, at);
		else if (char === '(') at = skipComment(text, at + 1) - 1;
		else if (char === '<') {
			const close = text.indexOf('>', at);
			const route = /^<\s*@[^:<>"]*:/.exec(text.slice(at, close < 0 ? undefined : close))?.[0];
			if (route !== undefined) {
				done += `${text.slice(start, at)}<`;
				start = at + route.length;
			}
			if (close >= 0) at = close;
		} else if (char === '[') {
			const close = text.indexOf(']', at);
			if (close >= 0) at = close;
		} else if (char === '=' && text[at + 1] === '?') {
			encodedWord.lastIndex = at;
			if (encodedWord.test(text)) at = encodedWord.lastIndex - 1;
		} else if (char === ':') start = at + 1;
		else if (char === ',' || char === ';') {
			done += `${text.slice(start, at)},`;
			start = at + 1;
		}
	}
	return done + text.slice(start);
}

/** Past blanks, commas and comments. */
function nextToken(text: string, from: number): number {
	let at = from;
	while (at < text.length) {
		const char = text[at];
		if (char === '(') {
			let depth = 0;
			do {
				if (text[at] === '(') depth++;
				else if (text[at] === ')') depth--;
				at++;
			} while (depth > 0 && at < text.length);
		} else if (char === ' ' || char === '\t' || char === ',') at++;
		else break;
	}
	return at;
}

function oneAddress(text: string, from: number, separators: string): [word: string, end: number] {
	if (text[from] === '<') {
		const close = text.indexOf('>', from);
		const end = close < 0 ? text.length : close + 1;
		return [text.slice(from, end), end];
	}
	let quoted = false;
	let at = from;
	while (at < text.length && (quoted || !separators.includes(text[at] as string))) {
		const escaped = text[at - 1] === '\\' && at > from;
		if (text[at] === '"' && !escaped) quoted = !quoted;
		at++;
	}
	return [text.slice(from, at).replaceAll('\\"', '"'), at];
}

/**
 * Whether two addresses, without names and comments, are one. As in the original no part knows case;
 * with `allnet` the local parts alone are compared.
 */
export function sameAddress(one: string, other: string, allnet = false): boolean {
	if (!allnet) return one.toLowerCase() === other.toLowerCase();
	return beforeAt(one) === beforeAt(other);
}

function beforeAt(address: string): string {
	return address.split('@', 1)[0]?.toLowerCase() ?? '';
}

/** Before the `@`; the whole where there is none. */
export function localPart(address: string): string {
	const at = address.lastIndexOf('@');
	return at < 0 ? address : address.slice(0, at);
}

/** A recipient that is a file: `/path`, `+folder`, `./x`, as long as no `@` comes before the first `/`. */
export function isFileAddress(address: string): boolean {
	if (address.includes('@')) return false;
	if (address.startsWith('+')) return true;
	for (const char of address) {
		if (char === '!' || char === '%') return false;
		if (char === '/') return true;
	}
	return false;
}

/** The character of an address that cannot stand there, or undefined where all can; '' for no address. */
export function addressFault(text: string): string | undefined {
	if (isFileAddress(text)) return undefined;
	const address = skin(text);
	if (address === '') return '';
	let quoted = false;
	let domain: 'none' | 'name' | 'literal' = 'none';
	for (let at = 0; at < address.length; at++) {
		const char = address[at] as string;
		const next = address[at + 1];
		if (char === '"') quoted = !quoted;
		else if (char < ' ' || char >= '\x7f') return char;
		else if (domain === 'literal') {
			if ((char === ']' && next !== undefined) || /[\\\s]/.test(char)) return char;
		} else if (quoted && domain === 'none') continue;
		else if (char === '\\' && next !== undefined) at++;
		else if (char === '@') {
			if (address[at - 1] === '@') return char;
			domain = next === '[' ? 'literal' : 'name';
		} else if ('()<>,;:\\[]'.includes(char)) return char;
	}
	return undefined;
}
