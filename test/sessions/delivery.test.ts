/** Two people, real files, the built programs by pipes: what one sends the other finds. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { letters, subjectOf, World } from '../harness/world.js';

describe('mail between two users', () => {
	let world: World;
	beforeEach(() => {
		world = new World();
	});
	afterEach(() => world.remove());

	const subjects = (person: string) =>
		letters(world.read(`/var/spool/mail/${person}`)).map(subjectOf);

	it('arrives, is read, and is answered', async () => {
		const sent = await world.run('pue', ['mail', '-s', 'lunch?', 'pere'], 'noon?\n');
		assert.deepEqual(sent, { status: 0, stdout: '', stderr: '' });
		assert.deepEqual(subjects('pere'), ['lunch?']);

		const read = await world.run('pere', ['mail'], 'p\n');
		assert.match(read.stdout, /\n\nnoon\?\n/);
		assert.equal(read.status, 0);
		const answered = await world.run('pere', ['mail', '-s', 'Re: lunch?', 'pue'], 'yes\n');
		assert.equal(answered.status, 0);
		assert.deepEqual(subjects('pue').at(-1), 'Re: lunch?');
	});

	it('goes out in UTF-8 where nobody has set anything else', async () => {
		await world.run('pue', ['mail', '-s', 'Grüße', 'pere'], 'Tsch\xc3\xbc\xc3\x9f\n');
		const spool = world.read('/var/spool/mail/pere') ?? '';
		assert.match(spool, /^Subject: =\?utf-8\?B\?R3LDvMOfZQ==\?=$/m);
		assert.match(spool, /^Content-Type: text\/plain; charset=utf-8$/m);
	});

	it('keeps lines that look like the start of a message', async () => {
		await world.run('pue', ['mail', '-s', 'x', 'pere'], 'a\n\nFrom here on\nb\n');
		assert.equal(letters(world.read('/var/spool/mail/pere')).length, 1);
		const { stdout } = await world.run('pere', ['mail', '-N'], 'p\nx\n');
		assert.match(stdout, /\nFrom here on\nb\n/);
	});

	it('reaches everybody of an alias after newaliases, and nobody before', async () => {
		appendFileSync(world.path('/etc/aliases'), 'totis: pue, pere\n');
		const early = await world.run('profe', ['mail', '-s', 'early', 'totis'], 'x\n');
		assert.notEqual(early.status, 0);
		assert.ok(world.read('/home/profe/dead.letter')?.includes('Subject: early'));

		const built = await world.run('root', ['newaliases']);
		assert.equal(built.stdout, '/etc/aliases: 78 aliases, longest 10 bytes, 792 bytes total\n');
		await world.run('profe', ['mail', '-s', 'late', 'totis'], 'x\n');
		assert.deepEqual(subjects('pere'), ['late']);
		assert.deepEqual(subjects('pue').slice(2), ['late']);
	});

	it('follows ~/.forward, and keeps what is for another machine', async () => {
		writeFileSync(world.path('/home/pue/.forward'), '\\pue, root, profe@gmail.com\n', {
			mode: 0o644,
		});
		await world.run('pere', ['mail', '-s', 'on its way', 'pue'], 'x\n');
		assert.deepEqual(subjects('pue').slice(2), ['on its way']);
		assert.deepEqual(subjects('root'), ['on its way']);
		const { stdout } = await world.run('pue', ['mailq']);
		assert.match(stdout, /profe@gmail\.com/);
	});

	it('loses nothing that arrives while a session leaves', async () => {
		for (let round = 0; round < 3; round++) {
			const before = subjects('pue').length;
			const session = world.start('pue', 'mail');
			session.write('=\n');
			await session.says('Type ? for help.');
			const names = [0, 1, 2, 3, 4].map((n) => `round ${round} letter ${n}`);
			const sending = names.map((name) => world.run('pere', ['mail', '-s', name, 'pue'], 'x\n'));
			session.write('d 1\nq\n');
			const [ended, ...sent] = await Promise.all([session.end(), ...sending]);
			assert.equal(ended.status, 0);
			assert.deepEqual(new Set(sent.map(({ status }) => status)), new Set([0]));
			const now = subjects('pue');
			for (const name of names) {
				assert.equal(now.filter((subject) => subject === name).length, 1, name);
			}
			assert.equal(now.length, before - 1 + names.length);
		}
	});

	it('leaves the mailbox as it was, to the octet, after x', async () => {
		const before = world.read('/var/spool/mail/pue');
		const { stdout } = await world.run('pue', ['mail'], 'p *\nd *\nx\n');
		assert.match(stdout, /ho do you do\?/);
		assert.equal(world.read('/var/spool/mail/pue'), before);
	});
});
