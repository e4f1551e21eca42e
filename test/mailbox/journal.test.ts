import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
	appendFileSync,
	chmodSync,
	closeSync,
	existsSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	readSync,
	renameSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { append, appendTentatively } from '../../src/mailbox/append.js';
import type { Letter } from '../../src/mailbox/letterwriter.js';
import { recover } from '../../src/mailbox/overwrite.js';

const postmark = 'From a@b.example  Tue Nov  9 17:21:36 2021';
const chunk = Buffer.from(`${'x'.repeat(99)}\n`.repeat(1000));

/** So many octets in chunks, then what `last` does. */
function huge(octets: number, last?: () => void): Letter {
	return {
		postmark,
		content: (function* () {
			yield Buffer.from('Subject: huge\n\n');
			for (let put = 0; put < octets; put += chunk.length) yield chunk;
			last?.();
		})(),
	};
}

const die = (): never => process.kill(process.pid, 'SIGKILL') as never;

/** Played by a child: dies when it has put so many octets of a letter into its hands. */
if (process.env.INKLOOM_TEST_TEAR) {
	const octets = Number(process.env.INKLOOM_TEST_OCTETS);
	await append(process.env.INKLOOM_TEST_TEAR, [huge(octets, die)], { dot: 'attempt' });
}

/** And this one when its letter is on disk. */
if (process.env.INKLOOM_TEST_TENTATIVE) {
	const small = { postmark, content: [Buffer.from('Subject: small\n\nx\n')] };
	await appendTentatively(process.env.INKLOOM_TEST_TENTATIVE, [small]);
	die();
}

const root = mkdtempSync(join(tmpdir(), 'inkloom-journal-'));
after(() => rmSync(root, { recursive: true }));
const old = `${postmark}\nSubject: old\n\nold\n\n`;
const small = { postmark, content: [Buffer.from('Subject: next\n\nnext\n')] };
const next = `${postmark}\nSubject: next\n\nnext\n\n`;
let count = 0;
function make(): { path: string; home: string } {
	const folder = mkdtempSync(join(root, `${++count}-`));
	writeFileSync(join(folder, 'box'), old);
	return { path: join(folder, 'box'), home: folder };
}
const text = (path: string) => readFileSync(path, 'latin1');
const note = (home: string) => join(home, '.box.inkloom-append');

async function killed(env: NodeJS.ProcessEnv): Promise<void> {
	const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
		env: { ...process.env, ...env },
		stdio: ['ignore', 'inherit', 'inherit'],
	});
	const signal = await new Promise((end) => child.on('exit', (_, name) => end(name)));
	assert.equal(signal, 'SIGKILL');
}
const tear = (path: string, octets = 3e6) =>
	killed({ INKLOOM_TEST_TEAR: path, INKLOOM_TEST_OCTETS: String(octets) });

describe('an append cut short by a kill', () => {
	for (const octets of [1e5, 4e5, 3e6]) {
		it(`leaves nothing of a letter of more than ${octets} octets when the next one comes`, async () => {
			const { path, home } = make();
			await tear(path, octets);
			await append(path, [small], { dot: 'attempt' });
			assert.equal(text(path), old + next);
			assert.deepEqual(readdirSync(home), ['box']);
		});
	}

	it('is made good, too, when the mailbox is opened', async () => {
		const { path, home } = make();
		await tear(path);
		assert.ok(text(path).length > 2e6);
		recover(path, home, 'attempt');
		assert.equal(text(path), old);
		assert.deepEqual(readdirSync(home), ['box']);
	});

	it('keeps what another program has added since, though it is glued to the torn letter', async () => {
		const { path, home } = make();
		await tear(path);
		appendFileSync(path, next);
		const before = text(path);
		recover(path, home, 'attempt');
		assert.equal(text(path), before);
		assert.equal(existsSync(note(home)), false);
	});

	it('takes nothing from a mailbox that was written anew since', async () => {
		for (const anew of ['in place', 'beside']) {
			const { path, home } = make();
			await tear(path);
			const letters = next.repeat(60_000);
			if (anew === 'beside') {
				writeFileSync(`${path}.new`, letters);
				renameSync(`${path}.new`, path);
			} else writeFileSync(path, letters);
			recover(path, home, 'attempt');
			assert.equal(text(path), letters);
			assert.equal(existsSync(note(home)), false);
		}
	});

	it('keeps nobody from reading who may not mend it', {
		skip: process.getuid?.() === 0 ? false : 'only root becomes somebody else',
	}, async () => {
		const { path, home } = make();
		await tear(path);
		const before = text(path);
		chmodSync(root, 0o755);
		chmodSync(home, 0o755);
		process.seteuid?.(65_534);
		try {
			recover(path, home, 'attempt');
		} finally {
			process.seteuid?.(0);
		}
		assert.equal(text(path), before);
	});

	it('is not undone by a note that came out of a crash of the machine with no length in a line', async () => {
		const { path, home } = make();
		await tear(path);
		const [head] = text(note(home)).split('\n');
		writeFileSync(path, old + next);
		const first = next.slice(0, 64);
		const own = { ...JSON.parse(head ?? ''), first };
		writeFileSync(note(home), `${JSON.stringify(own)}\n${'\0'.repeat(8)}\n`);
		recover(path, home, 'attempt');
		assert.equal(text(path), old + next);
	});

	it('hinders nobody by a note that says nothing one could go by', async () => {
		const { path, home } = make();
		const { dev, ino } = statSync(path);
		const usual = { dev, ino, size: 9, before: 'x', first: 'y' };
		const notes = [
			null,
			7,
			[],
			{ dev, ino },
			{ ...usual, size: -1 },
			{ ...usual, size: 1e300 },
			{ ...usual, size: '9' },
			{ ...usual, before: 5 },
			{ ...usual, first: undefined },
		];
		for (const said of notes) {
			writeFileSync(path, old);
			writeFileSync(note(home), `${JSON.stringify(said)}\n100\n`);
			await append(path, [small], { dot: 'attempt' });
			assert.equal(text(path), old + next);
		}
		writeFileSync(path, old);
		writeFileSync(note(home), '');
		truncateSync(note(home), 4e9);
		await append(path, [small], { dot: 'attempt' });
		assert.equal(text(path), old + next);
	});

	it('is no matter of a note that somebody else has put there', {
		skip: process.getuid?.() === 0 ? false : 'only root gives files away',
	}, async () => {
		const { path, home } = make();
		await tear(path);
		const { chownSync } = await import('node:fs');
		chownSync(note(home), 65_534, 65_534);
		const before = text(path);
		recover(path, home, 'attempt');
		assert.equal(text(path), before);
	});
});

describe('a long append that came to its end', () => {
	it('has made its note void, which may come back after a crash of the machine, before it is told', async () => {
		const { path, home } = make();
		let fd = -1;
		await append(path, [
			huge(3e6, () => {
				fd = openSync(note(home), 'r');
			}),
		]);
		assert.equal(readSync(fd, Buffer.alloc(9), 0, 9, 0), 0);
		closeSync(fd);
		assert.equal(existsSync(note(home)), false);
	});
});

describe('a tentative append', () => {
	it('is there when committed, and not when undone or let go', async () => {
		for (const place of ['start', 'end'] as const) {
			const { path, home } = make();
			const letters = () => [small];
			const undone = await appendTentatively(path, letters(), { place });
			assert.equal(undone.undo(), true);
			undone.close();
			const dropped = await appendTentatively(path, letters(), { place });
			dropped.close();
			assert.equal(text(path), old);
			const kept = await appendTentatively(path, letters(), { place });
			kept.commit();
			kept.commit();
			kept.close();
			assert.equal(text(path), place === 'end' ? old + next : next + old);
			assert.deepEqual(readdirSync(home), ['box']);
		}
	});

	it('makes no file in vain', async () => {
		const path = join(mkdtempSync(join(root, 'none-')), 'box');
		(await appendTentatively(path, [small])).close();
		assert.equal(existsSync(path), false);
	});

	it('is undone by the next who comes when its maker was killed', async () => {
		const { path, home } = make();
		await killed({ INKLOOM_TEST_TENTATIVE: path });
		assert.ok(text(path).includes('Subject: small'));
		recover(path, home, 'none');
		assert.equal(text(path), old);
	});

	it('is not taken back after all where others have added to it', async () => {
		const { path } = make();
		const work = await appendTentatively(path, [small]);
		work.commit();
		appendFileSync(path, next);
		assert.equal(work.undo(), false);
		work.close();
		assert.equal(text(path), old + next + next);
	});
});
