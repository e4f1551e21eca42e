import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';

import { parseAliases, printFigures } from '../../src/mta/aliases.js';
import { localNames } from '../../src/mta/recipient.js';

const local = localNames('mx.example.org');
const parse = (text: string) => parseAliases(text, '/etc/aliases', local);
const map = (text: string) =>
	Object.fromEntries(parse(text).aliases.map(({ key, value }) => [key, value]));

describe('aliases(5)', () => {
	const accepted: [string, string, Record<string, string>][] = [
		['blanks around the colon are cut', 'x : pue\n', { x: 'pue' }],
		['trailing blanks stay in the value', 'y  :  pere  \n', { y: 'pere  ' }],
		['a blank-led line continues the item', 'a: b,\n   c\n', { a: 'b,   c' }],
		['a backslash joins the next line', 'z: pue\\\n , pere\n', { z: 'pue , pere' }],
		['a comment swallows its continuation', '#y: pere\n #z: ana\nx: y\n', { x: 'y' }],
		['# elsewhere is part of the value', 'y: pere#tag\n', { y: 'pere#tag' }],
		['keys are lower-cased, values are not', 'MixED: Pere\n', { mixed: 'Pere' }],
		['a quoted name keeps its quotes', '"John Smith": pue\n', { '"john smith"': 'pue' }],
		['words become one name', 'a b: pere\n', { 'a.b': 'pere' }],
		['comments go from the name', '(x) y: pere\nz (c): pue\n', { y: 'pere', z: 'pue' }],
		['our own host goes from the name', 'user@mx.example.org: ana\n', { user: 'ana' }],
		['the last of duplicates counts', 'pue: a\nPUE: b\n', { pue: 'b' }],
		['a second colon is value', 'x: pue: pere\n', { x: 'pue: pere' }],
	];
	for (const [rule, text, expected] of accepted) {
		it(rule, () => assert.deepEqual(map(text), expected));
	}

	const refused: [string, number, string[]][] = [
		['a: b\nno colon here\n', 70, ['line 2: missing colon']],
		['x ana\n y\nz: pue\n', 70, ['line 2: missing colon']],
		['pue:\n', 70, ['line 1: pue:... missing value for alias']],
		[': pere\n', 70, ['line 1: : pere... illegal alias name']],
		['  pue: pere\n', 70, ['line 1: Non-continuation line starts with space']],
		['x: y,\n\n z\n', 70, ['line 3: Non-continuation line starts with space']],
		['p@other.org: q\n', 70, ['line 1: p@other.org... cannot alias non-local names']],
		[
			'a,b: c\n',
			64,
			['line 1: a,b... Invalid route address', 'line 1: a,b... cannot alias non-local names'],
		],
		[`big: ${'x'.repeat(8200)}\n`, 70, ['line 1: alias line too long']],
		['pue: a\nPUE: b\n', 0, ['line 2: PUE... Warning: duplicate alias name pue']],
	];
	for (const [text, status, expected] of refused) {
		it(`says of ${JSON.stringify(text.slice(0, 20))}: ${expected[0]}`, () => {
			const file = parse(text);
			const said = file.complaints.map((line) => line.replace('/etc/aliases: ', ''));
			assert.deepEqual(said, expected);
			assert.equal(file.status, status);
		});
	}

	it('counts octets of values and keys', () => {
		const file = parse('pue: jos\xc3\xa9\nx: a\nx: bb\n');
		assert.equal(
			printFigures('/etc/aliases', file),
			'/etc/aliases: 3 aliases, longest 5 bytes, 13 bytes total',
		);
	});
});

const recorded = resolve('../shared/delivery/fixtures/aliases');
describe('aliases files recorded from newaliases', { skip: !existsSync(recorded) }, () => {
	if (!existsSync(recorded)) return;
	const exits = new Map(
		readFileSync(join(recorded, 'index.tsv'), 'utf8')
			.split('\n')
			.slice(1)
			.map((row) => [row.split('\t')[0] as string, Number(row.split('\t')[1])]),
	);
	for (const name of readdirSync(recorded)) {
		const base = /^(\d\d-.*)\.txt$/.exec(name)?.[1];
		if (base === undefined || base.endsWith('.expected')) continue;
		it(base, () => {
			const file = parse(readFileSync(join(recorded, name), 'latin1'));
			const said = [...file.complaints, printFigures('/etc/aliases', file), ''].join('\n');
			assert.equal(said, readFileSync(join(recorded, `${base}.expected.txt`), 'latin1'));
			assert.equal(file.status, exits.get(base));
			const stored = JSON.parse(readFileSync(join(recorded, `${base}.map.json`), 'latin1'));
			const pairs = file.aliases.map(({ key, value }) => [key, value]);
			assert.deepEqual(Object.fromEntries(pairs), stored);
		});
	}
});
