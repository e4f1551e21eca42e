import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { masked, unmask, unmaskLine, withoutCr } from '../../src/message/stored.js';

const octets = (text: string) => Buffer.from(text, 'latin1');
const mask = (text: string) => Buffer.concat([...masked(octets(text))]).toString('latin1');

describe('a letter as a folder holds it', () => {
	it('has one > more before each line that reads as a postmark', () => {
		assert.equal(
			mask('From a\n>From b\nx From c\n>> From\n'),
			'>From a\n>>From b\nx From c\n>> From\n',
		);
		assert.equal(mask(''), '');
		assert.equal(mask('From '), '>From ');
	});
	it('loses it again', () => {
		const text = 'From a\n>From b\n>>>From \nx >From c\n>x\nFrom';
		assert.equal(unmask(octets(mask(text))).toString('latin1'), text);
		assert.equal(unmask(octets('>From a\nFrom b\n')).toString(), 'From a\nFrom b\n');
		assert.deepEqual(['>From x\n', 'From x\n', '> From\n'].map(unmaskLine), [
			'From x\n',
			'From x\n',
			'> From\n',
		]);
	});
	it('is not copied where there is nothing to do', () => {
		const letter = octets('a\nb From c\n');
		assert.equal(unmask(letter), letter);
		assert.equal([...masked(letter)][0]?.buffer, letter.buffer);
		assert.equal(withoutCr(letter), letter);
	});
	it('has line ends of LF where its first line ends with CR LF', () => {
		assert.equal(withoutCr(octets('a\r\nb\rc\r\r\n\r\n')).toString(), 'a\nb\rc\r\n\n');
		assert.equal(withoutCr(octets('a\nb\r\n')).toString(), 'a\nb\r\n');
	});
});
