/**
 * A lab for a test: a new root in a temporary folder, its people, and the built programs run in it by
 * pipes. The programs are those of dist/; `npm test` builds them first.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { prepare } from '../../src/lab/enter.js';
import { openLab } from '../../src/lab/lab.js';
import { rebuildAliases } from '../../src/mta/aliasdb.js';
import { openSystem } from '../../src/system.js';

export const programs = resolve('dist');

export interface Ended {
	readonly status: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface Running {
	/** Types into its standard input. */
	write(text: string): void;
	/** Resolves once its output so far holds `text`; rejects when it ends without. */
	says(text: string): Promise<void>;
	/** Ends its input and waits. */
	end(): Promise<Ended>;
}

export class World {
	readonly root = mkdtempSync(join(tmpdir(), 'inkloom-test-'));

	constructor() {
		openLab(this.root);
		rebuildAliases(openSystem({ INKLOOM_ROOT: this.root }));
		prepare({ dir: this.root, programs, env: process.env });
	}

	/** The path on disk of a path in the lab. */
	path(shown: string): string {
		return join(this.root, shown);
	}

	/** A file's text, octet for octet (latin1); undefined where there is none. */
	read(shown: string): string | undefined {
		return existsSync(this.path(shown)) ? readFileSync(this.path(shown), 'latin1') : undefined;
	}

	/** What the people of the lab have in their environment. */
	env(person: string): NodeJS.ProcessEnv {
		return {
			PATH: `${this.path('.lab/bin')}:${process.env.PATH}`,
			INKLOOM_ROOT: this.root,
			LAB: this.root,
			USER: person,
			LOGNAME: person,
			HOME: this.path(person === 'root' ? '/root' : `/home/${person}`),
			TMPDIR: this.path('/tmp'),
			TZ: 'UTC',
			LC_ALL: 'C.UTF-8',
			PAGER: 'cat',
			SHELL: '/bin/sh',
		};
	}

	/** Starts `mail`, `sendmail` … as a person, by pipes. */
	start(person: string, program: string, ...words: string[]): Running {
		const env = this.env(person);
		const child = spawn(process.execPath, [join(programs, `${program}.cjs`), ...words], {
			env,
			cwd: env.HOME,
		});
		let stdout = '';
		let stderr = '';
		const waiting = new Set<() => void>();
		const heard = () => {
			for (const look of waiting) look();
		};
		child.stdout.setEncoding('latin1').on('data', (text: string) => {
			stdout += text;
			heard();
		});
		child.stderr.setEncoding('latin1').on('data', (text: string) => {
			stderr += text;
		});
		// Who leaves before reading its whole input breaks the pipe; that is its right.
		child.stdin.on('error', () => undefined);
		const ended = new Promise<Ended>((resolveEnd, reject) => {
			child.on('error', reject);
			child.on('close', (status) => resolveEnd({ status, stdout, stderr }));
		});
		return {
			write: (text) => child.stdin.write(text, 'latin1'),
			says: (text) =>
				new Promise((found, reject) => {
					const look = () => {
						if (!stdout.includes(text)) return;
						waiting.delete(look);
						found();
					};
					waiting.add(look);
					look();
					ended.then(() => reject(new Error(`ended without saying ${text}:\n${stdout}${stderr}`)));
				}),
			end: () => {
				child.stdin.end();
				return ended;
			},
		};
	}

	/** Runs a program as a person, with `input` on its standard input. */
	run(person: string, words: readonly string[], input = ''): Promise<Ended> {
		const [program = '', ...rest] = words;
		const running = this.start(person, program, ...rest);
		running.write(input);
		return running.end();
	}

	remove(): void {
		rmSync(this.root, { recursive: true, force: true });
	}
}

/** The messages of an mbox, From_ lines included. */
export function letters(mbox: string | undefined): string[] {
	return `\n${mbox ?? ''}`
		.split(/\n(?=From )/)
		.slice(1)
		.map((letter) => `${letter}\n`);
}

export function subjectOf(letter: string): string | undefined {
	return /^Subject: (.*)$/m.exec(letter)?.[1];
}
