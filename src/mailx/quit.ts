/**
 * Leaving a folder: what becomes of each message (pure rules, POSIX mailx `quit`), then doing it. Mail is
 * on disk in mbox before it is taken out of the system mailbox; whatever fails, it is still in one of
 * the two. Knows nothing of the formats of folders.
 */
import { writeFileSync } from 'node:fs';

import { Complaint, isErrno, reason } from '../complaint.js';
import { Flag, type Mailbox, type Message } from '../mailbox/mailbox.js';
import { messagesWord } from './announce.js';
import { expandFolder } from './foldernames.js';
import { lettersOf } from './savedcopy.js';
import type { Session } from './session.js';

/** The variables that decide how a folder is left, as they were when that was asked for. */
export interface LeaveRules {
	readonly hold: boolean;
	readonly keepsave: boolean;
	readonly append: boolean;
	readonly emptybox: boolean;
	/** The path of `&`, as it is shown; undefined where it names no file. */
	readonly mbox: string | undefined;
}

export function leaveRules(session: Session): LeaveRules {
	const { variables } = session;
	return {
		hold: variables.has('hold'),
		keepsave: variables.has('keepsave'),
		append: variables.has('append'),
		emptybox: variables.has('emptybox'),
		mbox: expandFolder(session, '&'),
	};
}

export interface Fate {
	/** A copy goes to mbox. */
	readonly toMbox: boolean;
	/** It stays in the system mailbox. */
	readonly stays: boolean;
}

/** What becomes of a message of the system mailbox that has these flags. */
export function fateOf(flags: number, rules: Pick<LeaveRules, 'hold' | 'keepsave'>): Fate {
	// What was not looked at in this session stays, whatever else was asked for.
	const stays = (flags & Flag.preserved) !== 0 || (flags & Flag.touched) === 0;
	const toMbox = (flags & Flag.toMbox) !== 0;
	const filed = Flag.deleted | (rules.keepsave ? 0 : Flag.saved);
	if (stays || toMbox || (flags & filed) !== 0) return { toMbox, stays };
	return { toMbox: !rules.hold, stays: rules.hold };
}

/**
 * Writes the open folder back by its rules and says what was done. The folder remains open.
 * Throws Complaint where a folder other than the system mailbox could not be written.
 */
export async function leaveFolder(
	session: Session,
	rules: LeaveRules = leaveRules(session),
): Promise<void> {
	const { mailbox } = session;
	if (!mailbox || mailbox.readOnly) return;
	if (mailbox.format === 'maildir') await leaveMaildir(session, mailbox, rules);
	else if (mailbox.kind === 'system') await leaveSystemMailbox(session, mailbox, rules);
	else leaveFile(session, mailbox, rules);
}

async function leaveSystemMailbox(
	session: Session,
	mailbox: Mailbox,
	rules: LeaveRules,
): Promise<void> {
	const { terminal, variables } = session;
	if (mailbox.hasGrown()) terminal.write('New mail has arrived.\n');
	noLongerNew(mailbox);
	listArticles(session, mailbox);
	const { messages } = mailbox;
	const held = messages.filter(({ flags }) => fateOf(flags, rules).stays);
	const changed = messages.some((message) => message.has(Flag.statusChanged | Flag.modified));
	if (held.length < messages.length || changed) {
		if (!(await saveInMbox(session, mailbox, rules))) return;
		const removeEmpty = !variables.has('keep');
		if (!writeBack(session, mailbox, held, removeEmpty)) return;
	}
	tellHeld(session, mailbox, held.length);
}

/** False where it failed, which has been told. */
function writeBack(
	{ terminal }: Session,
	mailbox: Mailbox,
	kept: readonly Message[],
	removeEmpty: boolean,
): boolean {
	try {
		mailbox.writeBack(kept, { removeEmpty });
		return true;
	} catch (error) {
		if (!isErrno(error)) throw error;
		// Somebody else has removed it: there is nothing to be taken out.
		if (error.code === 'ENOENT') return false;
		const what = error.code === 'EAGAIN' ? 'Unable to lock mailbox' : mailbox.name;
		terminal.complain(`${what}: ${reason(error)}\n`);
		return false;
	}
}

function tellHeld({ terminal }: Session, mailbox: Mailbox, count: number): void {
	if (count > 0) terminal.write(`Held ${messagesWord(count)} in ${mailbox.name}\n`);
}

/** `-T`: the ids of the messages that have been read or deleted. */
function listArticles({ articles, terminal, system }: Session, mailbox: Mailbox): void {
	if (articles === undefined) return;
	const ids = mailbox.messages.flatMap((message) => {
		if (!message.has(Flag.read | Flag.deleted)) return [];
		const header = mailbox.header(message);
		return [header.get('message-id') ?? header.get('article-id') ?? []].flat();
	});
	try {
		writeFileSync(articles, ids.map((id) => `${id}\n`).join(''), 'latin1');
	} catch (error) {
		if (!isErrno(error)) throw error;
		terminal.complain(`${system.shown(articles)}: ${reason(error)}\n`);
	}
}

/** Having been listed, no message will be new the next time. */
function noLongerNew(mailbox: Mailbox): void {
	for (const message of mailbox.messages) {
		if (!message.has(Flag.new)) continue;
		message.clear(Flag.new);
		message.set(Flag.statusChanged);
	}
}

/** Copies to mbox what goes there. False where it failed, which has been told. */
async function saveInMbox(session: Session, mailbox: Mailbox, rules: LeaveRules): Promise<boolean> {
	const { system, terminal, variables, bare } = session;
	const { append, mbox } = rules;
	// What an attempt to leave that failed afterwards has put there already is there.
	const chosen = mailbox.messages.filter(
		(message) => fateOf(message.flags, rules).toMbox && !message.has(Flag.boxed),
	);
	if (chosen.length === 0) return true;
	if (mbox === undefined) return false;
	const { appendTo } = await import('../mailbox/open.js');
	try {
		await appendTo(system, system.real(mbox), lettersOf(mailbox, chosen, session), {
			// The newest come first, unless asked otherwise.
			place: append ? 'end' : 'start',
			separate: !bare,
			finish: !bare,
			// As in the original, whose mbox is a file unless it is appended to.
			newFormat: append && variables.get('newfolders') === 'maildir' ? 'maildir' : 'mbox',
		});
	} catch (error) {
		if (!isErrno(error)) throw error;
		terminal.complain(`${mbox === '' ? '' : `${mbox}: `}${reason(error)}\n`);
		return false;
	}
	for (const message of chosen) message.set(Flag.boxed);
	terminal.write(`Saved ${messagesWord(chosen.length)} in mbox\n`);
	return true;
}

/** A folder that is no system mailbox: only what was deleted goes. */
function leaveFile(session: Session, mailbox: Mailbox, rules: LeaveRules): void {
	const { terminal, variables } = session;
	noLongerNew(mailbox);
	listArticles(session, mailbox);
	// The newsreader that asked for the list does the rest.
	if (session.articles !== undefined) return;
	const { messages, name } = mailbox;
	const changes = Flag.deleted | Flag.statusChanged | Flag.modified;
	if (!messages.some((message) => message.has(changes))) return;
	const kept = messages.filter((message) => !message.has(Flag.deleted));
	terminal.write(`"${name}" `);
	let arrived: number;
	try {
		arrived = mailbox.writeBack(kept, { removeEmpty: !rules.emptybox });
	} catch (error) {
		if (!isErrno(error)) throw error;
		throw new Complaint(`${name}: ${reason(error)}`, 'stderr');
	}
	const removed = kept.length === 0 && arrived === 0 && !rules.emptybox;
	if (isBsd(variables)) terminal.write(removed ? 'removed\n' : 'complete\n');
	else terminal.write(removed ? 'removed.\n' : 'updated.\n');
}

function isBsd(variables: Session['variables']): boolean {
	return variables.has('bsdcompat') || variables.has('bsdmsgs');
}

async function leaveMaildir(session: Session, mailbox: Mailbox, rules: LeaveRules): Promise<void> {
	const { terminal, variables } = session;
	const { messages, name, kind } = mailbox;
	listArticles(session, mailbox);
	let kept: readonly Message[];
	if (kind === 'system') {
		noLongerNew(mailbox);
		kept = messages.filter(({ flags }) => fateOf(flags, rules).stays);
		if (!(await saveInMbox(session, mailbox, rules))) return;
	} else {
		kept = messages.filter((message) => !message.has(Flag.deleted));
	}
	// A file in `new` moves to `cur`, were it only for having been listed.
	const moving = Flag.new | Flag.saved | Flag.boxed | Flag.statusChanged | Flag.modified;
	const changed = kept.length < messages.length || kept.some((message) => message.has(moving));
	if (changed && !writeBack(session, mailbox, kept, false)) return;
	if (kind === 'system') tellHeld(session, mailbox, kept.length);
	else if (changed) {
		terminal.write(`"${name}" ${isBsd(variables) ? 'complete' : 'updated.'}\n`);
	}
}
