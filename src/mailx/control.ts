/**
 * What steers the command language itself: conditions, files of commands, macros, accounts, leaving.
 */
import { readFileSync } from 'node:fs';
import { Complaint, isErrno, reason } from '../complaint.js';
import type { Outcome } from './commands.js';
import { nextLine, openSource } from './input.js';
import type { Session } from './session.js';

/** `if r|s|t`. There is no nesting. */
export async function beginIf(session: Session, [keyword = '']: string[]): Promise<Outcome> {
	const { input } = session;
	if (input.condition !== 'any') throw new Complaint('Illegal nested "if"');
	switch (keyword[0]?.toLowerCase()) {
		case 'r':
			input.condition = 'receive';
			break;
		case 's':
			input.condition = 'send';
			break;
		case 't':
			input.condition = 'terminal';
			break;
		default:
			throw new Complaint(`Unrecognized if-keyword: "${keyword}"`);
	}
}

const otherBranch = {
	receive: 'send',
	send: 'receive',
	terminal: 'no-terminal',
} as const;

export async function elseBranch({ input }: Session): Promise<Outcome> {
	if (input.condition === 'any') throw new Complaint('"Else" without matching "if"');
	if (input.condition === 'no-terminal') {
		input.condition = 'any';
		throw new Complaint("Mail's idea of conditions is screwed up");
	}
	input.condition = otherBranch[input.condition];
}

export async function endIf({ input }: Session): Promise<Outcome> {
	if (input.condition === 'any') throw new Complaint('"Endif" without matching "if"');
	input.condition = 'any';
}

/** Reads the commands of a file once the current line is done. */
export async function source(session: Session, [name = '']: string[]): Promise<Outcome> {
	const path = await expand(session, name);
	if (path === undefined) return 'failed';
	let text: string;
	try {
		text = readFileSync(session.system.real(path), 'utf8');
	} catch (error) {
		if (!isErrno(error)) throw error;
		// The original opens it, and finds no line in it.
		if (session.bare && error.code === 'EISDIR') return undefined;
		throw new Complaint(`${path}: ${reason(error)}`, 'stderr');
	}
	if (!openSource(session, path, text, false)) {
		throw new Complaint('Too much "sourcing" going on.');
	}
}

async function expand(session: Session, name: string): Promise<string | undefined> {
	const { expandFolder } = await import('./foldernames.js');
	return expandFolder(session, name);
}

/** Prints words, expanded as folder names are, with the escapes of echo(1). */
export async function echo(session: Session, words: string[]): Promise<Outcome> {
	const { terminal } = session;
	let newline = true;
	for (const [index, word] of words.entries()) {
		const expanded = await expand(session, word);
		if (expanded === undefined) continue;
		const text = expanded.replace(/\\(?:0([0-7]{0,3})|([\s\S]?))/g, (_, octal, char) => {
			if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal || '0', 8) & 255);
			if (char === 'c') newline = false;
			return char === 'c' ? '' : (echoEscapes[char] ?? char);
		});
		terminal.write(index > 0 ? ` ${text}` : text);
	}
	if (newline) terminal.write('\n');
}

const echoEscapes: Readonly<Record<string, string>> = {
	a: '\x07',
	b: '\b',
	f: '\f',
	n: '\n',
	r: '\r',
	t: '\t',
	v: '\v',
};

export async function noop(): Promise<Outcome> {
	return undefined;
}

/** In a macro it does nothing in the original. */
export async function quit(session: Session): Promise<Outcome> {
	const { bare, input } = session;
	if (input.sources.length > 0) return 'failed';
	return bare && input.inMacro ? undefined : 'leave';
}

export async function exit(session: Session): Promise<Outcome> {
	return session.input.sources.length > 0 ? 'failed' : 'exit';
}

export async function define(session: Session, words: string[]): Promise<Outcome> {
	const [name, brace] = words;
	if (name === undefined) throw new Complaint('Missing macro name to define.', 'stderr');
	if (brace !== '{' || words.length !== 2) {
		throw new Complaint('Syntax is: define <name> {', 'stderr');
	}
	const lines = await readBraces(session, 'macro', name);
	if (session.macros.has(name)) {
		throw new Complaint(`A macro named "${name}" already exists.`, 'stderr');
	}
	session.macros.set(name, lines);
}

/** The lines up to the closing brace. */
async function readBraces(session: Session, what: string, name: string): Promise<string[]> {
	const lines: string[] = [];
	const depth = session.input.sources.length;
	const loading = session.input.sources.at(-1)?.loading;
	for (;;) {
		const line = await nextLine(session, { floor: depth, joint: '\n', prompting: false });
		if (line.kind !== 'line') {
			if (loading) session.terminal.write('"Source" stack over-pop.\n');
			throw new Complaint(`Unterminated ${what} definition: "${name}".`, 'stderr');
		}
		if (line.text.trim() === '}') return lines;
		lines.push(line.text);
	}
}

export async function undefine(session: Session, names: string[]): Promise<Outcome> {
	if (names.length === 0) throw new Complaint('Missing macro name to undef.', 'stderr');
	for (const name of names) session.macros.delete(name);
}

export async function defines(session: Session): Promise<Outcome> {
	await showBraces(session, [...session.macros], 'define', 'Macros');
}

async function showBraces(
	session: Session,
	entries: readonly (readonly [string, readonly string[]])[],
	word: string,
	title: string,
): Promise<void> {
	const text = entries
		.map(([name, lines]) => {
			const body = lines.map((line) => `${line.replaceAll('\n', '\\\n')}\n`).join('');
			return `${word} ${name} {\n${body}}\n`;
		})
		.join('\n');
	if (text === '') return;
	const { showText } = await import('./shell.js');
	await showText(session, text, title);
}

export async function call(session: Session, [name]: string[]): Promise<Outcome> {
	if (name === undefined) throw new Complaint('Syntax is: call <name>', 'stderr');
	const lines = session.macros.get(name);
	if (!lines) throw new Complaint(`Undefined macro called: "${name}"`, 'stderr');
	return runMacro(session, lines);
}

/** Obeys all lines of a macro, errors or not; how the last one went is how the macro went. */
async function runMacro(session: Session, lines: readonly string[]): Promise<Outcome> {
	const { execute } = await import('./interpreter.js');
	const before = session.input.inMacro;
	session.input.inMacro = true;
	let outcome: Outcome | undefined;
	try {
		for (const line of lines) {
			const text = line.replaceAll('\n', ' ').replace(/^[ \t]+/, '');
			if (text === '') continue;
			outcome = await execute(session, text);
			if (outcome === 'leave' || outcome === 'exit') return outcome;
		}
	} finally {
		session.input.inMacro = before;
	}
	return outcome;
}

/** Runs the macro that `folder-hook-NAME` or `folder-hook` names, after a folder is opened or has grown. */
export async function callFolderHook(
	session: Session,
	folder: string,
	forNewMail: boolean,
): Promise<void> {
	const { variables, input } = session;
	const name = variables.get(`folder-hook-${folder}`) ?? variables.get('folder-hook');
	if (name === undefined) return;
	const lines = session.macros.get(name);
	if (!lines) {
		session.terminal.complain(
			`Cannot call hook for folder "${folder}": Macro "${name}" does not exist.\n`,
		);
		return;
	}
	input.inHook = true;
	input.hookForNewMail = forNewMail;
	try {
		await runMacro(session, lines);
	} finally {
		input.inHook = false;
		input.hookForNewMail = false;
	}
}

/** Lists accounts, defines one (`account NAME {` or with settings), or switches to one. */
export async function account(session: Session, words: string[]): Promise<Outcome> {
	const [name, ...settings] = words;
	const { accounts } = session;
	if (name === undefined) return showBraces(session, [...accounts], 'account', 'Accounts');
	if (settings[0] === '{') {
		if (settings.length > 1) throw new Complaint('Syntax is: account <name> {', 'stderr');
		accounts.set(name, await readBraces(session, 'account', name));
		return;
	}
	if (settings.length > 0) {
		accounts.set(
			name,
			settings.map((setting) => `set ${quote(setting)}`),
		);
		return;
	}
	const lines = accounts.get(name);
	if (!lines) throw new Complaint(`Account ${name} does not exist.`);
	const { leaveRules } = await import('./quit.js');
	const rules = leaveRules(session);
	if ((await runMacro(session, lines)) === 'exit') return 'exit';
	if (session.input.starting) return;
	// The folder one leaves is left by the rules it was read under.
	return (await import('./folders.js')).switchFolder(session, '%', rules);
}

function quote(word: string): string {
	return `'${word.replaceAll("'", "'\\''")}'`;
}
