/**
 * The words of a command line. Three ways of cutting, as the original has them: shell-like words with
 * quotes and backslashes, the same with the quotes kept (`echo`), and the last word of a line apart
 * from the message list before it.
 */
const isBlank = (char: string | undefined) => char === ' ' || char === '\t';

/** Shell-like words. With `raw`, quotes and backslashes stay for the command to interpret. */
export function splitWords(text: string, raw = false): string[] {
	const words: string[] = [];
	let at = 0;
	for (;;) {
		while (isBlank(text[at])) at++;
		if (at >= text.length) return words;
		let word = '';
		let quote = '';
		for (; at < text.length; at++) {
			const char = text[at] as string;
			if (quote) {
				if (char === quote) {
					quote = '';
					if (raw) word += char;
				} else if (char === '\\') {
					at++;
					const next = text[at] ?? '';
					// Inside quotes a backslash only protects the quote.
					word += next !== quote || raw ? `\\${next}` : next;
				} else word += char;
			} else if (char === '"' || char === "'") {
				quote = char;
				if (raw) word += char;
			} else if (char === '\\' && !raw) {
				at++;
				word += text[at] ?? '\\';
			} else if (isBlank(char)) break;
			else word += char;
		}
		words.push(word);
	}
}

export interface LastWord {
	/** What stands before it, trailing blanks removed; undefined where the last word is all there is. */
	readonly rest: string | undefined;
	/** Its quotes removed where `unquote` was asked for; undefined on an empty line. */
	readonly last: string | undefined;
}

/**
 * Cuts off the last word: a file name, an address or a command behind a message list. A word may be
 * quoted; a quote belongs to the word it ends. `faithful`: as in Heirloom a word whose quotes are kept
 * is not cut off, but remains a part of the rest, too.
 */
export function splitLastWord(line: string, unquote: boolean, faithful = false): LastWord {
	const text = line.trimEnd();
	if (text === '') return { rest: undefined, last: undefined };
	const final = text.at(-1);
	let start = text.length;
	let last: string;
	if (final === '"' || final === "'") {
		start = text.length - 2;
		while (start > 0 && (text[start] !== final || text[start - 1] === '\\')) start--;
		// Without an opening quote the whole line is the word, as in the original.
		start = Math.max(start, 0);
		last = text.slice(start).replaceAll(`\\${final}`, final);
		if (faithful && !unquote) return { rest: start > 0 ? text : undefined, last };
		if (unquote) last = last.slice(last[0] === final ? 1 : 0, -1);
	} else {
		while (start > 0 && !isBlank(text[start - 1])) start--;
		last = text.slice(start);
	}
	const rest = text.slice(0, start).trimEnd();
	return { rest: rest === '' ? undefined : rest, last };
}
