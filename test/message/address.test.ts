import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
	addressFault,
	displayName,
	isFileAddress,
	sameAddress,
	skin,
	splitAddresses,
} from '../../src/message/address.js';

describe('skin', () => {
	// biome-ignore format: a table
	const rows = [
		['pere@localhost', 'pere@localhost'],
		['Pere Ubu <pere@localhost>', 'pere@localhost'],
		['"Ubu, Pere" <pere@localhost>', 'pere@localhost'],
		['pere@localhost (Pere (the) Ubu)', 'pere@localhost'],
		['pere at localhost', 'pere@localhost'],
		['pere @ localhost', 'pere@localhost'],
		['A <a@x>, B <b@x> (c), c@x', 'a@x, b@x, c@x'],
		['"a \\"b\\" c"@x (d)', '"a "b" c"@x'],
		['<a@x', '<a@x'.slice(1)],
		['', ''],
	] as const;
	for (const [text, expected] of rows) {
		it(`makes ${expected} of ${text}`, () => assert.equal(skin(text), expected));
	}
});

describe('displayName', () => {
	// biome-ignore format: a table
	const rows = [
		['Pere Ubu <pere@localhost>', 'Pere Ubu'],
		['"Ubu, Pere" <pere@localhost>', 'Ubu, Pere'],
		['pere@localhost (Pere Ubu)', 'Pere Ubu'],
		['pere@localhost', undefined],
		['<pere@localhost>', undefined],
		['a@x (one) (two)', undefined],
		['First <a@x>, Second <b@x>', 'First'],
	] as const;
	for (const [text, expected] of rows) {
		it(`finds ${expected} in ${text}`, () => assert.equal(displayName(text), expected));
	}
});

describe('splitAddresses', () => {
	it('cuts a field at commas, with names and comments', () => {
		assert.deepEqual(splitAddresses('Ann <a@x>, "B, C" <b@x>, d@x (Dee)'), [
			'Ann <a@x>',
			'"B, C" <b@x>',
			'd@x (Dee)',
		]);
	});
	it('cuts a field without any syntax at blanks', () => {
		assert.deepEqual(splitAddresses('ann ben'), ['ann', 'ben']);
	});
	it('cuts the words of a command at blanks too', () => {
		assert.deepEqual(splitAddresses('Ann Smith <a@b>,c', 'words'), ['Ann', 'Smith', '<a@b>', 'c']);
	});
	it('finds nothing in nothing', () => {
		assert.deepEqual(splitAddresses(' , (x) '), []);
	});
});

describe('addresses', () => {
	it('are the same whatever their case', () => {
		assert.ok(sameAddress('Pere@LocalHost', 'pere@localhost'));
		assert.ok(!sameAddress('pere@a', 'pere@b'));
	});
	it('are the same up to the @ with allnet', () => {
		assert.ok(sameAddress('Pere@a', 'pere', true));
	});
	it('name a file by + or a slash', () => {
		assert.deepEqual(['+x', './x', 'a!b/c', 'a@b/c', 'x'].map(isFileAddress), [
			true,
			true,
			false,
			false,
			false,
		]);
	});
	it('say which character cannot stand in them', () => {
		assert.deepEqual(['a@b', 'a@@b', 'a;b', '"a;b"@c', 'a@[1.2.3.4]', ''].map(addressFault), [
			undefined,
			'@',
			';',
			undefined,
			undefined,
			'',
		]);
	});
});
