import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';

import { Interrupted } from '../../src/complaint.js';
import { MboxFile } from '../../src/mailbox/file.js';
import { openingProgress } from '../../src/mailx/progress.js';
import { Desk, letter } from '../harness/desk.js';

let desk: Desk;
afterEach(() => desk.remove());

/** What a live terminal is told of a folder that is read a tenth in every 100 ms. */
async function opening(bare: boolean): Promise<(string | undefined)[] | undefined> {
	desk = new Desk();
	const { session, terminal } = desk.session({}, [], { bare, interactive: true });
	const told: (string | undefined)[] = [];
	let time = 0;
	const live = Object.assign(terminal, {
		outputIsTerminal: true,
		progress: (text: string | undefined) => told.push(text),
	});
	const system = { ...session.system, now: () => new Date(time) };
	const progress = openingProgress({ ...session, terminal: live, system }, '/x/a\x1bb.mbox');
	for (let octets = 100; progress && octets < 1000; octets += 100) {
		time += 100;
		await progress.pause(octets, 1000);
	}
	progress?.end();
	return progress && told;
}

describe('progress', () => {
	it('is shown once opening a folder takes long, and vanishes', async () => {
		const told = await opening(false);
		assert.equal(told?.[0], 'opening a␛b.mbox  30 %  ^C stops');
		assert.equal(told?.length, 8);
		assert.equal(told?.at(-1), undefined);
	});

	it('is nothing that -n knows', async () => {
		assert.equal(await opening(true), undefined);
	});

	it('is told between chunks of the file, which reads as it does at once, unless that is stopped', async () => {
		desk = new Desk({ box: letter(1, 'RO') + letter(2) + letter(3) });
		const path = `${desk.dir}/box`;
		const options = {
			kind: 'file',
			readOnly: false,
			name: path,
			home: desk.dir,
			chunk: 64,
		} as const;
		const seen: number[] = [];
		const slow = await MboxFile.open(path, options, async (octets, of) => {
			seen.push(octets / of);
		});
		const quick = new MboxFile(path, options);
		assert.deepEqual(slow.messages, quick.messages);
		assert.ok(seen.length > 2 && seen.every((part, n) => part > (seen[n - 1] ?? 0) && part < 1));
		const stopped = MboxFile.open(path, options, () => Promise.reject(new Interrupted()));
		await assert.rejects(stopped, Interrupted);
		for (const box of [slow, quick]) box.close();
	});
});
