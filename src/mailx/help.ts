/**
 * `?`, `list` and `version`. The texts come from the command table; only the choice of what a
 * beginner needs first is made here.
 */
import { Complaint } from '../complaint.js';
import { release } from '../release.js';
import { type Command, commands, findCommand, fullName, type Outcome } from './commands.js';
import type { Session } from './session.js';

/** Names of the commands, as many on a line as fit in 72 columns. */
export async function list(session: Session): Promise<Outcome> {
	const lines: string[] = [];
	let line = '';
	for (const [index, command] of commands.entries()) {
		const name = fullName(command);
		if (line.length + name.length + 2 > 72) {
			lines.push(line);
			line = '';
		}
		line += index < commands.length - 1 ? `${name}, ` : name;
	}
	session.terminal.write(`Commands are:\n${[...lines, line].join('\n')}\n`);
}

/** What the first page of help lists, in the order a reader needs. */
const firstPage = [
	'type',
	'next',
	'from',
	'headers',
	'delete',
	'undelete',
	'save',
	'copy',
	'write',
	'hold',
	'reply',
	'Reply',
	'mail',
	'folder',
	'quit',
	'xit',
	'!',
	'cd',
	'set',
	'list',
];

export function usageOf(command: Command): string {
	const usage = command.usage ?? (command.takes === 'msglist' ? '[msglist]' : '');
	return usage === '' ? command.name : `${command.name} ${usage}`;
}

/** The commands one needs first; with a name, that command. */
export async function help(session: Session, word: string): Promise<Outcome> {
	if (word !== '') return explainCommand(session, word);
	const rows = firstPage.flatMap((name) => {
		const command = commands.find((row) => fullName(row) === name);
		return command ? [`  ${usageOf(command).padEnd(28)}  ${command.summary}\n`] : [];
	});
	const { showText } = await import('./shell.js');
	const text = [
		'Commands (the part in brackets may be left out):\n',
		...rows,
		'\n',
		'A msglist names messages: 3  1-4  *  $  .  :n (new)  :u (unread)  pere  /word\n',
		'Without one, a command works on the message you are at.  "? name" explains a command,\n',
		'"list" names them all, and the manual is mail(1).\n',
	].join('');
	await showText(session, text, 'Help');
}

/** One command: how it is written, what it does, what else it is called. */
function explainCommand(session: Session, word: string): void {
	const command = findCommand(word);
	if (!command) throw new Complaint(`Unknown command: "${word}"`);
	const alike = commands
		.filter((row) => row !== command && row.summary === command.summary)
		.map(fullName);
	const also = alike.length > 0 ? `  The same: ${alike.join(', ')}.\n` : '';
	session.terminal.write(`  ${usageOf(command)}\n  ${command.summary}\n${also}`);
}

export async function version(session: Session): Promise<Outcome> {
	session.terminal.write(`Version ${release}\n`);
}
