/** Other people's SMTP clients speak to our server: swaks, and postfix's smtp-source. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { foreign, runForeign } from './foreign.js';
import { makeOffice, type Office } from './office.js';
import { type RunningServer, startServer, until } from './server.js';

const swaks = foreign('swaks');
const smtpSource = foreign('smtp-source');
const missing = (program: string | undefined, name: string) =>
	program === undefined && `${name} is not here`;

let office: Office;
let server: RunningServer;
before(async () => {
	office = makeOffice();
	server = await startServer(office);
});
after(async () => {
	server.child.kill('SIGTERM');
	await server.ended;
	office.remove();
});

const mailbox = (user: string): string => {
	const path = join(office.root, 'var/spool/mail', user);
	return existsSync(path) ? readFileSync(path, 'latin1') : '';
};

describe('swaks', { skip: missing(swaks, 'swaks') }, () => {
	const say = (...words: string[]) =>
		runForeign(['perl', swaks as string, '--server', `127.0.0.1:${server.port}`, ...words], '');

	it('delivers a letter', async () => {
		const subject = 'Subject: from swaks';
		const { status, out } = await say(
			'-f',
			'a@b.example',
			'-t',
			'pere',
			'-h-Subject',
			'from swaks',
		);
		assert.equal(status, 0, out);
		assert.ok(mailbox('pere').includes(subject), out);
	});

	it('hears of an unknown user, and the others get theirs', async () => {
		const { status, out } = await say('-f', 'a@b.example', '-t', 'ana,nosuch@mx.example.org');
		assert.equal(status, 0, out);
		assert.match(out, /<\*\* 550 5\.1\.1 <nosuch@mx\.example\.org>\.\.\. User unknown/);
		assert.match(mailbox('ana'), /^Delivered|^From a@b\.example/m);
	});

	it('may send everything ahead', async () => {
		const { status, out } = await say('--pipeline', '-f', 'a@b.example', '-t', 'pere');
		assert.equal(status, 0, out);
	});
});

describe('smtp-source', { skip: missing(smtpSource, 'smtp-source') }, () => {
	const letters = (user: string): string[] =>
		mailbox(user)
			.split(/^(?=From source@)/m)
			.filter((letter) => letter.startsWith('From source@'));
	const source = (...words: string[]) =>
		runForeign(
			[...[smtpSource as string, '-f', 'source@b.example', ...words], `127.0.0.1:${server.port}`],
			'',
		);

	it('gives many letters over many connections at once, and each is there, whole', async () => {
		const ran = await source('-s', '20', '-m', '300', '-l', '4000', '-t', 'pue');
		assert.equal(ran.status, 0, ran.out);
		const all = letters('pue');
		assert.equal(all.length, 300);
		// A line of it is 78 X and an end of line.
		assert.ok(all.every((letter) => letter.length > 4000 && letter.endsWith('X\n\n')));
	});

	it('gives letters for several recipients, through the queue', async () => {
		const before = letters('pue').length;
		const ran = await source('-s', '5', '-m', '20', '-r', '1', '-l', '2000', '-t', 'both');
		assert.notEqual(ran.status, 0, 'the alias is not there yet');
		office.write('etc/aliases', 'both: pue, ana\n');
		const again = await source('-d', '-s', '5', '-m', '20', '-l', '2000', '-t', 'both');
		assert.equal(again.status, 0, again.out);
		await until(
			() => letters('pue').length === before + 20 && letters('ana').length === 20,
			'twenty letters for each',
		);
	});
});
