/**
 * The world as a parameter: paths, users, host name, environment, clock and random. The real machine
 * and a root of one's own (`INKLOOM_ROOT`, the lab) are two values of one interface; a test makes a third.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

import { isErrno } from './complaint.js';

/** A line of passwd(5). */
export interface User {
	readonly name: string;
	readonly uid: number;
	readonly gid: number;
	/** The comment field as it stands; the full name is its part before the first comma. */
	readonly gecos: string;
	/** As passwd has it: a path to be shown, and to be given to `real` before it is opened. */
	readonly home: string;
	readonly shell: string;
}

export interface System {
	/** The folder that stands for `/`, or the empty string. */
	readonly root: string;
	readonly env: NodeJS.ProcessEnv;
	/** Who one is: `USER` or `LOGNAME` where passwd knows that name, else the real uid. */
	readonly user: User;
	/** One's home directory, on disk: `HOME` (below the root, where there is one), else passwd's. */
	readonly home: string;
	/** Fully qualified where the machine knows it. */
	readonly host: string;
	/** The path on disk of a path a person named. Throws nothing; does not ask whether it exists. */
	real(path: string): string;
	/** A path on disk as it is shown: without the root. */
	shown(path: string): string;
	userNamed(name: string): User | undefined;
	userOf(uid: number): User | undefined;
	now(): Date;
	random(octets: number): Buffer;
}

/** The lines of passwd(5) that are well formed. */
export function parsePasswd(text: string): User[] {
	return text.split('\n').flatMap((line) => {
		const [name, , uid, gid, gecos = '', home = '/', shell = ''] = line.split(':');
		if (!name || uid === undefined || gid === undefined) return [];
		return [{ name, uid: Number(uid), gid: Number(gid), gecos, home, shell }];
	});
}

function readText(path: string): string {
	return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/**
 * The system the programs run on.
 * A process with more rights than its caller does not believe the caller's `INKLOOM_ROOT`.
 */
export function openSystem(env: NodeJS.ProcessEnv = process.env): System {
	const setId =
		process.getuid?.() !== process.geteuid?.() || process.getgid?.() !== process.getegid?.();
	const root = env.INKLOOM_ROOT && !setId ? resolve(env.INKLOOM_ROOT) : '';
	return new RealSystem(root, env);
}

class RealSystem implements System {
	readonly root: string;
	readonly env: NodeJS.ProcessEnv;
	#users: readonly User[] | undefined;
	#user: User | undefined;
	#host: string | undefined;

	constructor(root: string, env: NodeJS.ProcessEnv) {
		this.root = root === '/' ? '' : root;
		this.env = env;
	}

	get #passwd(): readonly User[] {
		this.#users ??= parsePasswd(readText(`${this.root}/etc/passwd`));
		return this.#users;
	}

	get user(): User {
		this.#user ??= this.#whoAmI();
		return this.#user;
	}

	#whoAmI(): User {
		const uid = process.getuid?.() ?? 0;
		for (const name of [this.env.USER, this.env.LOGNAME]) {
			if (!name) continue;
			const known = this.userNamed(name);
			if (known) return known;
			if (this.root === '') {
				// As the original: USER decides the name, whoever the machine says one is.
				const self = this.userOf(uid);
				return {
					uid,
					gid: self?.gid ?? 0,
					gecos: '',
					shell: '/bin/sh',
					home: self?.home ?? '/',
					name,
				};
			}
		}
		const self = this.userOf(uid) ?? this.#passwd[0];
		return self ?? { name: String(uid), uid, gid: uid, gecos: '', home: '/', shell: '/bin/sh' };
	}

	get home(): string {
		const given = this.env.HOME;
		const inside = given !== undefined && (this.root === '' || this.shown(given) !== given);
		return inside ? given : this.real(this.user.home);
	}

	get host(): string {
		this.#host ??= this.#hostName();
		return this.#host;
	}

	#hostName(): string {
		if (this.env.INKLOOM_HOST) return this.env.INKLOOM_HOST;
		const name = readText(`${this.root}/etc/hostname`).trim() || hostname();
		if (this.root !== '' || name.includes('.')) return name;
		// What `hostname -f` finds: the first name of the /etc/hosts line that names this host.
		for (const line of readText('/etc/hosts').split('\n')) {
			const names = line.replace(/#.*/, '').trim().split(/\s+/).slice(1);
			if (names.includes(name) && names[0]?.includes('.')) return names[0];
		}
		return name;
	}

	real(path: string): string {
		if (this.root === '' || !isAbsolute(path) || path === this.root) return path;
		if (path.startsWith(`${this.root}/`)) return path;
		// What the root has is the root's; anything else (/usr, /tmp) is the machine's.
		const top = path.split('/', 2)[1] ?? '';
		return ['etc', 'home', 'var'].includes(top) || existsSync(join(this.root, top))
			? join(this.root, path)
			: path;
	}

	shown(path: string): string {
		if (this.root === '') return path;
		if (path === this.root) return '/';
		return path.startsWith(`${this.root}/`) ? path.slice(this.root.length) : path;
	}

	userNamed(name: string): User | undefined {
		return this.#passwd.find((user) => user.name === name);
	}

	userOf(uid: number): User | undefined {
		return this.#passwd.find((user) => user.uid === uid);
	}

	now(): Date {
		return new Date();
	}

	random(octets: number): Buffer {
		const bytes = Buffer.alloc(octets);
		try {
			// node:crypto takes 6 ms to load, a fifth of the start of `mail -s`.
			const source = openSync('/dev/urandom', 'r');
			try {
				if (readSync(source, bytes) === octets) return bytes;
			} finally {
				closeSync(source);
			}
		} catch (error) {
			if (!isErrno(error)) throw error;
		}
		return process.getBuiltinModule('node:crypto').randomBytes(octets);
	}
}
