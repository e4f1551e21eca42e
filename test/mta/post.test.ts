import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { submit } from '../../src/mta/submit.js';
import { makeOffice, type Office } from './office.js';

const dist = resolve(process.env.INKLOOM_DIST ?? 'dist');
let office: Office;
beforeEach(() => {
	office = makeOffice();
});
afterEach(() => office.remove());

interface Ran {
	readonly status: number | null;
	readonly out: string;
}

function start(user: string, args: readonly string[], program = 'sendmail'): ChildProcess {
	return spawn(process.execPath, [join(dist, `${program}.cjs`), ...args], {
		env: office.env(user),
		stdio: ['pipe', 'pipe', 'inherit'],
	});
}

function finish(child: ChildProcess, input: string | Buffer): Promise<Ran> {
	let out = '';
	child.stdout?.on('data', (octets: Buffer) => {
		out += octets.toString('latin1');
	});
	child.stdin?.on('error', () => child.stdin?.destroy());
	child.stdin?.end(input);
	return new Promise((done) => child.on('close', (status) => done({ status, out })));
}

const sendmail = (user: string, args: readonly string[], input: string | Buffer = '') =>
	finish(start(user, args), input);

const path = (name: string): string => join(office.root, name);
const mailbox = (user: string): string => {
	const file = path(`var/spool/mail/${user}`);
	return existsSync(file) ? readFileSync(file, 'latin1') : '';
};
/** What varies from run to run, made the same. */
const settled = (text: string): string =>
	text
		.replace(/[0-9A-Za-z]{8}\d{6}/g, 'ID')
		.replace(/\d{12}\.ID/g, 'STAMP.ID')
		.replace(/\((8\.17[^)]*|Inkloom [^)]*)\)/g, '(SOFTWARE)')
		.replace(/\w{3}, \d+ (?!Jan 1970)\w{3} \d{4} \d\d:\d\d:\d\d GMT/g, 'DATE')
		.replace(/\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, 'ASCTIME');
const letters = (text: string): string[] => text.split(/^(?=From )/m).filter(Boolean);
const queued = (): string[] => readdirSync(path('var/spool/mqueue'));

describe('a delivered letter', () => {
	it('is completed as sendmail completes it', async () => {
		const { status, out } = await sendmail(
			'pue',
			['-i', 'pere'],
			'To: pere, Ana <ana>\nBcc: x\n\nhi',
		);
		assert.deepEqual([status, out], [0, '']);
		assert.equal(
			settled(mailbox('pere')),
			`From pue@mx.example.org  ASCTIME
Return-Path: <pue@mx.example.org>
Received: (from pue@localhost)
	by mx.example.org (SOFTWARE) id ID
	for pere; DATE
Date: DATE
From: Pue Test <pue@mx.example.org>
Message-Id: <STAMP.ID@mx.example.org>
To: pere@mx.example.org, Ana <ana@mx.example.org>

hi

`,
		);
	});

	it('keeps the Date, From and Message-ID it has, in their place', async () => {
		const given =
			'Subject: s\nDate: Thu, 1 Jan 1970 00:00:00 GMT\nFrom: a@b.c\nMessage-ID: <1@b>\n\nx\n';
		await sendmail('pue', ['pere'], given);
		const text = mailbox('pere');
		assert.ok(text.endsWith(`${given}\n`), text);
		assert.equal(text.match(/^(Date|From|Message-Id):/gim)?.length, 3);
	});

	it('warns of a sender that is not the person', async () => {
		await sendmail('pue', ['-f', 'ana', 'pere'], '\nx\n');
		assert.match(mailbox('pere'), /^From ana@mx.example.org {2}/);
		assert.match(
			mailbox('pere'),
			/^X-Authentication-Warning: mx\.example\.org: pue set sender to ana using -f$/m,
		);
	});

	it('takes the bare address of a sender, and no line ends from it', async () => {
		await sendmail('pue', ['-f', 'Ana <ana@b.c>', 'pere'], '\nx\n');
		assert.match(mailbox('pere'), /^From ana@b\.c {2}.*\nReturn-Path: <ana@b\.c>\n/);
		await sendmail('pue', ['-f', 'ana\nX-Evil: yes', 'pere'], '\nx\n');
		assert.doesNotMatch(mailbox('pere'), /^X-Evil/m);
	});

	it('ends at a lone dot, except with -i', async () => {
		await sendmail('pue', ['pere'], '\na\n.\nb\n');
		await sendmail('pue', ['-oi', 'ana'], '\na\n.\nb\n');
		assert.ok(mailbox('pere').endsWith('\n\na\n\n'));
		assert.ok(mailbox('ana').endsWith('\n\na\n.\nb\n\n'));
	});

	it('is refused when it has passed too many mailers', async () => {
		const { status } = await sendmail('pue', ['pere'], `${'Received: x\n'.repeat(26)}\nloop\n`);
		assert.equal(status, 69);
		assert.equal(mailbox('pere'), '');
		assert.match(readFileSync(path('home/pue/dead.letter'), 'latin1'), /loop/);
	});

	const fixtures = resolve('../shared/delivery/fixtures/mbox');
	for (const name of existsSync(fixtures) ? readdirSync(fixtures) : []) {
		const base = /^(body-.*)\.input\.txt$/.exec(name)?.[1];
		if (base === undefined || base === 'body-nul') continue;
		it(`lands as recorded: ${base}`, async () => {
			await sendmail('root', ['-i', 'pere'], readFileSync(join(fixtures, name)));
			const recorded = readFileSync(join(fixtures, `${base}.mbox`), 'latin1');
			assert.equal(settled(mailbox('pere')), settled(recorded));
		});
	}
});

describe('recipients', () => {
	it('on an alias get one copy each', async () => {
		office.write('etc/aliases', 'totis: pue, pere\n');
		assert.deepEqual(await finish(start('root', [], 'newaliases'), ''), {
			status: 0,
			out: '/etc/aliases: 1 aliases, longest 9 bytes, 14 bytes total\n',
		});
		await sendmail('pue', ['totis', 'pere'], 'Subject: all\n\nx\n');
		assert.equal(letters(mailbox('pue')).length, 1);
		assert.equal(letters(mailbox('pere')).length, 1);
		assert.deepEqual(queued(), []);
	});

	it('that are unknown do not keep the letter from the others', async () => {
		const { status, out } = await sendmail('pue', ['pere', 'nosuch'], '\nx\n');
		assert.equal(status, 67);
		assert.equal(
			out,
			'nosuch... User unknown\n' +
				'/home/pue/dead.letter... Saved message in /home/pue/dead.letter\n',
		);
		assert.equal(letters(mailbox('pere')).length, 1);
	});

	it('come from the header with -t, together with the arguments', async () => {
		await sendmail('pue', ['-t', 'ana'], 'To: pere,\n pue\nBcc: root\n\nx\n');
		const all = ['ana', 'pere', 'pue', 'root'].map((user) => letters(mailbox(user)).length);
		assert.deepEqual(all, [1, 1, 1, 1]);
		assert.doesNotMatch(mailbox('root'), /^Bcc/m);
	});

	it('elsewhere wait in the queue, and mailq says why', async () => {
		office.write('home/pue/.forward', 'pue, root, profe@gmail.com\n');
		await sendmail('pere', ['pue'], 'Subject: s\n\nhello\n');
		assert.equal(letters(mailbox('pue')).length, 1);
		assert.equal(letters(mailbox('root')).length, 1);
		const { out } = await finish(start('pue', [], 'mailq'), '');
		assert.equal(
			settled(out).replace(/\w{3} \w{3} [ \d]\d \d\d:\d\d/, 'TIME'),
			`\t\t/var/spool/mqueue (1 request)
-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------
ID        6 TIME pere
                 (Deferred: gmail.com.: no network in this root)
\t\t\t\t\t profe@gmail.com
\t\tTotal requests: 1
`,
		);
	});

	it('see an empty queue as sendmail prints it', async () => {
		assert.deepEqual(await finish(start('pue', [], 'mailq'), ''), {
			status: 0,
			out: '/var/spool/mqueue is empty\n\t\tTotal requests: 0\n',
		});
	});
});

describe('programs and files', () => {
	it('get the letter; the program runs in the home with next to no environment', async () => {
		office.write('home/pere/.forward', '"|cat > got; env > env; umask >> env", "/home/pere/box"\n');
		const { status, out } = await sendmail('pue', ['-v', 'pere'], 'Subject: s\n\nFrom x\n');
		assert.equal(status, 0);
		assert.match(out, /"\/home\/pere\/box"\.\.\. Sent\n/);
		assert.match(
			readFileSync(path('home/pere/got'), 'latin1'),
			/^From pue@mx.example.org [A-Z][\s\S]*\nFrom x\n$/,
		);
		assert.match(readFileSync(path('home/pere/box'), 'latin1'), /\n>From x\n\n$/);
		const env = readFileSync(path('home/pere/env'), 'latin1');
		assert.match(env, /^AGENT=sendmail$/m);
		assert.match(env, /^0?022$/m);
		assert.doesNotMatch(env, /^TZ=/m);
	});

	it('that ask for another try keep the letter in the queue until they take it', async () => {
		office.write('home/pere/.forward', '"|test -e ready && cat > got || exit 75"\n');
		const sent = await sendmail('pue', ['pere'], '\nlater\n');
		assert.deepEqual([sent.status, existsSync(path('home/pere/got'))], [0, false]);
		assert.match(
			(await sendmail('pue', ['-bp'])).out,
			/\(Deferred: prog mailer \(\/bin\/sh\) exited with EX_TEMPFAIL\)/,
		);
		await sendmail('root', ['-q']);
		assert.equal(queued().length, 2);
		office.write('home/pere/ready', '');
		const run = await sendmail('root', ['-q', '-v']);
		assert.match(run.out, /\nRunning \/var\/spool\/mqueue\/\w+ \(sequence 1 of 1\)\n.*\n.*Sent\n$/);
		assert.match(readFileSync(path('home/pere/got'), 'latin1'), /\nlater\n$/);
		assert.deepEqual(queued(), []);
	});

	it('that fail are told at once to the one who sends', async () => {
		office.write('home/pere/.forward', '"|/bin/false"\n');
		const { status, out } = await sendmail('pue', ['pere'], '\nx\n');
		assert.equal(status, 69);
		assert.match(out, /^"\|\/bin\/false"\.\.\. unknown mailer error 1\n/);
	});

	it('that fail in a queue run are reported by mail', async () => {
		office.write('home/pere/.forward', '"|test -e bad && { echo oops; exit 1; } || exit 75"\n');
		await sendmail('pue', ['pere'], 'Subject: to a program\n\nx\n');
		office.write('home/pere/bad', '');
		await sendmail('root', ['-q']);
		const report = mailbox('pue');
		assert.match(report, /^Return-Path: <MAILER-DAEMON@mx\.example\.org>$/m);
		assert.match(report, /^Subject: Returned mail: see transcript for details$/m);
		assert.match(report, /^Auto-Submitted: auto-generated \(failure\)$/m);
		assert.match(report, /^Final-Recipient: RFC822; pere@mx\.example\.org$/m);
		assert.match(report, /^X-Actual-Recipient: X-Unix; \|test -e bad/m);
		assert.match(report, /^Diagnostic-Code: X-Unix; 1$/m);
		assert.match(report, /^oops$/m);
		assert.match(report, /^Subject: to a program$/m);
		assert.equal(letters(report).length, 1);
		assert.deepEqual(queued(), []);
	});
});

const reports = resolve('../shared/delivery/fixtures/dsn');
describe('reports as recorded', { skip: !existsSync(reports) }, () => {
	if (!existsSync(reports)) return;
	/** Without what varies, what only SMTP brings, and the header of the letter. */
	const plain = (text: string): string =>
		settled(text)
			.replace(/^From MAILER-DAEMON.*\n/, '')
			.replace(/ID\.\d+\/mx/g, 'BOUNDARY')
			.replace(/^from (mx\.example\.org \[127\.0\.0\.1\]|\S+@localhost)$/m, 'from SENDER')
			.replace(/^Received-From-MTA:.*\n/m, '')
			.replace(/<(\w+@mx\.example\.org)>/g, '$1')
			.replace(/(expanded from: \w+)@mx.example.org/, '$1')
			.replace(/rfc822-headers\n\n[\s\S]*/, 'rfc822-headers\n');
	for (const [name, alias] of [
		['alias-to-unknown-user', 'badalias: nosuchuser'],
		['program-exit-1', `progfail: "|/bin/sh -c 'echo oops; exit 1'"`],
	] as const) {
		it(name, async () => {
			office.write('etc/aliases', `${alias}\n`);
			await sendmail('pue', ['-oem', alias.split(':', 1)[0] as string], 'Subject: test\n\nx\n');
			const recorded = readFileSync(join(reports, `${name}.eml`), 'latin1');
			assert.equal(plain(mailbox('pue')), plain(recorded));
		});
	}
});

describe('what nobody can be told of', () => {
	it('goes to the postmaster, and no further', async () => {
		office.write('home/pere/.forward', '"|exit 1"\n');
		office.write('etc/aliases', 'postmaster: ana\n');
		await sendmail('pue', ['-f', '<>', '-oem', 'pere'], '\nx\n');
		assert.match(mailbox('ana'), /^Subject: Postmaster notify: see transcript for details$/m);
		assert.deepEqual(queued(), []);
	});

	it('of a list is told to its owner, not to the sender', async () => {
		office.write('etc/aliases', 'list: pere, nosuch\nowner-list: ana\n');
		const { status, out } = await sendmail('pue', ['list'], '\nx\n');
		assert.deepEqual([status, out], [0, '']);
		assert.match(mailbox('pere'), /^From ana@mx\.example\.org {2}/);
		assert.match(
			mailbox('ana'),
			/^Final-Recipient: RFC822; list@mx\.example\.org\nX-Actual-Recipient: rfc822; nosuch@/m,
		);
	});
});

describe('a mailbox that cannot take it', () => {
	it('keeps the letter in the queue', async () => {
		const folder = path('var/spool/mail/pere');
		office.write('var/spool/mail/pere/x', '');
		const { status } = await sendmail('pue', ['pere'], '\nx\n');
		assert.equal(status, 0);
		assert.match((await sendmail('pue', ['-bp'])).out, /irregular file/);
		rmSync(folder, { recursive: true });
		await sendmail('root', ['-q']);
		assert.equal(letters(mailbox('pere')).length, 1);
	});
});

describe('exit statuses', () => {
	const cases: [string[], number, RegExp][] = [
		[[], 64, /^Recipient names must be specified\n$/],
		[['-t'], 0, /^No recipient addresses found in header\n$/],
		[['-Z', 'pere'], 64, /^sendmail: illegal option -- Z\n$/],
		[['-bz'], 64, /^Frozen configurations unsupported\n$/],
		[['-BFOO', 'pere'], 64, /^Illegal body type FOO\n$/],
		[['-N', 'foo', 'pere'], 64, /^Invalid -N argument\n$/],
		[['-R', 'foo', 'pere'], 64, /^Invalid -R value\n$/],
		[['-odx', 'pere'], 64, /^Unknown delivery mode x\n$/],
		[['-f'], 64, /^sendmail: option requires an argument -- f\n$/],
		[['-q15x'], 64, /^Invalid time unit `x'\n$/],
		[['-ONoSuch=1', 'pere'], 70, /^readcf: unknown option name NoSuch\n$/],
		[
			['-C/nonexistent', 'pere'],
			72,
			/^\/nonexistent: line 0: cannot open: No such file or directory\n$/,
		],
		[['-f', 'a@b@c', 'pere'], 64, /^a@b@c\.\.\. Invalid route address\n$/],
		[['-h', '200', 'pere'], 69, /dead\.letter\.\.\. Saved message/],
		[['-n', 'pere'], 0, /^$/],
		[['-G', '-V', 'envid', '-N', 'success', '-bm', '-oi', '-oem', 'pere'], 0, /^$/],
		[['-odq', 'pere'], 0, /^$/],
	];
	for (const [args, expected, text] of cases) {
		it(`sendmail ${args.join(' ')}: ${expected}`, async () => {
			const { status, out } = await sendmail('pue', args, '\nx\n');
			assert.match(out, text);
			assert.equal(status, expected);
		});
	}

	it('a letter with a NUL is not delivered', async () => {
		const { status, out } = await sendmail('pue', ['pere'], 'Subject: x\n\na\0b\n');
		assert.deepEqual([status, out, mailbox('pere')], [65, 'NUL byte not allowed\n', '']);
	});
});

describe('many at once', () => {
	it('lose and tear nothing', async () => {
		office.write('etc/aliases', 'totis: pue, pere\n');
		const bodies = Array.from({ length: 12 }, (_, n) => `letter ${n}\n${`${n} `.repeat(4000)}\n`);
		const runs = bodies.map((body) => sendmail('ana', ['totis'], `Subject: s\n\n${body}`));
		for (const { status } of await Promise.all(runs)) assert.equal(status, 0);
		for (const user of ['pue', 'pere']) {
			const got = letters(mailbox(user)).map((text) => text.slice(text.indexOf('\n\n') + 2, -1));
			assert.deepEqual(got.sort(), [...bodies].sort());
		}
		assert.deepEqual(queued(), []);
	});

	it('run the queue without sending a letter twice', async () => {
		for (let n = 0; n < 6; n++) await sendmail('ana', ['-odq', 'pue', 'pere'], `\nletter ${n}\n`);
		assert.equal(queued().length, 12);
		await Promise.all([1, 2, 3].map(() => sendmail('root', ['-q'])));
		await sendmail('root', ['-q']);
		assert.equal(letters(mailbox('pue')).length, 6);
		assert.equal(letters(mailbox('pere')).length, 6);
		assert.deepEqual(queued(), []);
	});
});

describe('a kill at any moment', () => {
	/** Ends a queue run as soon as it has told of so many letters; true where it was killed at work. */
	function killRun(told: number): Promise<boolean> {
		const child = start('root', ['-q', '-v']);
		let heard = 0;
		child.stdin?.end();
		child.stdout?.on('data', (octets: Buffer) => {
			heard += octets.toString('latin1').split('Running').length - 1;
			if (heard > told) child.kill('SIGKILL');
		});
		return new Promise((done) => child.once('close', (_, signal) => done(signal === 'SIGKILL')));
	}

	it('loses no accepted letter and tears none', async () => {
		const total = 150;
		const body = (n: number): string =>
			`letter ${n} begins\n${'x'.repeat(n * 60)}\nletter ${n} ends\n`;
		for (let n = 0; n < total; n++) {
			const letter = Buffer.from(`\n${body(n)}`);
			await submit(office.as('ana'), letter, {
				sender: undefined,
				recipients: ['pue', 'pere'],
				queueOnly: true,
			});
		}
		let kills = 0;
		while (queued().some((name) => name.startsWith('qf'))) {
			if (await killRun((kills * 5) % 13)) kills++;
			// Without record locks, what a killed process leaves behind goes stale in time only.
			for (const user of ['pue', 'pere'])
				rmSync(path(`var/spool/mail/${user}.lock`), { force: true });
		}
		assert.ok(kills > 5, `${kills} kills`);
		for (const user of ['pue', 'pere']) {
			const got = letters(mailbox(user));
			for (const text of got) {
				const n = Number(/^letter (\d+) begins$/m.exec(text)?.[1]);
				assert.ok(text.endsWith(`\n\n${body(n)}\n`), `${user} has a torn letter`);
			}
			for (let n = 0; n < total; n++) {
				const copies = got.filter((text) => text.includes(`letter ${n} begins`)).length;
				assert.ok(copies >= 1, `${user} lost letter ${n}`);
			}
			// A kill between the mailbox and the note about it doubles one letter, and no more.
			assert.ok(got.length <= total + kills, `${got.length} letters after ${kills} kills`);
		}
	});
});

describe('the queue of another run', () => {
	it('keeps waiting letters readable for a human', async () => {
		await sendmail('pue', ['bob@ok.example'], 'Subject: s\n\nx\n');
		const control = queued().find((name) => name.startsWith('qf')) as string;
		assert.match(
			readFileSync(path(`var/spool/mqueue/${control}`), 'utf8'),
			/"address":"bob@ok.example"/,
		);
	});

	it('does not stop at a control file that was cut short', async () => {
		writeFileSync(path('var/spool/mqueue/qf6AM9BLh3000001'), '{"version":1,"id":"6AM9');
		await sendmail('ana', ['-odq', 'pue'], '\nx\n');
		await sendmail('root', ['-q']);
		assert.equal(letters(mailbox('pue')).length, 1);
	});

	it('says that .forward files others can write are ignored', async () => {
		const file = office.write('home/pere/.forward', 'pue\n');
		chmodSync(file, 0o664);
		const { out } = await sendmail('pue', ['-v', 'pere'], '\nx\n');
		assert.equal(
			out,
			'pere... forward: /home/pere/.forward: Group writable file\n' +
				'pere... Connecting to local...\npere... Sent\n',
		);
	});
});
