/**
 * The commands that set things up: variables, aliases, alternates, which header fields are shown,
 * shortcuts for folder names. Each lists what there is when given nothing.
 */
import { Complaint } from '../complaint.js';
import type { Outcome } from './commands.js';
import type { Session } from './session.js';

const byCode = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Without arguments lists the variables; `name`, `name=value`, and `noname` to unset. Of the names the
 * original knows none begins with `no`; `nolive` is ours, and is set by its own name.
 */
export async function set(session: Session, words: string[]): Promise<Outcome> {
	if (words.length === 0) return listVariables(session);
	let failed = false;
	for (const word of words) {
		const [, name = '', value = ''] = /^([^=]*)=?([\s\S]*)$/.exec(word) ?? [];
		if (name === '') {
			session.terminal.write('Non-null variable name required\n');
			failed = true;
		} else if (name.startsWith('no') && name !== 'nolive') {
			failed = !forget(session, name.slice(2)) || failed;
		} else session.variables.set(name, value);
	}
	return failed ? 'failed' : undefined;
}

async function listVariables(session: Session): Promise<void> {
	const { variables } = session;
	const bsd = variables.has('bsdcompat') || variables.has('bsdset');
	const lines = variables
		.entries()
		.map(([name, value]) => (bsd ? `${name}\t${value}` : value ? `${name}="${value}"` : name));
	const { showText } = await import('./shell.js');
	await showText(session, lines.map((line) => `${line}\n`).join(''), 'Variables', 2);
}

export async function unset(session: Session, words: string[]): Promise<Outcome> {
	const failed = words.filter((name) => !forget(session, name));
	return failed.length > 0 ? 'failed' : undefined;
}

/** False, and said so, where the variable is not set and a person typed it. */
function forget(session: Session, name: string): boolean {
	if (session.variables.unset(name)) return true;
	if (session.input.sources.length > 0 || session.input.inMacro) return true;
	session.terminal.write(`"${name}": undefined variable\n`);
	return false;
}

/** Lists aliases, shows one, or adds members to one. */
export async function alias(session: Session, words: string[]): Promise<Outcome> {
	const [name, ...members] = words;
	if (name === undefined) {
		for (const known of [...session.aliases.keys()].sort(byCode)) printAlias(session, known);
	} else if (members.length === 0) printAlias(session, name);
	else session.aliases.set(name, [...(session.aliases.get(name) ?? []), ...members]);
}

function printAlias(session: Session, name: string): void {
	const members = session.aliases.get(name);
	if (!members) {
		session.terminal.write(`"${name}": not a group\n`);
		return;
	}
	// The latest first, as the original keeps them.
	const list = members.toReversed().map((member) => ` ${member}`);
	session.terminal.write(`${name}\t${list.join('')}\n`);
}

export async function unalias(session: Session, words: string[]): Promise<Outcome> {
	if (words.length === 0) throw new Complaint('Must specify alias or group to remove');
	for (const name of words) session.aliases.delete(name);
}

/** Lists or replaces the further names of one's own. */
export async function alternates(session: Session, words: string[]): Promise<Outcome> {
	if (words.length > 0) session.alternates = words;
	else if (session.alternates.length > 0) {
		session.terminal.write(`${session.alternates.map((name) => `${name} `).join('')}\n`);
	}
}

type FieldCommand = (session: Session, words: string[]) => Promise<Outcome>;
type Which = keyof Session['fields'];

/** `ignore` and its relatives: list the fields, or add some. */
function listOrAdd(which: Which, kind: 'ignored' | 'retained'): FieldCommand {
	return async ({ terminal, fields }, words) => {
		const set = fields[which][kind];
		for (const word of words) set.add(word.toLowerCase());
		if (words.length > 0) return;
		if (set.size === 0) terminal.write(`No fields currently being ${kind}.\n`);
		for (const name of [...set].sort(byCode)) terminal.write(`${name}\n`);
	};
}

/** `unignore` and its relatives. */
function takeOff(which: Which, kind: 'ignored' | 'retained'): FieldCommand {
	return async ({ terminal, fields }, words) => {
		const set = fields[which][kind];
		if (set.size === 0) terminal.write(`No fields currently being ${kind}.\n`);
		for (const word of words) set.delete(word.toLowerCase());
	};
}

export const ignore = listOrAdd('display', 'ignored');
export const retain = listOrAdd('display', 'retained');
export const saveignore = listOrAdd('save', 'ignored');
export const saveretain = listOrAdd('save', 'retained');
export const fwdignore = listOrAdd('forward', 'ignored');
export const fwdretain = listOrAdd('forward', 'retained');
export const unignore = takeOff('display', 'ignored');
export const unretain = takeOff('display', 'retained');
export const unsaveignore = takeOff('save', 'ignored');
export const unsaveretain = takeOff('save', 'retained');
export const unfwdignore = takeOff('forward', 'ignored');
export const unfwdretain = takeOff('forward', 'retained');

/** Lists shortcuts, the latest first, or defines one. */
export async function shortcut(session: Session, words: string[]): Promise<Outcome> {
	const [name, expansion] = words;
	if (name === undefined) {
		for (const [short, long] of [...session.shortcuts].reverse()) {
			session.terminal.write(`${short}=${long}\n`);
		}
		return;
	}
	if (expansion === undefined) {
		throw new Complaint('expansion name for shortcut missing', 'stderr');
	}
	if (words.length > 2) throw new Complaint('too many arguments', 'stderr');
	session.shortcuts.set(name, expansion);
}

export async function unshortcut(session: Session, words: string[]): Promise<Outcome> {
	if (words.length === 0) throw new Complaint('need shortcut names to remove', 'stderr');
	const unknown = words.filter((name) => !session.shortcuts.delete(name));
	for (const name of unknown) session.terminal.complain(`${name}: no such shortcut\n`);
	return unknown.length > 0 ? 'failed' : undefined;
}
