/**
 * An mbox that is kept compressed (.gz by zlib, .bz2 by the program bzip2): unpacked into a private
 * temporary file, which is the Mailbox one works on, and packed again beside the old one when it is
 * written back. Refuses to write over one that has changed in between.
 */
import {
	closeSync,
	existsSync,
	fchmodSync,
	fstatSync,
	fsyncSync,
	mkdtempSync,
	openSync,
	readFileSync,
	realpathSync,
	renameSync,
	rmSync,
	type Stats,
	statSync,
	unlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { Complaint, isErrno } from '../complaint.js';
import type { Header } from '../message/header.js';
import { type Appended, type AppendOptions, append } from './append.js';
import { isWritable, syncDirectory, writeAll } from './disk.js';
import { MboxFile, type MboxOptions } from './file.js';
import type { Letter } from './letterwriter.js';
import { lockMailbox, type MailboxLock, waitForMailbox } from './lock.js';
import type { Mailbox, Message, WriteBackOptions } from './mailbox.js';

type Packing = 'gzip' | 'bzip2';

export class CompressedMbox implements Mailbox {
	readonly path: string;
	readonly name: string;
	readonly kind: 'system' | 'file';
	readonly format = 'mbox';
	readonly readOnly: boolean;
	dot: Message | undefined;
	previousDot: Message | undefined;

	readonly #packing: Packing;
	readonly #temporary: string;
	readonly #inner: MboxFile;
	readonly #stats: Stats;
	readonly #patience: { readonly patience?: number };

	/** Throws errno errors; Complaint where the contents are damaged or the program is missing. */
	constructor(path: string, packing: Packing, options: MboxOptions) {
		this.path = path;
		this.name = options.name;
		this.kind = options.kind;
		this.#packing = packing;
		this.#patience = options.patience === undefined ? {} : { patience: options.patience };
		this.#stats = statSync(path);
		this.readOnly = options.readOnly || !isWritable(path);
		this.#temporary = mkdtempSync(join(tmpdir(), 'inkloom-'));
		process.once('exit', this.#clean);
		try {
			const file = join(this.#temporary, 'mbox');
			unpack(path, packing, file, this.name);
			// Nobody else knows the temporary file: no locks of a system mailbox there.
			this.#inner = new MboxFile(file, { ...options, kind: 'file' });
		} catch (error) {
			this.#clean();
			throw error;
		}
	}

	readonly #clean = () => rmSync(this.#temporary, { recursive: true, force: true });

	get messages(): readonly Message[] {
		return this.#inner.messages;
	}
	read(message: Message): Buffer {
		return this.#inner.read(message);
	}
	head(message: Message): Buffer {
		return this.#inner.head(message);
	}
	look(message: Message): Buffer {
		return this.#inner.look(message);
	}
	header(message: Message): Header {
		return this.#inner.header(message);
	}
	postmark(message: Message): string {
		return this.#inner.postmark(message);
	}
	lines(message: Message): number {
		return this.#inner.lines(message);
	}
	replace(message: Message, octets: Uint8Array): void {
		this.#inner.replace(message, octets);
	}
	hasGrown(): boolean {
		return false;
	}
	takeNew(): Message[] {
		return [];
	}

	writeBack(keep: readonly Message[], options: WriteBackOptions): number {
		const fd = openSync(this.path, 'r+');
		try {
			// Who appends holds the same lock until the packed file is in its place.
			const lock = lockMailbox(this.path, fd, { dot: 'none', ...this.#patience });
			try {
				this.#writeLocked(keep, options);
			} finally {
				lock.release();
			}
		} finally {
			closeSync(fd);
		}
		return 0;
	}

	#writeLocked(keep: readonly Message[], options: WriteBackOptions): void {
		const { removeEmpty, ready, decided } = options;
		const now = statSync(this.path);
		if (now.ino !== this.#stats.ino || now.mtimeMs !== this.#stats.mtimeMs) {
			throw new Complaint(
				`${this.name}: changed by another program; nothing has been written`,
				'stderr',
			);
		}
		this.#inner.writeBack(keep, { removeEmpty: false });
		const file = this.#inner.path;
		ready?.();
		let changed = this.path;
		if (removeEmpty && statSync(file).size === 0) unlinkSync(changed);
		else changed = pack(file, this.#packing, this.path, now.mode & 0o7777, this.name);
		decided?.();
		syncDirectory(dirname(changed));
	}

	close(): void {
		this.#inner.close();
		process.removeListener('exit', this.#clean);
		this.#clean();
	}
}

function unpack(path: string, packing: Packing, to: string, name: string): void {
	if (packing === 'gzip') {
		const packed = readFileSync(path);
		try {
			writeFileSync(to, packed.length === 0 ? '' : gunzipSync(packed), { mode: 0o600 });
		} catch (error) {
			if (!isErrno(error) || !error.code?.startsWith('Z_')) throw error;
			throw new Complaint(`${name}: ${error.message}`, 'stderr');
		}
		return;
	}
	const from = openSync(path, 'r');
	const into = openSync(to, 'wx', 0o600);
	try {
		if (fstatSync(from).size > 0) bzip2(['-cd'], from, into, name);
	} finally {
		closeSync(from);
		closeSync(into);
	}
}

/** The program, between two descriptors. Loaded when needed: it is the only child of a mailbox. */
function bzip2(args: string[], from: number, to: number, name: string): void {
	const { spawnSync } = process.getBuiltinModule('node:child_process');
	const { status, error, stderr } = spawnSync('bzip2', args, { stdio: [from, to, 'pipe'] });
	if (error) throw new Complaint(`${name}: bzip2: ${error.message}`, 'stderr');
	if (status !== 0) throw new Complaint(`${name}: ${stderr.toString().trim()}`, 'stderr');
}

/** Packs a file beside `path`, makes it durable and puts it in its place; returns where that is. */
function pack(file: string, packing: Packing, path: string, mode: number, name: string): string {
	const real = realpathSync(path);
	const beside = join(dirname(real), `.${basename(real)}.inkloom`);
	rmSync(beside, { force: true });
	const to = openSync(beside, 'wx', 0o600);
	try {
		fchmodSync(to, mode);
		if (packing === 'gzip') writeAll(to, gzipSync(readFileSync(file)));
		else {
			const from = openSync(file, 'r');
			try {
				bzip2(['-cz'], from, to, name);
			} finally {
				closeSync(from);
			}
		}
		fsyncSync(to);
		renameSync(beside, real);
	} catch (error) {
		rmSync(beside, { force: true });
		throw error;
	} finally {
		closeSync(to);
	}
	return real;
}

/** Unpacks, appends and packs again, under the record lock of the packed file. Throws as `append`. */
export async function appendToCompressed(
	path: string,
	packing: Packing,
	letters: Iterable<Letter>,
	options: AppendOptions,
): Promise<Appended> {
	const created = !existsSync(path);
	const { fd, lock } = await openLocked(path, options);
	try {
		const temporary = mkdtempSync(join(tmpdir(), 'inkloom-'));
		try {
			const file = join(temporary, 'mbox');
			unpack(path, packing, file, path);
			const written = await append(file, letters, { ...options, dot: 'none' });
			syncDirectory(dirname(pack(file, packing, path, fstatSync(fd).mode & 0o7777, path)));
			return { ...written, created };
		} finally {
			rmSync(temporary, { recursive: true, force: true });
		}
	} catch (error) {
		if (created && fstatSync(fd).size === 0) unlinkSync(path);
		throw error;
	} finally {
		lock.release();
		closeSync(fd);
	}
}

/** The packed file, locked, and still the one at the path: another has put a new one there meanwhile. */
async function openLocked(
	path: string,
	{ mode = 0o600, patience }: AppendOptions,
): Promise<{ fd: number; lock: MailboxLock }> {
	for (;;) {
		const fd = openSync(path, 'a+', mode);
		try {
			const lock = await waitForMailbox(path, fd, {
				dot: 'none',
				...(patience === undefined ? {} : { patience }),
			});
			const there = statSync(path, { throwIfNoEntry: false });
			const own = fstatSync(fd);
			if (there?.ino === own.ino && there.dev === own.dev) return { fd, lock };
			lock.release();
		} catch (error) {
			closeSync(fd);
			throw error;
		}
		closeSync(fd);
	}
}
