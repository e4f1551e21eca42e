/**
 * A letter's control file in the queue (qf): one line of JSON that says who sends what to whom, and a line for
 * everything that happened since. Read and added to here; what the events mean for the letter is ticket.ts's to
 * say. A line that was torn when the machine stopped counts as not written.
 */
import { fstatSync, openSync, readFileSync, readSync } from 'node:fs';

import { isErrno } from '../complaint.js';
import { writeAll } from '../mailbox/disk.js';
import type { Copy, ReportOptions, Success } from './envelope.js';

/** What the control file's first line says; it never changes. */
export interface QueuedLetter {
	readonly id: string;
	/** Milliseconds since 1970. */
	readonly arrival: number;
	/** The reverse-path as given; null: no reports. */
	readonly sender: string | null;
	/** Octets of the header at the start of the data file, and of the body after it. */
	readonly headerOctets: number;
	readonly bodyOctets: number;
	/** The body has octets above 127. */
	readonly eightBit: boolean;
	readonly copies: readonly Copy[];
	/** Where it came from, as reports say it: `pue@localhost`, `mx.example.org [192.0.2.1]`. */
	readonly from?: string | undefined;
	readonly options?: ReportOptions | undefined;
}

/** A letter as it stands in the queue. */
export interface QueueEntry {
	readonly letter: QueuedLetter;
	/** By index in `letter.copies`: undefined is done with; else the last thing said, or an empty text. */
	readonly waiting: readonly (string | undefined)[];
	/** Copies, by index, that have arrived, of which the sender wants to hear and has not heard yet. */
	readonly owed: ReadonlyMap<number, Success>;
	/** Runs that left something behind. */
	readonly tries: number;
	readonly lastTry: number | undefined;
	/** Before this moment a scheduled run leaves it alone; undefined: due. */
	readonly nextTry: number | undefined;
	/** The last message-wide status. */
	readonly status: string;
	/** Nobody tries it until it is released. */
	readonly held: boolean;
	/** Its sender was told that it is late. */
	readonly warned: boolean;
	/** Somebody works on it now. */
	readonly busy: boolean;
}

/** A line of the control file after the first. */
export type Event =
	/** A sign for each copy, to be written over where there is no room for a line: `d` where it is done with. */
	| { readonly marks: string }
	| { readonly done: number; readonly owed?: Success }
	/** The sender has heard of all that had arrived. */
	| { readonly told: true }
	| { readonly kept: number; readonly status: string }
	| { readonly tried: number; readonly status: string; readonly next?: number }
	| { readonly warned: number; readonly status: string }
	| { readonly held: boolean }
	/** Due at once again. */
	| { readonly due: true };

/** Of the first line. */
export const version = 1;

/** The path of a letter's control file. */
export function control(folder: string, id: string): string {
	return `${folder}/qf${id}`;
}

/** The path of its data file. */
export function data(folder: string, id: string): string {
	return `${folder}/df${id}`;
}

/** Octets for a control file. Addresses are octets in strings, and JSON keeps them so. */
export function line(value: object): Buffer {
	return Buffer.from(`${JSON.stringify(value)}\n`, 'utf8');
}

/** A letter that has just come. */
export const untried = {
	tries: 0,
	lastTry: undefined,
	nextTry: undefined,
	status: '',
	held: false,
	warned: false,
};

/** Opens a control file to add lines: a last one that was torn is closed off, not continued. */
export function openEvents(path: string): number {
	const fd = openSync(path, 'a+');
	const { size } = fstatSync(fd);
	const end = Buffer.alloc(1);
	if (size > 0 && readSync(fd, end, 0, 1, size - 1) === 1 && end[0] !== 0x0a) {
		writeAll(fd, Buffer.from('\n'));
	}
	return fd;
}

/** Of a damaged disk: it is one letter's trouble, and not the queue's. */
const unreadable = ['EIO', 'EUCLEAN', 'EISDIR'];

/** Reads a control file; undefined where it is gone. A torn last line counts as not written. */
export function readEntry(folder: string, id: string): Omit<QueueEntry, 'busy'> | undefined {
	let text: string;
	try {
		text = readFileSync(control(folder, id), 'utf8');
	} catch (error) {
		if (!isErrno(error)) throw error;
		if (error.code === 'ENOENT' || unreadable.includes(error.code ?? '')) return undefined;
		throw error;
	}
	const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
	const letter = parseLine(lines[0] ?? '') as QueuedLetter | undefined;
	if (letter?.copies === undefined) return undefined;
	const waiting: (string | undefined)[] = letter.copies.map(() => '');
	const owed = new Map<number, Success>();
	let state: Omit<QueueEntry, 'busy' | 'letter' | 'waiting' | 'owed'> = untried;
	for (const text of lines.slice(1)) {
		const event = parseLine(text) as Event | undefined;
		if (event === undefined) continue;
		if ('marks' in event) {
			for (const [index, mark] of [...event.marks].entries()) {
				if (mark === 'd') waiting[index] = undefined;
			}
		} else if ('done' in event) {
			waiting[event.done] = undefined;
			if (event.owed) owed.set(event.done, event.owed);
		} else if ('told' in event) owed.clear();
		else if ('kept' in event) waiting[event.kept] = event.status;
		else if ('held' in event) state = { ...state, held: event.held };
		else if ('warned' in event) state = { ...state, warned: true, status: event.status };
		else if ('due' in event) state = { ...state, nextTry: undefined };
		else {
			const { tried: lastTry, next: nextTry, status } = event;
			state = { ...state, tries: state.tries + 1, lastTry, nextTry, status };
		}
	}
	return { letter, waiting, owed, ...state };
}

function parseLine(text: string): object | undefined {
	try {
		return JSON.parse(text) as object;
	} catch (error) {
		// Written when the machine stopped.
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
}
