import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { splitLastWord, splitWords } from '../../src/mailx/lexer.js';

describe('words of a command line', () => {
	const cases: [line: string, words: string[], raw?: string[]][] = [
		['a b', ['a', 'b']],
		['  a\t b  ', ['a', 'b']],
		['', []],
		['"two  words" x', ['two  words', 'x'], ['"two  words"', 'x']],
		["x='single quoted'", ['x=single quoted'], ["x='single quoted'"]],
		['a\\ b', ['a b'], ['a\\', 'b']],
		['"a\\"b"', ['a"b'], ['"a\\"b"']],
		['"a\\tb"', ['a\\tb'], ['"a\\tb"']],
		['a\\tb', ['atb'], ['a\\tb']],
		["'a\"b'", ['a"b'], ["'a\"b'"]],
		['"open end', ['open end'], ['"open end']],
		['""', [''], ['""']],
	];
	for (const [line, words, raw = words] of cases) {
		it(`cuts ${JSON.stringify(line)}`, () => {
			assert.deepEqual(splitWords(line), words);
			assert.deepEqual(splitWords(line, true), raw);
		});
	}
});

describe('the last word of a line', () => {
	const cases: [line: string, rest: string | undefined, last: string | undefined][] = [
		['1-3 folder', '1-3', 'folder'],
		['folder', undefined, 'folder'],
		['', undefined, undefined],
		['1 "with blank"', '1', 'with blank'],
		['"with blank"', undefined, 'with blank'],
		["1 2 'x y'  ", '1 2', 'x y'],
	];
	for (const [line, rest, last] of cases) {
		it(`of ${JSON.stringify(line)} is ${JSON.stringify(last)}`, () => {
			assert.deepEqual(splitLastWord(line, true), { rest, last });
		});
	}

	it('keeps its quotes where they are not to be removed', () => {
		assert.equal(splitLastWord('1 "a b"', false).last, '"a b"');
	});
});

describe('a quoted last word', () => {
	it('is cut off, but as in Heirloom it remains in the list, too', () => {
		assert.deepEqual(splitLastWord('1 "a b"', false), { rest: '1', last: '"a b"' });
		assert.deepEqual(splitLastWord('1 "a b"', false, true), { rest: '1 "a b"', last: '"a b"' });
		assert.deepEqual(splitLastWord('1 "a b"', true, true), { rest: '1', last: 'a b' });
	});
});
