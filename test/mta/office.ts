/** A post office in a folder of its own, for tests: users, aliases, homes, spool and queue. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { openSystem, type System } from '../../src/system.js';

export interface Office {
	readonly root: string;
	readonly system: System;
	/** Writes a file below the root, mode 644; returns its path. */
	write(name: string, content: string | Buffer): string;
	/** The environment for a program that works in it, as that user. */
	env(user: string): NodeJS.ProcessEnv;
	as(user: string): System;
	remove(): void;
}

const passwd = `root:x:0:0:root:/root:/bin/sh
pue:x:1000:1000:Pue Test,,,:/home/pue:/bin/sh
pere:x:1001:1001:Pere Test:/home/pere:/bin/sh
ana:x:1002:1002::/home/ana:/bin/sh
`;

export function makeOffice(host = 'mx.example.org'): Office {
	const root = mkdtempSync(join(tmpdir(), 'inkloom-office-'));
	chmodSync(root, 0o755);
	for (const folder of ['etc/mail', 'var/spool/mail', 'var/spool/mqueue', 'var/tmp', 'root']) {
		mkdirSync(join(root, folder), { recursive: true });
	}
	for (const user of ['pue', 'pere', 'ana']) {
		mkdirSync(join(root, 'home', user), { recursive: true });
		chmodSync(join(root, 'home', user), 0o755);
	}
	const write = (name: string, content: string | Buffer): string => {
		const path = join(root, name);
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, content);
		chmodSync(path, 0o644);
		return path;
	};
	write('etc/passwd', passwd);
	write('etc/hostname', `${host}\n`);
	write('etc/aliases', '');
	const env = (user: string): NodeJS.ProcessEnv => ({
		PATH: process.env.PATH,
		TZ: 'UTC',
		INKLOOM_ROOT: root,
		USER: user,
	});
	const as = (user: string): System => openSystem(env(user));
	return {
		root,
		system: as('pue'),
		write,
		env,
		as,
		remove: () => rmSync(root, { recursive: true, force: true }),
	};
}
