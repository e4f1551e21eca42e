import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { writeAddress, writeWords } from '../../src/message/classicwords.js';
import { decodeWords } from '../../src/message/words.js';

const charsets = { charset: 'utf-8', charset7: 'us-ascii' };
const octets = (text: string) => Buffer.from(text).toString('latin1');
const write = (text: string) => writeWords(octets(text), charsets).text;

describe('text into header fields', () => {
	it('leaves plain text as it is', () => {
		assert.equal(write('a plain subject'), 'a plain subject');
	});

	it('encodes a blank between two encoded words with the second', () => {
		assert.equal(write('Schöne Grüße'), '=?utf-8?Q?Sch=C3=B6ne?= =?utf-8?Q?_Gr=C3=BC=C3=9Fe?=');
	});

	it('leaves the plain words between encoded ones plain', () => {
		assert.equal(write('Änderung des Plans'), '=?utf-8?Q?=C3=84nderung?= des Plans');
	});

	it('writes base64 where most of the text would have to be quoted', () => {
		assert.equal(write('日本語'), '=?utf-8?B?5pel5pys6Kqe?=');
	});

	it('protects what only looks encoded', () => {
		assert.equal(write('=?x'), '=?us-ascii?Q?=3D=3Fx?=');
	});

	it('can be read back, however long', () => {
		for (const text of [
			'\u00e4'.repeat(200),
			`${'x'.repeat(80)} \u00f6 ${'word '.repeat(40)}\u00df`,
		]) {
			assert.equal(decodeWords(write(text).replace(/\n/g, ''), 'utf-8'), text);
		}
	});

	// A time that grows as the square of the length would be minutes.
	it('has no end to its length', { timeout: 60_000 }, () => {
		for (const text of [
			'a'.repeat(1e6),
			' '.repeat(1e6),
			'\u00e4 b '.repeat(2e5),
			'?='.repeat(5e5),
		]) {
			assert.ok(write(`${text}\x01`).length >= text.length);
		}
	});

	it('finds room for a word, however long the name of the charset', () => {
		const long = { charset: 'x'.repeat(100), charset7: 'x'.repeat(100) };
		assert.match(writeWords('\xe4bcdefgh ', long).text, /^=\?x/);
		assert.match(writeWords('\xe4\xe4', long).text, /^=\?x/);
	});
});

describe('addresses into header fields', () => {
	const address = (text: string) => writeAddress(octets(text), charsets).text;

	it('encodes the display name, never the address', () => {
		assert.equal(address('Jörg <j@k.example>'), '=?utf-8?Q?J=C3=B6rg?= <j@k.example>');
	});

	it('encodes a comment inside its parentheses', () => {
		assert.equal(address('j@k.example (Jörg)'), 'j@k.example (=?utf-8?Q?J=C3=B6rg?=)');
	});
});
