import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { withoutGroups } from '../../src/message/address.js';
import { writeMailbox, writeText } from '../../src/message/headertext.js';
import { decodeWords } from '../../src/message/words.js';

const utf8 = { charset: 'utf-8', encode: async (text: string) => Buffer.from(text), column: 9 };

/** What a reader makes of it: folds undone, words decoded. */
const read = (written: string) => decodeWords(written.replace(/\n(?=[ \t])/g, ''), 'utf-8');

describe('text in a header', () => {
	it('is read as it was meant, whatever is in it', async () => {
		for (const text of [
			'plain',
			'two  blanks',
			' leading and trailing ',
			'ein Ü in der Mitte der langen Zeile, die gefaltet werden muss, weil sie lang ist',
			'日本語の件名'.repeat(20),
			'👩‍🎓'.repeat(40),
			'=?utf-8?q?not_encoded?= ?=',
			`${'x'.repeat(2000)} y`,
			`a${' '.repeat(300)}b`,
			'tab\tand ü\tand tab',
		]) {
			const written = await writeText(text, utf8);
			assert.equal(read(written), text);
			assert.match(written, /^[\n\t\x20-\x7e]*$/);
			assert.doesNotMatch(written, /^[ \t]*$/m);
			for (const [at, line] of written.split('\n').entries()) {
				assert.ok(line.length + (at === 0 ? 9 : 0) <= 76, line);
			}
		}
	});

	it('is cut between characters only', async () => {
		const written = await writeText('日本語'.repeat(30), utf8);
		for (const [, coded = ''] of written.matchAll(/\?B\?([^?]*)\?=/g)) {
			assert.doesNotMatch(Buffer.from(coded, 'base64').toString(), /\ufffd/);
		}
	});

	it('is refused where the charset has no character for it', async () => {
		const none = { ...utf8, encode: async () => undefined };
		await assert.rejects(writeText('ü', none), { name: 'Unsayable' });
	});

	// A time that grows as the square of the length would be minutes.
	it('has no end to its length', { timeout: 60_000 }, async () => {
		assert.ok((await writeText('ü '.repeat(300_000), utf8)).length > 600_000);
		assert.ok((await writeText(`${'a '.repeat(300_000)}ü`, utf8)).length > 600_000);
	});
});

describe('a mailbox in a header', () => {
	const rows: readonly (readonly [given: string, written: string])[] = [
		['a@b', 'a@b'],
		['Ann B <a@b>', 'Ann B <a@b>'],
		['"B, Ann" <a@b>', '"B, Ann" <a@b>'],
		['Ann Q. B <a@b>', '"Ann Q. B" <a@b>'],
		['"Bü, Ann" <a@b>', '=?utf-8?Q?B=C3=BC=2C_Ann?= <a@b>'],
		['a@b (Bü)', 'a@b (=?utf-8?B?QsO8?=)'],
		['a@b (plain (nested))', 'a@b (plain (nested))'],
		['=?x?q?y?= <a@b>', '=?utf-8?B?PT94P3E/eT89?= <a@b>'],
		['"a b"@c', '"a b"@c'],
	];
	for (const [given, written] of rows) {
		it(`is ${written} for ${given}`, async () => {
			assert.equal(await writeMailbox(given, utf8), written);
		});
	}
});

describe('a received list of addresses', () => {
	it('has the members of its groups, and no source routes', () => {
		const rows: readonly (readonly [given: string, plain: RegExp])[] = [
			['a@b, c@d', /^a@b, c@d$/],
			['undisclosed-recipients:;', /^,$/],
			['F: a@b, "x: y" <c@d>;, e@f', /^ a@b, "x: y" <c@d>,, e@f$/],
			['<@h1,@h2:a@b>', /^<a@b>$/],
			['a@[IPv6:::1] (c: d;)', /^a@\[IPv6:::1\] \(c: d;\)$/],
			['=?utf-8?q?a:b?= <c@d>', /^=\?utf-8\?q\?a:b\?= <c@d>$/],
		];
		for (const [given, plain] of rows) assert.match(withoutGroups(given), plain);
	});
});
