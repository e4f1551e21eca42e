/**
 * What the junk filter has learned: how often each word stood in good and in bad messages. Kept in two
 * files of the original's plain format (a hash table, little-endian), which holds no words but pieces of
 * their MD5 sums, so that nobody can read the mail in it. The compressed form of the original is not
 * read: `uncompress` makes it plain. Two sessions may learn at the same time: what is saved is what one
 * has learned on top of what is there by then.
 */
import { createHash } from 'node:crypto';
import {
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { Complaint } from '../complaint.js';
import { lockMailbox } from '../mailbox/lock.js';

export interface Counts {
	good: number;
	bad: number;
}

export interface Hashed {
	readonly first: number;
	readonly second: number;
}

const nodeOctets = 17;
const buckets = 65_536;
const superOctets = 20 + 4 * buckets;
/** The largest count that three octets hold. */
const most = 0xffffff;

export class JunkDatabase {
	readonly #dir: string;
	/** Mixed into every sum, so that nobody can choose words that fall on each other. */
	#mangle: Buffer;
	readonly #nodes = new Map<string, Hashed & Counts>();
	good = 0;
	bad = 0;
	/** Learned since it was read, by word; and what the totals were then. */
	readonly #learned = new Map<string, Counts>();
	#totals: Counts = { good: 0, bad: 0 };

	/** `random`: four octets for a database that is made now. Throws errno errors and Complaint. */
	constructor(dir: string, random: Buffer) {
		this.#dir = dir;
		this.#mangle = random;
		if (existsSync(join(dir, 'super1'))) this.#read();
		else if (existsSync(join(dir, 'super1.Z'))) {
			throw new Complaint(`"${dir}" is compressed: run uncompress on its files.`, 'stderr');
		}
	}

	get size(): number {
		return this.#nodes.size;
	}

	#read(): void {
		const head = readFileSync(join(this.#dir, 'super1'));
		const nodes = readFileSync(join(this.#dir, 'nodes1'));
		const used = head.length === superOctets ? head.readUInt32LE(4) : -1;
		if (used < 0 || nodes.length < used * nodeOctets) {
			throw new Complaint('Error reading junk mail database.', 'stderr');
		}
		this.good = head.readUInt32LE(8);
		this.bad = head.readUInt32LE(12);
		this.#totals = { good: this.good, bad: this.bad };
		this.#mangle = head.subarray(16, 20);
		for (let at = 0; at < used * nodeOctets; at += nodeOctets) {
			const node = {
				first: nodes.readUInt32LE(at),
				good: nodes.readUIntLE(at + 8, 3),
				bad: nodes.readUIntLE(at + 11, 3),
				second: nodes.readUIntLE(at + 14, 3),
			};
			// The original, where a long has 64 bits, enters a word anew each time it meets it.
			const before = this.counts(node);
			node.good = Math.min(most, node.good + (before?.good ?? 0));
			node.bad = Math.min(most, node.bad + (before?.bad ?? 0));
			this.#nodes.set(`${node.first}:${node.second}`, node);
		}
	}

	hash(word: string): Hashed {
		const sum = createHash('md5').update(Buffer.from(word, 'latin1')).update(this.#mangle).digest();
		return { first: sum.readUInt32LE(0), second: sum.readUIntLE(4, 3) };
	}

	counts({ first, second }: Hashed): Counts | undefined {
		return this.#nodes.get(`${first}:${second}`);
	}

	/** Adds to the count of a word; it stays between 0 and what the file can hold. */
	add(word: string, kind: 'good' | 'bad', by: number): void {
		const hashed = this.hash(word);
		const key = `${hashed.first}:${hashed.second}`;
		const node = this.#nodes.get(key) ?? { ...hashed, good: 0, bad: 0 };
		node[kind] = Math.min(most, Math.max(0, node[kind] + by));
		this.#nodes.set(key, node);
		const learned = this.#learned.get(word) ?? { good: 0, bad: 0 };
		learned[kind] += by;
		this.#learned.set(word, learned);
	}

	/**
	 * Adds what was learned to what others have saved since, under a lock. Throws errno errors (EAGAIN
	 * where another is at it for too long) and Complaint.
	 */
	save(): void {
		mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
		const path = join(this.#dir, 'lock');
		const fd = openSync(path, 'a+', 0o600);
		try {
			const lock = lockMailbox(path, fd, { dot: 'none' });
			try {
				const now = new JunkDatabase(this.#dir, this.#mangle);
				for (const kind of ['good', 'bad'] as const) {
					now[kind] = Math.max(0, now[kind] + this[kind] - this.#totals[kind]);
					for (const [word, by] of this.#learned) if (by[kind]) now.add(word, kind, by[kind]);
				}
				now.#write();
			} finally {
				lock.release();
			}
		} finally {
			closeSync(fd);
		}
		this.#learned.clear();
		this.#totals = { good: this.good, bad: this.bad };
	}

	/** Writes both files, each beside the old one and then in its place; private, as mail is. */
	#write(): void {
		const head = Buffer.alloc(superOctets);
		const size = Math.max(1, this.#nodes.size);
		const nodes = Buffer.alloc(size * nodeOctets);
		head.writeUInt32LE(size, 0);
		head.writeUInt32LE(this.#nodes.size, 4);
		head.writeUInt32LE(this.good, 8);
		head.writeUInt32LE(this.bad, 12);
		this.#mangle.copy(head, 16);
		let index = 0;
		for (const node of this.#nodes.values()) {
			const at = index * nodeOctets;
			const bucket = 20 + 4 * (node.first % buckets);
			nodes.writeUInt32LE(node.first, at);
			// The chain of a bucket: indexes bit by bit the other way round, zero for its end.
			nodes.writeUInt32LE(head.readUInt32LE(bucket), at + 4);
			nodes.writeUIntLE(node.good, at + 8, 3);
			nodes.writeUIntLE(node.bad, at + 11, 3);
			nodes.writeUIntLE(node.second, at + 14, 3);
			head.writeUInt32LE(~index >>> 0, bucket);
			index++;
		}
		this.#replace('nodes1', nodes);
		this.#replace('super1', head);
	}

	#replace(name: string, octets: Buffer): void {
		const path = join(this.#dir, name);
		const beside = `${path}.${process.pid}`;
		try {
			writeFileSync(beside, octets, { mode: 0o600, flush: true });
			renameSync(beside, path);
		} finally {
			rmSync(beside, { force: true });
		}
	}
}
