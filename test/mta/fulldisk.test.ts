import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { isErrno } from '../../src/complaint.js';
import type { Copy } from '../../src/mta/envelope.js';
import { enqueue, readQueue } from '../../src/mta/queue.js';
import { runQueue } from '../../src/mta/runner.js';
import { openSystem } from '../../src/system.js';
import { makeOffice, type Office } from './office.js';
import { sendmailProgram } from './server.js';

const page = 4096;

function fill(folder: string): void {
	try {
		for (let n = 0; ; n++) writeFileSync(join(folder, `fill${n}`), Buffer.alloc(page));
	} catch (error) {
		if (!isErrno(error)) throw error;
	}
}

/** Played by a child whose queue is on a disk of its own, which becomes full: says what came of it. */
if (process.env.INKLOOM_TEST_QUEUE) {
	const folder = process.env.INKLOOM_TEST_QUEUE;
	const system = openSystem(process.env);
	const copy = (user: string): Copy => ({
		delivery: { to: 'mailbox', user },
		address: user,
		given: user,
		as: undefined,
		alias: undefined,
		owner: undefined,
	});
	const put = (id: string, from: string, ...users: string[]): void => {
		const letter = { id, arrival: Date.now(), sender: 'root', from, copies: users.map(copy) };
		const text = { header: Buffer.from(`Subject: ${id}\n`), body: Buffer.from('x\n') };
		enqueue(system, letter, text).release();
	};
	put('first', '', 'pere', 'ana', 'pue');
	// So long that each further line wants another page.
	const used = statSync(join(folder, 'qffirst')).size % page;
	put('other', 'x'.repeat(page - used), 'pere', 'ana', 'pue');
	fill(folder);
	for (let run = 0; run < 3; run++) await runQueue(system, [], () => undefined);
	const { status, stderr } = spawnSync(process.execPath, [sendmailProgram, 'pere', 'ana'], {
		env: process.env,
		input: 'Subject: late\n\nx\n',
		encoding: 'latin1',
	});
	const left = readQueue(system).map(({ letter, waiting }) => [
		letter.id,
		...waiting.map((each) => each !== undefined),
	]);
	const marks = /"marks":"(.*?)"/.exec(readFileSync(join(folder, 'qfother'), 'latin1'))?.[1];
	process.stdout.write(JSON.stringify({ left, marks, status, stderr }));
	process.exit(0);
}

const separate = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', tmpdir()]);
describe('a queue on a full disk', {
	skip: separate.status === 0 ? false : 'no disk of its own can be mounted here',
}, () => {
	let office: Office;
	beforeEach(() => {
		office = makeOffice();
	});
	afterEach(() => office.remove());

	it('delivers each copy once, tries every letter, and asks for patience', () => {
		const folder = join(office.root, 'var/spool/mqueue');
		// One copy that has to wait.
		mkdirSync(join(office.root, 'var/spool/mail/ana'));
		const mount = `mount -t tmpfs -o size=64k none ${folder} && exec "$0" "$@"`;
		const args = ['-m', 'sh', '-c', mount, process.execPath, fileURLToPath(import.meta.url)];
		const { stdout, stderr } = spawnSync('unshare', args, {
			env: { ...office.env('root'), INKLOOM_TEST_QUEUE: folder },
			encoding: 'latin1',
		});
		assert.equal(stderr, '');
		const said = JSON.parse(stdout) as {
			left: unknown[];
			marks: string;
			status: number;
			stderr: string;
		};
		assert.deepEqual(said.left.sort(), [
			['first', false, true, false],
			['other', false, true, false],
		]);
		// Without room for a line about it.
		assert.equal(said.marks, 'd-d');
		for (const user of ['pere', 'pue']) {
			const box = readFileSync(join(office.root, 'var/spool/mail', user), 'latin1');
			const subjects = [...box.matchAll(/^Subject: (.*)$/gm)].map(([, subject]) => subject);
			assert.deepEqual(subjects.sort(), ['first', 'other']);
		}
		assert.deepEqual(
			[said.status, said.stderr.split(': ').at(-1)],
			[75, 'No space left on device\n'],
		);
	});
});
