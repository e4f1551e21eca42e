/**
 * The store of letters that are not yet where they should be: letters come in, are listed, and are taken out to
 * be worked on. A letter is there from the moment its control file (controlfile.ts) gets its name by rename,
 * and both files and the folder are on disk before that is reported. The record lock of the data file, which
 * holds header and body, belongs to whoever is working on the letter (ticket.ts).
 */
import {
	closeSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
} from 'node:fs';

import { isErrno } from '../complaint.js';
import { syncDirectory, writeAll } from '../mailbox/disk.js';
import { lockMailbox, MailboxBusy, type MailboxLock } from '../mailbox/lock.js';
import type { System } from '../system.js';
import {
	control,
	data,
	type Event,
	line,
	type QueuedLetter,
	type QueueEntry,
	readEntry,
	untried,
	version,
} from './controlfile.js';
import { queueFolder } from './spool.js';
import { Ticket } from './ticket.js';

/** Writes a new file and sees it onto the disk. The descriptor stays open. */
function create(path: string, parts: readonly Uint8Array[]): number {
	const fd = openSync(path, 'wx+', 0o640);
	try {
		for (const part of parts) writeAll(fd, part);
		fsyncSync(fd);
		return fd;
	} catch (error) {
		closeSync(fd);
		rmSync(path, { force: true });
		throw error;
	}
}

/**
 * Takes a letter in: on disk, and locked for the caller, when it returns.
 * Throws errno errors; then there is nothing in the queue.
 */
export function enqueue(
	system: System,
	letter: Omit<QueuedLetter, 'headerOctets' | 'bodyOctets' | 'eightBit'>,
	text: { readonly header: Buffer; readonly body: Buffer },
): Ticket {
	const folder = queueFolder(system);
	mkdirSync(folder, { recursive: true, mode: 0o750 });
	const { id } = letter;
	const whole: QueuedLetter = {
		...letter,
		headerOctets: text.header.length,
		bodyOctets: text.body.length,
		eightBit: text.body.some((octet) => octet > 127),
	};
	const fd = create(data(folder, id), [text.header, text.body]);
	let lock: MailboxLock | undefined;
	try {
		lock = lockMailbox(data(folder, id), fd, { dot: 'none', patience: 0 });
		const marks: Event = { marks: '-'.repeat(whole.copies.length) };
		closeSync(create(`${folder}/tf${id}`, [line({ version, ...whole }), line(marks)]));
		renameSync(`${folder}/tf${id}`, control(folder, id));
		syncDirectory(folder);
	} catch (error) {
		lock?.release();
		closeSync(fd);
		for (const kind of ['tf', 'qf', 'df']) rmSync(`${folder}/${kind}${id}`, { force: true });
		throw error;
	}
	return new Ticket(folder, fd, lock, {
		letter: whole,
		waiting: whole.copies.map(() => ''),
		owed: new Map(),
		...untried,
		busy: true,
	});
}

/** The ids in the queue, oldest names first. */
function ids(folder: string): string[] {
	return namesIn(folder)
		.filter((name) => name.startsWith('qf'))
		.map((name) => name.slice(2))
		.sort();
}

function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch (error) {
		if (isErrno(error) && error.code === 'ENOENT') return [];
		throw error;
	}
}

function isBusy(folder: string, id: string): boolean {
	try {
		const path = data(folder, id);
		const fd = openSync(path, 'r');
		try {
			lockMailbox(path, fd, { dot: 'none', shared: true, patience: 0 }).release();
			return false;
		} finally {
			closeSync(fd);
		}
	} catch (error) {
		if (error instanceof MailboxBusy) return true;
		if (isErrno(error)) return false;
		throw error;
	}
}

/** Sendmail's order of work: octets, recipients and failed runs weigh; the lowest goes first. */
export function priority({ letter, waiting, tries }: Omit<QueueEntry, 'busy'>): number {
	const recipients = waiting.filter((status) => status !== undefined).length;
	return letter.bodyOctets + 30_000 * recipients + 90_000 * tries;
}

/** All letters, in order of priority. Throws errno errors (EACCES). */
export function readQueue(system: System): QueueEntry[] {
	const folder = queueFolder(system);
	return ids(folder)
		.flatMap((id) => {
			const entry = readEntry(folder, id);
			return entry ? [{ ...entry, busy: isBusy(folder, id) }] : [];
		})
		.sort((a, b) => priority(a) - priority(b) || a.letter.arrival - b.letter.arrival);
}

/** One letter, by the whole of its id; undefined where there is none. */
export function readLetter(system: System, id: string): QueueEntry | undefined {
	const folder = queueFolder(system);
	const entry = /^\w+$/.test(id) ? readEntry(folder, id) : undefined;
	return entry && { ...entry, busy: isBusy(folder, id) };
}

/** The whole text of a letter. Throws errno errors. */
export function readLetterText(system: System, { id, headerOctets }: QueuedLetter): Buffer {
	const octets = readFileSync(data(queueFolder(system), id));
	const parts = [octets.subarray(0, headerOctets), octets.subarray(headerOctets)];
	return Buffer.concat([parts[0] as Buffer, Buffer.from('\n'), parts[1] as Buffer]);
}

/** Takes a letter out to work on it; undefined where somebody else has it, or it is gone. */
export function takeLetter(system: System, id: string): Ticket | 'locked' | undefined {
	const folder = queueFolder(system);
	const path = data(folder, id);
	let fd: number;
	try {
		fd = openSync(path, 'r+');
	} catch (error) {
		if (isErrno(error) && error.code === 'ENOENT') return undefined;
		throw error;
	}
	let lock: MailboxLock | undefined;
	try {
		lock = lockMailbox(path, fd, { dot: 'none', patience: 0 });
		// Only what the control file says under our lock is true.
		const entry = readEntry(folder, id);
		if (entry) return new Ticket(folder, fd, lock, { ...entry, busy: true });
	} catch (error) {
		lock?.release();
		closeSync(fd);
		if (error instanceof MailboxBusy) return 'locked';
		throw error;
	}
	lock.release();
	closeSync(fd);
	return undefined;
}

/** Data and temporary files without a control file, left by a kill before the letter was accepted. */
export function sweep(system: System, now: Date): void {
	const folder = queueFolder(system);
	const known = new Set(ids(folder));
	for (const name of namesIn(folder)) {
		const id = name.slice(2);
		if (!/^[dt]f/.test(name) || known.has(id)) continue;
		const about = statSync(`${folder}/${name}`, { throwIfNoEntry: false });
		const day = 24 * 3600 * 1000;
		if (about && now.getTime() - about.mtimeMs > day && !isBusy(folder, id)) {
			rmSync(`${folder}/${name}`, { force: true });
		}
	}
}
