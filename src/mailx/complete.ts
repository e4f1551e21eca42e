/**
 * What a line being typed would do (the hint), and what Tab offers. Everything comes from the tables of
 * commands, variables and escapes and from a `World` that the session makes; pure. That the words say
 * what will really happen is the point: lists are evaluated, outcomes computed.
 */
import type { Assist, Candidate } from '../terminal/terminal.js';
import { type Command, commands, findCommand, fullName } from './commands.js';
import { type VariableRow, variableTable } from './variabletable.js';

/** What completion may ask of the session. */
export interface World {
	/** The command names as they are written: `d[elete] [msglist]`. */
	usage(command: Command): string;
	/** What a message list names, as `2 messages: 1 pere “lunch”, …`; undefined where it cannot be told. */
	selected(command: Command, list: string): Promise<string | undefined>;
	/** Whom a reply to the listed messages goes to. */
	answered(command: Command, list: string): Promise<string | undefined>;
	/** What leaving the folder does: `1 deleted, 2 go to ~/mbox, 0 stay`. */
	leaving(): string | undefined;
	/** Folder and counts, for the right end of the hint line. */
	status(): string | undefined;
	/** What a beginner may do next; undefined where no hints are wanted. */
	coaching?(): string | undefined;
	variable(name: string): string | undefined;
	variables(): readonly string[];
	/** Aliases, users of this machine, correspondents of the folder that begin so. */
	addresses(start: string): readonly Candidate[];
	/** Paths and `+folders` that begin so; a directory ends in a slash. */
	files(start: string): readonly Candidate[];
	macros(): readonly string[];
	accounts(): readonly string[];
	shortcuts(): readonly string[];
}

/** A row of the table of `~` escapes, as far as it is shown. */
export interface EscapeRow {
	readonly names: string;
	readonly usage: string;
	readonly summary: string;
}

/** As the interpreter cuts: a name ends at a blank, a digit, or a sign that begins a message list. */
const nameEnd = /[ \t0-9$^.:/\-+*'",;(`]/;

interface Parsed {
	readonly name: string;
	readonly rest: string;
	/** Where the rest begins. */
	readonly from: number;
}

function parse(text: string): Parsed {
	const start = text.length - text.trimStart().length;
	const body = text.slice(start);
	const end = /^[!|?]/.test(body) ? 1 : body.search(nameEnd);
	const name = end < 0 ? body : body.slice(0, end);
	return { name, rest: body.slice(name.length), from: start + name.length };
}

/** Hint and candidates for a command line. */
export async function assistLine(world: World, text: string, cursor: number): Promise<Assist> {
	const { name, rest, from } = parse(text);
	if (text.trim() === '' || text.trimStart().startsWith('#')) {
		const coaching = text === '' ? world.coaching?.() : undefined;
		return {
			...(cursor === text.length && offer(commandNames(''), cursor)),
			...(coaching !== undefined && { hint: coaching }),
		};
	}
	const hint = await hintFor(world, name, rest);
	const status = world.status();
	const offered =
		cursor <= from
			? offer(commandNames(text.slice(from - name.length, cursor)), from - name.length)
			: offerArgument(world, name, text.slice(from, cursor), cursor);
	return {
		...offered,
		...(hint !== undefined && { hint }),
		...(status !== undefined && { status }),
	};
}

function offer(candidates: readonly Candidate[], from: number): Assist {
	return candidates.length === 0 ? {} : { candidates, from };
}

function commandNames(start: string): Candidate[] {
	const names = new Map<string, string>();
	for (const command of commands) {
		const name = fullName(command);
		if (name.startsWith(start) && /^\w/.test(name)) names.set(name, command.summary);
	}
	return byName([...names].map(([text, note]) => ({ text, note })));
}

function byName(candidates: Candidate[]): Candidate[] {
	return candidates.sort((a, b) => (a.text < b.text ? -1 : 1));
}

async function hintFor(world: World, name: string, rest: string): Promise<string | undefined> {
	const command = name === '' ? undefined : findCommand(name);
	if (name === '!') return '! command — run a shell command';
	if (name !== '' && command === undefined) {
		const near = nearest(name);
		return near === undefined ? 'no such command' : `no such command; did you mean ${near}?`;
	}
	const row = command ?? (findCommand('type') as Command);
	const usage = name === '' ? 'show messages' : world.usage(row);
	const special = specials[fullName(row)];
	if (special !== undefined) return special(world, row, rest);
	// What `h` does with a message is no matter of that message.
	const listed = fullName(row) === 'headers' ? undefined : listOf(row, rest);
	const selected = listed === undefined ? undefined : await world.selected(row, listed);
	if (selected === undefined) return `${usage} — ${row.summary}`;
	// A list alone is an argument of Return: of several messages it shows the next one.
	if (name === '') return `show ${/^\d+ messages/.test(selected) ? 'the next of ' : ''}${selected}`;
	const deletes = row.writes && fullName(row).startsWith('d');
	// `3: Inappropriate message`, or that there is none: nothing will be deleted.
	const refused = /^\d+: |no applicable/i.test(selected);
	// Who types `w 2` should see that 2 is a file.
	const file = namesFile.test(fullName(row)) ? /\S+$/.exec(rest.trimEnd())?.[0] : undefined;
	const into = file === undefined || refused ? '' : ` into ${file}`;
	return `${usage} — ${selected}${into}${deletes && !refused ? '   u brings back' : ''}`;
}

/** The message list in what follows a name; undefined where the command takes none. */
function listOf(command: Command, rest: string): string | undefined {
	if (command.takes === 'msglist') return rest.trim();
	if (!command.mailbox || command.takes !== 'string' || !filing.has(fullName(command))) {
		return undefined;
	}
	// The last word is the file; before it stands the list.
	return /^\s*(.*\S)\s+\S*$/.exec(rest)?.[1] ?? '';
}

type Hint = (world: World, command: Command, rest: string) => string | Promise<string>;

const leaving: Hint = (world) => {
	const outcome = world.leaving();
	return outcome === undefined ? 'quit' : `quit — ${outcome}`;
};
const leavingAlone: Hint = (world) =>
	`exit — nothing changes${world.leaving() === undefined ? '' : ', deleted messages come back'}`;
const answering: Hint = async (world, command, rest) => {
	const whom = await world.answered(command, rest.trim());
	return whom ?? `${world.usage(command)} — ${command.summary}`;
};
const setting: Hint = (world, command, rest) => {
	const word = rest.trim().split(/\s+/).at(-1) ?? '';
	const name = word.replace(/^no(?=[a-z])/, '').split('=', 1)[0] ?? '';
	const row = variableTable.find((known) => known.name === name || known.name === word);
	if (row === undefined) return `${world.usage(command)} — ${command.summary}`;
	return `${shownVariable(world, row)} — ${row.summary}${row.values ? ` (${row.values.join(', ')})` : ''}`;
};

function shownVariable(world: World, row: VariableRow): string {
	const value = world.variable(row.name);
	if (value === undefined) return `${row.name}, not set`;
	return value === '' ? `${row.name}, set` : `${row.name}=${value}`;
}

const specials: Record<string, Hint> = {
	quit: leaving,
	exit: leavingAlone,
	xit: leavingAlone,
	set: setting,
	unset: setting,
	...Object.fromEntries(
		['reply', 'Reply', 'respond', 'Respond', 'replyall', 'replysender', 'followup', 'Followup'].map(
			(name) => [name, answering],
		),
	),
};

/** The name that a mistyped one is nearest to: one letter wrong, missing, or too many. */
function nearest(word: string): string | undefined {
	const names = commands.map(fullName);
	const shorter = word.slice(0, -1);
	const better = names.find((name) => distance(word, name) === 1);
	return better ?? names.find((name) => shorter !== '' && name === shorter) ?? prefixOf(word);
}

function prefixOf(word: string): string | undefined {
	for (let length = word.length - 1; length > 0; length--) {
		const command = findCommand(word.slice(0, length));
		if (command !== undefined) return fullName(command);
	}
	return undefined;
}

/** Levenshtein's distance, up to what matters here. */
function distance(one: string, other: string): number {
	if (Math.abs(one.length - other.length) > 1) return 2;
	let row = Array.from({ length: other.length + 1 }, (_, at) => at);
	for (let i = 1; i <= one.length; i++) {
		const next = [i];
		for (let j = 1; j <= other.length; j++) {
			const swap = (row[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1);
			next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
		}
		row = next;
	}
	return row[other.length] as number;
}

const messageTypes: readonly Candidate[] = [
	{ text: ':n', note: 'new messages' },
	{ text: ':o', note: 'old messages: not new' },
	{ text: ':u', note: 'unread messages' },
	{ text: ':r', note: 'messages that have been read' },
	{ text: ':d', note: 'deleted messages' },
	{ text: ':s', note: 'saved messages' },
	{ text: ':f', note: 'flagged messages' },
	{ text: ':a', note: 'answered messages' },
	{ text: ':t', note: 'messages marked as draft' },
	{ text: ':k', note: 'killed messages' },
	{ text: ':j', note: 'junk' },
];

/** Commands whose last word is a file or a folder, with a message list before it. */
/** Their last word is a file. */
const namesFile = /^(save|copy|write|move|mv|decrypt)$/;
const filing = new Set(
	'save Save copy Copy write move mv decrypt certsave resend Resend redirect Redirect'.split(' '),
);
const takesFile = new Set(
	'save copy write move mv decrypt certsave source folder file folders rename remove cd chdir'.split(
		' ',
	),
);
const takesAddress = new Set(
	'mail Mail explain forward Forward fwd Fwd resend Resend redirect Redirect alias group alternates'.split(
		' ',
	),
);
const takesField = /^(un)?(save|fwd)?(ignore|discard|retain)$/;
const usualFields =
	'bcc cc content-transfer-encoding content-type date delivered-to from in-reply-to message-id mime-version received references reply-to return-path sender status subject to user-agent x-mailer x-status';

/** What may follow a command's name: the word before the cursor is completed. */
function offerArgument(world: World, name: string, typed: string, cursor: number): Assist {
	const command = name === '' ? undefined : findCommand(name);
	const word = /\S*$/.exec(typed)?.[0] ?? '';
	const from = cursor - word.length;
	const full = command === undefined ? '' : fullName(command);
	const among = (names: readonly string[]) =>
		offer(byName(names.filter((text) => text.startsWith(word)).map((text) => ({ text }))), from);
	if (name === '!') return offer(world.files(word), from);
	if (full === 'set' || full === 'unset') return offerVariable(world, full, word, from);
	if (full === '?' || full === 'help') return offer(byName(explained(word)), from);
	if (full === 'hint') return offer(commandNames(word), from);
	if (full === 'call' || full === 'undef') return among(world.macros());
	if (full === 'account') return among(world.accounts());
	if (full === 'unalias' || full === 'ungroup') return offer(world.addresses(word), from);
	if (full === 'unshortcut') return among(world.shortcuts());
	if (full === 'if') return among(['r', 's', 't', 'receive', 'send', 'term']);
	if (takesField.test(full)) return among(usualFields.split(' '));
	if (word.startsWith(':')) return offer(startingWith(messageTypes, word), from);
	if (takesFile.has(full)) return offer(world.files(word), from);
	if (takesAddress.has(full)) return offerAddress(world, typed, cursor);
	return {};
}

function explained(word: string): Candidate[] {
	const variables = variableTable.map(({ name, summary }) => ({ text: name, note: summary }));
	const names = commandNames(word);
	const taken = new Set(names.map(({ text }) => text));
	return [...names, ...startingWith(variables, word).filter(({ text }) => !taken.has(text))];
}

function startingWith(candidates: readonly Candidate[], start: string): Candidate[] {
	return candidates.filter(({ text }) => text.startsWith(start));
}

function offerVariable(world: World, full: string, word: string, from: number): Assist {
	const equals = word.indexOf('=');
	if (equals >= 0) {
		const row = variableTable.find(({ name }) => name === word.slice(0, equals));
		const values = (row?.values ?? []).map((text) => ({ text }));
		return offer(startingWith(values, word.slice(equals + 1)), from + equals + 1);
	}
	if (full === 'unset') {
		const set = world.variables().map((text) => ({ text }));
		return offer(byName(startingWith(set, word)), from);
	}
	const known = variableTable.map(({ name, kind, summary }) => {
		const value = world.variable(name);
		const state = value === undefined ? '' : value === '' ? 'set: ' : `${value}: `;
		return { text: kind === 'value' ? `${name}=` : name, note: `${state}${summary}` };
	});
	return offer(byName(startingWith(known, word)), from);
}

/** Completes the address the cursor is in, behind the last comma or blank. */
function offerAddress(world: World, typed: string, cursor: number): Assist {
	const word = /[^,\s]*$/.exec(typed)?.[0] ?? '';
	return offer(world.addresses(word), cursor - word.length);
}

/** Candidates for a line of addresses (`To:`, `Cc:`). */
export function assistAddressLine(world: World, text: string, cursor: number): Assist {
	return offerAddress(world, text.slice(0, cursor), cursor);
}

/** Candidates for the name of a file, which is all that the line has. */
export function assistFileLine(world: World, text: string, cursor: number): Assist {
	return offer(world.files(text.slice(0, cursor)), 0);
}

const fewEscapes = 'p print  e edit  s subject  t to  c cc  @ attach  r file  m quote  ? all';

/** Hint and candidates for a line of a letter: escapes behind the escape character. */
export async function assistBodyLine(
	world: World,
	escapes: readonly EscapeRow[],
	character: string,
	text: string,
	cursor: number,
): Promise<Assist> {
	if (character === '' || !text.startsWith(character)) return {};
	const name = text.charAt(1);
	if (name === '') {
		const candidates = escapes.map(({ names, summary }) => {
			return { text: `${character}${names.charAt(0)}`, note: summary };
		});
		return { hint: `${character} ${fewEscapes}`, ...offer(candidates, 0) };
	}
	const typed = text.slice(2, cursor);
	if (name === ':' || name === '_') {
		const inner = await assistLine({ ...world, coaching: () => undefined }, typed, typed.length);
		return inner.from === undefined ? inner : { ...inner, from: inner.from + 2 };
	}
	const row = escapes.find(({ names }) => names.includes(name));
	if (row === undefined) return {};
	const hint = `${`${character}${name} ${row.usage}`.trimEnd()} — ${row.summary}`;
	if ('tcb'.includes(name)) return { hint, ...offerAddress(world, typed, cursor) };
	if ('r<w@!|'.includes(name)) {
		const word = /\S*$/.exec(typed)?.[0] ?? '';
		return { hint, ...offer(world.files(word), cursor - word.length) };
	}
	if (name === 'i') {
		const set = world.variables().map((variable) => ({ text: variable }));
		return {
			hint,
			...offer(startingWith(set, typed.trimStart()), cursor - typed.trimStart().length),
		};
	}
	return { hint };
}
