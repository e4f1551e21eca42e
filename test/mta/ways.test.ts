import assert from 'node:assert/strict';
import { chmodSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve as resolvePath } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { handOver } from '../../src/mta/embedded.js';
import { explain, verify } from '../../src/mta/explain.js';
import { resolve } from '../../src/mta/resolve.js';
import { setSettings } from '../../src/mta/settings.js';
import { submit } from '../../src/mta/submit.js';
import { makeOffice, type Office } from './office.js';
import { startPeer } from './peer.js';

let office: Office;
beforeEach(() => {
	office = makeOffice();
});
afterEach(() => office.remove());

const letter = Buffer.from('Subject: s\n\nx\n');
const envelope = {
	reversePath: undefined,
	recipients: ['pere', 'bob@ok.example'],
	verbose: false,
	meToo: true,
	hops: undefined,
};

/** A program that writes its arguments and its input into files, and ends with a status. */
function standIn(name: string, status: number): string {
	const path = office.write(
		name,
		`#!/bin/sh\nprintf '%s\\n' "$@" >${office.root}/args\ncat >${office.root}/input\nexit ${status}\n`,
	);
	return makeExecutable(path);
}

function makeExecutable(path: string): string {
	chmodSync(path, 0o755);
	return path;
}

const got = (name: string): string => readFileSync(join(office.root, name), 'latin1');

async function closedPort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
	const address = server.address();
	await new Promise((done) => server.close(done));
	return typeof address === 'object' && address ? address.port : 0;
}

describe('who may not deliver', () => {
	it('has the server on this host do it, where one listens', async () => {
		const peer = await startPeer('127.0.0.1');
		const ways = { port: peer.port, programs: [standIn('sendmail', 0)] };
		const receipt = await handOver(office.system, envelope, letter, '/var/spool', ways);
		await peer.close();
		assert.deepEqual(receipt, { outcome: 'sent', status: 0, report: [] });
		assert.deepEqual(peer.taken[0]?.rcpt, ['<pere@mx.example.org>', '<bob@ok.example>']);
		assert.equal(peer.taken[0]?.text, letter.toString());
	});

	it('hears whom the server refused, and why; the letter counts as refused', async () => {
		const rcpt = (address: string) =>
			/bob/.test(address) ? '550 5.7.1 Relaying denied' : undefined;
		const peer = await startPeer('127.0.0.1', 0, { rcpt });
		const ways = { port: peer.port, programs: [] };
		const receipt = await handOver(office.system, envelope, letter, '/var/spool', ways);
		await peer.close();
		assert.equal(receipt.outcome, 'refused');
		assert.match(
			receipt.report.join(),
			/^bob@ok\.example\.\.\. .*\(550 5\.7\.1 Relaying denied\)$/,
		);
	});

	it('has the sendmail of another do it, where no server listens', async () => {
		const ways = { port: await closedPort(), programs: ['/nonexistent', standIn('sendmail', 0)] };
		const receipt = await handOver(office.system, envelope, letter, '/var/spool', ways);
		assert.deepEqual(receipt, { outcome: 'sent', status: 0, report: [] });
		assert.equal(got('args'), '-i\n-m\npere\nbob@ok.example\n');
		assert.equal(got('input'), letter.toString());
	});

	it('gets the exit status of that program', async () => {
		const ways = { port: await closedPort(), programs: [standIn('sendmail', 67)] };
		const { status } = await handOver(office.system, envelope, letter, '/var/spool', ways);
		assert.equal(status, 67);
	});

	it('is not sent round in circles: a program of ours is not asked', async () => {
		const ours = resolvePath(process.env.INKLOOM_DIST ?? 'dist', 'sendmail.cjs');
		symlinkSync(ours, join(office.root, 'sendmail'));
		const ways = { port: await closedPort(), programs: [join(office.root, 'sendmail')] };
		const receipt = await handOver(office.system, envelope, letter, '/var/spool/mail/pere', ways);
		assert.equal(receipt.outcome, 'refused');
		assert.match(
			receipt.report.join(),
			/^\/var\/spool\/mail\/pere: Permission denied \(no mail server/,
		);
	});
});

describe('an address of a neighbour', () => {
	const send = () => {
		const recipients = ['hub!ana'];
		return submit(office.system, letter, { sender: undefined, recipients });
	};

	it('goes to uux, and through no shell', async () => {
		setSettings(office.system, { uux: standIn('uux', 0) });
		assert.equal((await send()).status, 0);
		assert.equal(got('args'), '-\n-r\n-apue@mx.example.org\n-gC\nhub!rmail\n(ana)\n');
		assert.match(
			got('input'),
			/^From pue@mx\.example\.org \w.* remote from mx\.example\.org\nReceived: /,
		);
	});

	it('fails with the reason where there is no uux', async () => {
		setSettings(office.system, { uux: '/nonexistent/uux' });
		const { status, problems } = await send();
		assert.equal(status, 72);
		assert.match(problems.join(), /^hub!ana\.\.\. \/nonexistent\/uux: not installed/);
	});

	it('is told as what it is', () => {
		const trees = resolve(office.system, ['hub!ana']);
		assert.deepEqual(verify(trees).lines, [
			'hub!ana... deliverable: mailer uucp, host hub, user ana',
		]);
		assert.match(explain(office.system, trees).join(), /uucp +ana at hub, by uux$/);
	});

	it('is none where it holds what a program might take for more', () => {
		for (const address of ['hub!ana;reboot', 'hub!`id`', '-x!ana', 'hub!$HOME']) {
			const [tree] = resolve(office.system, [address]);
			assert.equal(tree?.outcome.kind, 'fails', address);
		}
	});
});
