import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { readQueue, takeLetter } from '../../src/mta/queue.js';
import { runQueue } from '../../src/mta/runner.js';
import { setSettings, settingsOf } from '../../src/mta/settings.js';
import { type Submission, submit } from '../../src/mta/submit.js';
import type { System } from '../../src/system.js';
import { type Clock, withClock } from './clock.js';
import { type NameServer, startNameServer } from './nameserver.js';
import { makeOffice, type Office } from './office.js';
import { type Peer, startPeer } from './peer.js';

const minute = 60_000;
const hour = 60 * minute;
const zones = {
	'ok.example': { mx: [[10, 'mail.ok.example']] },
	'two.example': {
		mx: [
			[20, 'mail.ok.example'],
			[10, 'mail.refused.example'],
		],
	},
	'reject.example': { mx: [[10, 'mail.reject.example']] },
	'tempfail.example': { mx: [[10, 'mail.tempfail.example']] },
	'refused.example': { mx: [[10, 'mail.refused.example']] },
	'nullmx.example': { mx: [[0, '']] },
	'plain.example': { a: ['127.0.0.2'] },
	'broken.example': { broken: true },
	'loop.example': {
		mx: [
			[10, 'mx.example.org'],
			[20, 'mail.ok.example'],
		],
	},
	'backup.example': {
		mx: [
			[5, 'mail.refused.example'],
			[10, 'mx.example.org'],
			[20, 'mail.ok.example'],
		],
	},
	'mail.ok.example': { a: ['127.0.0.2'] },
	'mail.reject.example': { a: ['127.0.0.3'] },
	'mail.tempfail.example': { a: ['127.0.0.4'] },
	'mail.refused.example': { a: ['127.0.0.9'] },
} as const;

const greylisted = '451 4.7.1 Greylisted, try again later';
let names: NameServer;
let ok: Peer;
let reject: Peer;
let tempfail: Peer;
let office: Office;
let clock: Clock;
let system: System;

before(async () => {
	names = await startNameServer(zones);
	ok = await startPeer('127.0.0.2', 0, {
		rcpt: (address) => (/full/.test(address) ? '452 4.2.2 Mailbox full' : undefined),
		data: ({ text }) => (/poison/.test(text) ? '554 5.7.1 No poison' : undefined),
	});
	reject = await startPeer('127.0.0.3', ok.port, {
		name: 'mail.reject.example',
		rcpt: () => '550 5.1.1 User unknown here',
	});
	tempfail = await startPeer('127.0.0.4', ok.port, {
		name: 'mail.tempfail.example',
		rcpt: () => greylisted,
	});
});
after(async () => {
	for (const each of [names, ok, reject, tempfail]) await each.close();
});
beforeEach(() => {
	office = makeOffice();
	clock = { time: Date.now() };
	system = withClock(office.as('root'), clock);
	for (const peer of [ok, reject, tempfail]) {
		peer.taken.length = 0;
		peer.connections = 0;
	}
	// Any relay makes a way out of this root; none of these domains is used.
	const relayMap = { 'relayed.example': `[127.0.0.2]:${ok.port}` };
	setSettings(system, { nameServers: [names.address], smtpPort: ok.port, relayMap });
});
afterEach(() => office.remove());

const letter = Buffer.from('Subject: s\n\nbody line\n');
const send = (recipients: string[], more: Partial<Submission> = {}, octets: Buffer = letter) =>
	submit(system, octets, { sender: undefined, recipients, foreground: true, ...more });
const mailbox = (user: string): string => {
	const path = join(office.root, 'var/spool/mail', user);
	return existsSync(path) ? readFileSync(path, 'latin1') : '';
};
const run = async (options = {}): Promise<string[]> => {
	const story: string[] = [];
	await runQueue(system, [], (line) => story.push(line), { oneByOne: true, ...options });
	return story;
};

describe('text of eight bits', () => {
	const eight = Buffer.from('Subject: s\nMIME-Version: 1.0\n\ngr\u00fc\u00dfe\n');
	let seven: Peer;
	const to = (peer: Peer) =>
		setSettings(system, { ...settingsOf(system), relayHost: `[127.0.0.5]:${peer.port}` });
	beforeEach(async () => {
		seven = await startPeer('127.0.0.5', 0, { extensions: ['PIPELINING', 'ENHANCEDSTATUSCODES'] });
		to(seven);
	});
	afterEach(() => seven.close());

	it('goes in seven to a server that takes no more', async () => {
		await send(['bob@any.example'], {}, eight);
		assert.match(seven.taken[0]?.text ?? '', /\nContent-Transfer-Encoding: quoted-printable\n/);
		assert.match(seven.taken[0]?.text ?? '', /\n\ngr=C3=BC=C3=9Fe\n$/);
		assert.equal(seven.taken[0]?.mail.includes('8BITMIME'), false);
	});

	it('goes as it is to one that does', async () => {
		await seven.close();
		seven = await startPeer('127.0.0.5', 0);
		to(seven);
		await send(['bob@any.example'], {}, eight);
		assert.ok(seven.taken[0]?.text.endsWith('\n\ngr\xc3\xbc\xc3\x9fe\n'));
		assert.match(seven.taken[0]?.mail ?? '', /BODY=8BITMIME/);
	});

	it('comes back where it is signed', async () => {
		const head = 'Subject: s\nContent-Type: multipart/signed; boundary=b\n\n--b\n\n';
		const signed = Buffer.from(`${head}gr\u00fc\u00dfe\n--b--\n`);
		const done = await send(['bob@any.example'], {}, signed);
		assert.equal(done.status, 65);
		assert.deepEqual(done.problems, [
			'bob@any.example... Cannot send 8-bit data to 7-bit destination',
		]);
		assert.equal(done.lost[0]?.failure.status, '5.6.3');
		assert.equal(seven.taken.length, 0);
		// And the connection is as good as before.
		await send(['bob@any.example'], {}, letter);
		assert.equal(seven.taken.length, 1);
	});
});

describe('a time to deliver by', () => {
	const by = (otherwise: 'return' | 'notify') => ({
		sender: 'pue',
		queueOnly: true,
		options: { deadline: { at: clock.time + 10 * minute, otherwise } },
	});

	it('sends back what has not arrived by then, and not before', async () => {
		await send(['ana'], by('return'));
		const lock = join(office.root, 'var/spool/mail/ana');
		mkdirSync(lock);
		await run({ dueOnly: true });
		assert.equal(mailbox('pue'), '');
		clock.time = (readQueue(system)[0]?.nextTry ?? 0) + 1;
		assert.ok(clock.time <= by('return').options.deadline.at);
		clock.time += 10 * minute;
		await run({ dueOnly: true });
		assert.match(mailbox('pue'), /^Subject: Returned mail/m);
		assert.match(mailbox('pue'), /^Status: 5\.4\.7$/m);
		assert.deepEqual(readQueue(system), []);
		rmdirSync(lock);
	});

	it('tells the sender that it is late, once, where he wants no more', async () => {
		await send(['bob@tempfail.example'], by('notify'));
		await run();
		assert.equal(mailbox('pue'), '');
		clock.time += 11 * minute;
		await run();
		await run();
		assert.equal(mailbox('pue').match(/^Subject: Warning: could not send/gm)?.length, 1);
		assert.equal(readQueue(system).length, 1);
	});

	it('keeps what is to come back from hosts that cannot be told so', async () => {
		await send(['bob@ok.example', 'ana'], by('return'));
		await run();
		assert.equal(ok.taken.length, 0);
		assert.match(mailbox('ana'), /^Subject: s$/m);
		assert.match(mailbox('pue'), /^Status: 5\.3\.3$/m);
	});
});

const dialogues = resolve('../shared/delivery/fixtures/dialogue');
describe('the dialogue as recorded', { skip: !existsSync(dialogues) }, () => {
	/** What varies: sizes; what the person's dead.letter brings. */
	const settled = (lines: readonly string[]): string[] =>
		lines
			.map((line) => line.replace(/SIZE=\d+/, 'SIZE=N').replace(/SINK\d+/, 'SINK'))
			.filter((line) => !/aliased to ana|dead\.letter|^\[exit|^\$/.test(line));
	for (const [name, recipient] of [
		['v-remote-ok', 'bob@ok.example'],
		['v-remote-two', 'bob@two.example'],
		['v-remote-refused', 'bob@refused.example'],
		['v-remote-reject', 'bob@reject.example'],
		['v-remote-temp', 'bob@tempfail.example'],
	] as const) {
		it(name, async () => {
			if (!existsSync(dialogues)) return;
			const { story } = await send([recipient]);
			const recorded = readFileSync(join(dialogues, `${name}.txt`), 'latin1')
				.trimEnd()
				.split('\n');
			// What became of the recipient is said when the transaction is over, not in its midst.
			const outcome = (line: string) => /\.\.\. (Deferred: 4|User unknown)/.test(line);
			const talk = (lines: readonly string[]) => settled(lines).filter((line) => !outcome(line));
			assert.deepEqual(talk(story), talk(recorded));
			for (const line of recorded.filter(outcome)) assert.ok(story.includes(line), line);
		});
	}
});

describe('a queue run as recorded', { skip: !existsSync(dialogues) }, () => {
	it('queue-run-qR-refused-v', async () => {
		if (!existsSync(dialogues)) return;
		const long =
			'averyveryverylongrecipientname.with.dots.and.more.text.to.overflow.columns@refused.example';
		for (const recipients of [
			['bob@refused.example'],
			['bob@refused.example', long],
			['full@ok.example', 'ann@ok.example', 'bob@refused.example', 'bob@tempfail.example'],
		]) {
			await send(recipients, { queueOnly: true });
		}
		const path = join(dialogues, 'queue-run-qR-refused-v.txt');
		const recorded = readFileSync(path, 'latin1').replaceAll('fullbox@', 'full@').trimEnd();
		// Ann, who goes with the third letter, was a third recipient in the record's first try.
		const settled = (lines: readonly string[]): string[] =>
			lines
				.map((line) => line.replace(/mqueue\/\w+/, 'ID').replace(/SIZE=\d+/, 'SIZE'))
				.filter((line) => !/^(>>>|\d{3}|Closing|\$|\[exit|$)|^ann@/.test(line))
				.map((line) => line.replace('full@ok.example,ann@ok.example...', 'full@ok.example...'));
		assert.deepEqual(settled(await run()), settled(recorded.split('\n')));
	});
});

describe('the way of a domain', () => {
	it('leads to its best exchanger that answers', async () => {
		const { status } = await send(['bob@two.example']);
		assert.equal(status, 0);
		assert.equal(ok.taken.length, 1);
		assert.deepEqual(readQueue(system), []);
	});

	it('leads to its own address where it has no exchanger', async () => {
		await send(['bob@plain.example']);
		assert.equal(ok.taken.length, 1);
		assert.ok(names.asked.includes('MX plain.example'));
	});

	it('ends at a null MX, and where there is no such name', async () => {
		const nowhere = await send(['bob@nullmx.example']);
		assert.equal(nowhere.status, 69);
		assert.equal(nowhere.lost[0]?.failure.status, '5.1.10');
		const unknown = await send(['bob@nx.example']);
		assert.equal(unknown.status, 68);
		assert.match(
			unknown.problems[0] ?? '',
			/Host unknown \(Name server: nx\.example: host not found\)$/,
		);
	});

	it('waits where the name server fails', async () => {
		const { status, waiting } = await send(['bob@broken.example']);
		assert.deepEqual([status, waiting], [0, ['bob@broken.example']]);
		assert.match(readQueue(system)[0]?.status ?? '', /host name lookup failure$/);
	});

	it('does not lead back to ourselves, nor to who is no better', async () => {
		const { lost } = await send(['bob@loop.example']);
		assert.match(lost[0]?.failure.reason ?? '', /loops back to me/);
		await send(['bob@backup.example']);
		assert.equal(ok.taken.length, 0);
		assert.equal(readQueue(system).length, 1);
	});

	it('may be set by domain', async () => {
		await send(['bob@relayed.example']);
		assert.equal(ok.taken.length, 1);
		assert.ok(!names.asked.some((name) => name.includes('relayed')));
	});

	it('leads to the relay host where one is set, by its exchangers or, in brackets, itself', async () => {
		for (const relayHost of [`two.example:${ok.port}`, `[mail.ok.example]:${ok.port}`]) {
			setSettings(system, { relayHost });
			await send(['bob@nx.example']);
		}
		assert.equal(ok.taken.length, 2);
	});
});

describe('one transaction', () => {
	it('serves all recipients of a domain, each with a fate of their own', async () => {
		const { waiting, status } = await send(['ann@ok.example', 'full@ok.example', 'bob@ok.example']);
		assert.deepEqual([status, waiting], [0, ['full@ok.example']]);
		assert.equal(ok.connections, 1);
		assert.equal(ok.taken.length, 1);
		assert.equal(ok.taken[0]?.rcpt.length, 2);
		const [entry] = readQueue(system);
		assert.equal(entry?.status, 'Deferred: 452 4.2.2 Mailbox full');
		assert.equal(entry?.waiting.filter((status) => status !== undefined).length, 1);
	});

	it('that ends in a refusal fails for all who had been taken', async () => {
		const octets = Buffer.from('Subject: s\n\npoison\n');
		const { lost } = await send(['ann@ok.example', 'full@ok.example'], {}, octets);
		assert.deepEqual(
			lost.map(({ copy, failure }) => [copy.address, failure.diagnostic]),
			[['ann@ok.example', 'SMTP; 554 5.7.1 No poison']],
		);
		assert.equal(readQueue(system).length, 1);
	});

	it('carries size, eight bits and what was asked of reports', async () => {
		const octets = Buffer.from('Subject: s\n\ncaf\u00e9\n');
		await send(
			['bob@ok.example'],
			{
				options: { returned: 'hdrs', envelopeId: 'a b' },
				wishesOfAll: { notify: ['success', 'delay'], original: 'rfc822;bob@old.example' },
			},
			octets,
		);
		const [taken] = ok.taken;
		assert.match(
			taken?.mail ?? '',
			/^<root@mx\.example\.org> BODY=8BITMIME SIZE=\d+ RET=HDRS ENVID=a\+20b$/,
		);
		assert.equal(
			taken?.rcpt[0],
			'<bob@ok.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;bob@old.example',
		);
	});
});

describe('a queue run', () => {
	it('keeps connections and remembers who does not answer', async () => {
		for (let n = 0; n < 3; n++) {
			await send(['bob@ok.example', 'ann@refused.example'], { queueOnly: true });
		}
		const story = await run();
		assert.equal(ok.connections, 1);
		assert.equal(ok.taken.length, 3);
		const said = story.filter((line) => line.includes('Connecting to mail.refused'));
		assert.equal(said.length, 1);
		assert.equal(readQueue(system).length, 3);
	});

	it('has several letters under way at once, and sends none twice', async () => {
		for (let n = 0; n < 40; n++) {
			await send([`bob${n}@ok.example`], { queueOnly: true });
		}
		await Promise.all([1, 2].map(() => run({ oneByOne: false })));
		assert.equal(ok.taken.length, 40);
		assert.equal(new Set(ok.taken.map(({ rcpt }) => rcpt.join())).size, 40);
		assert.ok(ok.connections <= 20, `${ok.connections}`);
		assert.deepEqual(readQueue(system), []);
	});

	it('on a schedule leaves alone what is not due; the pause doubles up to its limit', async () => {
		setSettings(system, { retryMin: 5 * minute, retryMax: 15 * minute });
		await send(['bob@refused.example']);
		const pauses: number[] = [];
		for (let n = 0; n < 4; n++) {
			const next = readQueue(system)[0]?.nextTry ?? 0;
			pauses.push((next - clock.time) / minute);
			clock.time = next - 1;
			assert.deepEqual(await run({ dueOnly: true }), []);
			clock.time = next;
			assert.notDeepEqual(await run({ dueOnly: true }), []);
		}
		assert.deepEqual(pauses, [5, 10, 15, 15]);
		// Or the clock was put back: it would wait for as long as it was wrong.
		clock.time -= 10 * 24 * 60 * minute;
		assert.notDeepEqual(await run({ dueOnly: true }), []);
		assert.deepEqual(await run({ dueOnly: true }), []);
		// By hand all is tried.
		assert.notDeepEqual(await run(), []);
	});
});

describe('a letter that is late', () => {
	it('has its sender warned once, and comes back when its time is over', async () => {
		const told = () => mailbox('pue').match(/^Subject: .*$/gm) ?? [];
		system = withClock(office.as('pue'), clock);
		const relayMap = { 'x.example': '[127.0.0.1]' };
		setSettings(system, { nameServers: [names.address], smtpPort: ok.port, relayMap });
		await send(['bob@refused.example']);
		clock.time += 3 * hour;
		await run();
		assert.deepEqual(told(), []);
		clock.time += 2 * hour;
		await run();
		await run();
		const warning = 'Subject: Warning: could not send message for past 4 hours';
		assert.deepEqual(told(), [warning, 'Subject: s']);
		assert.match(
			mailbox('pue'),
			/^Action: delayed\nStatus: 4\.4\.1\nRemote-MTA: DNS; mail\.refused/m,
		);
		assert.match(mailbox('pue'), /^Warning: message still undelivered after 5 hours$/m);
		clock.time += 5 * 24 * hour;
		await run();
		assert.equal(told()[2], 'Subject: Returned mail: see transcript for details');
		assert.match(mailbox('pue'), /^Message could not be delivered for 5 days$/m);
		assert.match(mailbox('pue'), /^Status: 4\.4\.7$/m);
		assert.deepEqual(readQueue(system), []);
	});

	it('is not spoken of where its sender wants to hear nothing', async () => {
		await send(['bob@refused.example'], { sender: 'pue', wishesOfAll: { notify: ['never'] } });
		clock.time += 5 * hour;
		await run();
		clock.time += 5 * 24 * hour;
		await run();
		assert.equal(mailbox('pue') + mailbox('root'), '');
		assert.deepEqual(readQueue(system), []);
	});
});

describe('a report', () => {
	it('quotes what the server said, and brings back the whole letter where it was asked to', async () => {
		const options = { returned: 'full', envelopeId: 'id-7' } as const;
		await send(['bob@reject.example'], { sender: 'pue', queueOnly: true, options });
		await run();
		const report = mailbox('pue');
		assert.match(
			report,
			/\n\.\.\. while talking to mail\.reject\.example\.:\n>>> DATA\n<<< 550 5\.1\.1 User unknown here\n550 5\.1\.1 bob@reject\.example\.\.\. User unknown\n<<< 503 5\.5\.1 No valid recipients\n/,
		);
		assert.match(report, /^Original-Envelope-Id: id-7$/m);
		assert.match(
			report,
			/^Content-Type: message\/rfc822\n\nReturn-Path: <pue@mx.*>\n[\s\S]*\nbody line\n/m,
		);
	});

	it('of success that a kill has kept back goes out with the next run, and once', async () => {
		const wishesOfAll = { notify: ['success'] } as const;
		for (const recipients of [['ana'], ['ana', 'bob@tempfail.example']]) {
			await send(recipients, { wishesOfAll, sender: 'pere', queueOnly: true });
			const [entry] = readQueue(system);
			assert.ok(entry);
			const ticket = takeLetter(system, entry.letter.id);
			assert.ok(ticket && ticket !== 'locked');
			ticket.settle(0, { kind: 'sent' }, true);
			// The process ends here.
			ticket.release();
			await run();
			assert.equal(mailbox('ana'), '');
			assert.equal(mailbox('pere').match(/^Subject: Return receipt$/gm)?.length, 1);
			await run();
			assert.equal(mailbox('pere').match(/^Subject: Return receipt$/gm)?.length, 1);
			assert.equal(readQueue(system).length, recipients.length - 1);
			rmSync(join(office.root, 'var/spool/mail/pere'));
		}
	});

	it('of success goes to who asked for it, unless the other server will send it', async () => {
		const wishesOfAll = { notify: ['success'] } as const;
		await send(['ana', 'bob@ok.example'], { sender: 'pue', wishesOfAll });
		const report = mailbox('pue');
		assert.match(report, /^Subject: Return receipt$/m);
		assert.match(report, /^Action: delivered \(to mailbox\)\nStatus: 2\.1\.5$/m);
		assert.doesNotMatch(report, /bob@ok/);
	});

	it('also goes to the postmaster where that is set', async () => {
		setSettings(system, { copyFailuresTo: 'ana' });
		await send(['bob@reject.example'], { sender: 'pue', queueOnly: true });
		await run();
		assert.match(mailbox('pue'), /^Subject: Returned mail/m);
		assert.match(mailbox('ana'), /^Subject: Postmaster notify/m);
	});

	it('that cannot be delivered makes no other', async () => {
		await send(['bob@reject.example'], { sender: 'nobody@reject.example', queueOnly: true });
		for (let n = 0; n < 4; n++) await run();
		assert.match(mailbox('root'), /^Subject: Postmaster notify/m);
		assert.equal(mailbox('root').match(/^From /gm)?.length, 1);
		assert.deepEqual(readQueue(system), []);
	});
});

describe('a server that breaks off', () => {
	it('leaves the letter in the queue, with the reason', async () => {
		const peer = await startPeer('127.0.0.5', ok.port, { dropAt: /^(DATA|RCPT)/i });
		setSettings(system, { relayHost: `[127.0.0.5]:${peer.port}` });
		const { waiting } = await send(['bob@ok.example']);
		await peer.close();
		assert.deepEqual(waiting, ['bob@ok.example']);
		assert.equal(readQueue(system)[0]?.tries, 1);
	});

	it('at its greeting is passed over for the next', async () => {
		const peer = await startPeer('127.0.0.9', ok.port, { greeting: '421 4.3.2 too busy' });
		await send(['bob@two.example']);
		await peer.close();
		assert.equal(ok.taken.length, 1);
	});
});

describe('the log', () => {
	it('has a line for what came in and for what became of it', async () => {
		office.write('var/log/mail.log', '');
		await send(['ana', 'bob@ok.example', 'bob@refused.example']);
		const lines = readFileSync(join(office.root, 'var/log/mail.log'), 'latin1').split('\n');
		assert.match(
			lines[0] ?? '',
			/^\d{4}-\d\d-\d\dT[\d:.]+Z mx inkloom\[\d+\]: \w{14}: from=<root@mx\.example\.org>, size=\d+, nrcpts=3, msgid=<.*>, relay=root@localhost$/,
		);
		assert.match(lines[1] ?? '', /: to=ana, delay=00:00:00, mailer=local, dsn=2\.0\.0, stat=Sent$/);
		assert.match(
			lines[2] ?? '',
			/relay=mail\.ok\.example, dsn=2\.0\.0, stat=Sent \(queued as SINK\d+\)$/,
		);
		assert.match(lines[3] ?? '', /dsn=4\.4\.1, stat=Deferred: Connection refused by mail\.refused/);
	});

	it('is never in the way', async () => {
		setSettings(system, { logFile: '/no/such/folder/log' });
		assert.equal((await send(['ana'])).status, 0);
	});
});
