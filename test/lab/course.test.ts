import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { course } from '../../src/lab/course.js';
import { openLab } from '../../src/lab/lab.js';
import { letterIds } from '../../src/lab/skeleton.js';
import { rebuildAliases } from '../../src/mta/aliasdb.js';
import { openSystem } from '../../src/system.js';

const marks = ['+', '-'] as const;

function letter(from: string, to: string, more = ''): string {
	return `From ${from}@localhost.localdomain Sun Nov 22 10:00:00 2026
From: ${from}@localhost.localdomain
To: ${to}
Subject: x
${more}
text

`;
}

describe('the course', () => {
	let parent: string;
	let dir: string;
	const put = (path: string, text: string, mode = 0o644) =>
		writeFileSync(join(dir, path), text, { mode });
	const done = (n: number) => course(dir, [], marks).split('\n')[n - 1]?.includes(` ${n} + `);
	const next = (n: number, ...answer: string[]) => course(dir, [String(n), ...answer], marks);
	beforeEach(() => {
		parent = mkdtempSync(join(tmpdir(), 'inkloom-course-'));
		dir = join(parent, 'lab');
		openLab(dir);
	});
	afterEach(() => rmSync(parent, { recursive: true }));

	it('begins with nothing done', () => {
		assert.match(course(dir, [], marks), /^ {2}1 - .*\n(?: {2}\d - .*\n){7}/);
	});

	for (const spoilt of ['', '{"done":[0],"answ', 'null', '[]', '{"done":{"a":1},"answers":[7]}']) {
		it(`begins anew where its record says ${spoilt || 'nothing'}`, () => {
			put('.lab/progress.json', spoilt);
			assert.match(course(dir, [], marks), /^ {2}1 - .*\n(?: {2}\d - .*\n){7}/);
			assert.doesNotThrow(() => JSON.parse(readFileSync(join(dir, '.lab/progress.json'), 'utf8')));
		});
	}

	it('sees letters that arrived, and counts them', () => {
		put('var/spool/mail/pere', letter('pue', 'pere'));
		assert.match(next(2), /not yet: pere has 1 of 2 letters/);
		put('var/spool/mail/pere', letter('pue', 'pere') + letter('pue', 'pere'));
		assert.match(next(2), /done/);
	});

	it('wants an answer sent and a letter gone', () => {
		assert.match(next(3), /no answer yet/);
		put('var/spool/mail/pere', letter('pue', 'pere', `In-Reply-To: ${letterIds[1]}\n`));
		assert.match(next(3), /both letters are still there/);
		put('var/spool/mail/pue', '');
		assert.match(next(3), /done/);
	});

	it('names what is missing for an alias, one thing after the other', () => {
		rebuildAliases(openSystem({ INKLOOM_ROOT: dir }));
		assert.match(next(4), /no line for totis/);
		put('etc/aliases', 'totis: pue\n');
		assert.match(next(4), /pere is not in it/);
		put('etc/aliases', 'root: pue\ntotis: pue, pere\n');
		assert.match(next(4), /newaliases not run/);
		rebuildAliases(openSystem({ INKLOOM_ROOT: dir }));
		assert.match(next(4), /no letter to totis has reached pue/);
		put('var/spool/mail/pue', letter('pere', 'totis'));
		put('home/pere/mbox', letter('pere', 'totis@localhost.localdomain'));
		assert.match(next(4), /done/);
	});

	it('takes answers where it asks for them, and only there', () => {
		assert.match(next(5, '/var/spool/mail/pue'), /is not it/);
		assert.match(next(5, '/var/spool/mail/pere'), /done/);
		assert.match(next(6, 'mailq'), /1 of 2/);
		assert.match(next(6, 'mailq', 'sendmail -bp'), /done/);
		assert.throws(() => next(1, 'why'), /asks for no answer/);
		assert.throws(() => next(9), /there is no exercise 9/);
	});

	it('says why a .forward is ignored', () => {
		put('home/pue/.forward', '\\pue, root\n');
		assert.match(next(8), /no letter to pue has reached root/);
		put('var/spool/mail/root', letter('pere', 'pue'));
		assert.match(next(8), /done/);
	});

	it('remembers what was done when its letters are gone', () => {
		put('var/spool/mail/pue', letter('pue', 'pue'));
		assert.equal(done(1), true);
		put('var/spool/mail/pue', '');
		assert.equal(done(1), true);
	});
});
