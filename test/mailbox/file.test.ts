import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
	appendFileSync,
	chmodSync,
	closeSync,
	existsSync,
	linkSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
	writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Complaint } from '../../src/complaint.js';
import { MboxFile, type MboxOptions } from '../../src/mailbox/file.js';
import { Flag } from '../../src/mailbox/mailbox.js';
import { recover } from '../../src/mailbox/overwrite.js';
import { splitMbox } from '../harness/spans.js';

const letter = (number: number, status = '', octets = 40) =>
	`From a${number}@b.example  Tue Nov  9 17:21:36 2021\nFrom: a${number}@b.example\n` +
	`Subject: number ${number}\n${status}\n${'x'.repeat(octets)}\n\n`;
const box =
	letter(1, 'Status: RO\n') + letter(2) + letter(3, 'Status: O\nX-Status: F\n') + letter(4);
const large = Array.from({ length: 200 }, (_, index) => letter(index + 1, '', 9000)).join('');

function open(path: string, options: Partial<MboxOptions> = {}): MboxFile {
	return new MboxFile(path, {
		kind: 'file',
		readOnly: false,
		name: path,
		home: join(path, '..'),
		...options,
	});
}

/** Played by a child: deletes the first message, flags the second, and dies at the step named. */
function dieWhileWriting(path: string, deadly: string): void {
	const mailbox = open(path, {
		step: (name) => {
			if (name === deadly) process.kill(process.pid, 'SIGKILL');
		},
	});
	mailbox.messages[1]?.set(Flag.flagged);
	mailbox.writeBack(mailbox.messages.slice(1), { removeEmpty: true });
}

if (process.env.INKLOOM_TEST_BOX) {
	dieWhileWriting(process.env.INKLOOM_TEST_BOX, process.env.INKLOOM_TEST_STEP ?? '');
	process.exit(0);
}

const root = mkdtempSync(join(tmpdir(), 'inkloom-file-'));
after(() => rmSync(root, { recursive: true }));
let count = 0;
function make(text: string): string {
	const folder = mkdtempSync(join(root, `${++count}-`));
	const path = join(folder, 'box');
	writeFileSync(path, text, 'latin1');
	return path;
}
const text = (path: string) => readFileSync(path, 'latin1');

describe('an mbox file', () => {
	it('knows flags, octets and lines of each message', () => {
		const mailbox = open(make(box));
		assert.deepEqual(
			mailbox.messages.map((message) => message.flags & (Flag.new | Flag.read | Flag.flagged)),
			[Flag.read, Flag.new, Flag.flagged, Flag.new],
		);
		assert.equal(
			mailbox.messages.reduce((sum, message) => sum + message.octets, 0),
			box.length,
		);
		assert.deepEqual(
			mailbox.messages.map((message) => mailbox.lines(message)),
			[7, 6, 8, 6],
		);
		mailbox.close();
	});

	it('reads messages, headers and From_ lines from where they stand', () => {
		const mailbox = open(make(box));
		for (const message of [...mailbox.messages].reverse()) {
			assert.equal(mailbox.header(message).get('subject'), `number ${message.number}`);
			assert.equal(
				mailbox.postmark(message),
				`From a${message.number}@b.example  Tue Nov  9 17:21:36 2021`,
			);
			assert.equal(
				mailbox.read(message).toString('latin1'),
				box.slice(message.start, message.start + message.octets),
			);
		}
		mailbox.close();
	});

	it('finds the same in chunks of any size', () => {
		const path = make(box);
		const expected = splitMbox(Buffer.from(box)).map((span) => span.start);
		for (const chunk of [1, 2, 3, 5, 7, 11, 64, 100]) {
			const mailbox = open(path, { chunk });
			assert.deepEqual(
				mailbox.messages.map((message) => message.start),
				expected,
				`chunk ${chunk}`,
			);
			mailbox.close();
		}
	});

	it('reads a message larger than any window', () => {
		const path = make(letter(1) + letter(2, '', 1_000_000) + letter(3));
		const mailbox = open(path);
		const [, second] = mailbox.messages;
		assert.ok(second);
		assert.equal(mailbox.read(second).length, second.octets);
		assert.equal(mailbox.lines(second), 6);
		mailbox.close();
	});

	it('refuses a directory and a device with the errors of the file system', () => {
		assert.throws(() => open(root), { code: 'EISDIR' });
		assert.throws(() => open('/dev/null'), { code: 'EINVAL' });
		assert.throws(() => open(join(root, 'missing')), { code: 'ENOENT' });
	});
});

describe('new mail', () => {
	it('is taken in, and the old keeps its numbers', () => {
		const path = make(box);
		const mailbox = open(path);
		assert.equal(mailbox.hasGrown(), false);
		appendFileSync(path, letter(5) + letter(6));
		assert.equal(mailbox.hasGrown(), true);
		const taken = mailbox.takeNew();
		assert.deepEqual(
			taken.map((message) => message.number),
			[5, 6],
		);
		assert.ok(taken.every((message) => message.has(Flag.newest | Flag.new)));
		assert.equal(mailbox.messages.length, 6);
		assert.equal(mailbox.header(taken[1] as never).get('subject'), 'number 6');
		assert.equal(mailbox.hasGrown(), false);
		mailbox.close();
	});

	it('begins a message at once, as an empty box that fills up does', () => {
		const path = make('');
		const mailbox = open(path);
		assert.equal(mailbox.messages.length, 0);
		appendFileSync(path, letter(1));
		assert.equal(mailbox.takeNew().length, 1);
		mailbox.close();
	});

	it('goes on with a message whose lines end with CR LF, of which the rest comes later', () => {
		const all = (letter(1) + letter(2)).replaceAll('\n', '\r\n');
		for (let cut = 60; cut < all.length; cut++) {
			const path = make(all.slice(0, cut));
			const mailbox = open(path);
			appendFileSync(path, all.slice(cut), 'latin1');
			mailbox.takeNew();
			const starts = mailbox.messages.map(({ start }) => start);
			mailbox.close();
			// Cut within the second From_ line, it is text to both: nothing before it was a message's end.
			if (starts.length < 2) assert.ok(cut > letter(1).length);
			else assert.equal(starts[1], all.indexOf('From a2'), `cut at ${cut}`);
		}
	});

	it('with other line ends is told apart, and nothing is changed', () => {
		const crlf = letter(1).replaceAll('\n', '\r\n');
		for (const [old, fresh] of [
			[crlf, letter(2)],
			[letter(1), letter(2).replaceAll('\n', '\r\n')],
		] as const) {
			const path = make(old);
			const mailbox = open(path);
			appendFileSync(path, fresh, 'latin1');
			assert.equal(mailbox.takeNew().length, 1);
			assert.equal(mailbox.read(mailbox.messages[1] as never).toString('latin1'), fresh);
			mailbox.messages[1]?.set(Flag.deleted);
			mailbox.writeBack(mailbox.messages.slice(1), { removeEmpty: true });
			assert.equal(text(path), fresh);
			mailbox.close();
		}
	});

	it('that came without an empty line before it has one when the mailbox is written back', () => {
		for (const end of ['', '\n']) {
			const torn = `${letter(1).trimEnd()}${end}`;
			const path = make(torn);
			const mailbox = open(path);
			appendFileSync(path, letter(2));
			assert.equal(mailbox.takeNew().length, 1);
			mailbox.writeBack(mailbox.messages, { removeEmpty: true });
			mailbox.close();
			assert.equal(text(path), letter(1) + letter(2));
			assert.equal(splitMbox(Buffer.from(text(path))).length, 2);
		}
	});

	it('that is no message lengthens the last one, and is not lost', () => {
		const path = make(letter(1));
		const mailbox = open(path);
		appendFileSync(path, `torn\n\n${letter(2)}`);
		assert.equal(mailbox.takeNew().length, 1);
		mailbox.messages[1]?.set(Flag.flagged);
		mailbox.writeBack(mailbox.messages, { removeEmpty: true });
		assert.ok(text(path).startsWith(`${letter(1)}torn\n\nFrom a2`));
		mailbox.close();
	});
});

describe('writing back', () => {
	it('changes no octet, and not even the file, when nothing was changed', () => {
		const path = make(`preamble\n\n${box}From x\nStatus: OR\nFrom y`.replace('Status: OR\n', ''));
		const before = text(path);
		const { ino } = statSync(path);
		const mailbox = open(path);
		assert.equal(mailbox.writeBack(mailbox.messages, { removeEmpty: true }), 0);
		assert.equal(text(path), before);
		assert.equal(statSync(path).ino, ino);
		mailbox.close();
	});

	it('copies what was not touched octet for octet around what was', () => {
		const path = make(box);
		const mailbox = open(path);
		const [first, second, third, fourth] = mailbox.messages;
		assert.ok(first && second && third && fourth);
		fourth.clear(Flag.new);
		fourth.set(Flag.read | Flag.answered);
		mailbox.writeBack([first, third, fourth], { removeEmpty: true });
		assert.equal(
			text(path),
			letter(1, 'Status: RO\n') +
				letter(3, 'Status: O\nX-Status: F\n') +
				letter(4, 'Status: RO\nX-Status: A\n'),
		);
		mailbox.close();
	});

	it('keeps the very file of a system mailbox: a deliverer may have it open already', () => {
		const path = make(box);
		const deliverer = openSync(path, 'a');
		const mailbox = open(path, { kind: 'system' });
		mailbox.messages[3]?.set(Flag.flagged | Flag.answered | Flag.draft);
		mailbox.writeBack(mailbox.messages.slice(1), { removeEmpty: true });
		writeSync(deliverer, letter(5));
		closeSync(deliverer);
		assert.equal(
			text(path),
			letter(2) + letter(3, 'Status: O\nX-Status: F\n') + letter(4, 'X-Status: FAT\n') + letter(5),
		);
		assert.deepEqual(readdirSync(join(path, '..')), ['box']);
		mailbox.close();
	});

	it('puts in what `replace` was given', () => {
		const path = make(box);
		const mailbox = open(path);
		const second = mailbox.messages[1];
		assert.ok(second);
		mailbox.replace(second, Buffer.from('From e  D\nSubject: new\n\nFrom here\n\n'));
		assert.equal(mailbox.header(second).get('subject'), 'new');
		assert.ok(mailbox.read(second).equals(Buffer.from('From e  D\nSubject: new\n\nFrom here\n\n')));
		mailbox.writeBack(mailbox.messages, { removeEmpty: true });
		assert.ok(text(path).includes('From e  D\nSubject: new\n\n>From here\n\nFrom a3'));
		mailbox.close();
	});

	it('keeps mail that arrived meanwhile, and counts it', () => {
		const path = make(box);
		const mailbox = open(path);
		appendFileSync(path, letter(5));
		assert.equal(mailbox.writeBack([], { removeEmpty: true }), 1);
		assert.equal(text(path), letter(5));
		mailbox.close();
	});

	it('removes an empty mailbox or leaves it empty, as asked', () => {
		const path = make(box);
		const other = make(box);
		const [one, two] = [open(path), open(other)];
		one.writeBack([], { removeEmpty: true });
		two.writeBack([], { removeEmpty: false });
		assert.equal(existsSync(path), false);
		assert.equal(text(other), '');
	});

	it('keeps text that stands before the first message', () => {
		const path = make(`something else\n\n${box}`);
		const mailbox = open(path);
		mailbox.writeBack([], { removeEmpty: true });
		assert.equal(text(path), 'something else\n\n');
		mailbox.close();
	});

	it('keeps the mode, follows a symbolic link and leaves no other file', () => {
		const path = make(box);
		chmodSync(path, 0o640);
		const link = `${path}.link`;
		symlinkSync(path, link);
		const mailbox = open(link);
		mailbox.writeBack(mailbox.messages.slice(1), { removeEmpty: true });
		assert.equal(statSync(path).mode & 0o777, 0o640);
		assert.ok(text(path).startsWith('From a2'));
		assert.deepEqual(readdirSync(join(path, '..')).sort(), ['box', 'box.link']);
		mailbox.close();
	});

	const stray = 'From x y\nTo: z\nStatus: RO\n\na\nFrom b\n\n';

	it('leaves stray From lines alone, whatever was done to their message', () => {
		const path = make(stray + stray);
		const mailbox = open(path);
		mailbox.messages[0]?.set(Flag.touched);
		mailbox.messages[1]?.set(Flag.touched | Flag.flagged);
		mailbox.writeBack(mailbox.messages, { removeEmpty: true });
		assert.equal(text(path), stray + stray.replace('RO\n', 'RO\nX-Status: F\n'));
		mailbox.close();
	});

	it('quotes them all as Heirloom does, if asked to, once anything was done', () => {
		const path = make(stray + stray.replace('RO', 'O'));
		const idle = open(path, { faithful: true });
		idle.writeBack(idle.messages, { removeEmpty: true });
		assert.equal(text(path), stray + stray.replace('RO', 'O'));
		idle.close();
		const mailbox = open(path, { faithful: true });
		mailbox.messages[1]?.set(Flag.touched);
		mailbox.writeBack(mailbox.messages, { removeEmpty: true });
		assert.equal(
			text(path),
			(stray + stray.replace('RO', 'O')).replaceAll('\nFrom b', '\n>From b'),
		);
		mailbox.close();
	});

	it('does not put a header before a text only because it was listed', () => {
		const bare = 'From a b\nno header here\n\n';
		for (const faithful of [false, true]) {
			const path = make(bare + letter(1));
			const mailbox = open(path, { faithful });
			for (const message of mailbox.messages) message.clear(Flag.new);
			mailbox.writeBack(mailbox.messages, { removeEmpty: true });
			assert.equal(text(path), bare + letter(1, 'Status: O\n'));
			mailbox.close();
		}
	});

	const broken: [string, (path: string) => void][] = [
		['has shrunk', (path) => truncateSync(path, 100)],
		[
			'was replaced',
			(path) => {
				writeFileSync(`${path}.new`, box);
				renameSync(`${path}.new`, path);
			},
		],
		['was rewritten in place', (path) => writeFileSync(path, box.replaceAll('x', 'y'))],
		[
			'was removed and made anew',
			(path) => {
				rmSync(path);
				writeFileSync(path, letter(9));
			},
		],
	];
	for (const [what, change] of broken) {
		it(`refuses and changes nothing when the file ${what}`, () => {
			const path = make(box);
			const mailbox = open(path);
			change(path);
			const before = text(path);
			assert.throws(() => mailbox.writeBack([], { removeEmpty: true }), Complaint);
			assert.equal(text(path), before);
			mailbox.close();
		});
	}
});

async function kill(path: string, step: string): Promise<string | null> {
	const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
		env: { ...process.env, INKLOOM_TEST_BOX: path, INKLOOM_TEST_STEP: step },
	});
	return new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
}

describe('a kill while writing back', () => {
	const changed = large
		.slice(letter(1, '', 9000).length)
		.replace('number 2\n', 'number 2\nX-Status: F\n');

	for (const step of ['locked', 'begun', 'written', 'synced', 'renamed']) {
		it(`at the step '${step}' leaves the old mailbox or the new`, async () => {
			const path = make(large);
			assert.equal(await kill(path, step), 'SIGKILL');
			assert.equal(text(path), step === 'renamed' ? changed : large);
			// And nothing in the way of the next one.
			assert.equal(await kill(path, ''), null);
			assert.deepEqual(readdirSync(join(path, '..')), ['box']);
		});
	}

	for (const step of ['drafted', 'recoverable', 'stretched', 'half', 'overwritten', 'cut']) {
		it(`at the step '${step}' of writing in place is made good at the next opening`, async () => {
			const path = make(large);
			linkSync(path, `${path}.second-link`);
			assert.equal(await kill(path, step), 'SIGKILL');
			const late = letter(999);
			appendFileSync(path, late);
			recover(path, join(path, '..'), 'none');
			assert.equal(text(path), (step === 'drafted' ? large : changed) + late);
			assert.equal(text(`${path}.second-link`), text(path));
		});
	}

	it('is made good, too, where the mailbox is opened through a symbolic link', async () => {
		const path = make(large);
		linkSync(path, `${path}.second-link`);
		assert.equal(await kill(path, 'half'), 'SIGKILL');
		symlinkSync(path, `${path}.inbox`);
		recover(`${path}.inbox`, join(path, '..'), 'none');
		assert.equal(text(path), changed);
	});
});

const corpus = join(process.cwd(), '../shared/corpus');
describe('real mailboxes', {
	skip: existsSync(corpus) ? false : 'no ../shared/corpus here',
}, () => {
	const names = existsSync(corpus)
		? readdirSync(corpus).filter((name) => name.endsWith('.mbox'))
		: [];
	for (const name of names) {
		it(`${name} has the figures of its oracle, in chunks of any size`, () => {
			const oracle = JSON.parse(text(join(corpus, name.replace('.mbox', '.oracle.json')))) as {
				heirloom: { messages: { lines: number; bytes: number }[] };
			};
			for (const chunk of [1 << 20, 97]) {
				// Heirloom takes a file with CR LF line ends for one message.
				const mailbox = open(join(corpus, name), { chunk, readOnly: true, faithful: true });
				assert.deepEqual(
					mailbox.messages.map((message) => [mailbox.lines(message), message.octets]),
					oracle.heirloom.messages.map(({ lines, bytes }) => [lines, bytes]),
				);
				mailbox.close();
			}
		});
	}
});

const malformed = join(process.cwd(), '../shared/malformed');
describe('malformed mailboxes', {
	skip: existsSync(malformed) ? false : 'no ../shared/malformed here',
}, () => {
	const names = existsSync(malformed)
		? readdirSync(malformed).filter((name) => name.endsWith('.mbox'))
		: [];
	for (const name of names) {
		it(`${name} is read, and only its Status lines change`, () => {
			const path = make(text(join(malformed, name)));
			const mailbox = open(path);
			for (const message of mailbox.messages) {
				mailbox.header(message);
				mailbox.postmark(message);
				mailbox.lines(message);
				message.clear(Flag.new);
			}
			mailbox.writeBack(mailbox.messages, { removeEmpty: true });
			const without = (all: string) => all.replace(/^(X-)?Status:[^\n]*\n/gim, '');
			assert.equal(without(text(path)), without(text(join(malformed, name))));
			mailbox.close();
		});
	}
});
