/**
 * Words as a shell would expand them: quotes, backslashes, `~user`, `$VARIABLE` and file name
 * patterns (POSIX XCU 2.6, what wordexp(3) does). Runs no command: `$(...)` and backquotes are refused,
 * for a folder name is no place to start programs from.
 */
import { existsSync, readdirSync } from 'node:fs';

import { isErrno } from '../complaint.js';
import type { System } from '../system.js';

/** Unquoted, these would mean something to a shell that means nothing here. */
const refused = '\n|&;<>(){}`';
const pattern = /[*?[\\]/;

/** A word in the making: a pattern in which a backslash protects what stood in quotes. */
interface Piece {
	text: string;
	/** Something was there, were it only a pair of quotes. */
	present: boolean;
}

/** Where the reading of the text has got to. */
interface Scan {
	readonly text: string;
	at: number;
	readonly words: Piece[];
	word: Piece;
}

const protect = (text: string) => text.replace(/[*?[\]\\]/g, '\\$&');
const unprotect = (text: string) => text.replace(/\\(.)/gs, '$1');

/** The words a text expands to; undefined where it is no well-formed list of words. */
export function expandWords(system: System, text: string): string[] | undefined {
	const scan: Scan = { text, at: 0, words: [], word: { text: '', present: false } };
	while (scan.at < text.length) {
		if (!readUnquoted(system, scan)) return undefined;
	}
	endWord(scan);
	return scan.words.flatMap((word) => matchFiles(system, word.text));
}

function endWord(scan: Scan): void {
	if (scan.word.present) scan.words.push(scan.word);
	scan.word = { text: '', present: false };
}

function add(scan: Scan, text: string): void {
	scan.word.text += text;
	scan.word.present = true;
}

/** Takes in the next character or construct; false where it is a syntax error. */
function readUnquoted(system: System, scan: Scan): boolean {
	const char = scan.text[scan.at++] as string;
	if (char === ' ' || char === '\t') {
		endWord(scan);
		return true;
	}
	if (refused.includes(char)) return false;
	switch (char) {
		case '\\': {
			const next = scan.text[scan.at++];
			if (next === undefined) return false;
			add(scan, protect(next));
			return true;
		}
		case "'": {
			const end = scan.text.indexOf("'", scan.at);
			if (end < 0) return false;
			add(scan, protect(scan.text.slice(scan.at, end)));
			scan.at = end + 1;
			return true;
		}
		case '"':
			return readDoubleQuoted(system, scan);
		case '$': {
			const value = readVariable(system, scan);
			if (value === undefined) return false;
			addFields(scan, value);
			return true;
		}
		case '~':
			add(scan, scan.word.present ? char : readTilde(system, scan));
			return true;
		default:
			add(scan, char);
			return true;
	}
}

/** The value of an unquoted variable is cut at blanks into words of its own. */
function addFields(scan: Scan, value: string): void {
	const [first = '', ...others] = value.split(/[ \t\n]+/);
	if (first !== '') add(scan, first);
	for (const field of others) {
		endWord(scan);
		if (field !== '') add(scan, field);
	}
}

function readDoubleQuoted(system: System, scan: Scan): boolean {
	add(scan, '');
	for (;;) {
		const char = scan.text[scan.at++];
		switch (char) {
			case undefined:
			case '`':
				return false;
			case '"':
				return true;
			case '\\': {
				const next = scan.text[scan.at++];
				if (next === undefined) return false;
				add(scan, protect('$`"\\'.includes(next) ? next : `\\${next}`));
				break;
			}
			case '$': {
				const value = readVariable(system, scan);
				if (value === undefined) return false;
				add(scan, protect(value));
				break;
			}
			default:
				add(scan, protect(char));
		}
	}
}

/** What stands for the `$` just read and the name after it; undefined for what would run a command. */
function readVariable(system: System, scan: Scan): string | undefined {
	const rest = scan.text.slice(scan.at);
	if (rest.startsWith('(')) return undefined;
	const name = /^([A-Za-z_]\w*)|^\{([A-Za-z_]\w*)(?:(:?[-+])([^{}$`]*))?\}/.exec(rest);
	if (!name) return rest.startsWith('{') ? undefined : '$';
	scan.at += name[0].length;
	const value = system.env[name[1] ?? name[2] ?? ''];
	const operator = name[3];
	if (operator === undefined) return value ?? '';
	const given = operator.startsWith(':') ? Boolean(value) : value !== undefined;
	const word = name[4] ?? '';
	if (operator.endsWith('-')) return given ? (value ?? '') : word;
	return given ? word : '';
}

/** The home directory that a `~` at the start of a word, just read, stands for. */
function readTilde(system: System, scan: Scan): string {
	const name = /^[^/ \t'"\\$]*/.exec(scan.text.slice(scan.at))?.[0] ?? '';
	const home = name === '' ? system.shown(system.home) : system.userNamed(name)?.home;
	if (home === undefined) return '~';
	scan.at += name.length;
	return protect(home);
}

/** The files a pattern matches, sorted; itself where it matches none, as the shell has it. */
function matchFiles(system: System, word: string): string[] {
	if (!pattern.test(unprotectedOnly(word))) return [unprotect(word)];
	const steps = word.split('/');
	let found = [''];
	for (const [index, step] of steps.entries()) {
		const last = index === steps.length - 1;
		found = found.flatMap((folder) => matchStep(system, folder, step, last));
	}
	return found.length > 0 ? found.sort() : [unprotect(word)];
}

const unprotectedOnly = (word: string) => word.replace(/\\./gs, '');

function matchStep(system: System, folder: string, step: string, last: boolean): string[] {
	const end = last ? '' : '/';
	if (!pattern.test(unprotectedOnly(step))) {
		const path = `${folder}${unprotect(step)}${end}`;
		return !last || step === '' || existsSync(system.real(path)) ? [path] : [];
	}
	const matcher = matcherOf(step);
	if (matcher === undefined) return [];
	return list(system.real(folder || '.'))
		.filter((name) => matcher.test(name) && (!name.startsWith('.') || step.startsWith('.')))
		.map((name) => `${folder}${name}${end}`)
		.filter((path) => last || existsSync(system.real(path)));
}

/** Undefined for a set that can match nothing, as `[z-a]`. */
function matcherOf(step: string): RegExp | undefined {
	try {
		return new RegExp(`^${toRegExp(step)}$`, 's');
	} catch (error) {
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
}

function toRegExp(step: string): string {
	return step.replace(
		/\\(.)|\[([!^]?)(\]?(?:\\.|[^\]\\])*)\]|[\s\S]/g,
		(token, escaped?: string, not?: string, set?: string) => {
			if (escaped !== undefined) return literal(escaped);
			if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[[\]^]/g, '\\$&')}]`;
			if (token === '*') return '.*';
			return token === '?' ? '.' : literal(token);
		},
	);
}

const literal = (char: string) => char.replace(/[.*+?^${}()|[\]\\/]/, '\\$&');

function list(path: string): string[] {
	try {
		return readdirSync(path);
	} catch (error) {
		if (!isErrno(error)) throw error;
		// As glob(3): what cannot be read matches nothing.
		return [];
	}
}
