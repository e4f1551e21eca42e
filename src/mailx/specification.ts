/**
 * The grammar of message lists: `2-4`, `:u`, `/word`, `&3`, `(from pere)`, names. Text in, a list of
 * specifications out; pure. A mistake is a specification, too: it complains when evaluation comes to it,
 * for what stands before it is judged first.
 */
import { Complaint } from '../complaint.js';

/** A single message: a number, the first, the last, the current, the one current before it. */
export type Point = number | '^' | '$' | '.' | ';';

export type Specification =
	| { readonly kind: 'point'; readonly point: Point; readonly thread: boolean }
	/** `5-`: names nothing by itself, but must exist. */
	| { readonly kind: 'open'; readonly first: Point }
	| {
			readonly kind: 'range';
			readonly first: Point;
			readonly last: Point;
			readonly thread: boolean;
	  }
	/** `+` and `-`: the message after or before the dot. */
	| { readonly kind: 'step'; readonly back: boolean; readonly thread: boolean }
	| { readonly kind: 'all' }
	/** The backquote: what the last list named. */
	| { readonly kind: 'again'; readonly thread: boolean }
	/** The comma: what the dot is a reply to. */
	| { readonly kind: 'parent' }
	/** `:u`; the empty letter means those of the last list. */
	| { readonly kind: 'state'; readonly letter: string; readonly word: string }
	/** A sender, or `/text`. */
	| { readonly kind: 'word'; readonly word: string }
	| { readonly kind: 'criteria'; readonly text: string; readonly thread: boolean }
	| { readonly kind: 'mistake'; readonly complaint: Complaint };

type Token =
	| { readonly kind: 'point'; readonly point: Point; readonly thread: boolean }
	| { readonly kind: 'sign'; readonly sign: string; readonly thread: boolean }
	| { readonly kind: 'word'; readonly word: string; readonly thread: boolean }
	| { readonly kind: 'criteria'; readonly text: string; readonly thread: boolean }
	| { readonly kind: 'mistake'; readonly complaint: Complaint; readonly thread: boolean };

const mistake = (text: string, stream: 'stdout' | 'stderr' = 'stderr') =>
	({ kind: 'mistake', complaint: new Complaint(text, stream) }) as const;

function tokenize(text: string): Token[] {
	const tokens: Token[] = [];
	let at = 0;
	for (;;) {
		while (text[at] === ' ' || text[at] === '\t') at++;
		if (at >= text.length) return tokens;
		const thread = text[at] === '&';
		if (thread) {
			at++;
			if (at >= text.length || /\s/.test(text[at] as string)) {
				tokens.push({ kind: 'point', point: '.', thread });
				continue;
			}
		}
		const char = text[at] as string;
		if (/\d/.test(char)) {
			const digits = /\d+/.exec(text.slice(at))?.[0] as string;
			tokens.push({ kind: 'point', point: Number(digits), thread });
			at += digits.length;
		} else if (char === '(') {
			const { spec, end } = parenthesis(text, at);
			tokens.push(
				spec === undefined
					? { ...mistake('Missing ")".'), thread }
					: { kind: 'criteria', text: spec, thread },
			);
			at = end;
		} else if (char === '^' || char === '$' || char === '.' || char === ';') {
			tokens.push({ kind: 'point', point: char, thread });
			at++;
		} else if ('*-+),`'.includes(char)) {
			tokens.push({ kind: 'sign', sign: char, thread });
			at++;
		} else {
			const { word, quote, end } = takeWord(text, at);
			tokens.push(
				word === undefined
					? { ...mistake(`Missing ${quote}`), thread }
					: { kind: 'word', word, thread },
			);
			at = end;
		}
	}
}

/** A parenthesis up to its partner; runs of white space become one blank, as IMAP wants it. */
function parenthesis(text: string, start: number): { spec: string | undefined; end: number } {
	let spec = '';
	let depth = 0;
	let quoted = false;
	for (let at = start; at < text.length; at++) {
		const char = text[at] as string;
		if (quoted && char === '\\') {
			at++;
			if (at >= text.length) break;
			spec += char + text[at];
			continue;
		}
		if (char === '"') quoted = !quoted;
		else if (!quoted && char === '(') depth++;
		else if (!quoted && char === ')') depth--;
		else if (!quoted && /\s/.test(char)) {
			if (!spec.endsWith(' ')) spec += ' ';
			continue;
		}
		spec += char;
		if (char === ')' && depth === 0) return { spec, end: at + 1 };
	}
	return { spec: undefined, end: text.length };
}

interface Word {
	/** Undefined where its quote is not closed. */
	readonly word: string | undefined;
	readonly quote: string;
	readonly end: number;
}

/** A word up to a blank, or in quotes; without quotes a backslash protects what follows it. */
function takeWord(text: string, start: number): Word {
	const quote = text[start] === '"' || text[start] === "'" ? (text[start] as string) : '';
	if (quote) {
		const close = text.indexOf(quote, start + 1);
		return close < 0
			? { word: undefined, quote, end: text.length }
			: { word: text.slice(start + 1, close), quote, end: close + 1 };
	}
	let word = '';
	let at = start;
	for (; at < text.length; at++) {
		if (text[at] === '\\' && at + 1 < text.length) at++;
		// As the original: not even a backslash keeps a blank in a word.
		if (text[at] === ' ' || text[at] === '\t') break;
		word += text[at];
	}
	return { word, quote, end: at };
}

/** The specifications of a list. Never throws: a mistake complains when evaluation comes to it. */
export function parseList(text: string): Specification[] {
	const tokens = tokenize(text);
	const list: Specification[] = [];
	/** Where a range has begun whose end has not been met. */
	let first: Point | undefined;
	/** How far the threads of `&` have been used up: the one after a number already counts for it. */
	let usedUp = -1;
	for (const [at, token] of tokens.entries()) {
		const thread = token.thread && at > usedUp;
		switch (token.kind) {
			case 'mistake':
			case 'criteria':
				list.push(token.kind === 'criteria' ? { ...token, thread } : token);
				break;
			case 'point': {
				const { point } = token;
				if (first !== undefined) {
					list.push({ kind: 'range', first, last: point, thread });
					first = undefined;
					break;
				}
				const next = tokens[at + 1];
				if (next?.kind === 'sign' && next.sign === '-') {
					list.push({ kind: 'open', first: point });
					first = point;
				} else {
					list.push({ kind: 'point', point, thread: thread || (next?.thread ?? false) });
					usedUp = at + 1;
				}
				break;
			}
			case 'word':
				if (first !== undefined) return [...list, mistake('Non-numeric second argument', 'stdout')];
				list.push(
					token.word.startsWith(':')
						? { kind: 'state', letter: token.word.charAt(1), word: token.word }
						: { kind: 'word', word: token.word },
				);
				break;
			case 'sign':
				if (token.sign === '+' && first !== undefined) {
					return [...list, mistake('Non-numeric second argument', 'stdout')];
				}
				if (token.sign === '+') list.push({ kind: 'step', back: false, thread });
				else if (token.sign === '*') list.push({ kind: 'all' });
				else if (token.sign === '`') list.push({ kind: 'again', thread });
				else if (token.sign === ',') list.push({ kind: 'parent' });
				else if (token.sign === '-' && first === undefined) {
					list.push({ kind: 'step', back: true, thread });
				}
		}
	}
	return list;
}
