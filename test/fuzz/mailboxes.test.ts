/**
 * Random mailboxes of pieces of all dialects, and random sessions on them: whoever is not dealt with keeps
 * his octets, whoever is deleted goes alone, and whoever opens the mailbox again finds as many letters.
 * Seeds make each run the same; FUZZ_SECONDS makes a long one (npm run fuzz), with seeds of its own,
 * FUZZ_SEED repeats one mailbox.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { MboxFile } from '../../src/mailbox/file.js';
import { Flag, type Message } from '../../src/mailbox/mailbox.js';
import { appendTo } from '../../src/mailbox/open.js';
import { lettersOf } from '../../src/mailx/savedcopy.js';
import { openSystem } from '../../src/system.js';
import { Desk } from '../harness/desk.js';

const seconds = Number(process.env.FUZZ_SECONDS ?? 0);
const onlySeed = process.env.FUZZ_SEED === undefined ? undefined : Number(process.env.FUZZ_SEED);

const dir = mkdtempSync(join(tmpdir(), 'inkloom-mailboxes-'));
const path = join(dir, 'box');
const folder = join(dir, 'folder');
const system = openSystem({ HOME: dir, USER: 'pue' });
const desk = new Desk();
after(() => {
	rmSync(dir, { recursive: true });
	desk.remove();
});

type Random = (below: number) => number;

/** Whole numbers from 0 to below `below`, the same ones for a seed (xorshift). */
function randomOf(seed: number): Random {
	let state = (seed * 2_654_435_761 + 1) >>> 0 || 1;
	return (below) => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		state >>>= 0;
		return state % below;
	};
}

const time = 'Tue Nov  9 17:21:36 2021';
const pieces: readonly string[] = [
	`From a@b.example ${time}\n`,
	`From "c d"@e.example  ${time} +0100\n`,
	`From ???@??? ${time}\n`,
	`From - ${time}\n>From f ${time} remote from moon\n`,
	'From now on\n',
	'From ',
	'>From x\n',
	'>>From y\n',
	'Status: O\n',
	'Status: OR\n',
	'status : RO\nX-Status: FAT\n',
	'X-Status: F\n',
	'Subject: s\n',
	'Subject: folded\n once\n',
	'Content-Length: 0\n',
	'Content-Length: 5\n',
	'Content-Length: 17\n',
	'Content-Length: -3\n',
	'\n',
	'\n\n',
	'text\n',
	'text: more\n',
	'\0',
	'\r',
	'\r\n',
	'\r\n\r\n',
	'\xff\xfe',
	'\x01\x01\x01\x01\n',
	`${'x'.repeat(5_000)}\n`,
	'no newline',
];

/** A mailbox of whole letters, of random pieces, or of both; with line ends of either kind. */
function boxOf(random: Random): string {
	let text = '';
	for (let letters = random(6); letters >= 0; letters--) {
		let one = '';
		if (random(4) > 0)
			one = `${pieces[random(4)]}Subject: ${letters}\n${pieces[random(17)]}\nx\n\n`;
		for (let count = random(8); count > 0; count--) one += pieces[random(pieces.length)];
		if (random(4) > 0) one += '\n';
		text += random(3) === 0 ? one.replaceAll('\n', '\r\n') : one;
	}
	return text;
}

const open = (given: string, faithful = false, chunk = 1 << 18): MboxFile =>
	new MboxFile(given, { kind: 'file', readOnly: false, name: given, home: dir, chunk, faithful });

const octetsOf = (mailbox: MboxFile): string[] =>
	mailbox.messages.map((message) => mailbox.read(message).toString('latin1'));

const withoutStatus = (text: string) =>
	text.replace(/(?<![^\n])(?:x-)?status[ \t]*:[^\n]*\n/gi, '');

/** The same but for Status; what has no header may have got one that says it. */
function assertSameText(is: string, was: string, what: string, end = (text: string) => text): void {
	const text = withoutStatus(was);
	const start = text.indexOf('\n') + 1;
	const withHeader = ['\n', '\r\n', '\n>', '\r\n>'].map((between) =>
		end(text.slice(0, start) + between + text.slice(start)),
	);
	const stated = end(withoutStatus(is));
	if (!withHeader.includes(stated)) assert.equal(stated, end(text), what);
}

function openedAgain(given: string): string[] {
	const mailbox = open(given);
	const octets = octetsOf(mailbox);
	mailbox.close();
	return octets;
}

async function session(random: Random): Promise<void> {
	const whole = boxOf(random);
	writeFileSync(path, whole, 'latin1');

	// Leaving with nothing done, with -n and without; and seen through windows of any size.
	const letters = openedAgain(path);
	const small = open(path, false, 1 + random(40));
	assert.deepEqual(octetsOf(small), letters, 'however it is cut');
	small.close();
	const preamble = whole.slice(0, whole.length - letters.join('').length);
	assert.equal(preamble + letters.join(''), whole, 'the letters are all there is');
	for (const [faithful, listed] of [
		[false, false],
		[false, true],
		[true, false],
		[true, true],
	] as const) {
		const idle = open(path, faithful);
		if (listed) for (const message of idle.messages) message.clear(Flag.new);
		idle.writeBack(idle.messages, { removeEmpty: false });
		idle.close();
		// With -n odd status fields are spelt anew.
		const stated = faithful || listed ? withoutStatus : (all: string) => all;
		const unchanged = readFileSync(path, 'latin1');
		assert.equal(stated(unchanged), stated(whole), 'nothing done, nothing changed');
		writeFileSync(path, whole, 'latin1');
	}

	// A session.
	const mailbox = open(path);
	const late = random(3) === 0 ? `From late@x.example ${time}\nSubject: late\n\nlate\n\n` : '';
	if (late !== '') {
		appendFileSync(path, `\n\n${late}`);
		mailbox.takeNew();
	}
	const before = octetsOf(mailbox);
	const known = late === '' ? letters : [...letters, late];
	assert.equal(before.length, known.length, 'what arrives is one more');
	const touched = new Set<Message>();
	const saved: Message[] = [];
	for (const message of mailbox.messages) {
		const act = random(6);
		if (act === 0) message.set(Flag.deleted | Flag.touched);
		else if (act === 1) saved.push(message);
		else if (act === 2) message.set(Flag.touched | Flag.flagged);
		else if (act === 3) message.set(Flag.touched | Flag.read);
		if (act === 2 || act === 3) touched.add(message);
	}
	writeFileSync(folder, random(2) === 0 ? '' : (letters[0] ?? ''), 'latin1');
	const filed = openedAgain(folder);
	if (saved.length > 0) {
		const { session: given } = desk.session();
		await appendTo(system, folder, lettersOf(mailbox, saved, given));
	}
	const kept = mailbox.messages.filter((message) => !message.has(Flag.deleted));
	mailbox.writeBack(kept, { removeEmpty: false });
	mailbox.close();

	const left = openedAgain(path);
	assert.equal(left.length, kept.length, 'opened again there are as many');
	kept.forEach((message, index) => {
		const was = before[message.number - 1] as string;
		const is = left[index] as string;
		if (touched.has(message)) {
			assertSameText(is, was, `Status alone of message ${message.number}`);
		} else assert.equal(is, was, `message ${message.number}`);
	});

	// What was put into a folder.
	const there = openedAgain(folder);
	const end = (all: string) => all.replace(/[\r\n]*$/, '');
	assert.equal(there.length, filed.length + saved.length, 'each saved letter is one');
	filed.forEach((was, index) => {
		assert.equal(end(there[index] as string), end(was), 'what was there is there');
	});
	saved.forEach((message, index) => {
		const was = (before[message.number - 1] as string).replace(/(?<=\n)From /g, '>From ');
		assertSameText(there[filed.length + index] as string, was, 'what was saved', end);
	});
}

describe('a random mailbox', () => {
	it('keeps every letter that nobody has dealt with, octet for octet', async () => {
		const first = onlySeed ?? (seconds > 0 ? Date.now() % 1_000_000_000 : 1);
		const until = Date.now() + seconds * 100;
		const rounds = onlySeed !== undefined ? 1 : seconds > 0 ? Number.POSITIVE_INFINITY : 60;
		for (let n = 0; n < rounds && (seconds === 0 || Date.now() < until); n++) {
			try {
				await session(randomOf(first + n));
			} catch (error) {
				const octets = JSON.stringify(boxOf(randomOf(first + n)).slice(0, 2_000));
				const what = error instanceof Error ? error.message : error;
				throw new Error(`FUZZ_SEED=${first + n}: ${what}: ${octets}`, { cause: error });
			}
		}
	});
});
