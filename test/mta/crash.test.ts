import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { readQueue } from '../../src/mta/queue.js';
import { submit } from '../../src/mta/submit.js';
import { makeOffice, type Office } from './office.js';
import { type Peer, startPeer } from './peer.js';

const dist = resolve(process.env.INKLOOM_DIST ?? 'dist');
/** How many times as much as a usual run does. */
const much = Number(process.env.INKLOOM_MUCH ?? 1);
let office: Office;
let peer: Peer;
beforeEach(async () => {
	office = makeOffice();
	peer = await startPeer('127.0.0.1', 0, {
		rcpt: (address) =>
			/late/.test(address) && Math.random() < 0.5 ? '451 4.7.1 Later' : undefined,
	});
});
afterEach(async () => {
	await peer.close();
	office.remove();
});

/** A queue run that is killed after so many milliseconds; true where it was still at work. */
function killedRun(after: number): Promise<boolean> {
	const child = spawn(process.execPath, [join(dist, 'sendmail.cjs'), '-q'], {
		env: { ...office.env('root'), INKLOOM_SMARTHOST: `127.0.0.1:${peer.port}` },
		stdio: 'ignore',
	});
	const timer = setTimeout(() => child.kill('SIGKILL'), after);
	return new Promise((done) =>
		child.once('close', (_, signal) => {
			clearTimeout(timer);
			done(signal === 'SIGKILL');
		}),
	);
}

describe('queue runners killed at random moments', () => {
	it('lose no copy, and double only what was under way', async (test) => {
		const total = 60 * much;
		for (let n = 0; n < total; n++) {
			const letter = Buffer.from(
				`Subject: s\n\nletter ${n} begins\n${'x'.repeat(n * 30)}\nletter ${n} ends\n`,
			);
			const recipients = ['pere', `bob${n}@ok.example`, `late${n}@other.example`];
			await submit(office.as('ana'), letter, { sender: undefined, recipients, queueOnly: true });
		}
		let kills = 0;
		let runs = 0;
		while (readQueue(office.system).length > 0) {
			assert.ok(
				++runs < 60 * much,
				`${readQueue(office.system).length} letters do not leave the queue`,
			);
			// From before its first line to well into the work, be the machine busy; two at a time, as a daemon
			// and cron would.
			const most = 250 + 25 * runs;
			const pair = [90, 130].map((least) => killedRun(least + Math.random() * most));
			for (const killed of await Promise.all(pair)) if (killed) kills++;
			// Without record locks, what a killed process leaves behind goes stale in time only.
			rmSync(join(office.root, 'var/spool/mail/pere.lock'), { force: true });
		}
		test.diagnostic(`${kills} kills in ${runs} rounds, ${peer.taken.length} taken of ${2 * total}`);
		assert.ok(kills >= 3, `${kills} kills`);
		const box = readFileSync(join(office.root, 'var/spool/mail/pere'), 'latin1');
		const sent = peer.taken.map(({ rcpt }) => rcpt.join());
		for (let n = 0; n < total; n++) {
			assert.ok(box.includes(`letter ${n} ends`), `pere lost letter ${n}`);
			for (const address of [`bob${n}@ok.example`, `late${n}@other.example`]) {
				assert.ok(sent.includes(`<${address}>`), `${address} lost the letter`);
			}
		}
		// Ten letters may be under way in a run, each in two transactions of which one may be unnoted.
		assert.ok(sent.length <= 2 * total + 10 * kills, `${sent.length} after ${kills} kills`);
		const begun = box.match(/^letter \d+ begins$/gm)?.length ?? 0;
		const ended = box.match(/^letter \d+ ends$/gm)?.length ?? 0;
		assert.ok(begun <= total + kills, `${begun} copies after ${kills} kills`);
		assert.ok(begun - ended <= kills);
		assert.deepEqual(
			readdirSync(join(office.root, 'var/spool/mqueue')).filter((name) => name.startsWith('qf')),
			[],
		);
	});
});
