import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
	columns,
	cutToColumns,
	fitColumns,
	graphemeAround,
	graphemes,
	pieces,
} from '../../src/message/columns.js';
import { samples } from './scripts.js';

const fashions = ['clusters', 'joined', 'wcwidth'] as const;

describe('the cells of a text', () => {
	for (const { note, text, ...expected } of samples) {
		it(`${note}: ${expected.clusters}`, () => {
			const found = fashions.map((fashion) => [fashion, columns(text, fashion)]);
			assert.deepEqual(Object.fromEntries(found), expected);
		});
	}
	it('are counted in whole graphemes where nobody says how', () =>
		assert.equal(columns('👩\u200d👩\u200d👧\u200d👦'), 2));
	it('are one for a control character, half a surrogate pair and a lone octet', () =>
		assert.deepEqual(
			['\x1b', '\t', '\ud83d', '\udc9b'].map((text) => columns(text)),
			[1, 1, 1, 1],
		));
	it('of several texts add up', () => {
		for (const fashion of fashions) {
			const sum = samples.reduce((so, { text }) => so + columns(`${text} `, fashion), 0);
			const all = samples.map(({ text }) => `${text} `).join('');
			assert.equal(columns(all, fashion), sum);
		}
	});
});

describe('a text cut to a width', () => {
	it('ends before the character that does not fit', () => {
		assert.equal(cutToColumns('漢字漢', 5), '漢字');
		assert.equal(cutToColumns('a\tb', 2), 'a ');
		assert.equal(cutToColumns('abc', -1), '');
	});
	it('is filled up with blanks', () => assert.equal(fitColumns('漢字漢', 5), '漢字 '));
	it('is never cut within a grapheme, and as wide as it can be', () => {
		for (const fashion of fashions) {
			for (const { note, text } of samples) {
				const long = `${text}x${text}`;
				const ends = new Set([0]);
				for (const grapheme of graphemes(long)) ends.add(Math.max(...ends) + grapheme.length);
				for (let most = 0; most <= columns(long, fashion); most++) {
					const start = cutToColumns(long, most, fashion);
					assert.ok(ends.has(start.length), `${note} at ${most}: ${JSON.stringify(start)}`);
					assert.ok(columns(start, fashion) <= most, note);
					assert.equal(columns(fitColumns(long, most, fashion), fashion), most, note);
				}
			}
		}
	});
	it('is cut between any characters in the original', () => {
		assert.equal(cutToColumns('👩\u200d👧', 2, 'bare'), '👩\u200d');
		assert.equal(cutToColumns('👩\u200d👧', 2, 'wcwidth'), '');
	});
});

describe('the pieces of a text', () => {
	it('are the text', () => {
		for (const { text } of samples) {
			for (const fashion of [...fashions, 'bare'] as const) {
				assert.equal(
					[...pieces(`${text}\r\n`, fashion)].map((it) => it.text).join(''),
					`${text}\r\n`,
				);
			}
		}
	});
});

describe('graphemes', () => {
	it('are what a person takes for one character', () => {
		assert.deepEqual(graphemes('ab'), ['a', 'b']);
		assert.deepEqual(graphemes('क्षि🇩🇪e\u0301👍🏽ש'), ['क्षि', '🇩🇪', 'e\u0301', '👍🏽', 'ש']);
	});
	it('are found from any place within', () => {
		for (const at of [1, 2, 3, 4]) assert.deepEqual(graphemeAround('a👍🏽b', at), [1, 5]);
	});
});
