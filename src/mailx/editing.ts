/**
 * Messages in an editor. The edited text takes the place of the message where `writebackedited` is set;
 * otherwise the person edits a copy that is thrown away. The copy is readable by its owner alone.
 */
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { isErrno, reason } from '../complaint.js';
import { writeAll } from '../mailbox/disk.js';
import { Flag, type Mailbox, type Message } from '../mailbox/mailbox.js';
import { withLineEndsOf } from '../message/stored.js';
import type { Outcome } from './commands.js';
import { temporaryFolder } from './foldernames.js';
import { splitWords } from './lexer.js';
import { touchMessage } from './marking.js';
import type { Session } from './session.js';
import { renderMessage } from './show.js';
import { setDot } from './threads.js';

export type EditorVariable = 'EDITOR' | 'VISUAL';

export async function edit(session: Session, messages: Message[]): Promise<Outcome> {
	return editMessages(session, messages, 'EDITOR');
}

export async function visual(session: Session, messages: Message[]): Promise<Outcome> {
	return editMessages(session, messages, 'VISUAL');
}

async function editMessages(
	session: Session,
	messages: readonly Message[],
	editor: EditorVariable,
): Promise<Outcome> {
	const mailbox = session.mailbox as Mailbox;
	const kept = session.variables.has('writebackedited') && !mailbox.readOnly;
	const action = session.variables.has('writebackedited') ? 'mbox' : 'displayAll';
	for (const [index, message] of messages.entries()) {
		if (index > 0) {
			const answer = await askWhether(session, message);
			if (answer === 'q') return;
			if (answer === 'n') continue;
		}
		setDot(session, message);
		session.dotShown = true;
		touchMessage(message);
		const before = await renderMessage(session, message, { action });
		const after = await runEditor(session, editor, before, !kept);
		if (after === undefined || !kept || after.equals(before)) continue;
		const edited = asMessage(after, mailbox.postmark(message));
		const stored = mailbox.read(message);
		mailbox.replace(message, session.bare ? edited : withLineEndsOf(stored, edited));
		message.set(Flag.modified);
	}
}

async function askWhether(session: Session, message: Message): Promise<string> {
	const prompt = `Edit message ${message.number} [ynq]? `;
	const line = await session.terminal.readLine({ kind: 'confirm', prompt });
	return line.kind === 'line' ? line.text.trimStart().charAt(0) : 'q';
}

/**
 * What was edited, as it can stand in a folder: with a From_ line, no other line that would be taken for
 * one, and an empty line at the end.
 */
function asMessage(edited: Buffer, postmark: string): Buffer {
	const text = edited.toString('latin1');
	const first = text.startsWith('From ') ? text.indexOf('\n') + 1 || text.length : 0;
	const head = first > 0 ? text.slice(0, first) : `${postmark}\n`;
	const rest = text.slice(first).replace(/(?<![^\n])From /g, '>From ');
	const end = rest.endsWith('\n\n') ? '' : rest.endsWith('\n') ? '\n' : '\n\n';
	return Buffer.from(head + rest + end, 'latin1');
}

/**
 * Lets the person edit octets in a file of their own. Returns what the file holds afterwards; undefined
 * where it could not be made, read or edited (which has been told), or was for reading only.
 */
export async function runEditor(
	session: Session,
	editor: EditorVariable,
	octets: Buffer,
	readOnly = false,
): Promise<Buffer | undefined> {
	const { terminal, variables, system } = session;
	let path = temporaryFolder(session);
	let folder: string | undefined;
	try {
		folder = mkdtempSync(join(system.real(path), 'Re'));
		path = join(folder, 'message');
		writePrivate(path, octets, readOnly ? 0o400 : 0o600);
		const command = variables.get(editor) || (editor === 'EDITOR' ? 'ed' : 'vi');
		const words = splitWords(command);
		const end = await terminal.lend({ command: [...words, path] });
		if (end.error !== undefined) terminal.complain(`${words[0]}: ${end.error}\n`);
		const messages = variables.has('bsdcompat') || variables.has('bsdmsgs');
		if (end.status !== 0 && messages) {
			terminal.write('Fatal error in process.\n');
			return undefined;
		}
		return readOnly ? undefined : readFileSync(path);
	} catch (error) {
		if (!isErrno(error)) throw error;
		terminal.complain(`${path}: ${reason(error)}\n`);
		return undefined;
	} finally {
		if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
	}
}

function writePrivate(path: string, octets: Buffer, mode: number): void {
	const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
	try {
		writeAll(file, octets);
	} finally {
		closeSync(file);
	}
}
