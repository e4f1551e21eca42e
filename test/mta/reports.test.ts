import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { runQueue } from '../../src/mta/runner.js';
import { type Settings, setSettings } from '../../src/mta/settings.js';
import { report, type Submission, submit } from '../../src/mta/submit.js';
import type { System } from '../../src/system.js';
import { type Clock, withClock } from './clock.js';
import { type NameServer, startNameServer } from './nameserver.js';
import { makeOffice, type Office } from './office.js';
import { type Peer, startPeer } from './peer.js';

process.env.TZ = 'UTC';
const recorded = resolve('../shared/delivery/fixtures/dsn');

/** The report without what varies, and without the header of the letter it is about. */
function plain(text: string): string {
	return text
		.replace(/^From .*\n/, '')
		.replace(/[0-9A-Za-z]{8}\d{6}/g, 'ID')
		.replace(/\d{12}\.ID/g, 'STAMP.ID')
		.replace(/ID\.\d+\/mx/g, 'BOUNDARY')
		.replace(/\((8\.17[^)]*|Inkloom [^)]*)\)/g, '(SOFTWARE)')
		.replace(/\w{3}, \d+ \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, 'DATE')
		.replace(/^(to|from): <(.*)>$/gim, '$1: $2')
		.replace(/^<(\S+@\S+?)>/gm, '$1')
		.replace(/^(5\d\d \S+) <(.*?)>\.\.\./gm, '$1 $2...')
		.replace(/(expanded from: \w+)@mx.example.org/, '$1')
		.replace(/^(Return-Path): <pue>/m, '$1: <pue@mx.example.org>')
		.replace(/rfc822-headers\n\n[\s\S]*/, 'rfc822-headers\n')
		.trimEnd();
}

describe('reports as recorded from sendmail', { skip: !existsSync(recorded) }, () => {
	if (!existsSync(recorded)) return;
	let names: NameServer;
	let reject: Peer;
	let office: Office;
	let clock: Clock;
	let system: System;

	before(async () => {
		names = await startNameServer({
			'reject.example': { mx: [[10, 'mail.reject.example']] },
			'refused.example': { mx: [[10, 'mail.refused.example']] },
			'nullmx.example': { mx: [[0, '']] },
			'mail.reject.example': { a: ['127.0.0.3'] },
			'mail.refused.example': { a: ['127.0.0.9'] },
		});
		const rcpt = () => '550 5.1.1 User unknown here';
		reject = await startPeer('127.0.0.3', 0, { name: 'mail.reject.example', rcpt });
	});
	after(async () => {
		await names.close();
		await reject.close();
	});
	beforeEach(() => {
		office = makeOffice();
		clock = { time: Date.now() };
		system = withClock(office.as('root'), clock);
		set({ relayMap: { 'x.example': '[127.0.0.1]' } });
	});
	afterEach(() => office.remove());

	function set(settings: Partial<Settings>): void {
		setSettings(system, { nameServers: [names.address], smtpPort: reject.port, ...settings });
	}
	async function send(to: string, more: Partial<Submission> = {}): Promise<void> {
		const letter = Buffer.from('Subject: test\n\nbody line one\n');
		await submit(system, letter, { sender: 'pue', recipients: [to], queueOnly: true, ...more });
	}
	const run = () => runQueue(system, [], () => undefined, { oneByOne: true });
	const told = (user: string): string =>
		readFileSync(join(office.root, 'var/spool/mail', user), 'latin1');
	const golden = (name: string): string =>
		plain(readFileSync(join(recorded, `${name}.eml`), 'latin1'));
	/** As if it had come by SMTP. */
	const bySmtp = { from: 'mx.example.org [127.0.0.1]', sender: 'pue@mx.example.org' };

	for (const [name, to] of [
		['remote-550-headers-only', 'bob@reject.example'],
		['host-unknown', 'bob@nx.example'],
		['null-mx', 'bob@nullmx.example'],
	] as const) {
		it(name, async () => {
			await send(to, bySmtp);
			await run();
			assert.equal(plain(told('pue')), golden(name));
		});
	}

	it('success-receipt', async () => {
		const wishesOfAll = { notify: ['success'] } as const;
		await send('pere', { ...bySmtp, wishesOfAll, queueOnly: false });
		assert.equal(
			plain(told('pue')),
			golden('success-receipt')
				.replace(/<(pere@.*?)>/g, '$1')
				.replaceAll(/^pere@mx.example.org(?=\.\.\.| {2})/gm, 'pere'),
		);
	});

	it('delay-warning', async () => {
		set({ warnAfter: 1000 });
		await send('bob@refused.example');
		clock.time += 1500;
		await run();
		assert.equal(plain(told('pue')), golden('delay-warning'));
	});

	it('expired-unreachable', async () => {
		set({ warnAfter: 0, returnAfter: 2000 });
		await send('bob@refused.example');
		clock.time += 7000;
		await run();
		assert.equal(plain(told('pue')), golden('expired-unreachable'));
	});

	it('mailing-list-owner-two-failures', async () => {
		office.write('etc/mail/list2', 'nosuchuser\nbob@reject.example\n');
		office.write('etc/aliases', 'list2: :include:/etc/mail/list2\nowner-list2: ana\n');
		await send('list2', { queueOnly: false, foreground: true });
		assert.equal(plain(told('ana')), golden('mailing-list-owner-two-failures'));
	});

	it('postmaster-notify-double-bounce', async () => {
		office.write('etc/aliases', 'postmaster: ana\n');
		await send('bob@reject.example', { ...bySmtp, sender: 'nobodyhere@mx.example.org' });
		await run();
		assert.equal(
			plain(told('ana')).replace(/^To: postmaster$/m, 'To: postmaster@mx.example.org'),
			// The host is our own, and goes without saying.
			golden('postmaster-notify-double-bounce').replace(
				'nobodyhere@mx.example.org...',
				'nobodyhere...',
			),
		);
	});

	it('submission-oem-full-message', async () => {
		const options = { returned: 'full' } as const;
		const letter = Buffer.from('Subject: test\nX-Custom: yes\n\nbody line one\nbody line two\n');
		const more = { sender: 'pue', recipients: ['nosuchuser'], options };
		const done = await submit(withClock(office.as('pue'), clock), letter, more);
		assert.ok(done.letter);
		const about = { id: done.id, sender: 'pue', options, body: done.letter.body };
		await report(office.as('pue'), about, done.letter.header, done.lost);
		// Theirs went through a server first, which shows in the reasons; the letter itself is the point.
		const original = (text: string) => plain(text.slice(text.indexOf('message/rfc822')));
		const theirs = readFileSync(join(recorded, 'submission-oem-full-message.eml'), 'latin1');
		assert.equal(
			original(told('pue')),
			original(theirs).replace('From: Pue Test <pue>', 'From: Pue Test <pue@mx.example.org>'),
		);
	});
});
