import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { deliver } from '../../src/mta/deliver.js';
import { embeddedTransport } from '../../src/mta/embedded.js';
import { readQueue } from '../../src/mta/queue.js';
import { resolve } from '../../src/mta/resolve.js';
import { submit } from '../../src/mta/submit.js';
import type { Envelope } from '../../src/mta/transport.js';
import type { System } from '../../src/system.js';
import { makeOffice, type Office } from './office.js';

let office: Office;
beforeEach(() => {
	office = makeOffice();
});
afterEach(() => office.remove());

const envelope = (recipients: readonly string[], verbose = false): Envelope => ({
	reversePath: undefined,
	recipients,
	verbose,
	meToo: false,
	hops: undefined,
});
const letter = Buffer.from('Subject: s\n\nx\n');

describe('the built-in transport', () => {
	it('delivers and says nothing', async () => {
		const receipt = await embeddedTransport(office.system).send(envelope(['pere']), letter);
		assert.deepEqual(receipt, { outcome: 'sent', status: 0, report: [] });
		assert.match(readFileSync(join(office.root, 'var/spool/mail/pere'), 'latin1'), /\n\nx\n\n$/);
	});

	it('refuses with the reason, so that the text can be kept', async () => {
		const receipt = await embeddedTransport(office.system).send(envelope(['nosuch']), letter);
		assert.deepEqual(receipt, {
			outcome: 'refused',
			status: 67,
			report: ['nosuch... User unknown'],
		});
	});

	it('says that a letter for elsewhere waits, to who named that address himself', async () => {
		const transport = embeddedTransport(office.system);
		const named = await transport.send(envelope(['bob@ok.example']), letter);
		assert.deepEqual(named.report, ['bob@ok.example... kept in the queue (see mailq)']);
		office.write('etc/aliases', 'list: bob@ok.example\n');
		const listed = await transport.send(envelope(['list']), letter);
		assert.deepEqual(listed, { outcome: 'sent', status: 0, report: [] });
	});

	it('tells the whole story when asked', async () => {
		office.write('etc/aliases', 'totis: pue, pere\n');
		const { report } = await embeddedTransport(office.system).send(
			envelope(['totis'], true),
			letter,
		);
		assert.deepEqual(report, [
			'totis... aliased to pue, pere',
			'pue... Connecting to local...',
			'pue... Sent',
			'pere... Connecting to local...',
			'pere... Sent',
		]);
	});

	it('lets nothing of a .forward file act on the terminal', async () => {
		office.write('home/pere/.forward', 'no\x1b[2Jsuch\n');
		const { report } = await embeddedTransport(office.system).send(envelope(['pere']), letter);
		assert.deepEqual(report, ['/home/pere/.forward: line 1: no?[2Jsuch... User unknown']);
	});
});

describe('a program', () => {
	const run = (command: string, patience: number) =>
		deliver(
			office.system,
			{
				delivery: { to: 'program', command },
				address: `"|${command}"`,
				given: 'pere',
				as: 'pere',
				alias: undefined,
				owner: undefined,
			},
			{ letter: { header: Buffer.from('Subject: s\n'), body: Buffer.from('x\n') }, sender: 'pue' },
			patience,
		);

	it('that takes too long is stopped, with all it started, and tried again', async () => {
		assert.deepEqual(await run('sleep 60 | sleep 60', 100), {
			kind: 'deferred',
			reason: 'prog mailer (/bin/sh) took too long and was stopped',
			status: '4.3.0',
		});
	});

	it('is done when it ends, whatever it leaves running', async () => {
		const left = join(office.root, 'left');
		assert.deepEqual(await run(`sleep 60 & echo $! > '${left}'; exit 0`, 60_000), { kind: 'sent' });
		// Were it waited for, it would be no more; so there is something to end.
		process.kill(Number(readFileSync(left, 'utf8')));
	});

	it('need not read its letter', async () => {
		const fate = await run('exec <&-; exit 77', 60_000);
		assert.deepEqual([fate.kind, fate.kind === 'failed' && fate.exit], ['failed', 77]);
	});
});

/** The office as a whole machine: files have owners, and root acts as their users. */
function machine(): System {
	const { root, system } = office;
	return {
		root: '',
		env: {},
		user: system.userNamed('root') as System['user'],
		home: join(root, 'root'),
		host: system.host,
		real: (path) => (path.startsWith(root) ? path : join(root, path)),
		shown: (path) => (path.startsWith(`${root}/`) ? path.slice(root.length) : path),
		userNamed: (name) => system.userNamed(name),
		userOf: (uid) => system.userOf(uid),
		now: () => new Date(),
		random: (octets) => system.random(octets),
	};
}

describe('delivery by root', { skip: process.getuid?.() !== 0 }, () => {
	const home = (name: string): string => join(office.root, 'home/pere', name);
	const forward = (text: string, uid: number, mode = 0o644): void => {
		const path = office.write('home/pere/.forward', text);
		chownSync(path, uid, uid);
		chmodSync(path, mode);
		chownSync(home(''), 1001, 1001);
	};

	it('gives the mailbox to its user, for the mail group to write', async () => {
		await submit(machine(), letter, { sender: undefined, recipients: ['pere'] });
		const { uid, mode } = statSync(join(office.root, 'var/spool/mail/pere'));
		assert.deepEqual([uid, mode & 0o777], [1001, 0o660]);
	});

	it('keeps what is for a mailbox that another has made in his place', async () => {
		const box = office.write('var/spool/mail/pere', '');
		chownSync(box, 1000, 1000);
		const done = await submit(machine(), letter, { sender: undefined, recipients: ['pere'] });
		assert.equal(readFileSync(box, 'latin1'), '');
		assert.match(done.story.join('\n'), /Deferred: .*pere: wrong ownership \(1000\)/);
		const { length } = readQueue(machine());
		rmSync(box);
		assert.equal(length, 1);
	});

	it('writes files and runs programs as the user', async () => {
		forward('/home/pere/box, "|id -u > who; id -G >> who"\n', 1001);
		const done = await submit(machine(), letter, { sender: undefined, recipients: ['pere'] });
		assert.equal(done.status, 0, done.story.join('\n'));
		const { uid, mode } = statSync(home('box'));
		assert.deepEqual([uid, mode & 0o777], [1001, 0o640]);
		assert.equal(readFileSync(home('who'), 'latin1'), '1001\n1001\n');
		assert.equal(process.geteuid?.(), 0);
	});

	it('does not write for a user what he may not write himself', async () => {
		forward('/etc/owned\n', 1001);
		const done = await submit(machine(), letter, { sender: undefined, recipients: ['pere'] });
		assert.equal(done.status, 73);
		assert.equal(existsSync(join(office.root, 'etc/owned')), false);
		assert.equal(process.geteuid?.(), 0);
	});

	it('ignores a .forward of another owner, but not of root', () => {
		forward('pue\n', 1000);
		const [strange] = resolve(machine(), ['pere']);
		assert.deepEqual(strange?.ignored, ['pere... forward: /home/pere/.forward: Permission denied']);
		assert.equal(strange?.outcome.kind, 'delivers');
		forward('pue\n', 0);
		assert.equal(resolve(machine(), ['pere'])[0]?.outcome.kind, 'expands');
	});

	it('does not read for a user what he may not read himself', () => {
		const secret = office.write('etc/secret', 'root:hash\n');
		chmodSync(secret, 0o600);
		forward(':include:/etc/secret\n', 1001);
		const tree = JSON.stringify(resolve(machine(), ['pere']));
		assert.match(tree, /Cannot open \/etc\/secret: Permission denied/);
		assert.doesNotMatch(tree, /hash/);
	});
});
