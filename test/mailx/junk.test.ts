import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, it } from 'node:test';

import { JunkDatabase } from '../../src/mailx/junkdb.js';
import { junkWords } from '../../src/mailx/junkwords.js';
import { Desk, letter } from '../harness/desk.js';

let desk: Desk;
afterEach(() => desk.remove());

const offer = 'cheap watches and pills, order your cheap watches here today friend';
const report = 'the meeting about the harvest report starts when everybody has arrived';
const write = (n: number, text: string) => letter(n).replace(`body ${n}`, text);
const mail = [1, 2, 3, 4].map((n) => write(n, n % 2 ? offer : report)).join('');
const learned = ['junk 1', 'junk 1', 'junk 1', 'junk 1', 'junk 1'].concat([
	'good 2',
	'good 2',
	'good 2',
	'good 2',
	'good 2',
]);

async function told(lines: readonly string[]): Promise<string> {
	desk = new Desk({ spool: mail });
	const variables = { junkdb: `${desk.dir}/junk`, headline: '%a%m' };
	const text = await desk.play(['echo ---', ...lines, 'x'], variables);
	return text.slice(text.indexOf('---\n') + 4);
}

describe('the junk filter', () => {
	it('marks what is like the junk it has learned, and not what is like the good', async () => {
		assert.equal(await told([...learned, 'classify 3 4', 'f :j']), 'J  1\nJ  3\n');
	});
	it('tells what it knows about words, and stores none of them', async () => {
		const text = await told([...learned, 'probability watches harvest unheard']);
		assert.match(text, /^Database statistics: tokens=\d+ ngood=5 nbad=5$/m);
		assert.match(text, /^"watches", hash=\d+:\d+ good=0 bad=10 prob=0\.98 dist=0\.48$/m);
		assert.match(text, /^"harvest", .* good=5 bad=0 prob=0\.02 dist=0\.48$/m);
		assert.match(text, /^"unheard", .* not in database$/m);
		const stored = readFileSync(`${desk.dir}/junk/nodes1`, 'latin1');
		assert.ok(!stored.includes('watches'));
	});
	it('forgets what it is told to forget, but no more than it has learned', async () => {
		assert.equal(
			await told(['junk 1', 'unjunk 1', 'unjunk 1', 'f :j']),
			['Junk mail database underflow.', 'No messages satisfy :j\n'].join('\n'),
		);
	});
	it('needs to know where its database is', async () => {
		desk = new Desk({ spool: mail });
		assert.match(await desk.play(['junk 1', 'x']), /^No junk mail database specified\. Set/m);
		assert.ok(!existsSync(`${desk.dir}/junk`));
	});
});

describe('two sessions that learn at the same time', () => {
	it('both find what they have learned in the database', () => {
		desk = new Desk();
		const dir = `${desk.dir}/junk`;
		const [one, other] = [1, 2].map((n) => new JunkDatabase(dir, Buffer.alloc(4, n)));
		assert.ok(one && other);
		one.add('both', 'bad', 1);
		one.add('one', 'bad', 2);
		one.bad++;
		other.add('both', 'good', 3);
		other.good++;
		one.save();
		other.save();
		other.add('both', 'good', 1);
		other.save();
		const after = new JunkDatabase(dir, Buffer.alloc(4));
		const counts = (word: string) => {
			const { good = 0, bad = 0 } = after.counts(after.hash(word)) ?? {};
			return [good, bad];
		};
		assert.deepEqual(
			[counts('both'), counts('one')],
			[
				[4, 1],
				[0, 2],
			],
		);
		assert.deepEqual([after.good, after.bad], [1, 1]);
	});
});

describe('the words of a message', () => {
	const words = (text: string) => [...junkWords(text)].map(({ word }) => word);

	it('carry the field they stand in; identifiers and dates are left out', () => {
		const header = 'From x\nSubject: buy now\nDate: Mon, 1 Jan\nMessage-ID: <a@b>\n\nhello 42\n';
		assert.deepEqual(words(header), ['Subject*buy', 'Subject*now', 'hello']);
	});
	it('of links are the link and its host', () => {
		assert.deepEqual(words('\nsee http://spam.example/x now'), [
			'URL*http://spam.example/x',
			'HOST*spam.example',
			'see',
			'now',
		]);
	});
	it('of HTML are its text and what some tags say', () => {
		assert.deepEqual(words('\n\b<b>big</b><font color=red>sale</font>'), [
			'big',
			'color',
			'red',
			'sale',
		]);
	});
});
