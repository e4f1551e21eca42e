/**
 * Leaving a folder: what becomes of each message (pure rules, POSIX mailx `quit`), then doing it. Mail is
 * on disk in mbox before it is taken out of the system mailbox; whatever fails, it is still in one of
 * the two, and not in both. Knows nothing of the formats of folders.
 */
import { statSync, writeFileSync } from 'node:fs';

import { Complaint, forgiving, isErrno, reason } from '../complaint.js';
import type { Tentative } from '../mailbox/append.js';
import type { Claim } from '../mailbox/lock.js';
import { Flag, type Mailbox, type Message, type WriteBackOptions } from '../mailbox/mailbox.js';
import { makeSayable } from '../message/text.js';
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
	const isMbox = isItself(session, mailbox, rules);
	const kept = isMbox ? messages.filter(({ flags }) => inOne(fateOf(flags, rules))) : held;
	const changed = messages.some((message) => message.has(Flag.statusChanged | Flag.modified));
	if (kept.length < messages.length || changed) {
		const removeEmpty = !variables.has('keep');
		if (!(await moveToMbox(session, mailbox, rules, kept, { removeEmpty, isMbox }))) return;
	}
	if (isMbox) tellSaved(session, kept.length - held.length);
	tellHeld(session, mailbox, held.length);
}

/** Whether mbox is the system mailbox, by whatever name: then what goes there is there. */
function isItself({ system }: Session, { path }: Mailbox, { mbox }: LeaveRules): boolean {
	if (!mbox) return false;
	const [there, own] = [system.real(mbox), path].map((place) => forgiving(() => statSync(place)));
	return own !== undefined && there?.ino === own.ino && there.dev === own.dev;
}

function inOne({ toMbox, stays }: Fate): boolean {
	return toMbox || stays;
}

/**
 * Copies to mbox what goes there, and leaves in the mailbox what is held. Both are locked first; letters
 * are on disk in mbox before they leave the mailbox, and those that cannot leave it are taken back from
 * mbox. After a kill each is in one of the two; in both only where it fell between the two last steps.
 * False where it failed, which has been told.
 */
async function moveToMbox(
	session: Session,
	mailbox: Mailbox,
	rules: LeaveRules,
	held: readonly Message[],
	{ removeEmpty, isMbox }: { readonly removeEmpty: boolean; readonly isMbox: boolean },
): Promise<boolean> {
	const claimed = claim(session, mailbox);
	if (claimed === 'failed') return false;
	try {
		const saving = isMbox ? undefined : await saveInMbox(session, mailbox, rules);
		if (saving === 'failed') return false;
		let done = false;
		// From then on the letters in mbox are the only ones, were it after an error of the disk.
		let decided = claimed === 'gone';
		try {
			const options = {
				removeEmpty,
				ready: () => saving?.commit(),
				decided: () => {
					decided = true;
				},
			};
			if (claimed === 'gone') options.ready();
			else done = writeBack(session, mailbox, held, { ...options, claim: claimed });
			if (done || decided) saving?.tell();
			return done;
		} finally {
			// Where it cannot be taken back, it has at least been said, and is not done once more.
			if (!done && !decided && saving?.undo() === false) saving.tell();
			saving?.close();
		}
	} finally {
		if (claimed !== 'gone') claimed?.release();
	}
}

/** `gone`: somebody else has removed the mailbox; what was read of it can still be saved. */
function claim(session: Session, mailbox: Mailbox): Claim | undefined | 'gone' | 'failed' {
	try {
		const claimed = mailbox.claim?.();
		if (claimed?.lock.noRoom) {
			const what = 'no room for a lock file; only programs that use record locks are kept out';
			session.terminal.complain(`${mailbox.name}: ${what}\n`);
		}
		return claimed;
	} catch (error) {
		if (isErrno(error) && error.code === 'ENOENT') return 'gone';
		tellTrouble(session, mailbox, error);
		return 'failed';
	}
}

/** False where it failed, which has been told. */
function writeBack(
	session: Session,
	mailbox: Mailbox,
	kept: readonly Message[],
	options: WriteBackOptions,
): boolean {
	try {
		mailbox.writeBack(kept, options);
		return true;
	} catch (error) {
		tellTrouble(session, mailbox, error);
		return false;
	}
}

function tellTrouble({ terminal }: Session, { name }: Mailbox, error: unknown): void {
	if (!isErrno(error)) throw error;
	// Somebody else has removed it: there is nothing to be taken out.
	if (error.code === 'ENOENT') return;
	const what = error.code === 'EAGAIN' ? 'Unable to lock mailbox' : name;
	terminal.complain(`${what}: ${reason(error)}\n`);
}

function tellSaved({ terminal }: Session, count: number): void {
	if (count > 0) terminal.write(`Saved ${messagesWord(count)} in mbox\n`);
}

function tellHeld({ terminal }: Session, mailbox: Mailbox, count: number): void {
	if (count > 0) terminal.write(`Held ${messagesWord(count)} in ${mailbox.name}\n`);
}

/** `-T`: the ids of the messages that have been read or deleted. */
function listArticles(
	{ articles, terminal, system }: Session,
	mailbox: Mailbox,
	messages: readonly Message[] = mailbox.messages,
): void {
	if (articles === undefined) return;
	const ids = messages.flatMap((message) => {
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

/** Messages that are on disk in mbox, and may yet be taken back. */
interface Saving extends Pick<Tentative, 'commit' | 'undo' | 'close'> {
	/** Says so, once; they are not saved a second time in this session. */
	tell(): void;
}

/** Copies to mbox what goes there; undefined where nothing does. `failed` has been told. */
async function saveInMbox(
	session: Session,
	mailbox: Mailbox,
	rules: LeaveRules,
	messages: readonly Message[] = mailbox.messages,
): Promise<Saving | undefined | 'failed'> {
	const { system, terminal, variables, bare } = session;
	const { append, mbox } = rules;
	// What an attempt to leave that failed afterwards has put there already is there.
	const chosen = messages.filter(
		(message) => fateOf(message.flags, rules).toMbox && !message.has(Flag.boxed),
	);
	if (chosen.length === 0) return undefined;
	if (mbox === undefined) return 'failed';
	const named = (error: unknown): string => {
		if (!isErrno(error)) throw error;
		return `${mbox === '' ? '' : `${mbox}: `}${reason(error)}`;
	};
	const { appendTentativelyTo } = await import('../mailbox/open.js');
	let saved: Tentative;
	try {
		saved = await appendTentativelyTo(
			system,
			system.real(mbox),
			lettersOf(mailbox, chosen, session),
			{
				// The newest come first, unless asked otherwise.
				place: append ? 'end' : 'start',
				separate: !bare,
				finish: !bare,
				// As in the original, whose mbox is a file unless it is appended to.
				newFormat: append && variables.get('newfolders') === 'maildir' ? 'maildir' : 'mbox',
			},
		);
	} catch (error) {
		terminal.complain(`${named(error)}\n`);
		return 'failed';
	}
	return {
		commit() {
			try {
				saved.commit();
			} catch (error) {
				throw new Complaint(named(error), 'stderr');
			}
		},
		undo: () => saved.undo(),
		close: () => saved.close(),
		tell() {
			for (const message of chosen) message.set(Flag.boxed);
			tellSaved(session, chosen.length);
		},
	};
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
	terminal.write(`"${makeSayable(name, terminal.charset)}" `);
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
	const { name, kind } = mailbox;
	const removed = mailbox.removed?.();
	const messages = mailbox.messages.filter((message) => !removed?.has(message));
	listArticles(session, mailbox, messages);
	let kept: readonly Message[];
	if (kind === 'system') {
		noLongerNew(mailbox);
		kept = messages.filter(({ flags }) => fateOf(flags, rules).stays);
		const saving = await saveInMbox(session, mailbox, rules, messages);
		if (saving === 'failed') return;
		try {
			saving?.commit();
			saving?.tell();
		} finally {
			saving?.close();
		}
	} else {
		kept = messages.filter((message) => !message.has(Flag.deleted));
	}
	// A file in `new` moves to `cur`, were it only for having been listed.
	const moving = Flag.new | Flag.saved | Flag.boxed | Flag.statusChanged | Flag.modified;
	const changed = kept.length < messages.length || kept.some((message) => message.has(moving));
	if (changed && !writeBack(session, mailbox, kept, { removeEmpty: false })) return;
	if (kind === 'system') tellHeld(session, mailbox, kept.length);
	else if (changed) {
		const shown = makeSayable(name, terminal.charset);
		terminal.write(`"${shown}" ${isBsd(variables) ? 'complete' : 'updated.'}\n`);
	}
}
