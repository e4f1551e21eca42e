import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { readQueue } from '../../src/mta/queue.js';
import { runQueue } from '../../src/mta/runner.js';
import { setSettings } from '../../src/mta/settings.js';
import { submit } from '../../src/mta/submit.js';
import {
	eximFor,
	foreign,
	foreignEnv,
	freePort,
	missing,
	runForeign,
	serveExim,
} from './foreign.js';
import { makeOffice, type Office } from './office.js';

const dist = resolve(process.env.INKLOOM_DIST ?? 'dist');
/** How many times as much as a usual run does. */
const much = Number(process.env.INKLOOM_MUCH ?? 1);
const isRoot = process.getuid?.() === 0;

let office: Office;
let work: string;
beforeEach(() => {
	office = makeOffice();
	work = mkdtempSync(join(tmpdir(), 'vac'));
	chmodSync(work, 0o755);
});
afterEach(() => {
	office.remove();
	rmSync(work, { recursive: true, force: true });
});
const run = () => runQueue(office.system, [], () => undefined);

function answers(port: number): Promise<boolean> {
	return new Promise((done) => {
		const socket = connect(port, '127.0.0.1');
		socket.once('data', () => {
			socket.end('QUIT\r\n');
			done(true);
		});
		socket.once('error', () => done(false));
	});
}

/** Starts postfix's smtp-sink; it writes what it takes into `work`. */
async function sink(port: number, ...options: string[]): Promise<ChildProcess> {
	const user = userInfo().username;
	const own = isRoot ? ['-u', user === 'root' ? 'nobody' : user] : [];
	if (isRoot) chmodSync(work, 0o777);
	const words = [...own, ...options, '-d', `${work}/%M.`, `127.0.0.1:${port}`, '50'];
	const child = spawn(foreign('smtp-sink') as string, words, { env: foreignEnv, stdio: 'ignore' });
	while (child.exitCode === null && !(await answers(port))) {
		await new Promise((turn) => setImmediate(turn));
	}
	return child;
}

function stop(child: ChildProcess): Promise<void> {
	return new Promise((done) => {
		if (child.exitCode !== null) return done();
		child.once('exit', () => done());
		child.kill('SIGKILL');
	});
}

describe('our queue into smtp-sink', { skip: missing('smtp-sink') }, () => {
	it('loses and doubles nothing, whatever goes wrong in between', async () => {
		const total = 60 * much;
		const port = await freePort();
		setSettings(office.system, { relayHost: `[127.0.0.1]:${port}` });
		for (let n = 0; n < total; n++) {
			const letter = Buffer.from(`Subject: s\n\nletter number ${n}.\n${'x'.repeat(n * 20)}\n`);
			const recipients = [`bob${n}@ok.example`, `ann${n}@other.example`];
			await submit(office.system, letter, { sender: undefined, recipients, queueOnly: true });
		}
		for (const trouble of [
			['-r', 'RCPT'],
			['-q', 'DATA'],
			['-r', 'MAIL'],
			['-Q', 'RCPT'],
			['-r', '.'],
			['-p', '-r', 'CONNECT'],
		]) {
			const troubled = await sink(port, ...trouble);
			await run();
			await stop(troubled);
			assert.equal(readQueue(office.system).length, total, trouble.join(' '));
		}
		for (const name of readdirSync(work)) rmSync(join(work, name));
		const willing = await sink(port);
		await run();
		await stop(willing);
		assert.deepEqual(readQueue(office.system), []);
		const got = readdirSync(work).flatMap((name) =>
			[...readFileSync(join(work, name), 'latin1').matchAll(/^letter number (\d+)\.\r?$/gm)].map(
				([, n]) => Number(n),
			),
		);
		const wanted = Array.from({ length: total }, (_, n) => [n, n]).flat();
		assert.deepEqual(
			got.sort((a, b) => a - b),
			wanted,
		);
	});

	it('returns what is refused for good', async () => {
		const port = await freePort();
		setSettings(office.system, { relayHost: `[127.0.0.1]:${port}` });
		const letter = Buffer.from('Subject: s\n\nx\n');
		const recipients = ['bob@ok.example'];
		await submit(office.system, letter, { sender: undefined, recipients, queueOnly: true });
		const unkind = await sink(port, '-f', 'RCPT');
		await run();
		await stop(unkind);
		assert.deepEqual(readQueue(office.system), []);
		assert.match(
			readFileSync(join(office.root, 'var/spool/mail/pue'), 'latin1'),
			/^Action: failed$/m,
		);
	});
});

/** exim, set up to append everything to one file; undefined where it cannot run. */
function exim(box: string): string[] | undefined {
	const mail = office.system.userNamed('mail')?.uid ?? 8;
	return eximFor(work, mail, [`file = ${box}`]);
}

/** What an exim could not put into a mailbox at once, as another of it had it locked, waits in its queue. */
async function emptyQueueOf(words: readonly string[]): Promise<void> {
	for (let n = 0; n < 60; n++) {
		if ((await runForeign([...words, '-bpc'], '')).out.trim() === '0') return;
		await runForeign([...words, '-qff'], '');
	}
}

describe('our queue into exim', { skip: missing('exim4') }, () => {
	it('arrives', async (test) => {
		const box = `${work}/box`;
		const words = exim(box);
		if (!words) return test.skip('exim cannot run here');
		const { port, stop: stopExim } = await serveExim(words);
		setSettings(office.system, { relayHost: `[127.0.0.1]:${port}` });
		for (let n = 0; n < 5; n++) {
			const letter = Buffer.from(`Subject: s\n\n.letter number ${n}.\n.\n`);
			const recipients = [`bob${n}@ok.example`];
			await submit(office.system, letter, { sender: undefined, recipients, queueOnly: true });
		}
		await run();
		await stopExim();
		assert.deepEqual(readQueue(office.system), []);
		await emptyQueueOf(words);
		const got = readFileSync(box, 'latin1').match(/^\.letter number \d\.\n\.$/gm);
		assert.equal(new Set(got).size, 5);
	});
});

describe('one mailbox', () => {
	it('takes letters from all deliverers at once, none lost and none torn', async (test) => {
		const each = 15 * much;
		const box = join(office.root, 'var/spool/mail/pere');
		const mail = isRoot ? 8 : (process.getuid?.() ?? 0);
		writeFileSync(box, '');
		if (isRoot) chownSync(box, mail, mail);
		chmodSync(box, 0o660);
		if (isRoot) chownSync(join(office.root, 'var/spool/mail'), mail, mail);
		const letter = (who: string, n: number): string =>
			`Subject: s\n\nbegin ${who} ${n}.\n${`${who} `.repeat(200 * (n % 9))}\nend ${who} ${n}.\n`;
		const writers: Record<string, (n: number) => Promise<unknown>> = {};
		writers.inkloom = (n) =>
			submit(office.system, Buffer.from(letter('inkloom', n)), {
				sender: undefined,
				recipients: ['pere'],
			});
		writers.sendmail = (n) =>
			runForeign(
				[process.execPath, join(dist, 'sendmail.cjs'), '-i', 'pere'],
				letter('sendmail', n),
				office.env('pue'),
			);
		const procmail = missing('procmail') ? undefined : foreign('procmail');
		if (procmail) {
			writeFileSync(`${work}/rc`, `DEFAULT=${box}\nORGMAIL=${box}\n`);
			writers.procmail = (n) =>
				runForeign(
					[procmail, '-m', `${work}/rc`],
					`From a@b Thu Jan  1 00:00:00 1970\n${letter('procmail', n)}`,
				);
		}
		const movemail = missing('movemail.mailutils') ? undefined : foreign('movemail.mailutils');
		if (movemail) {
			writers.mailutils = (n) => {
				const path = `${work}/moved${n}`;
				writeFileSync(path, `From a@b Thu Jan  1 00:00:00 1970\n${letter('mailutils', n)}\n`);
				return runForeign([movemail, '--emacs', path, box], '');
			};
		}
		const theirs = exim(box);
		if (theirs) {
			writers.exim = (n) =>
				runForeign([...theirs, '-odi', '-oi', 'pere@mx.example.org'], letter('exim', n));
		}
		test.diagnostic(`deliverers: ${Object.keys(writers).join(', ')}`);
		await Promise.all(
			Object.values(writers).map(async (write) => {
				for (let n = 0; n < each; n++) await write(n);
			}),
		);
		if (theirs) await emptyQueueOf(theirs);
		const text = readFileSync(box, 'latin1');
		for (const who of Object.keys(writers)) {
			for (let n = 0; n < each; n++) {
				const body = letter(who, n).slice('Subject: s\n'.length);
				assert.equal(text.split(body).length - 1, 1, `${who} ${n}`);
			}
		}
		const starts = text.match(/(^|\n\n)From \S+ /g)?.length;
		assert.equal(starts, each * Object.keys(writers).length);
		assert.equal(existsSync(`${box}.lock`), false);
	});
});

describe("Debian's vacation in a .forward file", { skip: missing('vacation') }, () => {
	it('answers once, through our sendmail', async () => {
		// The program has the path of sendmail built in: this copy has another of the same length.
		const mine = `${work}/s`;
		const place = '/usr/sbin/sendmail';
		assert.ok(mine.length <= place.length, mine);
		const octets = readFileSync(foreign('vacation') as string);
		const at = octets.indexOf(`${place}\0`);
		assert.ok(at > 0);
		octets.write(mine.padEnd(place.length, '\0'), at, 'latin1');
		writeFileSync(`${work}/vacation`, octets, { mode: 0o755 });
		const node = `exec ${process.execPath} ${join(dist, 'sendmail.cjs')} "$@"`;
		writeFileSync(
			mine,
			`#!/bin/sh\nexport INKLOOM_ROOT=${office.root} USER=pere PATH=${process.env.PATH}\n${node}\n`,
			{ mode: 0o755 },
		);
		writeFileSync(`${work}/message`, 'Subject: away\n\nI am away: $SUBJECT\n');
		const { username } = userInfo();
		const command = `${work}/vacation -j -f ${work}/db -m ${work}/message ${username}`;
		office.write('home/pere/.forward', `\\pere, "|${command}"\n`);
		for (let n = 0; n < 2; n++) {
			const letter = Buffer.from('To: pere\nSubject: news\n\nx\n');
			const { status, problems } = await submit(office.system, letter, {
				sender: undefined,
				recipients: ['pere'],
			});
			assert.deepEqual([status, problems], [0, []]);
		}
		const spool = join(office.root, 'var/spool/mail');
		assert.equal(readFileSync(`${spool}/pere`, 'latin1').match(/^From /gm)?.length, 2);
		const answer = readFileSync(`${spool}/pue`, 'latin1');
		assert.equal(answer.match(/^From /gm)?.length, 1);
		assert.match(answer, /^Subject: away$/m);
		assert.match(answer, /^I am away: news$/m);
	});
});
