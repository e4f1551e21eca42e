import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { fullName } from '../../src/mailx/commands.js';
import {
	assistAddressLine,
	assistBodyLine,
	assistLine,
	type World,
} from '../../src/mailx/complete.js';
import type { Assist } from '../../src/terminal/terminal.js';

const starting = (texts: readonly string[]) => (start: string) =>
	texts.filter((text) => text.startsWith(start)).map((text) => ({ text }));

const world: World = {
	usage: (command) => command.name,
	selected: async (command, list) => `${fullName(command)} of <${list}>`,
	answered: async (_command, list) => `reply to <${list}>`,
	leaving: () => '1 deleted, 2 stay',
	status: () => 'mbox',
	variable: (name) => ({ crt: '24', hold: '' })[name],
	variables: () => ['crt', 'hold'],
	addresses: starting(['pere@example.org', 'pue', 'team']),
	files: starting(['+old', '+work', 'notes', 'src/']),
	macros: () => ['fetch', 'sweep'],
	accounts: () => ['home'],
	shortcuts: () => ['w'],
	coaching: () => 'what to do next',
};

/** What is offered at `|` in a line. */
async function at(line: string): Promise<Assist> {
	const cursor = line.indexOf('|');
	return assistLine(world, line.replace('|', ''), cursor);
}

const offered = ({ candidates = [] }: Assist) => candidates.map(({ text }) => text);

describe('the hint for a command line', () => {
	const table: [line: string, hint: RegExp][] = [
		['d1-2', /^d\[elete\] — delete of <1-2> {3}u brings back$/],
		['  p /lunch', /^p\[rint\] — print of <\/lunch>$/],
		['3', /^show type of <3>$/],
		['save 1-2 +old', /— save of <1-2> into \+old$/],
		['save +old', /— save of <> into \+old$/],
		['w 2', /— write of <> into 2$/],
		['q', /^quit — 1 deleted, 2 stay$/],
		['x', /^exit — nothing changes/],
		['r2', /^reply to <2>$/],
		['set crt', /^crt=24 — /],
		['set nohold', /^hold, set — /],
		['set dot', /^dot, not set — /],
		['zz', /^no such command; did you mean z\?$/],
		['delte', /did you mean delete\?$/],
		['!ls', /run a shell command$/],
		['alias x', /^a\[lias\] — /],
		['h', /list a screen of headers$/],
		['', /^what to do next$/],
		['  ', /^none$/],
	];
	for (const [line, hint] of table) {
		it(`${line}: ${hint.source}`, async () => {
			assert.match((await at(`${line}|`)).hint ?? 'none', hint);
		});
	}
	it('is not there for a comment, nor at rest unless one is coached', async () => {
		const uncoached: World = { ...world, coaching: () => undefined };
		assert.equal((await assistLine(uncoached, '', 0)).hint, undefined);
		assert.equal((await at('# a comment|')).hint, undefined);
	});
	it('comes with the state of the folder', async () =>
		assert.equal((await at('d|')).status, 'mbox'));
});

describe('what Tab offers', () => {
	const table: [line: string, texts: string[], from?: number][] = [
		['undel|', ['undelete'], 0],
		['  undel|', ['undelete'], 2],
		['set cr|', ['crt='], 4],
		['unset h|', ['hold'], 6],
		['set autosort=th|', ['thread'], 13],
		['mail pere,te|', ['team'], 10],
		['mail p|', ['pere@example.org', 'pue'], 5],
		['save 1-2 +w|', ['+work'], 9],
		['file no|', ['notes'], 5],
		['p :u|', [':u'], 2],
		['call s|', ['sweep'], 5],
		['account |', ['home'], 8],
		['ignore in-|', ['in-reply-to'], 7],
		['? undel|', ['undelete'], 2],
		['!cat no|', ['notes'], 5],
		['quit x|', []],
	];
	for (const [line, texts, from] of table) {
		it(`${line} ${texts.join(' ') || 'nothing'}`, async () => {
			const assist = await at(line);
			assert.deepEqual([offered(assist), assist.from], [texts, from]);
		});
	}
	it('is every command at rest, with what it does', async () => {
		const { candidates = [] } = await at('|');
		assert.ok(candidates.length > 100);
		assert.ok(candidates.every(({ note }) => note));
	});
});

describe('addresses of a field', () => {
	it('are completed behind every comma', () => {
		const text = 'pue, pere@';
		assert.deepEqual(assistAddressLine(world, text, text.length), {
			candidates: [{ text: 'pere@example.org' }],
			from: 5,
		});
	});
});

describe('a line of a letter', () => {
	const escapes = [
		{ names: 'p', usage: '', summary: 'show the letter so far' },
		{ names: 'r<', usage: 'file', summary: 'insert a file' },
		{ names: 't', usage: 'address ...', summary: 'add recipients' },
		{ names: ':_', usage: 'command', summary: 'run a mail command' },
	];
	const body = (text: string) => assistBodyLine(world, escapes, '~', text, text.length);

	it('has no hint while it is text', async () => assert.deepEqual(await body('dear pere'), {}));
	it('shows the escapes behind the escape character', async () => {
		const assist = await body('~');
		assert.match(assist.hint ?? '', /p print/);
		assert.ok((assist.hint ?? '').length <= 77, 'fits on 80 columns');
		assert.deepEqual(offered(assist), ['~p', '~r', '~t', '~:']);
	});
	it('says what an escape does', async () => {
		assert.equal((await body('~p')).hint, '~p — show the letter so far');
		assert.equal((await body('~<')).hint, '~< file — insert a file');
	});
	it('completes what follows: files, addresses, a command', async () => {
		const cases: [string, string[], number][] = [
			['~r no', ['notes'], 3],
			['~t te', ['team'], 3],
			['~:undel', ['undelete'], 2],
		];
		for (const [text, texts, from] of cases) {
			const assist = await body(text);
			assert.deepEqual([offered(assist), assist.from], [texts, from], text);
		}
	});
});
