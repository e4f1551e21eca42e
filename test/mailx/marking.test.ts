import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';

import { contents, Desk, letter } from '../harness/desk.js';

let desk: Desk;
afterEach(() => desk.remove());

const three = letter(1, 'RO') + letter(2, 'O') + letter(3);

async function told(lines: readonly string[], spool = three): Promise<string> {
	desk = new Desk({ spool });
	const text = await desk.play(['echo ---', ...lines], { headline: '%>%a%m' });
	return text.slice(text.indexOf('---\n') + 4);
}

describe('delete', () => {
	it('goes to the next message that is left, else to one before', async () => {
		assert.equal(await told(['d 1', '=', 'd 3', '=', 'x']), '2\n2\n');
	});
	it('dp shows the next one, and tells the end', async () => {
		assert.match(await told(['f 1', 'dp', 'x']), /^ O {2}1\nMessage {2}2:\n/);
		assert.equal(await told(['dp', 'dp', 'dp', 'x']), 'At EOF\nAt EOF\nNo more messages\n');
	});
	it('undelete brings back and goes there', async () => {
		assert.equal(await told(['d 1', 'u 1', '=', 'f 1', 'x']), '1\n>O  1\n');
	});
});

describe('states', () => {
	it('flag, answered and draft are set, taken away and kept in X-Status', async () => {
		await told(['flag 1', 'answered 1 2', 'draft 1', 'unanswered 2', 'q']);
		assert.match(desk.file('spool') ?? '', /Status: RO\nX-Status: FAT\n/);
		assert.equal(desk.file('spool')?.match(/X-Status/g)?.length, 1);
	});
	it('unread, seen, touch, hold and mbox decide where messages go', async () => {
		await told(['unread 1', 'seen 2', 'hold 3', 'q']);
		assert.equal(contents(desk.file('spool')), '1:O 3:O');
		assert.equal(contents(desk.file('home/mbox')), '2:RO');
	});
	it('hold is for the system mailbox', async () => {
		desk = new Desk({ box: three });
		const text = await desk.play(['hold 1', 'x'], {}, { folder: `${desk.dir}/box` });
		assert.match(text, /^Cannot "preserve" in edit mode$/m);
	});
	it('each changes the dot, so that Return goes on after it', async () => {
		assert.match(await told(['touch 1', '', 'x']), /^Message {2}2:/);
	});
});

describe('kill and score', () => {
	it('kill takes out of the summary and of the walk, unkill brings back', async () => {
		assert.equal(
			await told(['k 2', 'f *', 'h', 'unkill 2', 'f 2', 'x']).then(
				(text) => text.split('\n').length,
			),
			7,
		);
	});
	it('adds up; below zero kills', async () => {
		const lines = ['set headline="%a%c"', 'score 1 2.5', 'score 1 2', 'score 2 -1', 'f 1 2', 'x'];
		assert.equal(await told(lines), 'O   4.5\nK    -1\n');
	});
	it('refuses what is no number', async () => {
		assert.equal(await told(['score 1 x', 'score', 'x']), 'Invalid score: "x"\nNo score given.\n');
	});
});
