// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is shell text
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { expandWords } from '../../src/mailx/expansion.js';
import { openSystem } from '../../src/system.js';
import { Desk } from '../harness/desk.js';

describe('shell-like words', () => {
	let desk: Desk;
	let expand: (text: string) => string[] | undefined;
	before(() => {
		desk = new Desk({
			alpha: '',
			'a b': '',
			'.hidden': '',
			'sub/one': '',
			'sub/two': '',
			'x[y': '',
		});
		const env = { HOME: '/home/pue', FILE: 'a  b', STAR: '*', EMPTY: '', DIR: desk.dir };
		expand = (text) => expandWords(openSystem(env), text.replaceAll('@', desk.dir));
	});
	after(() => desk.remove());

	const table: [string, string[] | undefined][] = [
		['plain', ['plain']],
		['two words', ['two', 'words']],
		['"two words"', ['two words']],
		["'$FILE'", ['$FILE']],
		['"$FILE"', ['a  b']],
		['$FILE', ['a', 'b']],
		['x$EMPTY', ['x']],
		['$EMPTY', []],
		['$NOTSET', []],
		['""', ['']],
		['${FILE}', ['a', 'b']],
		['${NOTSET:-else}', ['else']],
		['${EMPTY-else}', []],
		['${FILE:+yes}', ['yes']],
		['a\\ b', ['a b']],
		['"a\\"b\\c"', ['a"b\\c']],
		['~', ['/home/pue']],
		['~/x', ['/home/pue/x']],
		['a~', ['a~']],
		['"~"', ['~']],
		['~root/x', ['/root/x']],
		['~nobody-of-that-name/x', ['~nobody-of-that-name/x']],
		['cost$', ['cost$']],
	];
	for (const [text, words] of table) {
		it(`${text} is ${JSON.stringify(words)}`, () => assert.deepEqual(expand(text), words));
	}

	it('takes a set that can match nothing for the name it is', () => {
		assert.deepEqual(expand('@/[z-a]'), [`${desk.dir}/[z-a]`]);
	});
	it('matches file names, sorted, and hidden ones only by their dot', () => {
		assert.deepEqual(expand('@/s*/*'), [`${desk.dir}/sub/one`, `${desk.dir}/sub/two`]);
		assert.deepEqual(expand('@/al?h[a-z]'), [`${desk.dir}/alpha`]);
		assert.deepEqual(expand('@/[!a]*/one'), [`${desk.dir}/sub/one`]);
		assert.deepEqual(expand('@/.h*'), [`${desk.dir}/.hidden`]);
		assert.deepEqual(expand('$DIR/alp*'), [`${desk.dir}/alpha`]);
	});

	it('leaves a pattern that matches nothing, or is quoted, as it is', () => {
		assert.deepEqual(expand('@/zz*'), [`${desk.dir}/zz*`]);
		assert.deepEqual(expand('"@/al*"'), [`${desk.dir}/al*`]);
		assert.deepEqual(expand('@/al\\*'), [`${desk.dir}/al*`]);
		assert.deepEqual(expand('@/x[y'), [`${desk.dir}/x[y`]);
	});

	it('does not read patterns in the value of a quoted variable', () => {
		assert.deepEqual(expand('"$STAR"'), ['*']);
	});

	for (const text of [
		'a|b',
		'a;b',
		'a&',
		'<a',
		'>a',
		'(a)',
		'{a,b}',
		'"open',
		"'open",
		'end\\',
		'$(date)',
		'`date`',
		'"`date`"',
		'"$(date)"',
		'${FILE',
		'${FILE:-$(date)}',
	]) {
		it(`refuses ${text}`, () => assert.equal(expand(text), undefined));
	}
});
