import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeOctets, prepareCharset } from '../../src/message/charset.js';

/** Octets in hexadecimal to what a reader in UTF-8 sees. */
async function read(hex: string, charset: string | undefined, guess = true): Promise<string> {
	if (charset !== undefined) await prepareCharset(charset);
	return decodeOctets(Buffer.from(hex, 'hex'), charset, 'utf-8', guess);
}
const utf8 = (text: string) => Buffer.from(text).toString('hex');

describe('charsets by the names letters have', () => {
	// biome-ignore format: a table
	const rows = [
		['x-sjis', '93fa967b8740', '日本①'],
		['Windows-31J', '93fa967b', '日本'],
		['cp-850', '4d816e', 'Mün'],
		['dos-850', '4d816e', 'Mün'],
		['ks_c_5601-1987', 'c7d18c63', '한똠'],
		['x-windows-949', 'c7d1', '한'],
		['iso-2022-kr', '1b242943620e47510f62', 'b한b'],
		['hz-gb-2312', '617e7b56507e7d62', 'a中b'],
		['GB_2312-80', 'd6d0', '中'],
		['gb2312', 'e946', '镕'],
		['big5', 'a4a4', '中'],
		['x-euc-jp', 'c6fc', '日'],
		['iso-2022-jp', '1b2442467c1b2842', '日'],
		['iso-2022-jp', '1b2442467c1b28421b2442467c1b2842', '日日'],
		['unicode-1-1-utf-7', Buffer.from('Gr+APwA3w-e').toString('hex'), 'Grüße'],
		['utf-16', '00470072006500610074', 'Great'],
		['utf-16', 'fffe47007200', 'Gr'],
		['utf-16be', '00470072', 'Gr'],
		['iso-8859-8-i', 'f9', 'ש'],
		['ISO8859_15', 'a4', '€'],
		['latin-9', 'a4', '€'],
		["'koi8-r'", 'd0', 'п'],
		['koi8-r (Russian)', 'd0', 'п'],
		['win-1251', 'cf', 'П'],
		['x-mac-roman', '9f', 'ü'],
		['utf 8', utf8('ü'), 'ü'],
		['utf8mb4', utf8('ü'), 'ü'],
		['cp65001', utf8('ü'), 'ü'],
	] as const;
	for (const [charset, hex, text] of rows) {
		it(`reads ${charset}`, async () => {
			assert.equal((await read(hex, charset)).replace('\ufeff', ''), text);
		});
	}
});

describe('octets that are not what they are called', () => {
	it('are taken for UTF-8, else for the charset of Windows in the west, line by line', async () => {
		for (const charset of [undefined, 'us-ascii', 'ANSI_X3.4-1968', 'unknown-8bit', 'x-nobody']) {
			assert.equal(await read(`${utf8('ü')}0afc`, charset), 'ü\nü');
			assert.equal(await read('9366fc94', charset), '“fü”');
		}
		assert.equal(await read(`${utf8('üü')}ff`, undefined), 'üü\ufffd');
	});
	it('are of Windows, or UTF-8, where ISO 8859-1 has no characters', async () => {
		assert.equal(await read('93fc94', 'iso-8859-1'), '“ü”');
		assert.equal(await read(utf8('“ü”'), 'iso-8859-1'), '“ü”');
		assert.equal(await read('c3bc', 'iso-8859-1'), 'Ã¼');
	});
	it('are shown as damaged where nobody wants a guess', async () => {
		assert.equal(await read('fc', undefined, false), '\ufffd');
		assert.equal(await read('93', 'iso-8859-1', false), '\x93');
		assert.equal(await read('fc', 'utf-8'), '\ufffd');
	});
});
