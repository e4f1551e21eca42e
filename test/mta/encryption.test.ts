import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

import { readQueue } from '../../src/mta/queue.js';
import { type Settings, setSettings } from '../../src/mta/settings.js';
import { submit } from '../../src/mta/submit.js';
import { makeOffice, type Office } from './office.js';

const dist = resolve(process.env.INKLOOM_DIST ?? 'dist');
const certificates = mkdtempSync(join(tmpdir(), 'inkloom-tls-'));
const openssl = spawnSync('openssl', [
	...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
	...['-addext', 'subjectAltName=DNS:localhost,DNS:relay.example'],
	...['-keyout', join(certificates, 'key'), '-out', join(certificates, 'certificate')],
]);
const skip = openssl.status === 0 ? false : 'openssl is not installed';

interface Seen {
	readonly secure: boolean;
	readonly user: string | undefined;
	readonly from: string;
	readonly text: string;
}
const seen: Seen[] = [];
const open: SMTPServer[] = [];
let office: Office;

async function listen(options: SMTPServerOptions): Promise<number> {
	const server = new SMTPServer({
		onData(stream, { secure, user, envelope }, done) {
			const chunks: Buffer[] = [];
			stream.on('data', (chunk: Buffer) => chunks.push(chunk));
			stream.on('end', () => {
				const from = envelope.mailFrom ? envelope.mailFrom.address : '';
				const text = Buffer.concat(chunks).toString('latin1');
				seen.push({ secure, user: user as string | undefined, from, text });
				done();
			});
		},
		onAuth({ username, password }, _session, done) {
			if (username === 'me' && password === 'secret') done(null, { user: 'me' });
			else done(new Error('Invalid username or password'));
		},
		authOptional: true,
		...options,
	});
	server.on('error', () => undefined);
	open.push(server);
	await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
	return (server.server.address() as AddressInfo).port;
}

let encrypted = 0;
let plain = 0;
let implicit = 0;
before(async () => {
	if (skip) return;
	const [key, cert] = ['key', 'certificate'].map((name) => readFileSync(join(certificates, name)));
	const pair = { key: key as Buffer, cert: cert as Buffer };
	encrypted = await listen({ ...pair });
	implicit = await listen({ ...pair, secure: true });
	plain = await listen({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
});
after(async () => {
	await Promise.all(open.map((server) => new Promise<void>((done) => server.close(done))));
	rmSync(certificates, { recursive: true, force: true });
});
beforeEach(() => {
	office = makeOffice();
	seen.length = 0;
});
afterEach(() => office.remove());

async function relay(port: number, settings: Partial<Settings>): Promise<string> {
	const { system } = office;
	setSettings(system, { relayHost: `[localhost]:${port}`, ...settings });
	const letter = Buffer.from('Subject: s\n\nx\n');
	const recipients = ['bob@ok.example'];
	await submit(system, letter, { sender: undefined, recipients, foreground: true });
	return readQueue(system)[0]?.status ?? 'gone';
}

describe('encryption', { skip }, () => {
	it('is used where it is offered, though nobody can vouch for the certificate', async () => {
		assert.equal(await relay(encrypted, {}), 'gone');
		assert.equal(seen[0]?.secure, true);
	});

	it('is not asked for where it is not offered, nor where it is switched off', async () => {
		assert.equal(await relay(plain, {}), 'gone');
		assert.equal(await relay(encrypted, { tls: 'never' }), 'gone');
		assert.deepEqual(
			seen.map(({ secure }) => secure),
			[false, false],
		);
	});

	it('that is required wants a certificate that proves the name', async () => {
		assert.match(await relay(encrypted, { tls: 'must' }), /self-signed certificate/);
		assert.equal(seen.length, 0);
	});

	it('that is required takes a certificate that is trusted', async () => {
		const tlsCertificates = join(certificates, 'certificate');
		assert.equal(await relay(encrypted, { tls: 'must', tlsCertificates }), 'gone');
		assert.equal(seen[0]?.secure, true);
	});

	it('that is required is not done without', async () => {
		assert.match(await relay(plain, { tls: 'must' }), /^Deferred: /);
		assert.equal(seen.length, 0);
	});
});

describe('a relay that knows its users', { skip }, () => {
	it('is told name and password', async () => {
		await relay(encrypted, { relayUser: 'me', relayPassword: 'secret' });
		assert.equal(seen[0]?.user, 'me');
	});

	it('keeps the letter waiting when it does not take them', async () => {
		const status = await relay(encrypted, { relayUser: 'me', relayPassword: 'wrong' });
		assert.match(status, /^Deferred: 535 /);
		assert.equal(seen.length, 0);
	});
});

interface Ran {
	readonly status: number | null;
	readonly out: string;
}

function mail(variables: readonly string[], to = 'bob@ok.example'): Promise<Ran> {
	const set = variables.flatMap((each) => ['-S', each]);
	const child = spawn(process.execPath, [join(dist, 'mail.cjs'), '-s', 'hi', ...set, to], {
		env: { ...office.env('pue'), HOME: join(office.root, 'home/pue') },
		stdio: ['pipe', 'pipe', 'pipe'],
	});
	let out = '';
	for (const stream of [child.stdout, child.stderr]) {
		stream.on('data', (octets: Buffer) => {
			out += octets.toString('latin1');
		});
	}
	child.stdin.end('text\n');
	return new Promise((done) => child.on('close', (status) => done({ status, out })));
}

describe('set smtp=', { skip }, () => {
	it('sends through that server, complete, and keeps nothing here', async () => {
		assert.deepEqual(await mail([`smtp=127.0.0.1:${plain}`]), { status: 0, out: '' });
		assert.equal(seen[0]?.from, 'pue@mx.example.org');
		assert.match(seen[0]?.text ?? '', /^(?!Received)[\s\S]*^From: pue@mx\.example\.org\r$/m);
		assert.match(seen[0]?.text ?? '', /^Message-Id: </m);
		assert.deepEqual(readQueue(office.system), []);
	});

	it('logs in with what the variables say, for this sender or for all', async () => {
		const own = ['from=Pue <p@q.example>', 'smtp-auth-user-p@q.example=me'];
		await mail([...own, 'smtp-auth-password=secret', `smtp=localhost:${encrypted}`]);
		assert.deepEqual([seen[0]?.user, seen[0]?.from], ['me', 'p@q.example']);
	});

	it('with smtps:// or smtp-use-starttls checks the certificate, unless told not to', async () => {
		for (const server of [
			[`smtp=smtps://localhost:${implicit}`],
			[`smtp=localhost:${encrypted}`, 'smtp-use-starttls'],
		]) {
			const refused = await mail(server);
			assert.match(refused.out, /self-signed certificate[\s\S]*\. \. \. message not sent\.\n$/);
			assert.equal(refused.status, 1);
			assert.equal((await mail([...server, 'ssl-verify=ignore'])).status, 0);
			const trusted = `ssl-ca-file=${join(certificates, 'certificate')}`;
			assert.equal((await mail([...server, trusted])).status, 0);
		}
		assert.ok(seen.every(({ secure }) => secure));
		assert.equal(seen.length, 4);
	});

	it('keeps the letter where the server cannot be reached', async () => {
		const { status, out } = await mail(['smtp=127.0.0.1:1']);
		assert.equal(status, 1);
		assert.match(out, /Connection refused by 127\.0\.0\.1\./);
		assert.match(readFileSync(join(office.root, 'home/pue/dead.letter'), 'latin1'), /text\n/);
	});

	it('tells the dialogue with verbose', async () => {
		const { out } = await mail(['verbose', `smtp=127.0.0.1:${plain}`]);
		assert.match(out, /^>>> MAIL From:<pue@mx\.example\.org>/m);
		assert.match(out, /^bob@ok\.example\.\.\. Sent/m);
		assert.match(out, /^Closing connection to 127\.0\.0\.1\.\n>>> QUIT\n221 /m);
	});

	it('wants a password with a name', async () => {
		const { out } = await mail([`smtp=127.0.0.1:${plain}`, 'smtp-auth-user=me']);
		assert.match(out, /smtp-auth-user is set, but not smtp-auth-password/);
	});
});
