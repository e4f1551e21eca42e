import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';

import { Desk } from '../harness/desk.js';

let desk: Desk;
afterEach(() => desk.remove());

const box = [
	`From ann@x.example Tue Nov  9 17:21:36 2021
From: Ann <ann@x.example>
Subject: zeppelin
Date: Tue, 09 Nov 2021 17:21:36 +0000
Message-ID: <1@x.example>

alpha in the body

`,
	`From bob@x.example Tue Nov  9 17:22:36 2021
From: Bob <bob@x.example>
Subject: arrival of
 an airship
Date: Tue, 09 Nov 2021 16:21:36 +0000
Message-ID: <2@x.example>
In-Reply-To: <3@x.example>
Content-Transfer-Encoding: base64

Z2FtbWEgdGhpbmdzCg==

`,
	`From cy@x.example Tue Nov  9 17:23:36 2021
From: cy (Cy)
Subject: mooring
Date: Tue, 09 Nov 2021 18:21:36 +0000
Message-ID: <3@x.example>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain
Content-Transfer-Encoding: quoted-printable

del=
ta
--b
Content-Type: text/plain
Content-Transfer-Encoding: base64

ZXBzaWxvbgo=
--b--

`,
].join('');

/** What each line lists, by number. */
async function listed(text: string, lines: readonly string[]): Promise<string[]> {
	desk = new Desk({ spool: text });
	const script = lines.flatMap((line) => ['echo ---', ...line.split(';')]);
	const told = await desk.play([...script, 'x'], { headline: '%m' });
	return told
		.split('---\n')
		.slice(1)
		.map((answer) => answer.trim().split(/\s+/).join(' '));
}

// biome-ignore format: a table
const table: readonly [lines: string, answer: string][] = [
	['f /zeppelin', '1'],
	['f /airship', '2'],
	['f (subject "of an air")', '2'],
	['f (from bob)', '2'],
	['f cy', '3'],
	['f (header message-id 3)', '3'],
	['f (sentsince 9-Nov-2021)', '1 2 3'],
	['f (body alpha)', '1'],
	['f (body ALPHA)', '1'],
	['f (body zeppelin)', 'No messages satisfy (criteria).'],
	['f (text zeppelin)', '1'],
	['f (body bob)', 'No messages satisfy (criteria).'],
	['f (body gamma)', '2'],
	['f (body "gamma things")', '2'],
	['f (body delta)', '3'],
	['f (body epsilon)', '3'],
	['sort date', '2 1 3'],
	['sort from', '1 2 3'],
	['sort subject', '2 3 1'],
	['sort thread', '1 3 2'],
];

describe('searching and sorting', () => {
	it('finds words in headers and in bodies, encodings undone', async () => {
		const answers = await listed(
			box,
			table.map(([lines]) => lines),
		);
		table.forEach(([lines, answer], at) => {
			assert.equal(answers[at], answer, lines);
		});
	});

	it('finds the same in a mailbox whose lines end with CR LF', async () => {
		const answers = await listed(
			box.replaceAll('\n', '\r\n'),
			table.map(([lines]) => lines),
		);
		table.forEach(([lines, answer], at) => {
			assert.equal(answers[at], answer, lines);
		});
	});

	it('takes lines that end with a mere LF after a From_ line with one for lines of that message', async () => {
		const mixed = box.replace(/^From cy[\s\S]*/m, (last) => last.replaceAll('\n', '\r\n'));
		assert.deepEqual(
			await listed(mixed, ['f (body delta)', 'f (body alpha)', 'f (body mooring)']),
			['3', '1', 'No messages satisfy (criteria).'],
		);
	});

	it('takes a message that ends within its header for one without body', async () => {
		const cut = `${box}From dee@x.example Tue Nov  9 17:24:36 2021\nSubject: hangar\n`;
		assert.deepEqual(await listed(cut, ['f (text hangar)', 'f (body hangar)']), [
			'4',
			'No messages satisfy (criteria).',
		]);
	});
});
