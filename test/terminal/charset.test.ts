import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { charsetOf, decodeText, encodeText, inSignsOf } from '../../src/terminal/charset.js';

const octets = (...values: number[]) => Buffer.from(values);
const everyOctet = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));

describe('the character set of the locale', () => {
	const table: [NodeJS.ProcessEnv, string][] = [
		[{}, 'ansi_x3.4-1968'],
		[{ LANG: 'C' }, 'ansi_x3.4-1968'],
		[{ LC_ALL: 'POSIX', LANG: 'de_DE.UTF-8' }, 'ansi_x3.4-1968'],
		[{ LC_ALL: 'C.UTF-8' }, 'utf-8'],
		[{ LANG: 'en_GB.utf8' }, 'utf-8'],
		[{ LC_ALL: '', LC_CTYPE: 'de_DE.ISO-8859-1', LANG: 'C' }, 'iso-8859-1'],
		[{ LANG: 'de_DE.ISO8859-15@euro' }, 'iso-8859-15'],
		[{ LANG: 'de_DE' }, 'iso-8859-1'],
		[{ LANG: 'de_DE@euro' }, 'iso-8859-15'],
		[{ LANG: 'ja_JP' }, 'euc-jp'],
	];
	for (const [env, charset] of table) {
		it(`is ${charset} for ${JSON.stringify(env)}`, () => assert.equal(charsetOf(env), charset));
	}
});

describe('octets as text and back', () => {
	for (const charset of ['utf-8', 'ansi_x3.4-1968', 'iso-8859-1', 'iso-8859-2', 'koi8-u', 'none']) {
		it(`keeps every octet in ${charset}`, () => {
			const text = decodeText(everyOctet, charset);
			assert.deepEqual(encodeText(text, charset), everyOctet);
		});
	}
	it('keeps what is not UTF-8 as lone surrogates beside what is', () => {
		assert.equal(
			decodeText(octets(0x61, 0xff, 0xc3, 0xa9, 0xe2, 0x82), 'utf-8'),
			'a\udcffé\udce2\udc82',
		);
	});
	it('keeps surrogates, overlong forms and a replacement character in UTF-8', () => {
		const odd = octets(0xed, 0xa0, 0x80, 0xc0, 0x80, 0xef, 0xbf, 0xbd, 0xf8);
		assert.deepEqual(encodeText(decodeText(odd, 'utf-8'), 'utf-8'), odd);
	});
	it('writes a question mark for what the set lacks', () => {
		assert.equal(encodeText('é€漢', 'iso-8859-1').toString('latin1'), '\xe9??');
		assert.equal(encodeText('é', 'ansi_x3.4-1968').toString('latin1'), '?');
		assert.deepEqual(encodeText('€', 'iso-8859-15'), octets(0xa4));
	});
	it('knows sets of two octets', () => {
		const text = '日本a';
		assert.deepEqual(encodeText(text, 'euc-jp'), octets(0xc6, 0xfc, 0xcb, 0xdc, 0x61));
		assert.equal(decodeText(encodeText(text, 'euc-jp'), 'euc-jp'), text);
	});
});

describe('our own words', () => {
	it('do without signs that the character set lacks', () => {
		assert.equal(inSignsOf('ansi_x3.4-1968', 'd — 1 “x…” · é'), 'd - 1 "x~" - é');
		assert.equal(inSignsOf('utf-8', 'd — “x…”'), 'd — “x…”');
	});
});
