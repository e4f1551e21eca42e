import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { givenWords } from '../../src/terminal/words.js';
import { programs } from '../harness/world.js';

const folder = mkdtempSync(join(tmpdir(), 'words-'));
after(() => rmSync(folder, { recursive: true }));

/** The subject and the text of a letter whose subject and text are these octets, as a shell writes them. */
function letter(subject: string, text: string, locale: string): string {
	const program = join(programs, 'mail.cjs');
	const script = `printf '${text}' | exec "$0" "$1" -s "$(printf '${subject}')" "$2"`;
	const file = join(folder, 'letter');
	rmSync(file, { force: true });
	const { stderr } = spawnSync('/bin/sh', ['-c', script, process.execPath, program, file], {
		env: { HOME: folder, TMPDIR: folder, LC_ALL: locale, PATH: process.env.PATH, USER: 'pue' },
		encoding: 'utf8',
	});
	assert.equal(stderr, '');
	const sent = readFileSync(file, 'latin1');
	return `${/^Subject: (.*)/m.exec(sent)?.[1]}\n${sent.slice(sent.indexOf('\n\n') + 2).trim()}`;
}

describe('words of the command line', () => {
	it('are left alone where they are characters', () => {
		assert.deepEqual(givenWords(['node', 'mail', '-s', 'grün'], {}), ['-s', 'grün']);
	});

	it('keep their octets in the charset of the locale', () => {
		const german = letter('gr\\374n \\244', 'x\\n', 'de_DE.ISO-8859-15');
		assert.equal(german, '=?utf-8?B?Z3LDvG4g4oKs?=\nx');
	});

	it('and the text are sent in what their octets most likely mean, where they are no characters', () => {
		for (const locale of ['C.UTF-8', 'C']) {
			const guessed = letter('gr\\374n \\244', 'gr\\374n\\n\\303\\274\\n', locale);
			assert.equal(guessed, '=?utf-8?Q?gr=C3=BCn_=C2=A4?=\ngr\xc3\xbcn\n\xc3\xbc');
		}
	});
});
