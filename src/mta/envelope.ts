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
	| { readonly to: 'relay'; readonly address: string; readonly host: string };

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
}

/** What became of a copy, or why a recipient has none. */
export type Fate = { readonly kind: 'sent'; readonly note?: string } | Deferral | Failure;

/** To be tried again. */
export interface Deferral {
	readonly kind: 'deferred';
	/** What follows `Deferred: `. */
	readonly reason: string;
	/** 4.x.x */
	readonly status: string;
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
