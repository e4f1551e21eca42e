import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parsePostmark, printPostmark } from '../../src/mailbox/postmark.js';

describe('the From_ line', () => {
	const table: [string, { sender?: string; tty?: string; date?: string }][] = [
		[
			'From pue@a.example  Tue Nov  9 17:21:36 2021',
			{ sender: 'pue@a.example', date: 'Tue Nov  9 17:21:36 2021' },
		],
		[
			'From pue tty1 Tue Nov  9 17:21:36 2021\n',
			{ sender: 'pue', tty: 'tty1', date: 'Tue Nov  9 17:21:36 2021' },
		],
		[
			'From "a b"@c.example Tue Nov  9 17:21:36 2021',
			{ sender: '"a b"@c.example', date: 'Tue Nov  9 17:21:36 2021' },
		],
		['From now on please', { sender: 'now', date: 'on please' }],
		['From ', {}],
		['From me', { sender: 'me' }],
	];
	for (const [line, expected] of table) {
		it(`takes apart ${JSON.stringify(line)}`, () => {
			assert.deepEqual(parsePostmark(line), {
				sender: undefined,
				tty: undefined,
				date: undefined,
				...expected,
			});
		});
	}

	it('is printed with two blanks before the date, and read back', () => {
		const line = printPostmark('pue@a.example', 'Tue Nov  9 17:21:36 2021');
		assert.equal(line, 'From pue@a.example  Tue Nov  9 17:21:36 2021');
		assert.equal(parsePostmark(line).sender, 'pue@a.example');
	});

	it('lets no line end or blank of the sender end it early', () => {
		assert.equal(printPostmark('a\nb', 'D'), 'From ab  D');
		assert.equal(parsePostmark(printPostmark('a b', 'D')).date, 'D');
	});
});
