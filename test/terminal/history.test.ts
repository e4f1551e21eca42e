import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { openSystem } from '../../src/system.js';
import { History } from '../../src/terminal/history.js';

describe('the history of a person', () => {
	let folder: string;
	const open = () =>
		new History(openSystem({ ...process.env, INKLOOM_ROOT: '', XDG_STATE_HOME: folder }));
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'history-'));
	});
	afterEach(() => rmSync(folder, { recursive: true }));

	it('comes back in the next session, each kind for itself', () => {
		const first = open();
		first.add('command', 'headers');
		first.add('command', 'delete 1');
		first.add('field', 'pere');
		assert.deepEqual(open().lines('command'), ['headers', 'delete 1']);
		assert.deepEqual(open().lines('field'), ['pere']);
	});
	it('has no line twice in a row, and no empty one', () => {
		const history = open();
		for (const line of ['h', 'h', ' ', '', 'q', 'h']) history.add('command', line);
		assert.deepEqual(open().lines('command'), ['h', 'q', 'h']);
	});
	it('forgets letters and answers', () => {
		const history = open();
		history.add('body', 'dear pere');
		history.add('confirm', 'y');
		assert.deepEqual([history.lines('body'), history.lines('confirm')], [[], []]);
	});
	it('is nobody else’s to read', () => {
		open().add('command', 'h');
		assert.equal(statSync(join(folder, 'inkloom')).mode & 0o777, 0o700);
		assert.equal(statSync(join(folder, 'inkloom', 'command-history')).mode & 0o777, 0o600);
	});
	it('is cut when it has grown long', () => {
		open().add('command', 'first');
		const path = join(folder, 'inkloom', 'command-history');
		writeFileSync(path, Array.from({ length: 3000 }, (_, number) => `${number}\n`).join(''));
		assert.equal(open().lines('command').length, 1000);
		assert.equal(readFileSync(path, 'utf8').split('\n')[0], '2000');
	});
	it('is not missed where it cannot be written', () => {
		writeFileSync(join(folder, 'inkloom'), 'a file, not a folder');
		const history = open();
		history.add('command', 'h');
		assert.deepEqual(history.lines('command'), ['h']);
	});
});
