import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { SMTPServer } from 'smtp-server';

import { makeOffice, type Office } from './office.js';

interface Taken {
	readonly from: string;
	readonly to: readonly string[];
	readonly text: string;
}

const dist = resolve(process.env.INKLOOM_DIST ?? 'dist');
const taken: Taken[] = [];
const server = new SMTPServer({
	disabledCommands: ['AUTH', 'STARTTLS'],
	onRcptTo({ address }, _session, done) {
		const code = /reject/.test(address) ? 550 : /later/.test(address) ? 451 : undefined;
		const text = code === 550 ? '5.1.1 User unknown here' : '4.7.1 Greylisted, try again later';
		done(code === undefined ? undefined : Object.assign(new Error(text), { responseCode: code }));
	},
	onData(stream, { envelope }, done) {
		const chunks: Buffer[] = [];
		stream.on('data', (chunk: Buffer) => chunks.push(chunk));
		stream.on('end', () => {
			taken.push({
				from: envelope.mailFrom ? envelope.mailFrom.address : '',
				to: envelope.rcptTo.map(({ address }) => address),
				text: Buffer.concat(chunks).toString('latin1'),
			});
			done();
		});
	},
});
let port = 0;
let office: Office;

before(async () => {
	await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
	port = (server.server.address() as AddressInfo).port;
});
after(() => new Promise<void>((done) => server.close(done)));
beforeEach(() => {
	office = makeOffice();
	taken.length = 0;
});
afterEach(() => office.remove());

function sendmail(
	args: readonly string[],
	input: string,
	at = port,
): Promise<[number | null, string]> {
	const child = spawn(process.execPath, [join(dist, 'sendmail.cjs'), ...args], {
		env: { ...office.env('pue'), INKLOOM_SMARTHOST: `127.0.0.1:${at}` },
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	let out = '';
	child.stdout.on('data', (octets: Buffer) => {
		out += octets.toString('latin1');
	});
	child.stdin.end(input);
	return new Promise((done) => child.on('close', (status) => done([status, out])));
}

const queued = (): number => readdirSync(join(office.root, 'var/spool/mqueue')).length;

describe('a letter for another host', () => {
	it('goes to the smarthost, dots and line ends as SMTP has them', async () => {
		const [status] = await sendmail(['-i', '-odi', 'bob@ok.example'], 'Subject: s\n\n.dot\nlast');
		assert.equal(status, 0);
		assert.deepEqual(taken[0]?.to, ['bob@ok.example']);
		assert.equal(taken[0]?.from, 'pue@mx.example.org');
		assert.match(taken[0]?.text ?? '', /\r\nSubject: s\r\n\r\n\.dot\r\nlast\r\n$/);
		assert.equal(queued(), 0);
	});

	it('that is put off stays in the queue with the reply', async () => {
		const [status] = await sendmail(['-odi', 'later@ok.example'], '\nx\n');
		assert.equal(status, 0);
		const [, list] = await sendmail(['-bp'], '');
		assert.match(list, /\(Deferred: 451 4\.7\.1 Greylisted, try again later\)\n/);
	});

	it('that is refused while the sender waits is his to keep', async () => {
		const [status, out] = await sendmail(['-odi', 'reject@ok.example'], '\nx\n');
		assert.equal(status, 67);
		assert.match(out, /^reject@ok\.example\.\.\. User unknown\n.*Saved message/);
		assert.equal(queued(), 0);
	});

	it('says of a server that is not there that it refused', async () => {
		const gone = new SMTPServer();
		await new Promise<void>((ready) => gone.listen(0, '127.0.0.1', ready));
		const { port: closed } = gone.server.address() as AddressInfo;
		await new Promise<void>((done) => gone.close(done));
		const [status, out] = await sendmail(['-v', 'bob@ok.example'], '\nx\n', closed);
		assert.equal(status, 0);
		assert.match(out, /bob@ok\.example\.\.\. Deferred: Connection refused by 127\.0\.0\.1\.\n/);
		assert.equal(queued(), 2);
		await sendmail(['-q'], '');
		assert.equal(taken.length, 1);
		assert.equal(queued(), 0);
	});
});
