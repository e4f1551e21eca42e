import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { recoverLetters } from '../../src/mailx/leftbehind.js';
import { Desk } from '../harness/desk.js';

let desk: Desk;
beforeEach(() => {
	desk = new Desk();
});
afterEach(() => desk.remove());

/** A process that has been and is no more. */
const gone = () => spawnSync('true').pid;

/** Limits can be set on this very process, and SIGXFSZ is ignored, as Node does. */
const canLimit = spawnSync('prlimit', ['--version']).status === 0;

function recover(): string {
	const { session, terminal } = desk.session({ TMPDIR: desk.dir }, [], { interactive: true });
	recoverLetters(session);
	return terminal.transcript.replaceAll(desk.dir, '@');
}

describe('a letter left behind', () => {
	it('is moved to dead.letter at the next start, in one line, once', () => {
		desk.put(`mail-${gone()}-abc/draft`, 'half\na letter\n');
		desk.put('home/dead.letter', 'older\n');
		assert.equal(
			recover(),
			'"@/home/dead.letter" 2/14: a letter left unfinished; ~d brings it back\n',
		);
		assert.equal(desk.file('home/dead.letter'), 'older\nhalf\na letter\n');
		assert.equal(recover(), '');
		assert.deepEqual(readdirSync(desk.dir), ['home']);
	});

	it('is not taken from a session that still runs, nor through a link', () => {
		desk.put(`mail-${process.pid}-abc/draft`, 'being typed\n');
		desk.put(`mail-${gone()}-abc/other`, 'x\n');
		symlinkSync('other', join(desk.dir, `mail-${gone()}-def`));
		desk.put('secret', 'secret\n');
		desk.put(`mail-${gone()}-ghi/x`, '');
		assert.equal(recover(), '');
		assert.equal(desk.file('home/dead.letter'), undefined);
		assert.equal(desk.file(`mail-${process.pid}-abc/draft`), 'being typed\n');
	});

	it('that is empty goes without a word', () => {
		desk.put(`mail-${gone()}-abc/draft`, '');
		assert.equal(recover(), '');
		assert.deepEqual(readdirSync(desk.dir), ['home']);
	});

	it('leaves no half of itself in dead.letter when there is no room, and stays where it was', {
		skip: canLimit ? false : 'no prlimit here',
	}, () => {
		const text = 'a line\n'.repeat(2000);
		desk.put(`mail-${gone()}-abc/draft`, text);
		desk.put('home/dead.letter', 'older\n');
		// The largest file that may be written: what is beyond is refused, as on a full disk.
		spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=4096:unlimited']);
		try {
			assert.match(recover(), /dead\.letter: File too large\n$/);
		} finally {
			spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:unlimited']);
		}
		assert.equal(desk.file('home/dead.letter'), 'older\n');
		const [kept] = readdirSync(desk.dir).filter((name) => name.startsWith('mail-'));
		assert.equal(desk.file(`${kept}/draft`), text);
	});

	it('stays where it is when dead.letter cannot be written', () => {
		desk.put(`mail-${gone()}-abc/draft`, 'half\n');
		desk.put('home/dead.letter/in-the-way', '');
		assert.match(recover(), /dead\.letter: Is a directory\n$/);
		const [kept] = readdirSync(desk.dir).filter((name) => name.startsWith('mail-'));
		assert.equal(desk.file(`${kept}/draft`), 'half\n');
	});
});
