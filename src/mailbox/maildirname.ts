/**
 * Names of the files of a maildir: unique among all that were ever made, and with the message's flags after
 * `:2,`. Follows cr.yp.to/proto/maildir.html. Touches no file.
 */
import type { System } from '../system.js';
import { Flag } from './mailbox.js';

/** In the order in which they stand in a file's name. */
const letters = [
	['D', Flag.draft],
	['F', Flag.flagged],
	['R', Flag.answered],
	['S', Flag.read],
	['T', Flag.deleted],
] as const;

/** The flags that a name can tell. */
export const nameFlags = letters.reduce((all, [, flag]) => all | flag, 0);

/** The part of a file's name that stays, whatever becomes of the message. */
export function unique(file: string): string {
	const at = file.lastIndexOf(':2,');
	return at < 0 ? file : file.slice(0, at);
}

/** What a name says, as bits of `Flag`. */
export function flagsOfName(file: string): number {
	const at = file.lastIndexOf(':2,');
	const info = at < 0 ? '' : file.slice(at + 3);
	return letters.reduce((flags, [letter, flag]) => flags | (info.includes(letter) ? flag : 0), 0);
}

/** The name that says just these flags. */
export function nameWithFlags(file: string, flags: number): string {
	return `${unique(file)}:2,${letters.map(([letter, flag]) => (flags & flag ? letter : '')).join('')}`;
}

/** Names made by this process. */
let count = 0;

/** A name that nobody else will make: time, process, count and host. */
export function newName(system: System): string {
	const seconds = Math.floor(system.now().getTime() / 1000);
	const host = system.host.replaceAll('/', '\\057').replaceAll(':', '\\072');
	const six = (number: number) => String(number).padStart(6, '0');
	return `${seconds}.${six(process.pid)}_${six(++count)}.${host}`;
}

/** A name in `tmp` for what is to take this file's place: what a kill has left there is in nobody's way. */
export function draftName(file: string): string {
	return `${unique(file)}.${process.pid}.${++count}`;
}
