import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';

import { announce } from '../../src/mailx/announce.js';
import { openFolder } from '../../src/mailx/folders.js';
import { commandLoop } from '../../src/mailx/interpreter.js';
import { Desk, letter } from '../harness/desk.js';

/** Read, answered and flagged, deleted by the tests, unread, new. */
const spool = [
	letter(1, 'RO'),
	letter(2, 'RO\nX-Status: AF'),
	letter(3, 'RO'),
	letter(4, 'O'),
	letter(5),
].join('');

let desk: Desk;
afterEach(() => desk.remove());

/**
 * Numbers of the messages that each list selects, or what is said instead; `!` stands before other
 * commands than `from`. The dot is 5 at first.
 */
async function select(
	lists: readonly string[],
	variables: Readonly<Record<string, string>> = {},
	mail = spool,
): Promise<string[]> {
	desk = new Desk({ spool: mail });
	const lines = lists.flatMap((list) => [
		'echo ---',
		list.replace(/^(?!!)/, 'f ').replace('!', ''),
	]);
	const { session, terminal } = desk.session({ headline: '%m', ...variables }, [...lines, 'x']);
	await openFolder(session, '%');
	await announce(session, false);
	await commandLoop(session);
	session.mailbox?.close();
	const answers = terminal.transcript.split('---\n').slice(1);
	return answers.map((answer) => answer.trim().replaceAll(/\n */g, ' '));
}

// biome-ignore format: a table
const table: readonly [list: string, answer: string][] = [
	['', '5'],
	['2-4', '2 3 4'],
	['4-2', '5'],
	['5-', '5'],
	['^', '1'],
	['$', '5'],
	['-', '4'],
	['+', 'Referencing beyond EOF'],
	['1 3 1', '1 3'],
	['*', '1 2 3 4 5'],
	['* 1', 'No numbers mixed with *'],
	['1 *', 'Can\'t mix "*" with anything'],
	['99', '99: Invalid message number'],
	['1-99', '99: Invalid message number'],
	['0', '0: Invalid message number'],
	[':n', '5'],
	[':u', '4 5'],
	[':o', '1 2 3 4'],
	[':r', '1 2 3'],
	[':f', '2'],
	[':a', '2'],
	[':u:n', '4 5'],
	[':u :n', '5'],
	[':n 1', '5'],
	[':t', 'No messages satisfy :t'],
	[':a :t', 'No messages satisfy :a :t'],
	[':x', 'Unknown colon modifier ":x"'],
	['/M3', '3'],
	['/m', '1 2 3 4 5'],
	['/m1 /m4', '1 4'],
	['/zzz', 'No applicable messages from {/zzz}'],
	['s2@x.example', '2'],
	['s2', 'No applicable messages from {s2}'],
	['s2 s3@x.example', '3'],
	['s1 s2', 'No applicable messages from {s1, s2}'],
	[';', 'No previously current message'],
	['`', 'No previously marked messages.'],
	[',', 'Cannot determine parent Message-ID of the current message'],
	['(from s3)', '3'],
	['()', 'No last SEARCH criteria available.'],
	['(from nobody)', 'No messages satisfy (criteria).'],
	['(seen) /m3', '3'],
	['"x', 'Missing "'],
];

describe('a message list', () => {
	for (const [list, answer] of table) {
		it(`\`${list}\` selects or says ${answer}`, async () => {
			assert.deepEqual(await select([list]), [answer]);
		});
	}
	it('remembers the text, the states and the criteria that came before', async () => {
		assert.deepEqual(await select(['/m3', '/', ':u', ':', '(from s2)', '()']), [
			'3',
			'3',
			'4 5',
			'4 5',
			'2',
			'2',
		]);
	});
	it('a backquote means what the last list named, a semicolon the dot before', async () => {
		assert.deepEqual(await select(['1 3', '`', '2', ';']), ['1 3', '1 3', '2', '3']);
	});
	it('refuses deleted messages, and undelete means deleted ones', async () => {
		assert.deepEqual(await select(['!d 3', '3', '2-4', '!u', '3']), [
			'',
			'3: Inappropriate message',
			'2 4',
			'',
			'3',
		]);
	});
	it('falls back to the nearest message that is not deleted', async () => {
		assert.deepEqual(await select(['!d 4 5', '', '!d 1-3', '']), [
			'',
			'3',
			'',
			'No applicable messages',
		]);
	});
	it('with allnet a name is the part before the @', async () => {
		assert.deepEqual(await select(['s2'], { allnet: '' }), ['2']);
	});
	it('with searchheaders a field may be named', async () => {
		assert.deepEqual(await select(['/from:s4', '/m5'], { searchheaders: '' }), ['4', '5']);
	});
	it('looks for text in decoded subjects', async () => {
		const coded = letter(1).replace('Subject: m1', 'Subject: =?utf-8?q?caf=C3=A9_time?=');
		assert.deepEqual(await select(['/CAFÉ'], {}, coded + letter(2)), ['1']);
	});
});

describe('criteria', () => {
	// biome-ignore format: a table
	const criteria: readonly [list: string, answer: string][] = [
		['(or (from s1) from s2)', '1 2'],
		['(not seen)', '4 5'],
		['(not (or (seen) (new)))', '4'],
		['(subject "m3")', '3'],
		['(header subject m3)', '3'],
		['(body "body 2")', '2'],
		['(text s4@)', '4'],
		['(from "x.example" seen)', '1 2 3'],
		['(on 2-Jan-2022)', '2'],
		['(before 2-Jan-2022)', '1'],
		['(since 4-Jan-2022)', '4 5'],
		['(keyword \\Flagged)', '2'],
		['(3)', '3'],
		['(larger 99999)', 'No messages satisfy (criteria).'],
		['(smaller 99999)', '1 2 3 4 5'],
		['(nonsense x)', 'Bad SEARCH criterion "nonsense": >>> (nonsense x) <<<'],
		['(from)', 'Missing string argument: >>> (from) <<<'],
		['(uid 1)', 'Searching for UIDs is not supported: >>> (uid 1) <<<'],
		['(not)', 'Criterion for NOT missing: >>> (not) <<<'],
		['(or seen)', 'Second criterion for OR missing: >>> (or seen) <<<'],
		['(on 32-Jan-2022)', 'Invalid date "32-Jan-2022": >>> (on 32-Jan-2022) <<<'],
		['(larger x)', 'Invalid size: >>> (larger x) <<<'],
	];
	for (const [list, answer] of criteria) {
		it(`${list}: ${answer}`, async () => {
			assert.deepEqual(await select([list]), [answer]);
		});
	}
	it('finds a word that an encoding hides', async () => {
		const hidden = (n: number, encoding: string, body: string) =>
			letter(n)
				.replace('\n\n', `\nContent-Transfer-Encoding: ${encoding}\n\n`)
				.replace(`body ${n}`, body);
		const mail =
			hidden(1, 'quoted-printable', 'nee=\ndle') +
			hidden(2, 'quoted-printable', 'n=65edle') +
			hidden(3, 'base64', Buffer.from('a NEEDLE\n').toString('base64')) +
			hidden(4, 'base64', Buffer.from('a thread\n').toString('base64')) +
			letter(5);
		assert.deepEqual(await select(['(body needle)'], {}, mail), ['1 2 3']);
	});
});
