import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, truncateSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { explain } from '../../src/mta/explain.js';
import { readQueue, takeLetter } from '../../src/mta/queue.js';
import { queueCommand } from '../../src/mta/queuecommand.js';
import { resolve as resolveAll } from '../../src/mta/resolve.js';
import { runQueue } from '../../src/mta/runner.js';
import { submit } from '../../src/mta/submit.js';
import { makeOffice, type Office } from './office.js';

const dist = resolve(process.env.INKLOOM_DIST ?? 'dist');
let office: Office;
beforeEach(() => {
	office = makeOffice();
});
afterEach(() => office.remove());

async function put(...recipients: string[]): Promise<string> {
	const letter = Buffer.from('Subject: s\n\nbody\u001b[2J\n');
	const more = { sender: undefined, recipients, queueOnly: true };
	return (await submit(office.system, letter, more)).id;
}
async function queue(...words: string[]): Promise<string> {
	let out = '';
	await queueCommand(office.system, words, (text) => {
		out += text;
	});
	return out;
}
const mailbox = (user: string): boolean => existsSync(join(office.root, 'var/spool/mail', user));
const run = () => runQueue(office.system, [], () => undefined);
const files = (): string[] => readdirSync(join(office.root, 'var/spool/mqueue'));

describe('inkloom queue', () => {
	it('holds a letter back until it is released', async () => {
		const id = await put('pere');
		assert.equal(await queue('hold', id), `${id}: held\n`);
		await run();
		assert.equal(mailbox('pere'), false);
		assert.match(await queue('list'), new RegExp(`^${id}! `, 'm'));
		await queue('release', id);
		await run();
		assert.equal(mailbox('pere'), true);
		assert.deepEqual(files(), []);
	});

	it('makes a released letter due at once', async () => {
		const id = await put('bob@ok.example');
		await run();
		assert.notEqual(readQueue(office.system)[0]?.nextTry, undefined);
		await queue('hold', id);
		await queue('release', id);
		assert.equal(readQueue(office.system)[0]?.nextTry, undefined);
	});

	it('removes a letter, named by a part of its id that is its own', async () => {
		const id = await put('pere');
		await put('ana');
		await queue('remove', id.slice(4));
		assert.deepEqual(
			readQueue(office.system).map(({ letter }) => letter.copies[0]?.address),
			['ana'],
		);
	});

	it('refuses what it does not know, what is ambiguous, and what is being delivered', async () => {
		const id = await put('pere');
		await put('ana');
		await assert.rejects(queue('remove', 'nosuch'), /nosuch: no such letter in the queue/);
		await assert.rejects(queue('remove', id.slice(0, 4)), /2 letters are called so/);
		await assert.rejects(queue('polish'), /queue knows list, show/);
		const ticket = takeLetter(office.system, id);
		assert.ok(ticket && ticket !== 'locked');
		await assert.rejects(queue('remove', id), /is being delivered just now/);
		ticket.release();
	});

	it('shows a letter with its state, and nothing that a terminal would obey', async () => {
		const id = await put('pere', 'bob@ok.example');
		await run();
		const text = await queue('show', id);
		assert.match(text, new RegExp(`^Id: +${id}\nFrom: +pue \\(pue@localhost\\)\n`));
		assert.match(text, /^Tried: {2}once\nNext: {3}not before \w{3} /m);
		assert.match(
			text,
			/^To: +pere: done\nTo: +bob@ok\.example: Deferred: ok\.example\.: no network/m,
		);
		assert.match(text, /\n\nbody\?\[2J\n$/);
	});

	it('runs the queue, or one letter of it', async () => {
		const id = await put('pere');
		await put('ana');
		assert.match(
			await queue('run', id),
			/^\nRunning .*\(sequence 1 of 1\)\n.*\npere\.\.\. Sent\n$/,
		);
		assert.deepEqual([mailbox('pere'), mailbox('ana')], [true, false]);
		await queue('run');
		assert.equal(mailbox('ana'), true);
	});
});

describe('mailq --json', () => {
	it('tells programs what it tells people', async () => {
		const id = await put('pere', 'josé@ok.example');
		await run();
		const { stdout, status } = spawnSync(process.execPath, [join(dist, 'mailq.cjs'), '--json'], {
			env: office.env('pue'),
			encoding: 'utf8',
		});
		assert.equal(status, 0);
		const { queue: folder, letters } = JSON.parse(stdout);
		assert.equal(folder, '/var/spool/mqueue');
		assert.deepEqual(
			[letters.length, letters[0].id, letters[0].sender, letters[0].tries, letters[0].held],
			[1, id, 'pue', 1, false],
		);
		assert.equal(letters[0].recipients.length, 1);
		assert.equal(letters[0].recipients[0].to, 'relay');
		assert.match(letters[0].nextTry, /^\d{4}-\d\d-\d\dT/);
	});
});

describe('inkloom explain', () => {
	it('says what waits for a host, and until when', async () => {
		await put('bob@ok.example');
		const tell = () => explain(office.system, resolveAll(office.system, ['ann@ok.example'])).join();
		assert.match(tell(), /; 1 waiting, tried with the next queue run$/);
		await run();
		assert.match(tell(), /; 1 waiting, tried not before \w{3} \w{3} [ \d]\d /);
	});
});

describe('a data file', () => {
	it('that was cut short is held, and does not keep the others waiting', async () => {
		const id = await put('pere');
		truncateSync(join(office.root, 'var/spool/mqueue', `df${id}`), 20);
		await put('ana');
		await run();
		assert.deepEqual([mailbox('pere'), mailbox('ana')], [false, true]);
		assert.equal(readQueue(office.system)[0]?.held, true);
	});
});

describe('a control file', () => {
	it('whose last line was torn takes further lines all the same', async () => {
		const id = await put('pere', 'bob@ok.example');
		appendFileSync(join(office.root, 'var/spool/mqueue', `qf${id}`), '{"kept":1,"sta');
		await queue('hold', id);
		assert.equal(readQueue(office.system)[0]?.held, true);
		await queue('release', id);
		await run();
		const [entry] = readQueue(office.system);
		assert.deepEqual([entry?.waiting[0], entry?.tries], [undefined, 1]);
	});
});
