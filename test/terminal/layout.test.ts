import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Fashion } from '../../src/message/columns.js';
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
	it('does not break a wide character, and fills the row it does not fit', () => {
		assert.deepEqual(at('abcdefg漢'), ['& abcdefg ', '漢', '1,2']);
		assert.deepEqual(at('abcdefgकि'), ['& abcdefg ', 'कि', '1,2']);
	});
	it('has the cursor on a wide character, not where it did not fit', () => {
		assert.deepEqual(at('abcdefg漢', 7), ['& abcdefg ', '漢', '1,0']);
	});
	it('does not break a picture of several characters', () => {
		assert.deepEqual(at('abcdef👩\u200d👧x'), ['& abcdef👩\u200d👧', 'x', '1,1']);
	});
	it('measures as its terminal does', () => {
		const family = '👩\u200d👧';
		const column = (fashion: Fashion) =>
			layOut('& ', family, family.length, { ...place, fashion }).cursor.column;
		assert.deepEqual([column('clusters'), column('wcwidth')], [4, 6]);
	});
	it('has the cursor behind a grapheme that it stands in', () =>
		assert.deepEqual(at('a👩\u200d👧b', 4), ['& a👩\u200d👧b', '0,5']));
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
	it('turns no text round', () => assert.equal(echoed('\u202eab\u2069'), '<U+202E>ab<U+2069>'));
});

describe('the column after a text', () => {
	const table: [string, number][] = [
		['', 0],
		['abc', 3],
		['ab\tc', 9],
		['abc\rx', 1],
		['0123456789ab', 2],
		['012345678漢', 2],
		['👍🏽e\u0301', 3],
	];
	for (const [text, column] of table) {
		it(`${JSON.stringify(text)}: ${column}`, () => assert.equal(columnAfter(text, 10), column));
	}
});
