/**
 * A maildir folder as a Mailbox: a file per message in `new` and `cur`, its flags in the file's name
 * after `:2,`. Needs no locks: every change is a rename. What is shown of a message is what an mbox
 * would hold of it, without a From_ line: `From ` quoted, an empty line at the end; lines and octets
 * are counted so. Follows cr.yp.to/proto/maildir.html, and the original's order of messages.
 */
import { readdirSync, readFileSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

import { Complaint, forgiving, isErrno } from '../complaint.js';
import { skin } from '../message/address.js';
import { parseDate, printCtime } from '../message/date.js';
import { type Header, parseHeader } from '../message/header.js';
import { bufferOf, countLines } from '../message/octets.js';
import { isWritable, syncDirectory } from './disk.js';
import { quoteFrom } from './fromlines.js';
import { Flag, type Mailbox, Message, type WriteBackOptions } from './mailbox.js';
import { writeDurably } from './maildirappend.js';
import { draftName, flagsOfName, nameFlags, nameWithFlags, unique } from './maildirname.js';

export interface MaildirOptions {
	readonly kind: 'system' | 'file';
	readonly readOnly: boolean;
	readonly name: string;
	now(): Date;
}

/** What a maildir adds to a message. */
interface Entry {
	folder: 'new' | 'cur';
	file: string;
	/** Of the From_ line that is made up, and of the order. */
	readonly date: Date;
	readonly lines: number;
}

/** Files in `tmp` that nobody has touched for so long have been given up. Milliseconds. */
const abandonedAfter = 36 * 3600 * 1000;

export class Maildir implements Mailbox {
	readonly path: string;
	readonly name: string;
	readonly kind: 'system' | 'file';
	readonly format = 'maildir';
	readonly readOnly: boolean;
	readonly messages: Message[] = [];
	dot: Message | undefined;
	previousDot: Message | undefined;

	readonly #now: () => Date;
	readonly #entries = new Map<Message, Entry>();
	readonly #replaced = new Map<Message, Buffer>();
	#lastRead: { message: Message; octets: Buffer } | undefined;
	#times: readonly number[] = [];

	/** Throws errno errors. */
	constructor(path: string, options: MaildirOptions) {
		this.path = path;
		this.name = options.name;
		this.kind = options.kind;
		this.#now = options.now;
		this.readOnly =
			options.readOnly || !['new', 'cur'].every((folder) => isWritable(join(path, folder)));
		if (!this.readOnly) this.#cleanTmp();
		this.#takeIn();
	}

	#cleanTmp(): void {
		for (const file of namesIn(join(this.path, 'tmp'))) {
			const path = join(this.path, 'tmp', file);
			const stats = statSync(path, { throwIfNoEntry: false });
			if (stats?.isFile() && stats.atimeMs + abandonedAfter < this.#now().getTime()) {
				// Litter that stays is no reason to read nothing.
				forgiving(() => unlinkSync(path));
			}
		}
	}

	/** Takes in files not yet known; by date, then by name, after those that are. */
	#takeIn(): Message[] {
		this.#times = this.#folderTimes();
		const known = new Set([...this.#entries.values()].map((entry) => unique(entry.file)));
		const found: { entry: Entry; octets: number }[] = [];
		for (const folder of ['cur', 'new'] as const) {
			for (const file of namesIn(join(this.path, folder))) {
				if (known.has(unique(file))) continue;
				known.add(unique(file));
				const octets = this.#readFile(folder, file);
				if (!octets) continue;
				const date = this.#dateOf(file, parseHeader(octets));
				const entry = { folder, file, date, lines: countLines(octets) };
				found.push({ entry, octets: octets.length });
			}
		}
		found.sort(
			(one, other) =>
				Math.floor(one.entry.date.getTime() / 1000) -
					Math.floor(other.entry.date.getTime() / 1000) ||
				(one.entry.file < other.entry.file ? -1 : 1),
		);
		return found.map(({ entry, octets }) => {
			const number = this.messages.length + 1;
			const flags = flagsOfName(entry.file) | (entry.folder === 'new' ? Flag.new : 0);
			const message = new Message(number, 0, octets, flags);
			this.messages.push(message);
			this.#entries.set(message, entry);
			return message;
		});
	}

	/** When it came: by its topmost Received field, else its file's name, else its Date, else now. */
	#dateOf(file: string, header: Header): Date {
		const now = this.#now();
		const received = header.get('received');
		const semicolon = received?.lastIndexOf(';') ?? -1;
		const came = semicolon < 0 ? undefined : parseDate(received?.slice(semicolon + 1) ?? '');
		const seconds = Number.parseInt(file, 10) || 0;
		for (const date of [came ?? new Date(seconds * 1000), parseDate(header.get('date') ?? '')]) {
			if (date && date.getTime() > 0 && date <= now) return date;
		}
		return now;
	}

	/** Undefined where it is gone. */
	#readFile(folder: string, file: string): Buffer | undefined {
		try {
			return asMbox(readFileSync(join(this.path, folder, file)));
		} catch (error) {
			if (isErrno(error) && (error.code === 'ENOENT' || error.code === 'EISDIR')) return undefined;
			throw error;
		}
	}

	/** -1 for what somebody has removed: that is not known to have grown. */
	#folderTimes(): number[] {
		return ['new', 'cur'].map(
			(folder) => statSync(join(this.path, folder), { throwIfNoEntry: false })?.mtimeMs ?? -1,
		);
	}

	#entry(message: Message): Entry {
		const entry = this.#entries.get(message);
		if (!entry) throw new Error('a message of another mailbox');
		return entry;
	}

	#octets(message: Message): Buffer {
		const replaced = this.#replaced.get(message);
		if (replaced) return replaced;
		if (this.#lastRead?.message === message) return this.#lastRead.octets;
		const entry = this.#entry(message);
		let octets = this.#readFile(entry.folder, entry.file);
		if (!octets && this.#find(entry)) octets = this.#readFile(entry.folder, entry.file);
		if (!octets) {
			throw new Complaint(
				`${this.name}: message ${message.number} removed by another program`,
				'stderr',
			);
		}
		this.#lastRead = { message, octets };
		return octets;
	}

	removed(): ReadonlySet<Message> {
		const names = ['cur', 'new'].flatMap((folder) => namesIn(join(this.path, folder)));
		const there = new Set(names.map(unique));
		return new Set(
			this.messages.filter((message) => !there.has(unique(this.#entry(message).file))),
		);
	}

	/** Another reader may have given the file other flags. */
	#find(entry: Entry): boolean {
		for (const folder of ['cur', 'new'] as const) {
			for (const file of namesIn(join(this.path, folder))) {
				if (unique(file) !== unique(entry.file)) continue;
				entry.folder = folder;
				entry.file = file;
				return true;
			}
		}
		return false;
	}

	read(message: Message): Buffer {
		return Buffer.from(this.#octets(message));
	}

	header(message: Message): Header {
		return parseHeader(this.#octets(message));
	}

	postmark(message: Message): string {
		const header = this.header(message);
		const path = skin(header.get('return-path') ?? '') || skin(header.get('from') ?? '');
		return `From ${path || '-'} ${printCtime(this.#entry(message).date)}`;
	}

	lines(message: Message): number {
		const replaced = this.#replaced.get(message);
		return replaced ? countLines(replaced) : this.#entry(message).lines;
	}

	replace(message: Message, octets: Uint8Array): void {
		const copy = asMbox(withoutPostmark(bufferOf(octets)));
		this.#replaced.set(message, copy);
		message.octets = copy.length;
		message.set(Flag.modified);
	}

	hasGrown(): boolean {
		return this.#folderTimes().some((time, index) => time >= 0 && time !== this.#times[index]);
	}

	takeNew(): Message[] {
		const taken = this.#takeIn();
		if (taken.length > 0) for (const message of this.messages) message.clear(Flag.newest);
		for (const message of taken) message.set(Flag.newest);
		return taken;
	}

	writeBack(keep: readonly Message[], options: WriteBackOptions): number {
		options.ready?.();
		const kept = new Set(keep);
		const known = this.messages.slice();
		const arrived = this.takeNew().length;
		for (const message of known) {
			const entry = this.#entry(message);
			// Renamed by another reader between a look and the deed, it is looked for once more.
			for (let turn = 0; turn < 3 && !this.#settle(message, entry, kept.has(message)); turn++) {
				if (!this.#find(entry)) break;
			}
		}
		for (const folder of ['cur', 'new']) syncDirectory(join(this.path, folder));
		return arrived;
	}

	/** False where the file is not where it was. */
	#settle(message: Message, entry: Entry, stays: boolean): boolean {
		try {
			if (stays) this.#restate(message, entry);
			else unlinkSync(join(this.path, entry.folder, entry.file));
			return true;
		} catch (error) {
			if (isErrno(error) && error.code === 'ENOENT') return false;
			throw error;
		}
	}

	/** Into `cur`, under the name that its flags ask for. */
	#restate(message: Message, entry: Entry): void {
		const replaced = this.#replaced.get(message);
		const flags = message.flags & ~Flag.deleted;
		const same = flagsOfName(entry.file) === (flags & nameFlags);
		const from = join(this.path, entry.folder, entry.file);
		statSync(from);
		if (entry.folder === 'cur' && same && !replaced) return;
		const file = nameWithFlags(entry.file, flags);
		const to = join(this.path, 'cur', file);
		// In the old one's place, then to the new name: a kill leaves one of the two, and not both.
		if (replaced) this.#putInPlace(replaced, entry, from);
		if (from !== to) renameSync(from, to);
		entry.folder = 'cur';
		entry.file = file;
	}

	#putInPlace(octets: Buffer, entry: Entry, place: string): void {
		const draft = join(this.path, 'tmp', draftName(entry.file));
		writeDurably(draft, [octets]);
		try {
			renameSync(draft, place);
		} catch (error) {
			forgiving(() => unlinkSync(draft));
			throw error;
		}
	}

	close(): void {
		this.#lastRead = undefined;
	}
}

/** None where somebody has removed the folder. */
function namesIn(path: string): string[] {
	try {
		return readdirSync(path).filter((name) => !name.startsWith('.'));
	} catch (error) {
		if (isErrno(error) && error.code === 'ENOENT') return [];
		throw error;
	}
}

/** As it would stand in an mbox: From-quoted, with an empty line at the end. */
function asMbox(octets: Buffer): Buffer {
	const quoted = [...quoteFrom([octets])];
	const { length } = octets;
	if (length > 0 && octets[length - 1] !== 10) quoted.push(Buffer.from('\n\n'));
	else if (length < 2 || octets[length - 2] !== 10) {
		if (length !== 1) quoted.push(Buffer.from('\n'));
	}
	return quoted.length === 1 && quoted[0] ? quoted[0] : Buffer.concat(quoted);
}

function withoutPostmark(octets: Buffer): Buffer {
	const isFrom = octets.toString('latin1', 0, 5) === 'From ';
	return isFrom ? octets.subarray(octets.indexOf(10) + 1) : octets;
}
