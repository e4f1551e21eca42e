/**
 * The aliases file as delivery uses it: compiled into a database beside it, a hash table that is looked
 * up with three short reads whatever its size. It knows when the file is newer than the database, reads
 * the file itself where there is no database, and leaves other programs' databases alone.
 *
 * Layout, all numbers little-endian: 64 octets of head (magic; slots, entries; size and time of the
 * source), slots of 8 octets (hash, offset; offset 0 is free), then records (length of key and value,
 * line, key, value).
 */
import {
	closeSync,
	fchmodSync,
	fstatSync,
	fsyncSync,
	openSync,
	readFileSync,
	readSync,
	renameSync,
	type Stats,
	statSync,
	unlinkSync,
	writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { isErrno, reason } from '../complaint.js';
import { syncDirectory } from '../mailbox/disk.js';
import type { System } from '../system.js';
import { type Alias, type AliasFile, aliasKey, parseAliases, printFigures } from './aliases.js';
import { localNames } from './recipient.js';
import { settingsOf } from './settings.js';

const magic = Buffer.from('inkloom aliases\x01');
const headOctets = 64;
const slotOctets = 8;
/** Slots read at once: a search rarely needs a second window. */
const windowSlots = 16;

/** FNV-1a, 32 bits. */
function hash(key: Buffer): number {
	let value = 0x811c9dc5;
	for (const octet of key) value = Math.imul(value ^ octet, 0x01000193);
	return value >>> 0;
}

/** The whole database of these aliases; of duplicates, the last. */
function compileAliases(aliases: readonly Alias[], source: Pick<Stats, 'size' | 'mtimeMs'>) {
	const last = new Map(aliases.map((alias) => [aliasKey(alias.key), alias]));
	let slots = 16;
	while (slots < last.size * 2) slots *= 2;
	const table = Buffer.alloc(slots * slotOctets);
	const records: Buffer[] = [];
	let offset = headOctets + table.length;
	for (const [name, { value, line }] of last) {
		const key = Buffer.from(name, 'latin1');
		const record = Buffer.alloc(12 + key.length + value.length);
		record.writeUInt32LE(key.length, 0);
		record.writeUInt32LE(value.length, 4);
		record.writeUInt32LE(line, 8);
		key.copy(record, 12);
		record.write(value, 12 + key.length, 'latin1');
		const code = hash(key);
		let slot = code % slots;
		while (table.readUInt32LE(slot * slotOctets + 4) !== 0) slot = (slot + 1) % slots;
		table.writeUInt32LE(code, slot * slotOctets);
		table.writeUInt32LE(offset, slot * slotOctets + 4);
		records.push(record);
		offset += record.length;
	}
	const head = Buffer.alloc(headOctets);
	magic.copy(head);
	head.writeUInt32LE(slots, 16);
	head.writeUInt32LE(last.size, 20);
	head.writeDoubleLE(source.size, 24);
	head.writeDoubleLE(source.mtimeMs, 32);
	return Buffer.concat([head, table, ...records]);
}

/** What delivery asks of the aliases. */
export interface AliasBook {
	/** The file as it is shown. */
	readonly file: string;
	/** The alias of that name, in any case; undefined where there is none. */
	find(name: string): Alias | undefined;
	/** The file has been changed since `newaliases`. */
	readonly stale: boolean;
	close(): void;
}

function readAt(fd: number, length: number, offset: number): Buffer {
	const octets = Buffer.allocUnsafe(length);
	const got = readSync(fd, octets, 0, length, offset);
	return octets.subarray(0, got);
}

/** Looks up in the database open as `fd`; undefined where it is not one of ours. */
function findIn(fd: number, slots: number, name: string): Alias | undefined {
	const key = Buffer.from(aliasKey(name), 'latin1');
	const code = hash(key);
	let slot = code % slots;
	for (let seen = 0; seen < slots; ) {
		const many = Math.min(windowSlots, slots - slot);
		const window = readAt(fd, many * slotOctets, headOctets + slot * slotOctets);
		for (let at = 0; at + slotOctets <= window.length; at += slotOctets) {
			const offset = window.readUInt32LE(at + 4);
			if (offset === 0) return undefined;
			if (window.readUInt32LE(at) !== code) continue;
			const found = readRecord(fd, offset, key);
			if (found) return found;
		}
		if (window.length === 0) return undefined;
		seen += many;
		slot = (slot + many) % slots;
	}
	return undefined;
}

function readRecord(fd: number, offset: number, key: Buffer): Alias | undefined {
	// Most records are short: one read brings them whole.
	let record = readAt(fd, 512, offset);
	if (record.length < 12 || record.readUInt32LE(0) !== key.length) return undefined;
	const whole = 12 + key.length + record.readUInt32LE(4);
	if (record.length < whole) record = readAt(fd, whole, offset);
	if (!record.subarray(12, 12 + key.length).equals(key)) return undefined;
	return {
		key: key.toString('latin1'),
		value: record.toString('latin1', 12 + key.length, whole),
		line: record.readUInt32LE(8),
	};
}

function statOf(path: string): Stats | undefined {
	return statSync(path, { throwIfNoEntry: false });
}

/** Another program's database under our name: then ours has a name of its own. */
function isForeign(path: string): boolean {
	let fd: number;
	try {
		fd = openSync(path, 'r');
	} catch (error) {
		if (isErrno(error)) return error.code !== 'ENOENT';
		throw error;
	}
	try {
		return !readAt(fd, magic.length, 0).equals(magic);
	} finally {
		closeSync(fd);
	}
}

/** Where the database of an aliases file lies, on disk. */
function databaseOf(path: string): string {
	return isForeign(`${path}.db`) ? `${path}.inkloom.db` : `${path}.db`;
}

/** Opens the aliases for looking up. Throws errno errors other than that there is no file. */
export function openAliases(system: System, name = settingsOf(system).aliasFile): AliasBook {
	const path = system.real(name);
	const file = system.shown(path);
	const source = statOf(path);
	let fd: number;
	try {
		fd = openSync(databaseOf(path), 'r');
	} catch (error) {
		if (!isErrno(error) || (error.code !== 'ENOENT' && error.code !== 'EACCES')) throw error;
		return readDirectly(system, path, file);
	}
	const head = readAt(fd, headOctets, 0);
	if (head.length < headOctets || !head.subarray(0, magic.length).equals(magic)) {
		closeSync(fd);
		return readDirectly(system, path, file);
	}
	const slots = head.readUInt32LE(16);
	const stale =
		source !== undefined &&
		(source.size !== head.readDoubleLE(24) || source.mtimeMs !== head.readDoubleLE(32));
	return {
		file,
		stale,
		find: (wanted) => findIn(fd, slots, wanted),
		close: () => closeSync(fd),
	};
}

/** A line to say where the file is newer than its database: what was added is not there yet. */
export function staleNotice(system: System): string | undefined {
	const book = openAliases(system);
	book.close();
	return book.stale
		? `${book.file} has changed since newaliases was run: run newaliases`
		: undefined;
}

function readDirectly(system: System, path: string, file: string): AliasBook {
	let names: Map<string, Alias> | undefined;
	const load = (): Map<string, Alias> => {
		const text = statOf(path) ? readFileSync(path, 'latin1') : '';
		const { aliases } = parseAliases(
			text,
			file,
			localNames(system.host, settingsOf(system).localNames),
		);
		return new Map(aliases.map((alias) => [aliasKey(alias.key), alias]));
	};
	return {
		file,
		stale: false,
		find: (wanted) => {
			names ??= load();
			return names.get(aliasKey(wanted));
		},
		close: () => names?.clear(),
	};
}

/** What `newaliases` says and ends with. */
export interface Rebuilt {
	readonly lines: readonly string[];
	readonly status: number;
}

function unsafe({ mode }: Stats): string | undefined {
	if (mode & 0o020) return 'Group writable file';
	return mode & 0o002 ? 'World writable file' : undefined;
}

/**
 * `newaliases`: compiles the file. Bad lines are told and left out; a file that cannot be read, that
 * others may write, or that has nothing but errors leaves the old database as it is.
 */
export function rebuildAliases(system: System, name = settingsOf(system).aliasFile): Rebuilt {
	const path = system.real(name);
	const shown = system.shown(path);
	const refuse = (why: string): Rebuilt => ({
		lines: [`newaliases: cannot open ${shown}: ${why}`],
		status: 0,
	});
	let text: string;
	let source: Stats;
	try {
		const fd = openSync(path, 'r');
		try {
			source = fstatSync(fd);
			const danger = unsafe(source);
			if (danger !== undefined) return refuse(danger);
			text = readFileSync(fd, 'latin1');
		} finally {
			closeSync(fd);
		}
	} catch (error) {
		if (isErrno(error)) return refuse(reason(error));
		throw error;
	}
	const file = parseAliases(text, shown, localNames(system.host, settingsOf(system).localNames));
	const lines = [...file.complaints, printFigures(shown, file)];
	if (file.aliases.length === 0 && file.status !== 0) {
		return {
			lines: [...lines, `${shown}: nothing usable; the old database stays`],
			status: file.status,
		};
	}
	const failed = store(path, file, source);
	if (failed === undefined) return { lines, status: file.status };
	return {
		lines: [...file.complaints, `newaliases: cannot write ${shown}.db: ${failed}`],
		status: 73,
	};
}

/** Writes the database beside the old one, on disk before it takes its place. */
function store(path: string, file: AliasFile, source: Stats): string | undefined {
	const target = databaseOf(path);
	const beside = `${target}.${process.pid}`;
	try {
		const fd = openSync(beside, 'wx', 0o640);
		try {
			fchmodSync(fd, 0o644);
			const octets = compileAliases(file.aliases, source);
			for (let at = 0; at < octets.length; ) at += writeSync(fd, octets, at);
			fsyncSync(fd);
		} finally {
			closeSync(fd);
		}
		renameSync(beside, target);
		syncDirectory(dirname(target));
		return undefined;
	} catch (error) {
		if (!isErrno(error)) throw error;
		if (statOf(beside)) unlinkSync(beside);
		return reason(error);
	}
}
