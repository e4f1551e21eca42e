import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { layOut } from '../../src/message/flowed.js';

describe('flowed text (RFC 3676)', () => {
	it('joins lines that end in a blank and breaks them at the width', () => {
		assert.equal(layOut('one two \nthree four\nnext\n', 30), 'one two three four\nnext\n');
		const lines = layOut(`${'word '.repeat(20)}\nend\n`, 40).split('\n');
		assert.ok(lines.every((line) => line.length <= 40));
		assert.equal(lines.join(' ').trim(), `${'word '.repeat(20)}end`);
	});

	it('keeps quotations of different depth apart, and marks every line of one', () => {
		assert.equal(layOut('> a \n> b\n>> c\nd\n', 30), '> a b\n>> c\nd\n');
		assert.match(layOut(`> ${'word '.repeat(20)}\n`, 40), /^(> .*\n)+$/);
	});

	it('takes the stuffing off, and leaves a signature alone', () => {
		assert.equal(layOut(' From here\n-- \nname\n', 30), 'From here\n-- \nname\n');
	});

	it('joins without a blank where DelSp says so', () => {
		assert.equal(layOut('日本 \n語\n', 30, true), '日本語\n');
	});
});
