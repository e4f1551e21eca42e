/**
 * What every kind of mailbox is to the rest of the program: messages in order, their octets, their
 * flags, and a way to look for what has arrived since. Reading is synchronous: a folder here is always
 * a local file, and scans of a gigabyte cost half of what they would with a promise per message.
 */
import type { Header } from '../message/header.js';
import type { Claim } from './lock.js';

/** The states of a message, as bits of `Message.flags`. */
export const Flag = {
	/** Never seen (no Status field yet). */
	new: 1 << 0,
	/** Has been read some time. */
	read: 1 << 1,
	deleted: 1 << 2,
	saved: 1 << 3,
	/** Noticed in this session: leaves the system mailbox on quit. */
	touched: 1 << 4,
	/** To stay in the system mailbox whatever happens (`hold`). */
	preserved: 1 << 5,
	/** To go to mbox whatever happens (`mbox`). */
	toMbox: 1 << 6,
	/** Status or X-Status differ from what the file says. */
	statusChanged: 1 << 7,
	/** The text has been replaced (`edit`). */
	modified: 1 << 8,
	flagged: 1 << 9,
	answered: 1 << 10,
	draft: 1 << 11,
	killed: 1 << 12,
	/** Inside a collapsed thread. */
	hidden: 1 << 13,
	/** Arrived while the folder was open. */
	newest: 1 << 14,
	/** Named by the message list being evaluated. */
	marked: 1 << 15,
	/** Named by the previous command's message list (the backquote). */
	markedBefore: 1 << 16,
	junk: 1 << 17,
	/** Has been written to mbox in this session. */
	boxed: 1 << 18,
} as const;

/** A message of an open mailbox: a span of octets and its flags; the number and order never change. */
export class Message {
	/** 1 … n for the life of the opened mailbox. */
	readonly number: number;
	/** Where its From_ line begins, in octets from the start of the mailbox. */
	readonly start: number;
	/** Octets of the whole, From_ line and final empty line included: what the summary shows. */
	octets: number;
	flags: number;
	/** Set by `score` and `kill`. */
	score = 0;

	constructor(number: number, start: number, octets: number, flags: number) {
		this.number = number;
		this.start = start;
		this.octets = octets;
		this.flags = flags;
	}

	has(flag: number): boolean {
		return (this.flags & flag) !== 0;
	}
	set(flag: number): void {
		this.flags |= flag;
	}
	clear(flag: number): void {
		this.flags &= ~flag;
	}
}

export interface WriteBackOptions {
	readonly removeEmpty: boolean;
	/** Of this mailbox. */
	readonly claim?: Claim | undefined;
	/**
	 * Called when the new contents are safe and become the mailbox's with the next step, perhaps more
	 * than once: messages that are taken out have to be safe elsewhere when it returns.
	 */
	ready?(): void;
	/** From now on they are taken out, at the latest when it is next opened, whatever is thrown after that. */
	decided?(): void;
}

export interface Mailbox {
	/** On disk. */
	readonly path: string;
	/** As it is shown: the full path, without a lab's root. */
	readonly name: string;
	/** `system`: one's incoming mail, with mbox and hold rules on quit; `file`: any other folder. */
	readonly kind: 'system' | 'file';
	readonly format: 'mbox' | 'maildir';
	/** Flags may change and messages be deleted, and will be written back. */
	readonly readOnly: boolean;
	readonly messages: readonly Message[];
	dot: Message | undefined;
	/** The dot before the last command that moved it (`;`). */
	previousDot: Message | undefined;

	/** The message as it stands in the file: From_ line (mbox only), header, empty line, body. */
	read(message: Message): Buffer;
	/**
	 * At least its From_ line and header, up to the empty line: for scans of many messages, where `read`
	 * would fetch their bodies, too. To be looked at, not kept: the next look may overwrite it.
	 */
	head?(message: Message): Buffer;
	/** As `read`, to be looked at, not kept: the next look may overwrite it. */
	look?(message: Message): Buffer;
	/** Its header alone, without the From_ line; parsed when first asked for, few are kept. */
	header(message: Message): Header;
	/** The From_ line without its newline; made up where the format has none (maildir). */
	postmark(message: Message): string;
	/** Lines of the whole, as the summary shows them; counted when first asked for. */
	lines(message: Message): number;
	/** Those of its messages that another program has removed; missing where one cannot be removed alone. */
	removed?(): ReadonlySet<Message>;
	/** Puts other octets in its place until the mailbox is written back (`edit`). */
	replace(message: Message, octets: Uint8Array): void;
	/** Whether the file has grown since it was last looked at. Cheap: one stat. */
	hasGrown(): boolean;
	/** Takes in what has arrived; returns the new messages, already numbered and in `messages`. */
	takeNew(): Message[];
	/**
	 * Writes the mailbox with only these messages, in the order of the file, with Status and X-Status
	 * brought up to date where the flags changed; mail that arrived meanwhile is kept. Untouched
	 * messages are copied octet for octet. A kill at any moment leaves the old or the new mailbox.
	 * An empty result is removed where `removeEmpty`, else left empty.
	 * Returns the number of messages that had arrived meanwhile. Throws errno errors; it is as it was then,
	 * unless `decided` was called.
	 */
	writeBack(keep: readonly Message[], options: WriteBackOptions): number;
	/**
	 * Locks it against all others, for a `writeBack` to come; missing where the format needs no locks.
	 * Throws as that does.
	 */
	claim?(): Claim;
	/** Gives back descriptors and locks; writes nothing. */
	close(): void;
}
