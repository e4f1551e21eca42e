import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';

import { Desk, letter } from '../harness/desk.js';

let desk: Desk;
afterEach(() => desk.remove());

/** Nine read letters, but the fifth and the ninth are new. */
const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9]
	.map((n) => letter(n, n === 5 || n === 9 ? '' : 'RO'))
	.join('');

async function told(
	lines: readonly string[],
	variables: Readonly<Record<string, string>> = {},
	spool = nine,
	interactive = false,
): Promise<string> {
	desk = new Desk({ spool });
	const text = await desk.play(['echo ---', ...lines, 'x'], variables, { interactive });
	return text.slice(text.lastIndexOf('---\n') + 4);
}

/** The numbers of each screenful that the lines list; the dot in brackets. */
async function screens(lines: readonly string[], screen = '4', spool = nine): Promise<string[]> {
	const between = lines.flatMap((line) => [line, 'echo /']);
	const text = await told(between, { screen, headline: '%>%m' }, spool);
	return text
		.split('/\n')
		.slice(0, -1)
		.map((part) =>
			part
				.replace(/>\s*(\d+)/g, '[$1]')
				.trim()
				.replaceAll(/\s*\n\s*/g, ' '),
		);
}

describe('headers', () => {
	it('lists the screenful with the message, and goes to its first line', async () => {
		assert.deepEqual(await screens(['h', 'h 2', 'h 9', 'h 7']), [
			'[5] 6 7 8',
			'[1] 2 3 4',
			'[9]',
			'[5] 6 7 8',
		]);
	});
	it('leaves out deleted and killed messages', async () => {
		assert.deepEqual(await screens(['d 6', 'k 7', 'h 8']), ['', '', '[5] 8 9'].map(String));
	});
	it('says so when nothing is left', async () => {
		assert.deepEqual(await screens(['d *', 'h']), ['', 'No applicable messages']);
		assert.deepEqual(await screens(['d *', 'z']), ['', 'No more mail.']);
	});
});

describe('z', () => {
	it('goes forward, back, to a number, to the last', async () => {
		assert.deepEqual(await screens(['h 1', 'z', 'z+', 'z-', 'z 0', 'z $']), [
			'[1] 2 3 4',
			'[5] 6 7 8',
			'[9]',
			'[5] 6 7 8',
			'[1] 2 3 4',
			'[9]',
		]);
	});
	it('says when there is no further one', async () => {
		assert.deepEqual(await screens(['h 1', 'z-', 'z+9']), [
			'[1] 2 3 4',
			'On first screenful of messages [1] 2 3 4',
			'On last screenful of messages [9]',
		]);
	});
	it('refuses what is no screen', async () => {
		assert.deepEqual(await screens(['z x']), ['Unrecognized scrolling command "x"']);
	});
	it('Z goes to screens with new or flagged messages', async () => {
		assert.deepEqual(await screens(['h 1', 'Z', 'Z'], '2'), ['[1] 2', '[5] 6', '[9]']);
	});
});

describe('from', () => {
	it('lists messages and goes to the last', async () => {
		assert.equal(await told(['f 2 4', '='], { headline: '%m' }), '  2\n  4\n4\n');
	});
	it('goes through the pager where crt is set, on a terminal alone', async () => {
		desk = new Desk({ spool: nine });
		const { session, terminal } = desk.session({ crt: '3', headline: '%m' }, [], {
			interactive: true,
		});
		const { openFolder } = await import('../../src/mailx/folders.js');
		const { from } = await import('../../src/mailx/summary.js');
		await openFolder(session, '%');
		const messages = [...(session.mailbox?.messages ?? [])];
		await from(session, messages.slice(0, 6));
		assert.deepEqual(terminal.paged, []);
		await from(session, messages.slice(0, 7));
		assert.equal(terminal.paged.length, 1);
		session.mailbox?.close();
	});
});

describe('size', () => {
	it('prints lines and octets', async () => {
		assert.equal(await told(['size 5']), `5: 6/${letter(5).length}\n`);
	});
});
