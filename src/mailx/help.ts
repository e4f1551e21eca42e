/**
 * `?`, `list`, `version` and `hint`. The texts come from the tables of commands, variables and escapes;
 * only the choice of what a beginner needs first, and a few words on what a table cannot say, are made
 * here.
 */
import { Complaint } from '../complaint.js';
import { release } from '../release.js';
import { inSignsOf } from '../terminal/charset.js';
import { type Command, commands, findCommand, fullName, type Outcome } from './commands.js';
import type { Session } from './session.js';
import { type VariableRow, variableTable } from './variabletable.js';

/** Names of the commands, as many on a line as fit in 72 columns. With -n, those of the original. */
export async function list(session: Session): Promise<Outcome> {
	const lines: string[] = [];
	let line = '';
	const known = commands.filter((command) => !(session.bare && command.added));
	for (const [index, command] of known.entries()) {
		const name = fullName(command);
		if (line.length + name.length + 2 > 72) {
			lines.push(line);
			line = '';
		}
		line += index < known.length - 1 ? `${name}, ` : name;
	}
	session.terminal.write(`Commands are:\n${[...lines, line].join('\n')}\n`);
}

/** What the first page of help lists, in the order a reader needs; with the prompt it fits on 24 lines. */
const firstPage = [
	'type',
	'next',
	'headers',
	'delete',
	'undelete',
	'reply',
	'Reply',
	'mail',
	'save',
	'hold',
	'folder',
	'inc',
	'set',
	'!',
	'quit',
	'xit',
];

export function usageOf(command: Command): string {
	const usage = command.usage ?? (command.takes === 'msglist' ? '[msglist]' : '');
	return usage === '' ? command.name : `${command.name} ${usage}`;
}

/** The commands one needs first; with a name, that command or variable. */
export async function help(session: Session, typed: string): Promise<Outcome> {
	const word = typed.trim();
	const { showText } = await import('./shell.js');
	if (word !== '') {
		const text = await explainWord(session, word);
		return showText(session, inSignsOf(session.terminal.charset, text), 'Help', 2);
	}
	const rows = firstPage.flatMap((name) => {
		const command = commands.find((row) => fullName(row) === name);
		return command ? [`  ${usageOf(command).padEnd(25)}  ${command.summary}\n`] : [];
	});
	const text = [
		'Commands (what stands in brackets may be left out):\n',
		...rows,
		'A msglist names messages: 3  1-4  *  $  pere  /word  :n (new)  :u (unread)\n',
		'Without one, a command takes the message you are at, marked > in the summary.\n',
		'"? name" explains a command or a variable, "? msglist" and "? ~" what they say;\n',
		'"list" names all commands, and the manual is mail(1).\n',
	].join('');
	await showText(session, text, 'Help', 2);
}

/** What is said beyond the table, by the full name of the command. */
const remarks: Readonly<Record<string, string>> = {
	next: 'Return alone does the same, and so does a list alone: 3, :u, /word.',
	type: 'A number alone does the same for one message. What has been read is marked so when you quit.',
	headers: '> marks the message you are at; N is new, U unread, A answered, * saved.',
	delete: 'It is there until you quit: u brings it back, x leaves and deletes nothing.',
	undelete: 'Works until you quit.',
	reply: 'End the letter with ^D alone on a line; ^C twice gives it up.',
	Reply: 'End the letter with ^D alone on a line; ^C twice gives it up.',
	mail: 'End the letter with ^D alone on a line; ^C twice gives it up.',
	save: 'The folder is a file; +name lies in your folder directory.',
	copy: 'The folder is a file; +name lies in your folder directory.',
	folder:
		'% is your system mailbox, & your mbox, # the folder before, +name a file of\n  the folder directory.',
	set: 'set name sets, set name=value gives a value, set noname takes it back.',
	quit: 'Deleted messages go; read ones stay with "set hold", else they go to mbox.',
	exit: 'Deleted messages come back; nothing is marked as read.',
	xit: 'Deleted messages come back; nothing is marked as read.',
	inc: 'New mail is also told of before each prompt with "set newmail".',
	'!': 'The shell runs it with the terminal as its own.',
	pipe: 'The command is quoted where it has blanks: | 2 "wc -l".',
	explain: 'Nothing is sent.',
};

async function explainWord(session: Session, word: string): Promise<string> {
	if (word === 'msglist' || word.startsWith(':')) return msglistHelp;
	if (word.startsWith('~')) return explainEscapes(word);
	const command = findCommand(word);
	const variable = variableTable.find(({ name }) => name === word);
	// `? sign` means the variable, though some command begins so.
	const exact = command !== undefined && isNameOf(word, command);
	const parts: string[] = [];
	if (command !== undefined && (exact || variable === undefined)) {
		parts.push(await explainCommand(session, command));
	}
	if (variable !== undefined) parts.push(explainVariable(session, variable));
	if (parts.length === 0) throw new Complaint(`Unknown command: "${word}"`);
	return parts.join('\n');
}

/** Whether a word may be written for a command: not shorter than what stands before the bracket. */
function isNameOf(word: string, command: Command): boolean {
	return word.length >= command.name.replace(/\[.*/, '').length;
}

/** One command: how it is written, what it does, an example on this folder, what else it is called. */
async function explainCommand(session: Session, command: Command): Promise<string> {
	const alike = commands
		.filter((row) => row !== command && row.summary === command.summary)
		.map(fullName);
	const remark = remarks[fullName(command)];
	const example = await exampleOf(session, command);
	return [
		`  ${usageOf(command)}`,
		`  ${command.summary}`,
		...(example === undefined ? [] : [`  For example: ${example}`]),
		...(remark === undefined ? [] : [`  ${remark}`]),
		...(alike.length === 0 ? [] : [`  The same: ${alike.join(', ')}.`]),
		'',
	].join('\n');
}

async function exampleOf(session: Session, command: Command): Promise<string | undefined> {
	const { mailbox } = session;
	if (command.takes !== 'msglist' || mailbox?.dot === undefined) return undefined;
	const { describeOne } = await import('./assist.js');
	const short = command.name.replace(/\[.*/, '');
	const apart = /\w$/.test(short) ? ' ' : '';
	return `${short}${apart}${mailbox.dot.number}   (${describeOne(session, mailbox.dot)})`;
}

function explainVariable({ variables }: Session, row: VariableRow): string {
	const value = variables.get(row.name);
	const state = value === undefined ? 'not set' : value === '' ? 'set' : `set to ${value}`;
	const form = row.kind === 'value' ? `${row.name}=value` : row.name;
	const values = row.values ? `  It understands: ${row.values.join(', ')}.\n` : '';
	return `  set ${form}   (now: ${state})\n  ${row.summary}\n${values}`;
}

async function explainEscapes(word: string): Promise<string> {
	const { escapes } = await import('./escapes.js');
	const rows = escapes
		.filter(({ names }) => word.length < 2 || names.includes(word.charAt(1)))
		.map(({ names, usage, summary }) => {
			return `  ${`~${names.charAt(0)} ${usage}`.padEnd(16)} ${summary}\n`;
		});
	if (rows.length === 0) throw new Complaint(`There is no ${word}.`);
	const head = word.length < 2 ? 'At the beginning of a line of a letter:\n' : '';
	return head + rows.join('');
}

const msglistHelp = `\
A msglist names the messages a command works on:
  3  2-5  *           by number, a range, all
  .  ^  $  +  -       the one you are at, the first, the last, the next, the one before
  pere  /word         from pere; with "word" in the subject
  :n :u :r :o :d      new, unread, read, old (not new), deleted
  :a :f :s            answered, flagged, saved
  (subject "x")       more can be asked in parentheses, see mail(1)
Several may be given: d 1 4-6 pere.  Before Return the line beneath says which are meant.
`;

/** What the live prompt would say about a line: for those whose terminal does not show it. */
export async function hint(session: Session, line: string): Promise<Outcome> {
	const { assistCommand } = await import('./assist.js');
	const said = await assistCommand(session, line, line.length);
	const text = [said.hint, said.status].filter(Boolean).join('\n') || 'nothing to say';
	session.terminal.write(`${inSignsOf(session.terminal.charset, text)}\n`);
}

export async function version(session: Session): Promise<Outcome> {
	session.terminal.write(`Version ${release}\n`);
}
