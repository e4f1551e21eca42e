/**
 * Letters of ours on their way through other mail servers, by SMTP and through a mailer program: what
 * lies in the mailbox is what was written, but for the fields that a server adds in front.
 */
import assert from 'node:assert/strict';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { smtpTransport } from '../../src/mta/bysmtp.js';
import { programTransport } from '../../src/mta/program.js';
import type { Transport } from '../../src/mta/transport.js';
import { letters, prepare, writeAll } from '../lettersofours.js';
import { eximFor, missing, runForeign, serveExim, startPostfix } from './foreign.js';
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
	written = await writeAll(prepare(dir));
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

function itCarriesAll(box: () => ReadonlyMap<string, Buffer>): void {
	for (const name of names) {
		it(`leaves as it was: ${name}`, () => {
			assertUnchanged(box().get(address(name)), letter(name));
		});
	}
}

const onlyRoot = process.getuid?.() === 0 ? false : 'only root can start it';

describe('postfix', { skip: missing('postqueue') || onlyRoot }, () => {
	for (const way of ['by SMTP', 'through its sendmail'] as const) {
		describe(way, () => {
			let box = new Map<string, Buffer>();
			before(async () => {
				const place = join(work, `postfix-${way.length}`);
				mkdirSync(place);
				const postfix = await startPostfix(place);
				if (typeof postfix === 'string') throw new Error(postfix);
				try {
					await sendAll(way === 'by SMTP' ? bySmtp(postfix.port) : byProgram(postfix.sendmail));
					box = await waitFor(join(place, 'box/all'), names.length);
					if (box.size < names.length) throw new Error(`${box.size} arrived`);
				} catch (error) {
					throw new Error(`postfix's log:\n${postfix.log()}`, { cause: error });
				} finally {
					await postfix.stop();
				}
			});
			itCarriesAll(() => box);
		});
	}
});

describe('exim', { skip: missing('exim4') || onlyRoot }, () => {
	for (const way of ['by SMTP', 'as a mailer program'] as const) {
		describe(way, () => {
			let box = new Map<string, Buffer>();
			before(async () => {
				const place = join(work, `exim-${way.length}`);
				mkdirSync(place);
				const target = [
					`directory = ${place}/box`,
					'maildir_format',
					'envelope_to_add',
					'return_path_add',
				];
				const words = eximFor(place, 8, target);
				assert.ok(words, 'exim cannot run here');
				if (way === 'by SMTP') {
					const server = await serveExim(words);
					await sendAll(bySmtp(server.port));
					await server.stop();
				} else {
					for (const name of names) {
						const command = [...words, '-odi', '-i', '-f', 'me@y.example', address(name)];
						const { status, out } = await runForeign(command, letter(name));
						assert.equal(status, 0, `${name}: ${out}`);
					}
				}
				box = await waitFor(join(place, 'box'), names.length);
			});
			itCarriesAll(() => box);
		});
	}
});
