import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { Desk, letter } from '../harness/desk.js';

describe('colours in what is printed', () => {
	let desk: Desk;
	beforeEach(() => {
		const quoting = letter(2).replace('body 2', 'he said:\n> a > b\nso there');
		desk = new Desk({ spool: letter(1, 'RO') + quoting });
	});
	afterEach(() => desk.remove());
	const lines = ['h', '2', 'zz', 'x'];
	const bare = (text: string) => text.replace(/\x1b\[\d+m/g, '');

	it('are not there unless they are asked for', async () => {
		assert.doesNotMatch(await desk.play(lines, {}, { interactive: true }), /\x1b/);
	});
	it('mark new messages, the dot, quoted text and complaints', async () => {
		const text = await desk.play(lines, { colour: '' }, { interactive: true });
		assert.match(text, /\x1b\[36m>\x1b\[39m\x1b\[1mN +2 .*\x1b\[22m\n/);
		assert.match(text, /^ O +1 s1@x\.example/m);
		assert.match(text, /he said:\n\x1b\[32m> a > b\x1b\[39m\nso there\n/);
		assert.match(text, /\x1b\[31mUnknown command: "zz"\x1b\[39m\n/);
	});
	it('change no other character', async () => {
		const plain = await desk.play(lines, {}, { interactive: true });
		const painted = await desk.play(lines, { colour: '' }, { interactive: true });
		assert.equal(bare(painted), plain);
	});
	it('are never for a pipe, nor for who listens', async () => {
		assert.doesNotMatch(await desk.play(lines, { colour: '' }), /\x1b/);
		const heard = await desk.play(lines, { colour: '', accessible: '' }, { interactive: true });
		assert.doesNotMatch(heard, /\x1b/);
	});
});
