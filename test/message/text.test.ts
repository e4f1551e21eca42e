import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePrintable, overstrike } from '../../src/message/text.js';

describe('makePrintable', () => {
	it('lets no control character, C1 control or override pass', () => {
		assert.equal(makePrintable('\x1b[1m\x07\x00\x7f\u009b\u202e', 'utf-8'), '␛[1m␇␀␡␦<U+202E>');
	});
	it('lets tab, line feed and a carriage return before a line feed pass', () => {
		assert.equal(makePrintable('a\tb\r\nc\rd\n', 'utf-8'), 'a\tb\r\nc␍d\n');
	});
	it('shows a question mark where the terminal is not UTF-8', () => {
		assert.equal(makePrintable('\x1b[1m\x07\r', 'iso-8859-1'), '?[1m??');
	});
	it('leaves letters of all scripts and emoji alone', () => {
		const text = 'Größe 漢字 עברית 👩‍🎓 \u{e000}';
		assert.equal(makePrintable(text, 'utf-8'), text);
	});
});

describe('overstrike', () => {
	it('leaves what a terminal would show', () => {
		assert.equal(overstrike('back\bspace N\bNA\bA\n\bx'), 'bacspace NA\nx');
	});
});
