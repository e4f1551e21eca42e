/**
 * aliases(5): the file's lines to names and their values, complaints with line numbers, and the figures
 * that `newaliases` tells. Follows what sendmail 8.17 accepts, counts and says. Pure; the text is octets
 * in a string (latin1). Values are not looked into here: that is recipient.ts, when they are used.
 */
import { parseRecipient, quoteName, unquote } from './recipient.js';

export interface Alias {
	/** As it is counted: lower case, quotes kept. */
	readonly key: string;
	/** Everything after the colon's blanks, continuation lines joined. */
	readonly value: string;
	/** Where the item begins; 1 is the first line. */
	readonly line: number;
}

export interface AliasFile {
	/** Every accepted item in order; of duplicates, the last one counts. */
	readonly aliases: readonly Alias[];
	/** Lines to print, in order. */
	readonly complaints: readonly string[];
	/** sysexits(3): 0, or that of the first error. */
	readonly status: number;
	/** Octets of the longest value. */
	readonly longest: number;
	/** Octets of all keys and values. */
	readonly total: number;
}

/** The longest joined line, in octets. */
const limit = 8190;

interface Item {
	readonly text: string;
	readonly first: number;
	readonly last: number;
	/** Why it cannot be an item. */
	readonly trouble?: string;
}

/** Joins continuation lines. A comment, too, goes on over the blank-led lines beneath it. */
function* items(text: string): Generator<Item> {
	const lines = text.split('\n');
	if (lines.at(-1) === '') lines.pop();
	let at = 0;
	const take = (): string => {
		let line = lines[at++] as string;
		while (line.endsWith('\\') && at < lines.length) line = line.slice(0, -1) + lines[at++];
		return line;
	};
	const continues = (): boolean => /^[ \t]/.test(lines[at] ?? '');
	while (at < lines.length) {
		const first = at + 1;
		let line = take();
		const start = line[0];
		let tooLong = line.length > limit ? at : 0;
		while (start !== undefined && continues()) {
			line += take();
			if (line.length > limit) tooLong ||= at;
		}
		if (start === undefined || start === '#') continue;
		if (start === ' ' || start === '\t') {
			yield { text: line, first, last: first, trouble: 'Non-continuation line starts with space' };
		} else if (tooLong > 0)
			yield { text: line, first, last: tooLong, trouble: 'alias line too long' };
		else yield { text: line, first, last: at };
	}
}

/** The name under which an alias is found: quotes only where the name needs them. */
export function aliasKey(name: string): string {
	return quoteName(unquote(name)).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Reads a left side: its key, or what is wrong with it. */
function readName(left: string, local: ReadonlySet<string>): { key?: string; wrong: string[] } {
	const { target, flaw } = parseRecipient(left, local);
	if (flaw || target?.kind !== 'local') {
		return { wrong: [...(flaw ? [flaw.reason] : []), 'cannot alias non-local names'] };
	}
	const name = target.detail === undefined ? target.user : `${target.user}+${target.detail}`;
	const quoted = /^"/.test(left.replace(/^\s*(\([^)]*\)\s*)*/, ''));
	const key = quoted ? `"${name}"` : name;
	return { key: key.replace(/[A-Z]/g, (letter) => letter.toLowerCase()), wrong: [] };
}

/**
 * Parses a whole file. `file` is the name the complaints begin with, `local` the names of this host.
 */
export function parseAliases(text: string, file: string, local: ReadonlySet<string>): AliasFile {
	const aliases: Alias[] = [];
	const complaints: string[] = [];
	const seen = new Set<string>();
	let status = 0;
	let longest = 0;
	let total = 0;
	for (const item of items(text)) {
		const complain = (what: string): void => {
			complaints.push(`${file}: line ${item.last}: ${what}`);
		};
		const fail = (what: string, exit = 70): void => {
			complain(what);
			status ||= exit;
		};
		const colon = item.text.indexOf(':');
		// Quotes do not protect a colon from sendmail: `"a:b": c` gives `a:b` the value `b": c`.
		const split = /^"([^":]*:[^"]*)"/.exec(item.text)?.[1];
		const left = split ?? item.text.slice(0, Math.max(colon, 0)).trim();
		const value = item.text.slice(colon + 1).replace(/^[ \t]+/, '');
		if (item.trouble !== undefined) fail(item.trouble);
		else if (colon < 0) fail('missing colon');
		else if (left === '') fail(`${item.text}... illegal alias name`);
		else if (value === '' || value === '\r') fail(`${item.text}... missing value for alias`);
		else {
			const { key, wrong } = readName(left, local);
			if (key === undefined) {
				for (const what of wrong) fail(`${left}... ${what}`, wrong.length > 1 ? 64 : 70);
				continue;
			}
			if (seen.has(key)) complain(`${left}... Warning: duplicate alias name ${key}`);
			seen.add(key);
			aliases.push({ key, value, line: item.first });
			longest = Math.max(longest, value.length);
			total += key.length + value.length;
		}
	}
	return { aliases, complaints, status, longest, total };
}

/** The closing line of `newaliases`. */
export function printFigures(file: string, { aliases, longest, total }: AliasFile): string {
	return `${file}: ${aliases.length} aliases, longest ${longest} bytes, ${total} bytes total`;
}
