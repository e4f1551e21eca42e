/**
 * Letters of ours on their way through other mail servers, by SMTP and through a mailer program: what
 * lies in the mailbox is what was written, but for the fields that a server adds in front.
 */
import assert from 'node:assert/strict';
import {
	chmodSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { smtpTransport } from '../../src/mta/bysmtp.js';
import { programTransport } from '../../src/mta/program.js';
import type { Transport } from '../../src/mta/transport.js';
import { prepare, writeAll } from '../harness/letters.js';
import { letters } from '../lettersofours.js';
import { eximFor, missing, serveExim, startPostfix } from './foreign.js';
import { makeOffice } from './office.js';

const office = makeOffice();
const dir = mkdtempSync(join(tmpdir(), 'passage-'));
const work = mkdtempSync(join(tmpdir(), 'passage-'));
for (const path of [dir, work]) chmodSync(path, 0o755);
after(() => {
	office.remove();
	for (const path of [dir, work]) rmSync(path, { recursive: true, force: true });
});

const names = Object.keys(letters);
let written: ReadonlyMap<string, Buffer | Error>;
before(async () => {
	written = await writeAll(prepare(dir), letters);
});

function letter(name: string): Buffer {
	const octets = written.get(name);
	if (octets instanceof Buffer) return octets;
	throw octets;
}

/** Every letter has an address of its own here, by which it is found again. */
const address = (name: string) => `n${names.indexOf(name)}@x.example`;

/** Sends all letters, some at a time: a server may think for a while over each. */
async function sendAll(transport: Transport): Promise<void> {
	const waiting = names.filter((name) => written.get(name) instanceof Buffer);
	const worker = async () => {
		for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
			const recipients = [address(name)];
			const envelope = { ...plain, recipients };
			const receipt = await transport.send(envelope, letter(name));
			assert.deepEqual([name, receipt.outcome, receipt.report], [name, 'sent', []]);
		}
	};
	await Promise.all(Array.from({ length: 8 }, worker));
}

const plain = { reversePath: 'me@y.example', verbose: false, meToo: false, hops: undefined };

const bySmtp = (port: number) =>
	smtpTransport(office.system, { server: `127.0.0.1:${port}`, tls: 'never' });
const byProgram = (path: string) => programTransport(path, { temporary: tmpdir(), wait: true });

/** What lies in a maildir, by recipient. */
function arrived(box: string): Map<string, Buffer> {
	const folder = join(box, 'new');
	const found = existsSync(folder) ? readdirSync(folder) : [];
	return new Map(
		found.map((name) => {
			const octets = readFileSync(join(folder, name));
			const to = /^(?:Delivered-To|Envelope-to): (.*)$/im.exec(octets.toString('latin1'))?.[1];
			return [to ?? '', octets];
		}),
	);
}

async function waitFor(box: string, many: number): Promise<Map<string, Buffer>> {
	for (let n = 0; n < 400 && arrived(box).size < many; n++) {
		await new Promise((done) => setTimeout(done, 50));
	}
	return arrived(box);
}

const added = /^(?:Received|Return-path|X-Original-To|Delivered-To|Envelope-to|Delivery-date):/i;

/** A letter cut into its fields and its text. */
function cut(octets: Buffer): { fields: string[]; text: string } {
	const letter = octets.toString('latin1');
	const end = letter.indexOf('\n\n');
	const fields = letter.slice(0, end + 1).match(/^[^ \t\n][^\n]*\n(?:[ \t][^\n]*\n)*/gm) ?? [];
	return { fields: [...fields], text: letter.slice(end + 1) };
}

function assertUnchanged(octets: Buffer | undefined, sent: Buffer): void {
	assert.ok(octets, 'it did not arrive');
	const got = cut(octets);
	const meant = cut(sent);
	const kept = got.fields.filter((field) => !added.test(field));
	const named = new Set(meant.fields.map((field) => field.split(':', 1)[0]?.toLowerCase()));
	// A field that the letter left to the server.
	const ours = kept.filter((field) => {
		const [name = ''] = field.toLowerCase().split(':', 1);
		return named.has(name) || !['message-id', 'from', 'date'].includes(name);
	});
	assert.deepEqual(ours, meant.fields);
	assert.equal(got.text, meant.text);
}

/** What has come through a server; a string says why it cannot be tried here. */
type Passage = ReadonlyMap<string, Buffer> | string;

function itCarriesAll(pass: (place: string) => Promise<Passage>): void {
	let passage: Passage = 'not tried';
	before(async () => {
		passage = await pass(mkdtempSync(join(work, 'mta-')));
	});
	for (const name of names) {
		it(`leaves as it was: ${name}`, (test) => {
			if (typeof passage === 'string') return test.skip(passage);
			assertUnchanged(passage.get(address(name)), letter(name));
		});
	}
}

async function throughPostfix(place: string, bySocket: boolean): Promise<Passage> {
	const postfix = await startPostfix(place);
	if (typeof postfix === 'string') return postfix;
	try {
		await sendAll(bySocket ? bySmtp(postfix.port) : byProgram(postfix.sendmail));
		const box = await waitFor(join(place, 'box/all'), names.length);
		if (box.size < names.length) throw new Error(`${box.size} arrived`);
		return box;
	} catch (error) {
		throw new Error(`postfix's log:\n${postfix.log()}`, { cause: error });
	} finally {
		await postfix.stop();
	}
}

async function throughExim(place: string, bySocket: boolean): Promise<Passage> {
	chmodSync(place, 0o755);
	const mail = office.system.userNamed('mail')?.uid ?? 8;
	const target = [`directory = ${place}/box`, 'maildir_format', 'envelope_to_add'];
	const words = eximFor(place, mail, [...target, 'return_path_add']);
	if (!words) return 'exim cannot run here: it needs root, and a mount namespace';
	if (bySocket) {
		const server = await serveExim(words);
		await sendAll(bySmtp(server.port));
		await server.stop();
	} else {
		const program = join(place, 'mailer');
		const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
		writeFileSync(program, `#!/bin/sh\nexec ${quoted} -odi "$@"\n`, { mode: 0o755 });
		await sendAll(byProgram(program));
	}
	return waitFor(join(place, 'box'), names.length);
}

describe('postfix', { skip: missing('postqueue') }, () => {
	describe('by SMTP', () => itCarriesAll((place) => throughPostfix(place, true)));
	describe('through its sendmail', () => itCarriesAll((place) => throughPostfix(place, false)));
});

describe('exim', { skip: missing('exim4') }, () => {
	describe('by SMTP', () => itCarriesAll((place) => throughExim(place, true)));
	describe('as a mailer program', () => itCarriesAll((place) => throughExim(place, false)));
});
