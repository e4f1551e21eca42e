import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseOptions } from '../src/options.js';

const parse = (...words: string[]) => {
	const { given, operands, error } = parseOptions(words, 'nf:s:q', 'q', 'mail');
	return { given: given.map(({ letter, value }) => [letter, value]), operands, error };
};

describe('options', () => {
	it('stand apart or together, their values joined or next', () => {
		const expected = [
			['n', ''],
			['s', 'x'],
		];
		for (const words of [
			['-n', '-s', 'x', 'pue'],
			['-ns', 'x', 'pue'],
			['-nsx', 'pue'],
		]) {
			assert.deepEqual(parse(...words), { given: expected, operands: ['pue'], error: undefined });
		}
	});

	it('end at the first word that is none, and at --', () => {
		assert.deepEqual(parse('pue', '-n').operands, ['pue', '-n']);
		assert.deepEqual(parse('--', '-n').operands, ['-n']);
		assert.deepEqual(parse('-').operands, ['-']);
	});

	it('take the next word as an optional value unless it looks like an option', () => {
		assert.deepEqual(parse('-q', 'file', 'pue').given, [['q', 'file']]);
		assert.deepEqual(parse('-q', '-n').given, [
			['q', ''],
			['n', ''],
		]);
	});

	it('complain in the words of getopt', () => {
		assert.equal(parse('-Z').error, 'mail: illegal option -- Z');
		assert.equal(parse('-s').error, 'mail: option requires an argument -- s');
	});
});
