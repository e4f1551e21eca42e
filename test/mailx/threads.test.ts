import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';

import { identifiers, idKey } from '../../src/mailx/ordering.js';
import { Desk } from '../harness/desk.js';

/** Message `n` of June `day`, answering `parents`, all of them read unless `status` says otherwise. */
function note(n: number, day: number, parents = '', fields = 'Status: RO\n'): string {
	return [
		`From s${n}@x.example Tue Jun  ${day} 10:00:00 2021\n`,
		`From: s${n}@x.example\nSubject: ${n % 2 ? 'Re: ' : ''}topic ${9 - n}\n`,
		`Date: ${day} Jun 2021 10:00:00 +0000\nMessage-ID: <${n}@x.example>\n`,
		`${parents}${fields}\nbody\n\n`,
	].join('');
}
const reply = (to: number) => `In-Reply-To: <${to}@x.example>\n`;

/** 1 ← 3 ← 4, 1 ← 5, and 2 ← 6 that refers to a message that is not there between. */
const forum =
	note(1, 1) +
	note(2, 2) +
	note(3, 3, reply(1)) +
	note(4, 4, reply(3)) +
	note(5, 5, reply(1)) +
	note(6, 6, 'References: <2@x.example> <lost@x.example>\n');

let desk: Desk;
afterEach(() => desk.remove());

async function told(lines: readonly string[], variables = {}, mail = forum): Promise<string[]> {
	desk = new Desk({ spool: mail });
	const options = { headline: '%>%a%m %i%f', nothing: '' };
	const text = await desk.play(['echo ---', ...lines, 'x'], { ...options, ...variables });
	return text
		.slice(text.indexOf('---\n') + 4)
		.split('\n')
		.map((line) => line.trimEnd())
		.slice(0, -1);
}

describe('thread', () => {
	it('lists replies beneath what they answer, by date, with lines to it', async () => {
		assert.deepEqual(await told(['set headline="%m %i:"', 'thread']), [
			'  1 :',
			'  3 ├:',
			'  4 │└:',
			'  5 └:',
			'  2 :',
			'  6  └:',
		]);
	});
	it('walks in that order, and back to that of the folder', async () => {
		const walk = ['set headline="%m"', 'unset header', 'thread', 'f 3', 'f +', 'f +', 'f -'];
		assert.deepEqual(await told([...walk, 'f 1-5', 'f $', 'unthread', 'f 5', 'f +']), [
			...['  3', '  4', '  5', '  4'],
			...['  1', '  3', '  4', '  5'],
			...['  6', '  5', '  6'],
		]);
	});
	it('an ampersand means a message and all replies to it', async () => {
		const lines = ['set headline="%m"', 'unset header', 'thread', 'f &3', 'f &1', 'f &2'];
		assert.deepEqual((await told(lines)).join(''), '  3  4  1  3  4  5  2  6');
	});
	it('a comma means the message that the dot answers', async () => {
		assert.deepEqual(await told(['set headline="%m"', 'f 4', 'f ,', 'f 6', 'f ,']), [
			'  4',
			'  3',
			'  6',
			'Parent message not found',
		]);
	});
	it('breaks circles, and takes the first of two messages with one identifier', async () => {
		const circle = note(1, 1, reply(2)) + note(2, 2, reply(1)) + note(3, 3, reply(3));
		assert.equal((await told(['set headline="%m %e"', 'thread'], {}, circle)).length, 3);
	});
	it('a range against the order ends the command without a word', async () => {
		assert.deepEqual(await told(['set headline="%m"', 'unset header', 'thread', 'f 5-3']), []);
	});
});

describe('collapse', () => {
	it('hides replies and marks both ends; going to one shows it', async () => {
		const lines = [
			'set headline="%a%m"',
			'unset header',
			'thread',
			'collapse 1',
			'h 1',
			'f 4',
			'h 1',
		];
		assert.deepEqual(await told(lines), [
			...['+  1', 'O  2', 'O  6'],
			'-  4',
			...['+  1', 'O  4', 'O  2', 'O  6'],
		]);
	});
	it('leaves new messages, and needs threads', async () => {
		const mail = note(1, 1) + note(2, 2, reply(1), '');
		const lines = [
			'collapse',
			'set headline="%a%m"',
			'unset header',
			'thread',
			'collapse 1',
			'h 1',
		];
		assert.deepEqual(await told(lines, {}, mail), ['Not in threaded mode.', 'O  1', 'N  2']);
	});
});

describe('sort', () => {
	// biome-ignore format: a table
	const orders: readonly [key: string, order: string][] = [
		['date', '1 2 3 4 5 6'],
		['d', '1 2 3 4 5 6'],
		['subject', '6 5 4 3 2 1'],
		['from', '1 2 3 4 5 6'],
			['thread', '1 3 4 5 2 6'],
	];
	for (const [key, order] of orders) {
		it(`by ${key}: ${order}`, async () => {
			const numbers = await told(['set headline="%m"', `sort ${key}`]);
			const sorted = numbers.map((number) => number.trim()).join(' ');
			assert.equal(sorted, order);
		});
	}
	it('by score, what is killed last to be seen', async () => {
		const lines = ['set headline="%m"', 'score 1 5', 'score 2 2', 'kill 6', 'sort score'];
		assert.deepEqual((await told(lines)).join(''), '  3  4  5  2  1');
	});
	it('tells the criterion, and refuses an unknown one', async () => {
		const lines = ['unset header', 'sort', 'sort su', 'sort', 'sort bogus', 'unsort', 'sort'];
		assert.deepEqual(await told(lines), [
			'Current sorting criterion is: unsorted',
			'Current sorting criterion is: su',
			'Unknown sorting method "bogus"',
			'Current sorting criterion is: unsorted',
		]);
	});
	it('autosort and autothread do it on opening', async () => {
		const first = async (variables: Record<string, string>) =>
			(await told(['set headline="%m"', 'f ^'], variables)).join('');
		assert.equal(await first({ autosort: 'subject' }), '  6');
		assert.equal(await first({ autothread: '', autosort: 'subject' }), '  1');
	});
});

describe('message identifiers', () => {
	it('are one when only quotes, comments or the case of the domain differ', () => {
		const same = ['<"a"@B.example>', '<a(note)@b.EXAMPLE>', '<a@b.example>'].map(idKey);
		assert.deepEqual(new Set(same).size, 1);
		assert.notEqual(idKey('<A@b.example>'), idKey('<a@b.example>'));
	});
	it('have an @', () => {
		assert.equal(idKey('Your'), undefined);
		assert.deepEqual(identifiers('<1@a> (his) <2@b>'), ['<1@a>', '<2@b>']);
	});
});
