import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseHeader } from '../../src/message/header.js';

const parse = (text: string) => parseHeader(Buffer.from(text, 'latin1'));

describe('parseHeader', () => {
	it('finds a field whatever its case, and all of a name', () => {
		const header = parse('From: a\nreceived: 1\nReceived : 2\n\nTo: body\n');
		assert.equal(header.get('FROM'), 'a');
		assert.deepEqual(header.all('Received'), ['1', '2']);
		assert.equal(header.get('To'), undefined);
	});
	it('unfolds, with one blank for each line end', () => {
		assert.equal(parse('Subject: a\n\t  b  \n c\n\n').get('subject'), 'a b c');
	});
	it('leaves no blank between two encoded words', () => {
		assert.equal(parse('Subject: =?x?q?a?=\n =?x?q?b?=\n').get('subject'), '=?x?q?a?==?x?q?b?=');
	});
	it('takes no octet of a character for a blank', () => {
		const header = parse('Subject: voil\xc3\xa0\nTo: \xc3\xa0\n \xc3\xa0 \n');
		assert.equal(header.get('subject'), 'voil\xc3\xa0');
		assert.equal(header.get('to'), '\xc3\xa0 \xc3\xa0');
	});
	it('passes over lines that are no fields', () => {
		assert.equal(parse('>From x\nFrom: a\n').get('from'), 'a');
	});
	it('keeps the field as it stands', () => {
		assert.equal(parse('A: b\r\n c\r\nD: e\r\n\r\n').fields[0]?.raw, 'A: b\r\n c\r\n');
	});
	it('takes no time for a field of blanks', () => {
		assert.equal(parse(`A: ${' '.repeat(300_000)}x\n`).get('a'), 'x');
	});
});
