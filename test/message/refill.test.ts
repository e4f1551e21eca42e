import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { refill } from '../../src/message/refill.js';

describe('text filled for a narrower terminal', () => {
	const table: [rule: string, text: string, expected: string][] = [
		['lines that fit stay', 'one two\nthree', 'one two\nthree'],
		['a broken line is joined with what follows', 'aaaa bbb cc\ndddd ee', 'aaaa bbb\ncc dddd\nee'],
		[
			'a line ended where there was room begins anew',
			'aaaa bbb cc\n\nd\nee',
			'aaaa bbb\ncc\n\nd\nee',
		],
		[
			'a list keeps its marks',
			' * aaaa bb c\n   dddddd\n * e',
			' * aaaa\n   bb c\n   dddddd\n * e',
		],
		['a quotation keeps its mark', '> aaaa bbb c\n> dddddd ee', '> aaaa\n> bbb c\n> dddddd\n> ee'],
		['cells stay apart', 'a     bb  c\ndddddddd', 'a     bb  c\ndddddddd'],
		['a word too long stays whole', 'aaaaaaaaaaaaaaaa\nb', 'aaaaaaaaaaaaaaaa\nb'],
		['cells of the terminal count', '日本語 日本語\nx', '日本語\n日本語\nx'],
	];
	for (const [rule, text, expected] of table) {
		it(rule, () => assert.equal(refill(text, 9, 12), expected));
	}
});
