import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { columnAfter, echoed, layOut } from '../../src/terminal/layout.js';

const place = { offset: 0, columns: 10, charset: 'utf-8' };
const at = (text: string, cursor = text.length, offset = 0) => {
	const { rows, cursor: where } = layOut('& ', text, cursor, { ...place, offset });
	return [...rows, `${where.row},${where.column}`];
};

describe('an edited line on the screen', () => {
	it('stands on one row while it fits', () => assert.deepEqual(at('abc'), ['& abc', '0,5']));
	it('breaks at exactly the right edge', () => {
		assert.deepEqual(at('abcdefghij'), ['& abcdefgh', 'ij', '1,2']);
	});
	it('has the cursor on a row of its own behind a full row', () => {
		assert.deepEqual(at('abcdefgh'), ['& abcdefgh', '', '1,0']);
	});
	it('does not break a wide character', () => {
		assert.deepEqual(at('abcdefg漢'), ['& abcdefg', '漢', '1,2']);
	});
	it('counts a combining character as none', () =>
		assert.deepEqual(at('e\u0301x'), ['& e\u0301x', '0,4']));
	it('begins behind what stands to its left', () => {
		assert.deepEqual(at('abcd', 4, 6), ['& ab', 'cd', '1,2']);
	});
	it('has the cursor where it is in the text', () =>
		assert.deepEqual(at('abc', 1), ['& abc', '0,3']));
	it('shows control characters with a caret and a tab as blanks', () => {
		assert.deepEqual(at('\x01\t|'), ['& ^A    |', '0,9']);
	});
	it('shows no control sequence that was pasted', () => {
		assert.ok(
			!layOut('', '\x1b[2J\x9b\u202e', 0, place)
				.rows.join('')
				.match(/[\x1b\x9b\u202e]/),
		);
	});
});

describe('a finished line', () => {
	it('is what a cooked terminal echoes', () =>
		assert.equal(echoed('a\tb\x01\x7f\x1b'), 'a\tb^A^?^['));
});

describe('the column after a text', () => {
	const table: [string, number][] = [
		['', 0],
		['abc', 3],
		['ab\tc', 9],
		['abc\rx', 1],
		['0123456789ab', 2],
	];
	for (const [text, column] of table) {
		it(`${JSON.stringify(text)}: ${column}`, () => assert.equal(columnAfter(text, 10), column));
	}
});
