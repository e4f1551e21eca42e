import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { describeStep } from '../../src/mailx/pathways.js';
import { Desk, letter } from '../harness/desk.js';

describe('help at the prompt', () => {
	let desk: Desk;
	beforeEach(() => {
		desk = new Desk({ spool: letter(1) + letter(2) });
	});
	afterEach(() => desk.remove());
	const told = async (line: string, variables = {}, options = {}) => {
		const text = await desk.play([line, 'x'], variables, options);
		return text.split('\n').slice(1).join('\n');
	};

	it('fits on a terminal of 24 lines, with the prompt', async () => {
		const lines = (await told('?')).split('\n');
		assert.ok(lines.length <= 23, `${lines.length} lines`);
		for (const line of lines) assert.ok(line.length < 80, line);
	});
	it('explains a command with an example on this folder', async () => {
		const text = await told('? d');
		assert.match(text, /^ {2}d\[elete\] \[msglist\]\n {2}delete messages\n/);
		assert.match(text, /For example: d 1 {3}\(1 s1 “m1”\)/);
	});
	it('explains a variable, and says what it is now', async () => {
		assert.match(await told('? crt', { crt: '12' }), /^ {2}set crt=value {3}\(now: set to 12\)\n/);
		assert.match(await told('? dot'), /\(now: not set\)/);
	});
	it('explains both where a command and a variable have one name', async () => {
		const text = await told('? hold');
		assert.match(text, /ho\[ld\] \[msglist\]/);
		assert.match(text, /set hold {3}\(now/);
	});
	it('explains the escapes of letters, and message lists', async () => {
		assert.match(await told('? ~r'), /^ {2}~r file +insert a file/);
		assert.match(await told('? msglist'), /:n :u :r/);
	});
	it('knows what there is not', async () => {
		assert.equal(await told('? nonsense'), 'Unknown command: "nonsense"\n');
	});
	it('lists our own commands, but not with -n', async () => {
		assert.match(await told('list'), /, explain, hint$/m);
		assert.doesNotMatch(await told('list', {}, { bare: true }), /explain/);
	});
	it('does not know them with -n', async () => {
		for (const word of ['explain', 'exp', 'hint']) {
			assert.equal(await told(word, {}, { bare: true }), `Unknown command: "${word}"\n`);
		}
	});
	it('tells beforehand what a line would do', async () => {
		assert.match(
			await told('hint d 1-2'),
			/^d\[elete\] \[msglist\] — 2 messages: 1 s1 “m1”, 2 s2 “m2”/,
		);
	});
	it('promises no way back from what will not happen', async () => {
		const text = await desk.play(['d 1', 'hint d 1', 'x']);
		assert.match(text, /— 1: Inappropriate message\n/);
	});
	it('leaves ex to exit and hi to nobody else', async () => {
		assert.doesNotMatch(await told('ex'), /written/);
	});
});

describe('the way a message came', () => {
	it('is told oldest step first', async () => {
		const trace = 'Received: from b by c; Sat, 1 Jan 2022 10:00:02 +0000\n';
		const first =
			'Received: from a (a [1.2.3.4])\n\tby b (8.1) with ESMTP id 1; Sat, 1 Jan 2022 10:00:01 +0000\n';
		const desk = new Desk({ spool: letter(1).replace('From: ', `${trace}${first}From: `) });
		const text = await desk.play(['explain', 'x']);
		desk.remove();
		assert.match(
			text,
			/received +by b from a with ESMTP, Sat.*01 \+0000\n +received +by c from b, Sat.*02 \+0000\n/,
		);
	});
	it('is told as it stands where a step is in nobody’s form', () => {
		assert.equal(describeStep('somehow'), 'somehow');
	});
});
