import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';

import { Desk, letter } from '../harness/desk.js';

let desk: Desk;
afterEach(() => desk.remove());

const named = letter(1).replace(
	'From: s1@x.example',
	'From: "Ann B. Smith" <ann@x.example>\nTo: Pere <pere@y.example>, jo@y.example\nDate: 4 Jul 2021 06:07:08 +0000',
);

/** The lines of all messages in a format. */
async function lines(
	format: string | undefined,
	spool = named,
	variables: Readonly<Record<string, string>> = {},
	before: readonly string[] = [],
): Promise<string[]> {
	desk = new Desk({ spool });
	const set = format === undefined ? {} : { headline: format };
	const text = await desk.play([...before, 'echo ---', 'f *', 'x'], { ...set, ...variables });
	return text
		.slice(text.indexOf('---\n') + 4)
		.split('\n')
		.slice(0, -1);
}

// biome-ignore format: a table
const formats: readonly [format: string, line: string][] = [
	['%m|%5m|%-5m|', '  1|    1|1    |'],
	['%f|', 'ann@x.example     |'],
	['%5f|%-5f|', 'ann@x|ann@x.example     |'],
	['%d|%10d|', 'Sat Jan  1 10:00|Sat Jan  1|'],
	['%l|%o|%8o|', `   8|${named.length}  |     ${named.length}|`],
	['%s|%1s|%S|', 'm1|m|"m1"|'],
	['%a%>%<', 'N><'],
	['%U|%e|%t|%c', '        0| 0|  1|     0'],
	['%i%%%x|', '%|'],
	['a%', 'a'],
];

describe('the format of a headline', () => {
	for (const [format, line] of formats) {
		it(`${format}: ${line}`, async () => assert.deepEqual(await lines(format), [line]));
	}
	it('has two usual forms, 80 columns wide', async () => {
		const long = named.replace('Subject: m1', `Subject: ${'long '.repeat(20)}`);
		const [plain = ''] = await lines(undefined, long);
		assert.match(plain, /^>N {2}1 ann@x\.example {6}Sat Jan {2}1 10:00 {4}8\/\d+ {3}long long/);
		const [bsd = ''] = await lines(undefined, long, { bsdcompat: '' });
		assert.match(bsd, /^>N {2}1 ann@x\.example {9}Sat Jan {2}1 10:00 {3}8\/\d+ {3}"long lo/);
		for (const line of [plain, bsd]) assert.ok(line.length <= 80, `${line.length}`);
	});
	it('cuts wide characters whole', async () => {
		const wide = named.replace('Subject: m1', 'Subject: =?utf-8?b?5pel5pys6Kqe?=');
		assert.deepEqual(await lines('%4s|%5s|', wide), ['日本|日本|']);
	});
	it('shows control characters as symbols', async () => {
		const evil = named.replace('Subject: m1', 'Subject: a\x1b[31mb\x07');
		assert.deepEqual(await lines('%s', evil), ['a␛[31mb␇']);
	});
});

describe('who a message is from', () => {
	it('an address, or with showname a name', async () => {
		assert.deepEqual(await lines('%f|', named, { showname: '' }), ['Ann B. Smith      |']);
	});
	it('with showto the recipient of what one has written', async () => {
		const mine = { showto: '', from: 'ann@x.example' };
		assert.deepEqual(await lines('%f|', named, mine), ['To pere@y.example,|']);
		const other = { showto: '', showname: '', replyto: 'ann@x.example' };
		const alternate = await lines('%f|', named, other);
		assert.deepEqual(alternate, ['To Pere           |']);
	});
	it('Sender and the From_ line where there is no From', async () => {
		const bare = letter(1).replace('From: s1@x.example\n', '');
		const sender = bare.replace('Subject', 'Sender: boss@x.example\nSubject');
		assert.deepEqual(await lines('%20f|', bare + sender), [
			's1@x.example        |',
			'boss@x.example      |',
		]);
	});
});

describe('the date', () => {
	it('is that of the From_ line, or of the Date field with datefield', async () => {
		const zone = process.env.TZ;
		process.env.TZ = 'UTC';
		try {
			assert.deepEqual(await lines('%24d', named, { datefield: '' }), ['Sun Jul  4 06:07:08 2021']);
		} finally {
			if (zone === undefined) delete process.env.TZ;
			else process.env.TZ = zone;
		}
	});
	it('may be unknown', async () => {
		assert.deepEqual(await lines('%d', named.replace(/^From .*/, 'From ann')), [
			'  <Unknown date>',
		]);
	});
});

describe('the mark', () => {
	const box = [
		letter(1),
		letter(2, 'O'),
		letter(3, 'RO'),
		letter(4, 'R'),
		letter(5, 'RO\nX-Status: A'),
		letter(6, 'RO\nX-Status: T'),
	].join('');
	it('tells the state, the more urgent one first', async () => {
		const marks = async (variables: Record<string, string>, before: string[] = []) =>
			(await lines('%a', box, variables, before)).join('');
		assert.equal(await marks({}), 'NUORAT');
		assert.equal(await marks({ bsdflags: '' }), 'NU  AT');
		assert.equal(await marks({ attrlist: 'ab' }), 'abORAT');
		assert.equal(
			await marks({}, ['flag 5', 'hold 2', 'mbox 3', 'copy 4 @/c', 'save 6 @/s']),
			'NPMRF*'.replace('*', 'S'),
		);
	});
});
