/**
 * The words of delivery: where a copy goes, what became of it, and the names given to letters. Status
 * codes are those of RFC 3463, exit statuses those of sysexits(3). No file is touched here.
 */
import type { System, User } from '../system.js';

/** Where one copy of a letter goes: a leaf of a Resolution. */
export type Delivery =
	| { readonly to: 'mailbox'; readonly user: string; readonly detail?: string | undefined }
	| { readonly to: 'file'; readonly path: string }
	| { readonly to: 'program'; readonly command: string }
	| { readonly to: 'relay'; readonly address: string; readonly host: string }
	/** By uux, for rmail on the neighbour `host`. */
	| { readonly to: 'uucp'; readonly host: string; readonly user: string };

/** One copy under way. */
export interface Copy {
	readonly delivery: Delivery;
	/** The recipient as its alias, forward file or sender wrote it; this names it in all messages. */
	readonly address: string;
	/** The recipient as the sender gave it. */
	readonly given: string;
	/** By whose wish a file is written or a program run; undefined: the aliases file's. */
	readonly as: string | undefined;
	/** The alias that led here, where one did. */
	readonly alias: string | undefined;
	/** Where reports about this copy go instead of to the sender (`owner-LIST`). */
	readonly owner: string | undefined;
	/** The list it stands in, as it is written: `:include:PATH`; undefined where it is not in a file. */
	readonly listed?: string | undefined;
	/** What the sender wants to hear of this recipient, where he said so. */
	readonly wishes?: Wishes | undefined;
}

/** RFC 3461 4.1: NOTIFY. */
export type Occasion = 'never' | 'success' | 'failure' | 'delay';

/** RFC 3461: the options that belong to one recipient. */
export interface Wishes {
	readonly notify?: readonly Occasion[] | undefined;
	/** ORCPT, decoded: `rfc822;address`. */
	readonly original?: string | undefined;
}

/** BY (RFC 2852): when it has to have arrived, in milliseconds since 1970, and what happens otherwise. */
export interface Deadline {
	readonly at: number;
	readonly otherwise: 'return' | 'notify';
}

/** Those that belong to the whole letter. */
export interface ReportOptions {
	/** RET: what of the letter comes back in a report of failure; undefined: its header. */
	readonly returned?: 'full' | 'hdrs' | undefined;
	/** ENVID, decoded. */
	readonly envelopeId?: string | undefined;
	readonly deadline?: Deadline | undefined;
}

/** Whether somebody wants to be told; without a word from him, of what went wrong. */
export function wantsReport(wishes: Wishes | undefined, occasion: Occasion): boolean {
	if (wishes?.notify === undefined) return occasion !== 'success';
	return wishes.notify.includes(occasion);
}

/** What a server said, as far as a report quotes it. */
export interface Exchange {
	/** The command that was answered: `DATA` where all was sent at once. */
	readonly asked: string;
	readonly replied: string;
	/** The reply to what came after. */
	readonly then?: string | undefined;
}

/** What became of a copy, or why a recipient has none. */
export type Fate = Success | Deferral | Failure;

export interface Success {
	readonly kind: 'sent';
	/** What follows `Sent`. */
	readonly note?: string;
	/** The server that has it now. */
	readonly remote?: string;
	/** That server reports success itself, where it is wanted. */
	readonly reports?: boolean;
}

/** To be tried again. */
export interface Deferral {
	readonly kind: 'deferred';
	/** What follows `Deferred: `. */
	readonly reason: string;
	/** 4.x.x */
	readonly status: string;
	/** The server it is about. */
	readonly remote?: string;
}

/** Not to be tried again. */
export interface Failure {
	readonly kind: 'failed';
	readonly reason: string;
	/** 5.x.x */
	readonly status: string;
	readonly exit: number;
	/** RFC 3464 2.3.6: the type and text that a report cites. */
	readonly diagnostic?: string;
	/** What a program printed before it failed. */
	readonly output?: string;
	readonly remote?: string;
	readonly exchange?: Exchange;
	/** It waited too long; `output` says for what. */
	readonly expired?: boolean;
}

/** sysexits(3), as far as delivery knows them. */
export const Exit = {
	ok: 0,
	usage: 64,
	dataError: 65,
	noUser: 67,
	noHost: 68,
	unavailable: 69,
	software: 70,
	osError: 71,
	osFile: 72,
	cannotCreate: 73,
	ioError: 74,
	temporary: 75,
	noPermission: 77,
	configuration: 78,
} as const;

export function unknownUser(): Failure {
	return {
		kind: 'failed',
		reason: 'User unknown',
		status: '5.1.1',
		exit: Exit.noUser,
		diagnostic: 'X-Unix; 550 5.1.1 User unknown',
	};
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
let sequence: number | undefined;

/** A queue id in sendmail's form: eight signs for the time and a sequence, six for the process. */
export function newId(system: System): string {
	const now = system.now();
	sequence ??= system.random(2).readUInt16BE(0);
	sequence = (sequence + 1) % 3600;
	const parts = [
		now.getUTCFullYear() - 1900,
		now.getUTCMonth(),
		now.getUTCDate(),
		now.getUTCHours(),
		now.getUTCMinutes(),
		now.getUTCSeconds(),
		Math.floor(sequence / 60),
		sequence,
	];
	const time = parts.map((part) => digits[part % 60]).join('');
	return time + String(process.pid % 1_000_000).padStart(6, '0');
}

/** The full name: the comment field of passwd(5) before its first comma; `&` stands for the login name. */
export function fullName(user: User): string {
	const name = user.gecos.split(',', 1)[0] as string;
	const capital = user.name.charAt(0).toUpperCase() + user.name.slice(1);
	return name.replaceAll('&', capital).trim();
}

/** With the host, where the address has none. */
export function qualified(address: string, host: string): string {
	return address.includes('@') || address.includes('!') ? address : `${address}@${host}`;
}
