/** What lines up by our own count lines up on the screen: a real terminal is asked where its cursor is. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { columns, graphemes } from '../../src/message/columns.js';
import { fashionOf } from '../../src/terminal/fashion.js';
import { Pane, tmuxVersion, whyNoTmux } from '../harness/tmux.js';
import { samples } from '../message/scripts.js';

const skip = whyNoTmux() ?? false;
const program = join(process.cwd(), 'dist/mail.cjs');

/** Run in the pane: writes each text of a file at the left edge and asks for the cursor. */
const surveyor = `
	const { readFileSync, writeFileSync } = require('node:fs');
	const [texts, answers] = process.argv.slice(2);
	const left = JSON.parse(readFileSync(texts, 'utf8'));
	const columns = [];
	const next = () => process.stdout.write('\\r\\x1b[2K' + left.shift() + '\\x1b[6n');
	let said = '';
	process.stdin.setRawMode(true).on('data', (octets) => {
		said += octets.toString('latin1');
		const [, column] = /\\x1b\\[\\d+;(\\d+)R/.exec(said) ?? [];
		if (column === undefined) return;
		said = '';
		columns.push(column - 1);
		if (left.length > 0) return next();
		writeFileSync(answers, JSON.stringify(columns));
		process.stdout.write('\\r\\nsurveyed');
	});
	next();`;

describe('columns in a real terminal', { skip }, () => {
	let folder: string;
	let env: NodeJS.ProcessEnv;
	/** What the terminal makes of each sample. */
	let truth: number[];

	before(async () => {
		folder = mkdtempSync(join(tmpdir(), 'columns-'));
		mkdirSync(join(folder, 'home'));
		const { PATH } = process.env;
		env = { PATH, HOME: join(folder, 'home'), LC_ALL: 'C.UTF-8', ...tmuxVersion() };
		const texts = join(folder, 'texts.json');
		const answers = join(folder, 'answers.json');
		writeFileSync(texts, JSON.stringify(samples.map(({ text }) => text)));
		const script = join(folder, 'surveyor.cjs');
		writeFileSync(script, surveyor);
		const pane = await Pane.open([process.execPath, script, texts, answers], env);
		await pane.until((text) => text.endsWith('surveyed'));
		await pane.close();
		truth = JSON.parse(readFileSync(answers, 'utf8'));
	});
	after(() => rmSync(folder, { recursive: true }));

	async function open(mailbox: string, words: readonly string[], size = { columns: 80, rows: 60 }) {
		const box = join(folder, 'box');
		writeFileSync(box, mailbox);
		return Pane.open([process.execPath, program, '-f', box, ...words], env, size);
	}

	function letters(names: readonly string[]): string {
		return names
			.map((name, at) => {
				const word = `=?utf-8?b?${Buffer.from(name).toString('base64')}?=`;
				return `From s@x.example  Sat Jan  1 10:00:00 2022\nFrom: ${word} <s@x.example>\nSubject: ${word}\nMessage-ID: <${at}@x>\n\nhi\n\n`;
			})
			.join('');
	}

	it('are as many as we count', () => {
		const fashion = fashionOf({ ...env, TMUX: 'x' });
		const counted = samples.map(({ note, text }) => `${note}: ${columns(text, fashion)}`);
		assert.deepEqual(
			counted,
			samples.map(({ note }, at) => `${note}: ${truth[at]}`),
		);
	});

	it('are filled up in the summary: what follows them begins at the same place', async () => {
		// A field as wide as the window: its bar stands alone on the next row, or it was not that wide.
		writeFileSync(join(folder, 'home/.mailrc'), 'set showname headline="%80f|"\n');
		const names = samples.filter(({ text }) => /\p{L}|\p{Extended_Pictographic}/u.test(text));
		const size = { columns: 80, rows: names.length * 2 + 10 };
		const pane = await open(letters(names.map(({ text }) => text)), [], size);
		try {
			await pane.until((text) => text.endsWith('\n&'));
			const rows = (await pane.rows()).map((row) => row.trimEnd());
			const start = rows.findIndex((row) => row.includes('messages'));
			for (const [at, { note }] of names.entries()) {
				const [field = '', bar] = rows.slice(start + 1 + at * 2);
				assert.ok(field !== '' && bar === '|', `${note}: ${JSON.stringify([field, bar])}`);
			}
		} finally {
			await pane.close();
		}
	});

	it('end within the window where a subject is cut', async () => {
		writeFileSync(join(folder, 'home/.mailrc'), 'set showname\n');
		const long = samples.map(({ text }) => `${text} `.repeat(40));
		const pane = await open(letters(long), [], { columns: 80, rows: long.length + 10 });
		try {
			await pane.until((text) => text.endsWith('\n&'));
			const rows = (await pane.rows()).map((row) => row.trimEnd());
			const start = rows.findIndex((row) => row.includes('messages'));
			for (const [at, { note }] of samples.entries()) {
				const row = rows[start + 1 + at] ?? '';
				assert.match(row, new RegExp(`^[> ]N *${at + 1} `), note);
			}
		} finally {
			await pane.close();
		}
	});

	it('are where the cursor is at the prompt, and a key goes over a whole grapheme', async () => {
		writeFileSync(join(folder, 'home/.mailrc'), '');
		const fashion = fashionOf({ ...env, TMUX: 'x' });
		const pane = await open(letters(['a']), []);
		const comesTo = async (column: number, what: string) => {
			let found = -1;
			for (const deadline = Date.now() + 5_000; Date.now() < deadline; ) {
				found = await pane.cursor();
				if (found === column) return;
			}
			assert.equal(found, column, what);
		};
		try {
			await pane.until((text) => text.endsWith('\n&'));
			for (const [at, { note, text }] of samples.entries()) {
				await pane.type(`${text}x`);
				let column = 2 + (truth[at] as number) + 1;
				await comesTo(column, note);
				await pane.press('Left');
				await comesTo(--column, note);
				for (const grapheme of graphemes(text).reverse()) {
					await pane.press('Left');
					column -= columns(grapheme, fashion);
				}
				await comesTo(2, note);
				await pane.press('C-e', 'BSpace', 'BSpace');
				const left = graphemes(text).slice(0, -1).join('');
				await comesTo(2 + columns(left, fashion), note);
				await pane.press('C-u');
				await comesTo(2, note);
			}
		} finally {
			await pane.close();
		}
	});
});
