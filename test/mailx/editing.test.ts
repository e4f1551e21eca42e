import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Desk, letter } from '../harness/desk.js';

describe('edit', () => {
	let desk: Desk;
	beforeEach(() => {
		desk = new Desk({ 'home/box': letter(1, 'RO') + letter(2, 'RO'), 'tmp/keep': '' });
	});
	afterEach(() => desk.remove());

	/** Edits message 1 of the box by a shell script that gets the file as `$1`. */
	const edited = async (script: string, variables: Record<string, string> = {}) => {
		desk.put('editor', `#!/bin/sh\n${script}\n`);
		const editor = join(desk.dir, 'editor');
		chmodSync(editor, 0o755);
		const set = { EDITOR: editor, TMPDIR: join(desk.dir, 'tmp'), ...variables };
		await desk.play(['edit 1'], set, { folder: join(desk.dir, 'home/box') });
		return desk.file('home/box');
	};
	const original = letter(1, 'RO') + letter(2, 'RO');

	it('changes the folder with writebackedited', async () => {
		const box = await edited('sed -i "s/body/text/" "$1"', { writebackedited: '' });
		assert.equal(box, original.replace('body 1', 'text 1'));
	});
	it('changes nothing without it', async () => {
		assert.equal(await edited('sed -i "s/body/text/" "$1"'), original);
	});
	it('lets nobody else read the copy, and leaves none behind', async () => {
		const where = join(desk.dir, 'mode');
		await edited(`stat -c %a "$1" > ${where}`, { writebackedited: '' });
		assert.equal(readFileSync(where, 'latin1'), '600\n');
		assert.deepEqual(readdirSync(join(desk.dir, 'tmp')), ['keep']);
	});
	it('keeps the folder in one piece whatever was done to the message', async () => {
		const box = await edited('printf "Subject: m1\\n\\nFrom nowhere\\n\\nFrom here" > "$1"', {
			writebackedited: '',
		});
		assert.equal(box?.match(/^From /gm)?.length, 2);
		assert.ok(box?.endsWith(letter(2, 'RO')));
	});
	it('leaves what stands behind a CR within a line', async () => {
		const box = await edited('printf "Subject: m1\\n\\nx\\rFrom here\\n" > "$1"', {
			writebackedited: '',
		});
		assert.match(box ?? '', /\nx\rFrom here\n/);
	});
	it('tells where there is no place for the copy, and the session goes on', async () => {
		const told = await desk.play(
			['edit 1', 'echo on'],
			{ TMPDIR: '/nonexistent' },
			{
				folder: join(desk.dir, 'home/box'),
			},
		);
		assert.match(told, /\/nonexistent: No such file or directory\non\n/);
	});
	it('changes nothing where the editor is not to be found', async () => {
		assert.equal(await edited('', { writebackedited: '', EDITOR: '/nonexistent' }), original);
	});
});
