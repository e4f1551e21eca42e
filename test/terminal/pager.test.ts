import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { cutRows, type PagerState, pagerPress, startPager } from '../../src/terminal/pager.js';

const rows = Array.from({ length: 50 }, (_, number) => `Line ${number}`);

function play(...keys: string[]): PagerState | undefined {
	let state: PagerState | undefined = startPager(rows, 20);
	for (const key of keys) {
		if (state === undefined) return undefined;
		const named = /^<(.*)>$/.exec(key)?.[1];
		state = pagerPress(
			state,
			named === undefined ? { kind: 'text', text: key } : { kind: 'key', name: named },
		);
	}
	return state;
}

describe('the pager', () => {
	const table: [keys: string[], top: number][] = [
		[[' '], 20],
		[[' ', ' '], 30],
		[[' ', 'b'], 0],
		[['j', '<down>', '<return>'], 3],
		[['G'], 30],
		[['G', 'g'], 0],
		[['/line 33', '<return>'], 33],
		[['/Line 3', '<return>', 'n'], 30],
		[['/3', '<return>', 'n', 'N'], 3],
	];
	for (const [keys, top] of table) {
		it(`${keys.join(' ')} goes to row ${top}`, () => assert.equal(play(...keys)?.top, top));
	}
	it('is left with q, ^C, and behind the end', () => {
		for (const keys of [['q'], ['<C-c>'], ['G', ' ']]) assert.equal(play(...keys), undefined);
	});
	it('says what it did not find', () =>
		assert.equal(play('/nothing', '<return>')?.notice, 'not found'));
	it('takes every letter while a pattern is typed', () => assert.equal(play('/q')?.entering, 'q'));
});

describe('a text cut into rows', () => {
	it('is as wide as asked, whole characters, tabs as blanks', () => {
		assert.deepEqual(cutRows('abcdef\n\n漢漢漢\na\tb\n', 5), [
			'abcde',
			'f',
			'',
			'漢漢',
			'漢',
			'a    ',
			'b',
		]);
	});
	it('is not cut within a grapheme', () => {
		assert.deepEqual(cutRows('👩\u200d👧🇩🇪क्षिe\u0301x', 4), ['👩\u200d👧🇩🇪', 'क्षिe\u0301', 'x']);
		assert.deepEqual(cutRows('👩\u200d👧🇩🇪', 4, 'wcwidth'), ['👩\u200d👧', '🇩🇪']);
	});
});
