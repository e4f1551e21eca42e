import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { sha512Crypt } from '../../src/mta/credentials.js';
import { makeOffice, type Office } from './office.js';
import {
	Caller,
	type RunningServer,
	sendmailProgram,
	startServer,
	subjects,
	until,
} from './server.js';

let office: Office;
let server: RunningServer | undefined;
const callers: Caller[] = [];
beforeEach(() => {
	office = makeOffice();
	server = undefined;
});
afterEach(async () => {
	for (const caller of callers.splice(0)) caller.end();
	server?.child.kill('SIGKILL');
	await server?.ended;
	office.remove();
});

async function start(settings = '', words?: readonly string[]): Promise<number> {
	server = await startServer(office, settings, words);
	return server.port;
}

function call(where: number | string): Caller {
	const caller = new Caller(where);
	callers.push(caller);
	return caller;
}

/** Loopback clients are strangers with these. */
const strangers = 'relay_networks = 192.0.2.1\n';
const mailbox = (user: string): string => {
	const path = join(office.root, 'var/spool/mail', user);
	return existsSync(path) ? readFileSync(path, 'latin1') : '';
};
const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

describe('the server', () => {
	it('has a letter in the mailbox before it says so', async () => {
		const caller = call(await start());
		assert.deepEqual(await caller.begin('pue@mx.example.org', 'pere'), [
			'250 2.1.0 <pue@mx.example.org>... Sender ok',
			'250 2.1.5 <pere>... Recipient ok',
		]);
		assert.match((await caller.say('DATA')) ?? '', /^354 /);
		const reply = await caller.say('Subject: one\r\n\r\nhi\r\n.');
		assert.match(reply ?? '', /^250 2\.0\.0 \w{14} Message accepted for delivery$/);
		const text = mailbox('pere');
		assert.match(text, /^Received: from client\.example \(localhost \[127\.0\.0\.1\]\)\n\tby /m);
		assert.match(text, /with ESMTP id \w{14}\n\tfor <pere>; /);
		assert.match(text, /\nSubject: one\n\nhi\n\n$/);
		assert.equal(await caller.say('QUIT'), '221 2.0.0 mx.example.org closing connection');
	});

	it('goes on with others where one conversation cannot begin', async () => {
		office.write('etc/mail/other', '');
		const users = join(office.root, 'etc/mail/inkloom.users');
		const port = await start();
		symlinkSync(users, users);
		assert.equal(await call(port).reply(), undefined);
		rmSync(users);
		assert.match((await call(port).reply()) ?? '', /^220 /);
	});

	it('takes a whole conversation in one piece', async () => {
		const caller = call(await start());
		caller.write(
			'EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<pere>\r\nDATA\r\nSubject: p\r\n\r\nx\r\n.\r\n' +
				'MAIL FROM:<>\r\nRCPT TO:<nosuch>\r\nRCPT TO:<pue>\r\nDATA\r\n\r\ny\r\n.\r\nQUIT\r\n',
		);
		const codes: (string | undefined)[] = [];
		for (let at = 0; at < 12; at++) codes.push((await caller.reply())?.slice(0, 3));
		assert.deepEqual(codes, '220 250 250 250 354 250 250 550 250 354 250 221'.split(' '));
		assert.equal(count(mailbox('pere'), /^From /gm) + count(mailbox('pue'), /^From /gm), 2);
	});

	it('answers who has said all and only listens', async () => {
		const caller = call(await start());
		caller.finish(
			'EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<pere>\r\nDATA\r\n\r\nx\r\n.\r\nNOOP\r\nQUIT\r\n',
		);
		const replies: string[] = [];
		for (let reply = await caller.reply(); reply; reply = await caller.reply()) {
			replies.push(reply.slice(0, 3));
		}
		assert.deepEqual(replies, '220 250 250 250 354 250 250 221'.split(' '));
	});

	it('is no relay for strangers, and knows who is unknown', async () => {
		const caller = call(await start(strangers));
		assert.deepEqual(
			await caller.begin(
				'x@b.example',
				'bob@other.example',
				'nosuch',
				'bob%other.example@mx.example.org',
				'@mx.example.org:bob@other.example',
				'|/bin/cat',
				'/tmp/x',
				'pere@MX.example.org',
				'Postmaster',
			),
			[
				'250 2.1.0 <x@b.example>... Sender ok',
				'550 5.7.1 <bob@other.example>... Relaying denied',
				'550 5.1.1 <nosuch>... User unknown',
				'550 5.1.1 <bob%other.example@mx.example.org>... User unknown',
				'550 5.7.1 <@mx.example.org:bob@other.example>... Relaying denied',
				'550 5.2.4 <|/bin/cat>... Cannot mail directly to programs',
				'550 5.2.4 </tmp/x>... Cannot mail directly to files',
				'250 2.1.5 <pere@MX.example.org>... Recipient ok',
				'250 2.1.5 <Postmaster>... Recipient ok',
			],
		);
		assert.match((await caller.say('VRFY pere')) ?? '', /^252 /);
		assert.match((await caller.say('EXPN pere')) ?? '', /^502 /);
	});

	it('lets those who log in send anywhere, and hangs up on who guesses', async () => {
		office.write('etc/mail/inkloom.users', `ana:${sha512Crypt('secret', '$6$abc$')}\n`);
		const port = await start(strangers);
		const caller = call(port);
		await caller.reply();
		assert.match((await caller.say('EHLO c')) ?? '', /^250-AUTH PLAIN LOGIN$/m);
		assert.equal(await caller.say('AUTH CRAM-MD5'), '504 5.3.3 AUTH mechanism not available');
		const word = (text: string): string => Buffer.from(text).toString('base64');
		assert.equal(
			await caller.say(`AUTH PLAIN ${word('\0ana\0wrong')}`),
			'535 5.7.8 Authentication failed',
		);
		assert.equal(await caller.say('AUTH LOGIN'), `334 ${word('Username:')}`);
		assert.equal(await caller.say(word('ana')), `334 ${word('Password:')}`);
		assert.equal(await caller.say(word('secret')), '235 2.0.0 OK Authenticated');
		await caller.say('MAIL FROM:<ana>');
		assert.match((await caller.say('RCPT TO:<bob@other.example>')) ?? '', /^250 /);

		const guesser = call(port);
		await guesser.reply();
		await guesser.say('EHLO c');
		const replies = [];
		for (let at = 0; at < 3; at++) {
			replies.push((await guesser.say(`AUTH PLAIN ${word(`\0ana\0${at}`)}`))?.slice(0, 3));
		}
		assert.deepEqual(replies, ['535', '535', '421']);
		assert.equal(await guesser.reply(), undefined);
	});

	it('forgets on STARTTLS what was said in the clear', async (test) => {
		const [key, certificate] = [join(office.root, 'etc/key'), join(office.root, 'etc/cert')];
		const made = spawnSync('openssl', [
			...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=mx'],
			...['-keyout', key, '-out', certificate],
		]);
		if (made.status !== 0) return test.skip('openssl is not installed');
		const port = await start('tls_key = /etc/key\ntls_certificate = /etc/cert\n');
		const caller = call(port);
		await caller.reply();
		assert.match((await caller.say('EHLO c')) ?? '', /^250-STARTTLS$/m);
		await caller.say('MAIL FROM:<a@b.example>');
		// Sent ahead by who sits on the line: it must not be answered as if it were encrypted.
		caller.write('STARTTLS\r\nRCPT TO:<pere>\r\n');
		assert.equal(await caller.reply(), '220 2.0.0 Ready to start TLS');
		await caller.encrypt();
		assert.equal(await caller.say('MAIL FROM:<a>'), '503 5.0.0 Polite people say HELO first');
		assert.doesNotMatch((await caller.say('EHLO c')) ?? '', /STARTTLS/);
		await caller.say('MAIL FROM:<a@b.example>');
		await caller.say('RCPT TO:<pere>');
		await caller.say('DATA');
		assert.match((await caller.say('\r\nsecret\r\n.')) ?? '', /^250 /);
		assert.match(mailbox('pere'), /with ESMTPS id/);
	});

	it('speaks LMTP: a reply for each recipient', async () => {
		await start('listen_lmtp = /var/run/lmtp\n');
		const caller = call(join(office.root, 'var/run/lmtp'));
		assert.match((await caller.reply()) ?? '', /^220 mx\.example\.org LMTP /);
		assert.match((await caller.say('EHLO c')) ?? '', /^500 /);
		assert.match((await caller.say('LHLO c')) ?? '', /^250-PIPELINING$/m);
		await caller.say('MAIL FROM:<a@b.example>');
		for (const name of ['pere', 'nosuch', 'pue']) await caller.say(`RCPT TO:<${name}>`);
		await caller.say('DATA');
		assert.match(
			(await caller.say('Subject: l\r\n\r\nx\r\n.')) ?? '',
			/^250 2\.1\.5 <pere>\.\.\. /,
		);
		assert.match((await caller.reply()) ?? '', /^250 2\.1\.5 <pue>\.\.\. /);
		assert.match(mailbox('pue'), /with LMTP id \w+\n\tfor <pue>/);
	});

	it('gives lists, programs and forwards to its carriers', async () => {
		office.write('etc/aliases', 'totis: pue, ana\n');
		office.write('home/ana/.forward', '"|cat > got"\n');
		const caller = call(await start());
		await caller.begin('pere', 'totis');
		await caller.say('DATA');
		assert.match((await caller.say('Subject: t\r\n\r\nx\r\n.')) ?? '', /^250 /);
		await until(
			() => mailbox('pue').includes('Subject: t') && existsSync(join(office.root, 'home/ana/got')),
			'both copies',
		);
	});

	it('hands its options down to them', async () => {
		office.write('etc/aliases', 'totis: pue, ana\n');
		const caller = call(await start('', ['-bD', '-OQueueDirectory=/var/other']));
		await caller.begin('pere', 'totis');
		await caller.say('DATA');
		assert.match((await caller.say('Subject: t\r\n\r\nx\r\n.')) ?? '', /^250 /);
		await until(() => mailbox('pue') !== '' && mailbox('ana') !== '', 'both copies');
		assert.ok(existsSync(join(office.root, 'var/other')));
	});

	it('bounces what an alias leads to and is not there', async () => {
		office.write('etc/aliases', 'broken: nosuchuser\n');
		const caller = call(await start());
		assert.match((await caller.begin('pere', 'broken'))[1] ?? '', /^250 /);
		await caller.say('DATA');
		assert.match((await caller.say('Subject: t\r\n\r\nx\r\n.')) ?? '', /^250 /);
		assert.match(mailbox('pere'), /^Subject: Returned mail/m);
	});

	it('sees users and aliases that are new', async () => {
		const caller = call(await start());
		const [, unknown] = await caller.begin('pere', 'nova');
		office.write('etc/aliases', 'nova: pue\n');
		const known = await caller.say('RCPT TO:<nova>');
		assert.deepEqual([unknown?.slice(0, 3), known?.slice(0, 3)], ['550', '250']);
	});
});

describe('a smuggled letter', () => {
	const hidden = 'MAIL FROM:<boss@b.example>\r\nRCPT TO:<pue>\r\nDATA\r\n\r\nhidden\r\n.\r\n';
	for (const [name, end] of [
		['LF . LF', '\n.\n'],
		['LF . CR LF', '\n.\r\n'],
		['CR LF . LF', '\r\n.\n'],
		['CR . CR', '\r.\r'],
		['CR LF . CR', '\r\n.\r'],
		['LF CR . CR LF', '\n\r.\r\n'],
		['CR LF NUL . CR LF', '\r\n\0.\r\n'],
	] as const) {
		it(`behind ${JSON.stringify(name)} is not taken`, async () => {
			const caller = call(await start());
			await caller.begin('a@b.example', 'pere');
			await caller.say('DATA');
			caller.write(`Subject: x\r\n\r\nhi${end}${hidden}QUIT\r\n`);
			while ((await caller.reply()) !== undefined);
			assert.equal(mailbox('pue'), '');
			assert.doesNotMatch(mailbox('pere'), /^From boss/m);
		});
	}
});

describe('limits', () => {
	it('of size hold for what is announced and for what comes', async () => {
		const caller = call(await start('size_limit = 1000\n'));
		await caller.reply();
		assert.match((await caller.say('EHLO c')) ?? '', /^250-SIZE 1000$/m);
		const refusal = '552 5.2.3 Message size exceeds fixed maximum message size (1000)';
		assert.equal(await caller.say('MAIL FROM:<a> SIZE=1001'), refusal);
		await caller.say('MAIL FROM:<a>');
		await caller.say('RCPT TO:<pere>');
		await caller.say('DATA');
		assert.equal(await caller.say(`${'x'.repeat(1001)}\r\n.`), refusal);
		assert.equal(mailbox('pere'), '');
		assert.equal(await caller.say('NOOP'), '250 2.0.0 OK');
	});

	it('of recipients are told, and the others keep theirs', async () => {
		const caller = call(await start('recipient_limit = 2\n'));
		const replies = await caller.begin('a', 'pere', 'pue', 'ana');
		assert.equal(replies[3], '452 4.5.3 Too many recipients');
	});

	it('of connections hold for each client and for all', async () => {
		const port = await start(`${strangers}client_limit = 2\nconnection_limit = 2\n`);
		const [one, two, three] = [call(port), call(port), call(port)];
		assert.match((await one.reply()) ?? '', /^220/);
		assert.match((await two.reply()) ?? '', /^220/);
		assert.match((await three.reply()) ?? '', /^421 4\.3\.2 /);
		await one.say('QUIT');
		await one.reply();
		assert.match((await call(port).reply()) ?? '', /^220/);
	});

	it('of the rate are for strangers', async () => {
		const port = await start(`${strangers}client_rate = 3\n`);
		const codes = [];
		for (let at = 0; at < 4; at++) {
			const caller = call(port);
			codes.push((await caller.reply())?.slice(0, 3));
			caller.end();
		}
		assert.deepEqual(codes, ['220', '220', '220', '421']);
	});

	it('of patience end a conversation', async () => {
		const caller = call(await start('command_timeout = 1s\n'));
		assert.match((await caller.reply()) ?? '', /^220/);
		assert.equal(
			await caller.reply(),
			'421 4.4.2 mx.example.org Timeout waiting for input from client',
		);
		assert.equal(await caller.reply(), undefined);
	});

	it('of nonsense end it too', async () => {
		const caller = call(await start());
		await caller.reply();
		assert.equal(await caller.say(`NOOP ${'x'.repeat(3000)}`), '500 5.5.2 Command line too long');
		let last: string | undefined;
		for (let at = 0; at < 24; at++) last = await caller.say('FOO');
		assert.match(last ?? '', /^421 4\.7\.0 .*Too many bad commands/);
	});
});

describe('an end', () => {
	it('lets a letter under way be finished, and takes no new one', async () => {
		const port = await start();
		const [busy, idle] = [call(port), call(port)];
		await busy.begin('a@b.example', 'pere');
		await idle.reply();
		await busy.say('DATA');
		busy.write('Subject: last\r\n\r\n');
		server?.child.kill('SIGTERM');
		assert.match((await idle.reply()) ?? '', /^421 /);
		const late = call(port);
		assert.equal(await late.reply(), undefined);
		assert.match((await busy.say('x\r\n.')) ?? '', /^250 /);
		assert.match((await busy.reply()) ?? '', /^421 /);
		assert.equal(await server?.ended, 0);
		assert.deepEqual(subjects(office, 'pere'), ['last']);
		assert.equal(existsSync(join(office.root, 'var/run/inkloom.pid')), false);
	});

	it('by SIGKILL loses nothing that was accepted, and tears no mailbox', async () => {
		const rounds = Number(process.env.INKLOOM_KILLS ?? 5);
		const accepted: string[] = [];
		office.write('etc/aliases', 'both: pere, ana\n');
		for (let round = 0; round < rounds; round++) {
			const port = await start();
			const clients = Array.from({ length: 6 }, async (_, client) => {
				const caller = call(port);
				await caller.begin('a@b.example');
				for (let letter = 0; !caller.closed; letter++) {
					const subject = `${round}.${client}.${letter}`;
					await caller.say('MAIL FROM:<a@b.example>');
					await caller.say(`RCPT TO:<${letter % 3 === 0 ? 'both' : 'pere'}>`);
					await caller.say('DATA');
					const body = `Subject: ${subject}\r\n\r\n${'x'.repeat(3000)}\r\nend ${subject}\r\n.`;
					if ((await caller.say(body))?.startsWith('250')) accepted.push(subject);
				}
			});
			const killed = setTimeout(() => server?.child.kill('SIGKILL'), 150 + Math.random() * 300);
			await server?.ended;
			clearTimeout(killed);
			await Promise.all(clients);
		}
		assert.ok(accepted.length > rounds, `${accepted.length} accepted`);
		const { status } = spawnSync(process.execPath, [sendmailProgram, '-q'], {
			env: office.env('root'),
		});
		assert.equal(status, 0);
		const there = new Set(subjects(office, 'pere'));
		assert.deepEqual(
			accepted.filter((subject) => !there.has(subject)),
			[],
		);
		for (const letter of mailbox('pere').split(/^(?=From )/m)) {
			const subject = /^Subject: (.*)$/m.exec(letter)?.[1];
			assert.ok(letter.endsWith(`\nend ${subject}\n\n`), letter.slice(-200));
		}
	});
});

describe('a socket file', () => {
	const settings = 'listen_lmtp = /var/run/smtp.sock\n';

	it('is not taken from a server that lives', async () => {
		await start(settings);
		office.write('etc/mail/inkloom.conf', 'listen = /var/run/smtp.sock\n');
		const second = spawnSync(process.execPath, [sendmailProgram, '-bD'], {
			env: office.env('root'),
			encoding: 'latin1',
			timeout: 10_000,
		});
		assert.deepEqual(
			[second.status, second.stderr],
			[71, 'sendmail: cannot listen on /var/run/smtp.sock: Address already in use\n'],
		);
		const path = join(office.root, 'var/run/smtp.sock');
		assert.match((await call(path).reply()) ?? '', /^220 /);
	});

	it('is taken from one that was killed', async () => {
		await start(settings);
		server?.child.kill('SIGKILL');
		await server?.ended;
		await start(settings);
		assert.match((await call(join(office.root, 'var/run/smtp.sock')).reply()) ?? '', /^220 /);
	});
});

describe('in the background', () => {
	it('the server starts at once, says nothing of a port that is taken, and runs the queue', async () => {
		const env = office.env('root');
		spawnSync(process.execPath, [sendmailProgram, '-odq', 'pere'], {
			env,
			input: 'Subject: waited\n\nx\n',
		});
		assert.equal(mailbox('pere'), '');
		office.write('etc/mail/inkloom.conf', 'listen = 127.0.0.1:0\n');
		const started = spawnSync(process.execPath, [sendmailProgram, '-bd', '-q15m'], {
			env,
			encoding: 'latin1',
		});
		assert.deepEqual([started.status, started.stdout, started.stderr], [0, '', '']);
		const pidFile = join(office.root, 'var/run/inkloom.pid');
		const pid = await until(
			() => existsSync(pidFile) && Number(readFileSync(pidFile, 'latin1')),
			'its pid file',
		);
		try {
			await until(() => mailbox('pere').includes('Subject: waited'), 'the queue run');
		} finally {
			process.kill(pid, 'SIGTERM');
		}
		await until(() => !existsSync(pidFile), 'its end');
	});
});
