import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
	decodeWords,
	prepareWords,
	realName,
	showAddresses,
	showWords,
} from '../../src/message/words.js';

const octets = (text: string) => Buffer.from(text).toString('latin1');

describe('decodeWords', () => {
	// biome-ignore format: a table
	const rows = [
		['plain', 'plain'],
		['=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_M=C3=BCnchen?=', 'Grüße aus München'],
		['=?ISO-8859-1?Q?Zo=EB?= x', 'Zoë x'],
		['=?utf-8?B?w4RuZGVydW5n?= =?utf-8?B?IGRlcw==?=', 'Änderung des'],
		['a =?utf-8?q?b?= c', 'a b c'],
		['=?utf-8?x?b?=', '=?utf-8?x?b?='],
		['a =?utf-8?x?b?= =?utf-8?q?open', 'a =?utf-8?x?b?= =?utf-8?q?open'],
		['=?utf-8?q?a=C3?= =?UTF-8?q?=A4b?=', 'aäb'],
		['=?utf-8?b?YcM=?=  =?utf-8?b?pGI=?=', 'aäb'],
		['=?utf-8?q?a=C3?= =?utf-8?b?pGI=?=', 'aäb'],
		['=?euc-jp?q?=C6?= =?euc-jp?q?=FC?=', '日'],
		['=?iso-2022-jp?B?GyRCRnw=?= =?iso-2022-jp?B?S1w4bBsoQg==?=', '日本語'],
		['=?utf-8?q?=C3?= and =?utf-8?q?=A4?=', '\ufffd and \ufffd'],
		['=?koi8-r*ru?q?=D0?= =?koi8-r?q?=D2?=', 'пр'],
		['=?utf-8?b?w6Q=w6Q=?=', 'ää'],
		['=?utf-8', '=?utf-8'],
		['=?nobody-knows?q?abc=FF?=', 'abcÿ'],
		['=?us-ascii?q?=C3=A4?=', 'ä'],
		['=?utf-8?q?bad=FF?=', 'bad\ufffd'],
		['=?windows-1252?q?=93x=94?=', '“x”'],
	] as const;
	for (const [value, expected] of rows) {
		it(`reads ${value}`, () => assert.equal(decodeWords(value, 'utf-8'), expected));
	}
	// biome-ignore format: a table
	const faithful = [
		['=?utf-8?q?a=C3?= =?utf-8?q?=A4b?=', 'a??b'],
		['=?us-ascii?q?=C3=A4?=', '??'],
		['=?koi8-r*ru?q?=D0?=', '\ufffd'],
		['a =?utf-8?q?open', 'a '],
	] as const;
	for (const [value, expected] of faithful) {
		it(`reads ${value} as Heirloom does, where that is wished`, () =>
			assert.equal(decodeWords(value, 'utf-8', true), expected));
	}
	it('takes octets that are not encoded for the charset of the terminal', () => {
		assert.equal(decodeWords(octets('Grüße'), 'utf-8'), 'Grüße');
		assert.equal(decodeWords('Gr\xfc\xdfe', 'utf-8', true), 'Gr\ufffd\ufffde');
		assert.equal(decodeWords('Gr\xfc\xdfe \x93x', 'utf-8'), 'Grüße “x');
		assert.equal(decodeWords('Gr\xfc\xdfe', 'iso-8859-1'), 'Grüße');
	});
	it('shows one question mark for each octet the terminal has no character for', () => {
		assert.equal(showWords('=?utf-8?q?M=C3=BCnchen?=', 'us-ascii'), 'M??nchen');
		assert.equal(showWords('=?iso-8859-1?q?M=FCnchen?=', 'ansi_x3.4-1968'), 'M?nchen');
		assert.equal(showWords('M\xc3\xbcnchen', 'us-ascii'), 'M??nchen');
	});
	it('reads a rarer charset once it has been prepared', async () => {
		const value = '=?cp850?q?M=81nchen?=';
		await prepareWords(value);
		assert.equal(decodeWords(value, 'utf-8'), 'München');
	});
	it('takes no time for a field of many beginnings', () => {
		const value = '=?a?q?x'.repeat(50_000);
		assert.equal(decodeWords(value, 'utf-8'), value);
		assert.equal(decodeWords(value, 'utf-8', true), '');
	});
});

describe('showing a sender', () => {
	it('reads the words of names and comments, not of addresses', () => {
		assert.equal(
			showAddresses('=?utf-8?q?Zo=C3=AB?= <=?utf-8?q?x?=@y> (=?utf-8?q?=C3=BC?=)', 'utf-8'),
			'Zoë <=?utf-8?q?x?=@y> (ü)',
		);
	});
	it('shows the name alone with realName', () => {
		assert.equal(realName('=?utf-8?q?Zo=C3=AB?= <z@x>', 'utf-8'), 'Zoë');
		assert.equal(realName('Zo\xc3\xa0 <z@x>', 'utf-8'), 'Zoà');
		assert.equal(realName('z@x (Zoe)', 'utf-8'), 'Zoe');
		assert.equal(realName('<z@x>', 'utf-8'), 'z@x');
		assert.equal(realName('z@x', 'utf-8'), 'z@x');
	});
	it('shows the address where the name is mostly undisplayable', () => {
		assert.equal(realName('=?utf-8?q?=E4=BD=A0=E5=A5=BD?= <z@x>', 'us-ascii'), 'z@x');
	});
	it('lets no escape sequence through', () => {
		assert.equal(showWords('=?utf-8?q?=1B[31m=0DX?=', 'utf-8'), '␛[31m␍X');
	});
});
