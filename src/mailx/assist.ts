/**
 * The session as the world that completion asks (complete.ts). Nothing here changes the session: lists
 * are evaluated on the side, with the flags put back and nothing printed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { Complaint, forgiving } from '../complaint.js';
import { Flag, type Mailbox, type Message } from '../mailbox/mailbox.js';
import { skin, splitAddresses } from '../message/address.js';
import { columns, cutToColumns } from '../message/columns.js';
import { makePrintable } from '../message/text.js';
import { decodeWords } from '../message/words.js';
import { parsePasswd, type User } from '../system.js';
import type { Assist, Candidate, Terminal } from '../terminal/terminal.js';
import { type Command, fullName } from './commands.js';
import {
	assistAddressLine,
	assistBodyLine,
	assistFileLine,
	assistLine,
	type EscapeRow,
	type World,
} from './complete.js';
import { scanFields } from './fieldscan.js';
import { folderDirectory } from './foldernames.js';
import { isOwnName, senderOf } from './headline.js';
import { usageOf } from './help.js';
import { firstApplicable, selectMessages } from './msglist.js';
import { fateOf, leaveRules } from './quit.js';
import type { Session } from './session.js';

/** Larger folders are not searched while somebody types. */
const searchable = 5000;
/** Candidates beyond these help nobody. */
const mostCandidates = 200;

export function assistCommand(session: Session, text: string, cursor: number): Promise<Assist> {
	return assistLine(worldOf(session), text, cursor);
}

/** For `To:`, `Cc:` and `Bcc:`. */
export function assistAddresses(session: Session, text: string, cursor: number): Assist {
	return assistAddressLine(worldOf(session), text, cursor);
}

/** For the name of an attachment. */
export function assistFile(session: Session, text: string, cursor: number): Assist {
	return assistFileLine(worldOf(session), text, cursor);
}

/** For a line of a letter; `character` is the escape character, empty where there is none. */
export function assistBody(
	session: Session,
	escapes: readonly EscapeRow[],
	character: string,
	text: string,
	cursor: number,
): Promise<Assist> {
	return assistBodyLine(worldOf(session), escapes, character, text, cursor);
}

function worldOf(session: Session): World {
	const { variables } = session;
	return {
		usage: usageOf,
		async selected(command, list) {
			const messages = await select(session, command, list);
			if (messages === undefined || typeof messages === 'string') return messages;
			return describe(session, messages);
		},
		async answered(command, list) {
			const messages = await select(session, command, list);
			if (messages === undefined || typeof messages === 'string') return messages;
			return describeAnswer(session, command, messages);
		},
		leaving: () => describeLeaving(session),
		status: () => describeFolder(session),
		coaching: () => (variables.has('coach') ? coach(session) : undefined),
		variable: (name) => variables.get(name),
		variables: () => variables.entries().map(([name]) => name),
		addresses: (start) => findAddresses(session, start),
		files: (start) => findFiles(session, start),
		macros: () => [...session.macros.keys()],
		accounts: () => [...session.accounts.keys()],
		shortcuts: () => [...session.shortcuts.keys()],
	};
}

/** The messages a command would be given; a text where it would complain; undefined: not to be told now. */
async function select(
	session: Session,
	command: Command,
	list: string,
): Promise<readonly Message[] | string | undefined> {
	const { mailbox } = session;
	if (mailbox === undefined) return undefined;
	// Criteria read whole messages; a search reads every header.
	if (/[(/]|^[a-z]/i.test(list) && (/\(/.test(list) || mailbox.messages.length > searchable)) {
		return undefined;
	}
	const flags = mailbox.messages.map((message) => message.flags);
	// Another session for what a list remembers of the one before it, and a terminal that says nothing.
	const aside = { ...session, terminal: silent(session.terminal) };
	try {
		const deleted = command.takes === 'msglist' && command.select === 'deleted';
		const options = { select: deleted ? ('deleted' as const) : ('any' as const) };
		const messages = await selectMessages(aside, list, options);
		if (messages.length > 0) return messages;
		if (command.takes === 'msglist' && command.default === 'none') return undefined;
		const passes = command.takes === 'msglist' ? command.passes : undefined;
		const nearest = firstApplicable(aside, { ...options, passes: passes ?? 'deleted' });
		return nearest === undefined ? 'no applicable messages' : [nearest];
	} catch (error) {
		if (error instanceof Complaint) return error.message.trim();
		throw error;
	} finally {
		mailbox.messages.forEach((message, at) => {
			message.flags = flags[at] as number;
		});
	}
}

function silent(terminal: Terminal): Terminal {
	const nothing = () => undefined;
	return {
		interactive: terminal.interactive,
		outputIsTerminal: terminal.outputIsTerminal,
		columns: terminal.columns,
		rows: terminal.rows,
		charset: terminal.charset,
		write: nothing,
		complain: nothing,
		readLine: async () => ({ kind: 'end' }),
		page: async () => undefined,
		lend: async () => ({ status: 127, signal: undefined, output: new Uint8Array() }),
		checkpoint: async () => undefined,
		ignoreInterrupts: nothing,
		close: nothing,
	};
}

/** `2 messages: 1 pere “lunch”, 2 root “Cron…”`. */
function describe(session: Session, messages: readonly Message[]): string {
	const few = messages.slice(0, 3).map((message) => describeOne(session, message));
	const more = messages.length > few.length ? ', …' : '';
	if (messages.length === 1) return few.join('');
	return `${messages.length} messages: ${few.join(', ')}${more}`;
}

/** `1 pere “lunch”`. */
export function describeOne(session: Session, message: Message): string {
	const { mailbox, terminal } = session;
	const subject = mailbox ? (scanFields(mailbox, message).get('subject') ?? '') : '';
	const text = shown(decodeWords(subject, terminal.charset), terminal);
	const { fashion } = terminal;
	const isLong = columns(text, fashion) > 28;
	const short = isLong ? `${cutToColumns(text, 27, fashion)}…` : text;
	const sender = shown(skin(senderOf(session, message)), terminal).split('@', 1)[0];
	return `${message.number} ${sender}${short === '' ? '' : ` “${short}”`}`;
}

function shown(text: string, terminal: Terminal): string {
	return makePrintable(text, terminal.charset).replace(/\s+/g, ' ').trim();
}

const toAll = new Set(['reply', 'respond', 'followup']);
const toSender = new Set(['Reply', 'Respond', 'Followup']);

function describeAnswer(session: Session, command: Command, messages: readonly Message[]): string {
	const { mailbox, terminal, variables } = session;
	const [message] = messages;
	if (mailbox === undefined || message === undefined) return command.summary;
	const name = fullName(command);
	const swapped = variables.has('flipr') || variables.has('Replyall');
	const everybody = /all$/.test(name) || (swapped ? toSender : toAll).has(name);
	const fields = scanFields(mailbox, message);
	const sender = skin(fields.get('reply-to') || senderOf(session, message));
	const self = `${session.login}@${session.system.host}`;
	const others = ['to', 'cc']
		.flatMap((field) => splitAddresses(fields.get(field) ?? '').map(skin))
		.filter((address) => address !== sender && !isOwnName(session, address))
		// The post office spares who writes, whatever the header says.
		.filter((address) => variables.has('metoo') || address !== self);
	const count = everybody ? new Set(others).size : 0;
	const also = count === 0 ? '' : count === 1 ? ' and 1 other' : ` and ${count} others`;
	const single = swapped ? name.replace(/^[RF]/, (letter) => letter.toLowerCase()) : name;
	const other = everybody && count > 0 && single === 'reply';
	const hint = other ? ` · ${swapped ? 'r' : 'R'} replies to the sender alone` : '';
	return `reply to ${shown(sender, terminal)}${also}${hint}`;
}

function describeLeaving(session: Session): string | undefined {
	const { mailbox } = session;
	if (mailbox === undefined || mailbox.messages.length === 0) return undefined;
	if (mailbox.readOnly) return 'nothing changes: the folder is read-only';
	const { messages } = mailbox;
	const deleted = messages.filter((message) => message.has(Flag.deleted)).length;
	if (mailbox.kind !== 'system') return `${deleted} deleted, ${messages.length - deleted} stay`;
	const rules = leaveRules({ ...session, terminal: silent(session.terminal) });
	const fates = messages.map(({ flags }) => fateOf(flags, rules));
	const moved = fates.filter(({ toMbox }) => toMbox).length;
	const stay = fates.filter(({ stays }) => stays).length;
	const read = moved > 0 ? `${moved} read ${moved === 1 ? 'goes' : 'go'} to mbox, ` : '';
	return `${deleted} deleted, ${read}${stay} ${stay === 1 ? 'stays' : 'stay'}`;
}

function describeFolder({ mailbox }: Session): string | undefined {
	if (mailbox === undefined) return undefined;
	const { messages, name, readOnly } = mailbox;
	const fresh = messages.filter((message) => message.has(Flag.new)).length;
	const count = `${messages.length} message${messages.length === 1 ? '' : 's'}`;
	const news = fresh > 0 ? `, ${fresh} new` : '';
	return `${basename(name)} · ${count}${news}${readOnly ? ' · read-only' : ''}`;
}

/** The few things to do next, for who has never seen the prompt; within 78 columns. */
function coach({ mailbox, dotShown }: Session): string {
	if (mailbox === undefined || mailbox.messages.length === 0) {
		return 'm pere writes a letter to pere   q leaves   ? helps';
	}
	if (mailbox.messages.some((message) => message.has(Flag.deleted))) {
		return 'u brings back what was deleted  Return shows the next  q leaves  ? helps';
	}
	if (dotShown) return 'Return shows the next  r answers  d deletes  h lists  q leaves  ? helps';
	return 'Return shows a message, a number that one  m NAME writes  q leaves  ? helps';
}

function findAddresses(session: Session, start: string): Candidate[] {
	const found = new Map<string, string>();
	const add = (text: string, note: string) => {
		if (text.startsWith(start) && text !== '' && !found.has(text)) found.set(text, note);
	};
	for (const [name, members] of session.aliases) add(name, `alias: ${members.join(', ')}`);
	for (const address of correspondents(session.mailbox, session)) add(address, 'in this folder');
	// With nothing typed all users of the machine are no help.
	if (start !== '') for (const user of people(session)) add(user.name, user.gecos);
	return [...found]
		.map(([text, note]) => (note === '' ? { text } : { text, note }))
		.sort((a, b) => (a.text < b.text ? -1 : 1))
		.slice(0, mostCandidates);
}

const known = new WeakMap<Mailbox, { count: number; addresses: readonly string[] }>();

/** Who wrote the messages of the folder; read once for each state of it. */
function correspondents(mailbox: Mailbox | undefined, session: Session): readonly string[] {
	if (mailbox === undefined || mailbox.messages.length > searchable) return [];
	const { length: count } = mailbox.messages;
	const before = known.get(mailbox);
	if (before?.count === count) return before.addresses;
	const { terminal } = session;
	const all = mailbox.messages.map((message) => shown(skin(senderOf(session, message)), terminal));
	const addresses = [...new Set(all)].filter((address) => /^[^\s"'\\]+$/.test(address));
	known.set(mailbox, { count, addresses });
	return addresses;
}

/** Files that begin so; `+name` below the variable `folder`, `~/` below one's home. */
function findFiles(session: Session, start: string): Candidate[] {
	const { system } = session;
	const plus = start.startsWith('+') ? folderDirectory(session) : undefined;
	const typed = plus === undefined ? start : start.slice(1);
	const slash = typed.lastIndexOf('/') + 1;
	const folder = typed.slice(0, slash);
	const below = plus === undefined ? folder || '.' : join(plus, folder);
	const path = below.startsWith('~/') ? join(system.home, below.slice(2)) : system.real(below);
	const lead = (plus === undefined ? '' : '+') + folder;
	return listFolder(path)
		.filter(({ text }) => text.startsWith(typed.slice(slash)))
		.filter(({ text }) => typed.slice(slash) !== '' || !text.startsWith('.'))
		.map(({ text }) => ({ text: lead + text }))
		.slice(0, mostCandidates);
}

function listFolder(path: string): Candidate[] {
	const entries = forgiving(() => readdirSync(path, { withFileTypes: true })) ?? [];
	return entries
		.map((entry) => ({ text: entry.isDirectory() ? `${entry.name}/` : entry.name }))
		.sort((a, b) => (a.text < b.text ? -1 : 1));
}

function people({ system }: Session): User[] {
	return parsePasswd(forgiving(() => readFileSync(system.real('/etc/passwd'), 'utf8')) ?? '');
}
