/**
 * THE TABLE of what a line can do that begins with `~` while a letter is written. `~?` and the hint of
 * the live terminal are made from it.
 */
import { readFileSync, statSync } from 'node:fs';

import { Complaint, isErrno, reason } from '../complaint.js';
import { typedNames } from '../message/draft.js';
import { countLines, countNewlines } from '../message/octets.js';
import { makePrintable, overstrike } from '../message/text.js';
import { decodeText, encodeText } from '../terminal/charset.js';
import { type Composition, insertVariable } from './collect.js';
import { printDraftHeader, takeHeader } from './draftheader.js';
import { deadLetter, expandFolder } from './foldernames.js';
import { tell } from './interpreter.js';
import { checkNames } from './names.js';
import { shellOf } from './shell.js';

/**
 * `continue`: the screen is told that the letter goes on. `finish`: it is complete. `abandon`: given up,
 * kept with `save`. `discard`: given up for good.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: an escape that says nothing goes on in silence
export type EscapeOutcome = void | 'continue' | 'finish' | 'abandon' | 'discard';

export interface Escape {
	/** The characters after `~` that mean it; the first is the one told. */
	readonly names: string;
	readonly usage: string;
	readonly summary: string;
	readonly run: (
		composition: Composition,
		argument: string,
		name: string,
	) => EscapeOutcome | Promise<EscapeOutcome>;
}

// biome-ignore format: one row an escape
export const escapes: readonly Escape[] = [
	{ names: '.', usage: '', summary: 'end the letter and send it', run: () => 'finish' },
	{ names: '!', usage: 'command', summary: 'run a shell command', run: runCommand },
	{ names: ':_', usage: 'command', summary: 'run a mail command', run: runMailCommand },
	{ names: '?', usage: '', summary: 'list the escapes', run: listEscapes },
	{ names: '@', usage: '[file ...]', summary: 'attach files, or edit the list of attachments', run: attach },
	{ names: 'a', usage: '', summary: 'insert the variable sign', run: (c) => insertVariable(c, 'sign') },
	{ names: 'A', usage: '', summary: 'insert the variable Sign', run: (c) => insertVariable(c, 'Sign') },
	{ names: 'b', usage: 'address ...', summary: 'add recipients the others do not see (Bcc)', run: (c, a) => addNames(c, 'bcc', a) },
	{ names: 'c', usage: 'address ...', summary: 'add recipients of a copy (Cc)', run: (c, a) => addNames(c, 'cc', a) },
	{ names: 'd', usage: '', summary: 'insert dead.letter', run: (c) => insertNamed(c, deadLetter(c.session)) },
	{ names: 'e', usage: '', summary: 'edit the text with EDITOR', run: (c) => edit(c, 'EDITOR') },
	{ names: 'v', usage: '', summary: 'edit the text with VISUAL', run: (c) => edit(c, 'VISUAL') },
	{ names: 'f', usage: '[msglist]', summary: 'insert messages as they are shown', run: insertMessages },
	{ names: 'F', usage: '[msglist]', summary: 'insert messages with all header fields and parts', run: insertMessages },
	{ names: 'm', usage: '[msglist]', summary: 'insert messages, indented', run: insertMessages },
	{ names: 'M', usage: '[msglist]', summary: 'insert messages with all header fields and parts, indented', run: insertMessages },
	{ names: 'h', usage: '', summary: 'edit To, Cc, Bcc and Subject', run: editHeader },
	{ names: 'H', usage: '', summary: 'edit From, Reply-To, Sender and Organization', run: editSender },
	{ names: 'i', usage: 'variable', summary: 'insert the value of a variable', run: (c, a) => insertVariable(c, a.trimStart()) },
	{ names: 'p', usage: '', summary: 'show the letter so far', run: print },
	{ names: 'q', usage: '', summary: 'give the letter up, keep it in dead.letter', run: () => 'abandon' },
	{ names: 'r<', usage: 'file', summary: 'insert a file, or the output of !command', run: insertFile },
	{ names: 's', usage: 'text', summary: 'set the subject', run: setSubject },
	{ names: 't', usage: 'address ...', summary: 'add recipients (To)', run: (c, a) => addNames(c, 'to', a) },
	{ names: 'w', usage: 'file', summary: 'append the text to a file', run: writeText },
	{ names: 'x', usage: '', summary: 'give the letter up, keep nothing', run: () => 'discard' },
	{ names: '|', usage: 'command', summary: 'put the text through a command', run: filterText },
];

/** Runs the escape of a line, given without its escape character. */
export async function runEscape(
	composition: Composition,
	line: string,
	character: string,
): Promise<EscapeOutcome> {
	const { session, text } = composition;
	const name = line.charAt(0);
	const found = escapes.find((row) => name !== '' && row.names.includes(name));
	if (found) return found.run(composition, line.slice(1), name);
	if (name === character) text.append(encodeText(`${line}\n`, session.terminal.charset));
	else session.terminal.write('Unknown tilde escape.\n');
}

function listEscapes({ session }: Composition): void {
	const rows = escapes.flatMap(({ names, usage, summary }) =>
		[...names].map((name) => `~${name} ${usage.padEnd(12)} ${summary}\n`),
	);
	session.terminal.write(`${rows.join('')}~~ ${'text'.padEnd(12)} a line that begins with ~\n`);
}

async function runCommand({ session }: Composition, command: string): Promise<void> {
	await (await import('./shell.js')).shellCommand(session, command);
}

async function runMailCommand({ session }: Composition, line: string): Promise<EscapeOutcome> {
	session.input.inHook = false;
	await (await import('./interpreter.js')).execute(session, line, { composing: true });
	return 'continue';
}

/** What goes wrong in an escape is told, and the letter goes on. */
async function told<T>(
	{ session }: Composition,
	work: () => T | Promise<T>,
): Promise<T | undefined> {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof Complaint)) throw error;
		tell(session.terminal, error);
		return undefined;
	}
}

async function attach(composition: Composition, argument: string): Promise<void> {
	const { session, draft } = composition;
	if (argument === '') return (await import('./asking.js')).askAttachments(session, draft);
	const { attachFile } = await import('./enclosures.js');
	for (const path of argument.split(/[ \t]+/).filter(Boolean)) {
		const attachment = await told(composition, () => attachFile(session, path));
		if (attachment) draft.attachments = [...draft.attachments, attachment];
	}
}

function addNames({ session, draft }: Composition, kind: 'to' | 'cc' | 'bcc', typed: string): void {
	draft[kind] = checkNames(session, [...draft[kind], ...typedNames(typed)]);
}

function setSubject({ draft }: Composition, argument: string): void {
	draft.subject = argument.trimStart();
}

async function editHeader({ session, draft }: Composition): Promise<EscapeOutcome> {
	const { terminal, variables } = session;
	const { askFields } = await import('./asking.js');
	const subjectFirst = variables.has('bsdcompat') && variables.has('bsdorder');
	const all = ['to', 'subject', 'cc', 'bcc'] as const;
	let asking = true;
	while (asking) {
		const answered = await askFields(session, draft, all, subjectFirst);
		asking = draft.to.length === 0 && (answered || (session.bare && terminal.interactive));
	}
	return 'continue';
}

async function editSender({ session, draft }: Composition): Promise<EscapeOutcome> {
	await (await import('./asking.js')).askSender(session, draft);
	return 'continue';
}

async function insertFile(composition: Composition, argument: string): Promise<void> {
	const { session, text } = composition;
	const name = argument.trimStart();
	if (name === '') session.terminal.write('Interpolate what file?\n');
	else if (name.startsWith('!')) {
		const end = await session.terminal.lend({
			command: name.slice(1),
			shell: shellOf(session),
			capture: true,
		});
		text.append(Buffer.from(end.output));
	} else {
		const path = expandFolder(session, name);
		if (path !== undefined) insertNamed(composition, path);
	}
}

function insertNamed({ session, text }: Composition, path: string): void {
	const { terminal, system } = session;
	try {
		const target = system.real(path);
		if (statSync(target, { throwIfNoEntry: false })?.isDirectory()) {
			terminal.write(`${path}: Directory\n`);
			return;
		}
		const octets = readFileSync(target);
		text.append(octets);
		// What comes after the last line end is a line here.
		terminal.write(`"${path}" ${countLines(octets)}/${octets.length}\n`);
	} catch (error) {
		if (!isErrno(error)) throw error;
		terminal.complain(`${path}: ${reason(error)}\n`);
	}
}

async function writeText({ session, text }: Composition, argument: string): Promise<void> {
	const { terminal, system } = session;
	const name = argument.trimStart();
	if (name === '') {
		terminal.complain('Write what file!?\n');
		return;
	}
	const path = expandFolder(session, name);
	if (path === undefined) return;
	terminal.write(`"${path}" `);
	try {
		const { appendFileSync } = await import('node:fs');
		appendFileSync(system.real(path), text.octets);
		terminal.write(`${countNewlines(text.octets)}/${text.octets.length}\n`);
	} catch (error) {
		if (!isErrno(error)) throw error;
		terminal.complain(`${reason(error)}\n`);
	}
}

async function insertMessages(
	composition: Composition,
	argument: string,
	name: string,
): Promise<EscapeOutcome> {
	await told(composition, () => interpolate(composition, argument, name));
	return 'continue';
}

async function interpolate(
	{ session, text }: Composition,
	list: string,
	name: string,
): Promise<void> {
	const { terminal, variables } = session;
	const { selectMessages, firstApplicable } = await import('./msglist.js');
	let messages = session.mailbox ? await selectMessages(session, list) : [];
	if (messages.length === 0) {
		const nearest = session.mailbox && firstApplicable(session, { passes: 'deleted-saved' });
		if (!nearest) throw new Complaint('No appropriate messages');
		messages = [nearest];
	}
	const { renderMessage } = await import('./show.js');
	const { touchMessage } = await import('./marking.js');
	const whole = name === 'F' || name === 'M';
	const indent = name.toLowerCase() === 'm' ? (variables.get('indentprefix') ?? '\t') : undefined;
	terminal.write('Interpolating:');
	for (const message of messages) {
		touchMessage(message);
		terminal.write(` ${message.number}`);
		const octets = await renderMessage(session, message, {
			action: whole ? 'quoteAll' : 'quote',
			filter: whole ? 'all' : session.fields.display,
			...(indent !== undefined && { prefix: indent }),
		});
		text.append(octets);
	}
	terminal.write('\n');
}

/** `~p`: the header and the text so far, through the pager where it is long. */
async function print({ session, draft, text }: Composition): Promise<EscapeOutcome> {
	const { terminal, variables } = session;
	const header = printDraftHeader(session, draft, {
		blind: true,
		identity: true,
		commas: variables.has('fullnames'),
		files: true,
		ended: true,
	});
	const { printAttachment } = await import('./enclosures.js');
	const attached =
		draft.attachments.length === 0
			? ''
			: `Attachments: ${draft.attachments.map(printAttachment).join(', ')}\n`;
	const body = overstrike(decodeText(text.octets, terminal.charset));
	const whole = `-------\nMessage contains:\n${header}${body}${attached}`;
	const shown = makePrintable(whole, terminal.charset);
	// Where the header alone is longer than `crt` the original takes what is left for a very large number.
	const crt = variables.get('crt') || undefined;
	const fields = header.split('\n').length - 2 + (attached === '' ? 0 : 1);
	if (session.bare && crt !== undefined && (Number.parseInt(crt, 10) || 0) < fields + 4) {
		terminal.write(shown);
		return 'continue';
	}
	const { showText } = await import('./shell.js');
	await showText(session, shown, 'Letter', -1);
	return 'continue';
}

/** `~|`: the text becomes what a command makes of it, where it makes anything of it. */
async function filterText({ session, text }: Composition, command: string): Promise<EscapeOutcome> {
	const { terminal, variables } = session;
	const end = await terminal.lend({
		command,
		shell: shellOf(session),
		input: text.octets,
		capture: true,
		shielded: true,
	});
	const failed = end.status !== 0;
	if (end.error !== undefined) terminal.complain(`${shellOf(session)}: ${end.error}\n`);
	if (failed && (variables.has('bsdcompat') || variables.has('bsdmsgs'))) {
		terminal.write('Fatal error in process.\n');
	} else if (end.output.length === 0) terminal.complain(`No bytes from "${command}" !?\n`);
	else if (!failed) text.replace(Buffer.from(end.output));
	return 'continue';
}

/** `~e`, `~v`: with `editheaders` the header is edited along with the text. */
async function edit(composition: Composition, editor: 'EDITOR' | 'VISUAL'): Promise<EscapeOutcome> {
	const { session, draft, text } = composition;
	const { charset } = session.terminal;
	const withHeader = session.variables.has('editheaders');
	const identity =
		draft.from.length + draft.replyTo.length + draft.sender.length > 0 ||
		draft.organization !== undefined;
	const view = { blind: true, identity, commas: true, ended: true };
	const header = withHeader ? printDraftHeader(session, draft, view) : '';
	const { runEditor } = await import('./editing.js');
	const before = Buffer.concat([encodeText(header, charset), text.octets]);
	const edited = await runEditor(session, editor, before);
	if (edited === undefined) return 'continue';
	if (!withHeader) text.replace(edited);
	else {
		const rest = takeHeader(session, draft, decodeText(edited, charset), true);
		text.replace(encodeText(rest, charset));
	}
	return 'continue';
}
