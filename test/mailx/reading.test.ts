import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Desk, letter } from '../harness/desk.js';

const three = letter(1, 'RO') + letter(2, 'O') + letter(3);

let desk: Desk;
afterEach(() => desk.remove());

/** What is told after the lines of the folder. */
async function told(
	spool: string,
	lines: readonly string[],
	variables: Readonly<Record<string, string>> = {},
	interactive = false,
): Promise<string> {
	desk = new Desk({ spool });
	const { announced, text } = await transcript(lines, variables, interactive);
	return text.slice(announced);
}

async function transcript(
	lines: readonly string[],
	variables: Readonly<Record<string, string>>,
	interactive: boolean,
): Promise<{ announced: number; text: string }> {
	const before = { ...variables, quietly: '' };
	const text = await desk.play([...lines, 'x'], before, { interactive });
	return { announced: text.indexOf('\n') + 1, text };
}

const numbers = (text: string) =>
	[...text.matchAll(/^Message +(\d+):$/gm)].map(([, n]) => Number(n));

describe('the walk', () => {
	it('shows the dot first, then the next message, until the end', async () => {
		const text = await told(three, ['', '', '1', '', 'n', 'n', 'n']);
		assert.deepEqual(numbers(text), [3, 1, 2, 3]);
		assert.equal(text.match(/At EOF$/gm)?.length, 3);
	});
	it('passes over deleted and saved messages', async () => {
		const text = await told(three, ['1', 'd 2', 'n']);
		assert.deepEqual(numbers(text), [1, 3]);
	});
	it('goes to the first of the given messages after the dot, round the end', async () => {
		assert.deepEqual(numbers(await told(three, ['2', 'n 1 3', 'n 1 2'])), [2, 3, 1]);
	});
});

describe('type', () => {
	it('announces a message, and not with quiet', async () => {
		assert.match(await told(three, ['type 1']), /^Message {2}1:\nFrom s1@x.example Sat/m);
		assert.deepEqual(numbers(await told(three, ['type 1'], { quiet: '' })), []);
	});
	it('leaves out ignored fields; Type shows them', async () => {
		const text = await told(three, ['ignore subject', 'type 1', 'Type 2']);
		assert.deepEqual(text.match(/^Subject: .*$/gm), ['Subject: m2']);
	});
	it('reads it: the status shown is the one it has now', async () => {
		assert.deepEqual((await told(three, ['type *'])).match(/^Status: .*$/gm), [
			'Status: RO',
			'Status: RO',
			'Status: R',
		]);
	});
});

describe('paging', () => {
	const paged = async (
		lines: string[],
		variables: Record<string, string>,
		interactive = true,
		spool = three,
	) => {
		desk = new Desk({ spool });
		const { session, terminal } = desk.session(variables, lines, { interactive });
		const { openFolder } = await import('../../src/mailx/folders.js');
		const { commandLoop } = await import('../../src/mailx/interpreter.js');
		await openFolder(session, '%');
		await commandLoop(session);
		return terminal.paged.length;
	};
	it('happens for more, and for messages longer than crt', async () => {
		assert.equal(await paged(['more 1', 'x'], {}), 1);
		assert.equal(await paged(['type 1', 'x'], { crt: '3' }), 1);
		assert.equal(await paged(['type 1', 'x'], { crt: '30' }), 0);
	});
	it('takes the height of the screen for a crt without value', async () => {
		assert.equal(await paged(['type 1 2 3', 'x'], { crt: '' }), 0);
		const long = letter(1).replace('body', 'line\n'.repeat(30));
		assert.equal(await paged(['type 1', 'x'], { crt: '' }, true, long), 1);
	});
	it('needs a person', async () => {
		assert.equal(await paged(['more 1', 'x'], {}, false), 0);
	});
});

describe('top', () => {
	it('shows toplines lines after the From_ line, as they stand', async () => {
		const text = await told(three, ['top 2'], { toplines: '2' });
		assert.match(text, /^Message {2}2:\nFrom s2@.*\nFrom: s2@x.example\nSubject: m2\n$/m);
	});
	it('lets no escape sequence through', async () => {
		const text = await told(three.replace('m2', 'm\x1b[2J'), ['top 2']);
		assert.ok(!text.includes('\x1b') && text.includes('m␛[2J'));
	});
});

describe('pipe', () => {
	it('gives messages to a command and tells how much it was', async () => {
		const text = await told(three, ['pipe 1 "grep -c :"'], {}, true);
		assert.match(text, /^Pipe to: "grep -c :"\n5\n"grep -c :" 8\/105$/m);
	});
	it('takes the command from the variable cmd', async () => {
		assert.match(await told(three, ['|'], { cmd: 'wc -l' }, true), /^Pipe to: "wc -l"$/m);
		assert.match(await told(three, ['|']), /^variable cmd not set$/m);
	});
	it('ends each message with a form feed where page is set', async () => {
		const text = await told(three, ['pipe 1 2 cat'], { page: '' });
		assert.equal(text.split('\f').length - 1, 2);
	});
	it('gives the message as it stands with piperaw', async () => {
		const spool = letter(1).replace('body 1', '>From here').replace('m1', '=?utf-8?q?a?=');
		const text = await told(spool, ['pipe 1 cat'], { piperaw: '' });
		assert.ok(text.includes('>From here') && text.includes('=?utf-8?q?a?='));
	});
});
