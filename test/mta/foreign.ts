/**
 * Mail programs of others, where there are any: installed, or unpacked by .ci/peers into the folder that
 * INKLOOM_PEERS names.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const unpacked = process.env.INKLOOM_PEERS;
const roots = [...(unpacked ? [unpacked] : []), ''];
const folders = ['usr/bin', 'usr/sbin', 'bin', 'sbin'];

/** The path of a program; undefined where there is none. */
export function foreign(name: string): string | undefined {
	for (const root of roots) {
		const found = folders.map((folder) => join(`${root}/`, folder, name)).find(existsSync);
		if (found !== undefined) return found;
	}
	return undefined;
}

/** The environment in which unpacked programs find their libraries. */
export const foreignEnv: NodeJS.ProcessEnv = {
	PATH: process.env.PATH,
	TZ: 'UTC',
	...(unpacked
		? {
				LD_LIBRARY_PATH: ['postfix', 'x86_64-linux-gnu']
					.map((at) => `${unpacked}/usr/lib/${at}`)
					.join(':'),
			}
		: {}),
};

export interface Ended {
	readonly status: number | null;
	readonly out: string;
}

/** Runs a program to its end. */
export function runForeign(
	words: readonly string[],
	input: string | Buffer,
	env: NodeJS.ProcessEnv = foreignEnv,
): Promise<Ended> {
	const child = spawn(words[0] as string, words.slice(1), { env, stdio: ['pipe', 'pipe', 'pipe'] });
	let out = '';
	for (const stream of [child.stdout, child.stderr]) {
		stream.on('data', (octets: Buffer) => {
			out += octets.toString('latin1');
		});
	}
	child.stdin.on('error', () => undefined);
	child.stdin.end(input);
	return new Promise((done, fail) => {
		child.on('error', fail);
		child.on('close', (status) => done({ status, out }));
	});
}
