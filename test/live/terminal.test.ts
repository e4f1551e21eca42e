import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Pane, type Size, whyNoTmux } from '../harness/tmux.js';
import { buildDemo } from './demobuild.js';

const skip = whyNoTmux() ?? false;

/** A step: what is typed, and what the screen then ends with. */
type Step = readonly [act: (pane: Pane) => Promise<void>, end: string | RegExp];

const type =
	(text: string, ...keys: string[]) =>
	async (pane: Pane) => {
		await pane.type(text);
		if (keys.length > 0) await pane.press(...keys);
	};
const enter = (text: string) => type(text, 'Enter');

describe('the live prompt in a real terminal', { skip }, () => {
	let folder: string;
	let demo: string;
	before(async () => {
		folder = mkdtempSync(join(tmpdir(), 'live-'));
		demo = await buildDemo(folder);
	});
	after(() => rmSync(folder, { recursive: true }));

	async function open(
		words: readonly string[],
		env: NodeJS.ProcessEnv,
		size?: Size,
	): Promise<Pane> {
		const { PATH } = process.env;
		return Pane.open(words, { PATH, HOME: folder, LC_ALL: 'C.UTF-8', ...env }, size);
	}

	async function follow(pane: Pane, steps: readonly Step[]): Promise<string> {
		let seen = '';
		for (const [act, end] of steps) {
			await act(pane);
			const { text, met } = await pane.until((now) =>
				typeof end === 'string' ? now.endsWith(end) : end.test(now),
			);
			assert.ok(met, `waited for ${end}, saw:\n${text}`);
			seen = text;
		}
		return seen;
	}

	/** Plays a dialogue in a shell on a plain and on a live terminal; both must end alike. */
	async function compare(steps: readonly Step[], size?: Size): Promise<string> {
		const texts: string[] = [];
		for (const INKLOOM of ['plain', 'live']) {
			const pane = await open(['sh', '-c', `PS1='$ ' exec sh -i`], { INKLOOM, ENV: '' }, size);
			try {
				const start: Step[] = [
					[async () => undefined, /^\$$/],
					[enter(`node ${demo}`), /help\.\n&$/],
				];
				texts.push(await follow(pane, [...start, ...steps, [enter('q'), '& q\n$']]));
			} finally {
				await pane.close();
			}
		}
		assert.equal(texts[1], texts[0]);
		return texts[0] as string;
	}

	const dialogue: readonly Step[] = [
		[enter('hello'), 'hello\n&'],
		[type('abc'), /& abc(\n {2}hint.*)?$/],
		[type('', 'C-c'), 'Interrupt\n&'],
		[enter('m'), 'To: pere'],
		[enter(''), '"pere"}>'],
		[enter('Grüße, 漢字'), '漢字'],
		[type('', 'C-c'), 'letter)'],
		[enter('more'), 'more'],
		[type('', 'C-d'), 'EOT\n["Grüße, 漢字","more"]\n&'],
		[enter('!echo go; cat'), 'cat\ngo'],
		[enter('to the child'), 'to the child\nto the child'],
		[type('', 'C-d'), '!0\n&'],
		[enter('!printf abc'), 'abc!0\n&'],
		[enter('!kill -9 $$'), '!137\n&'],
		[enter('work'), '& work\nworking'],
		[type('', 'C-c'), 'Interrupted work\n&'],
		[enter(`a long line ${'that does not fit '.repeat(6)}`), /fit "?\n.*fit\n&$/s],
	];

	it('leaves the same screen and scrollback as a cooked terminal', async () => {
		await compare(dialogue);
	});
	it('does so in a window of eight rows, with history above it', async () => {
		const text = await compare(dialogue, { columns: 60, rows: 8 });
		assert.ok(text.split('\n').length > 30);
	});
	it('is stopped by ^Z and comes back', async () => {
		await compare([
			[enter('one'), 'one\n&'],
			[type('', 'C-z'), /Stopped.*\n\$$/s],
			[enter('fg'), /fg\n.*\n&$/s],
			[enter('two'), 'two\n&'],
		]);
	});

	async function live(steps: readonly Step[], size?: Size): Promise<string> {
		const pane = await open(['sh', '-c', `node ${demo}; sleep 60`], { INKLOOM: 'live' }, size);
		try {
			return await follow(pane, [[async () => undefined, /help\.\n&/], ...steps]);
		} finally {
			await pane.close();
		}
	}

	it('shows a hint beneath the line while it is typed, and takes it away', async () => {
		await live([
			[type('de'), /& de\n {2}hint for de +demo · 3 messages$/],
			[enter(''), /& de\ngot "de"\nde\n&/],
		]);
	});
	it('coaches beneath an empty line and tells what happens meanwhile, and leaves no trace', async () => {
		const pane = await open(['node', demo], { INKLOOM: 'live', DEMO_COACH: '1' });
		try {
			const text = await follow(pane, [
				[async () => undefined, /help\.\n&\n {2}what to do\n {2}something happened$/],
				[type('d'), /\n& d\n {2}hint for d .*\n {2}something happened$/],
				[type('', 'BSpace'), /\n&\n {2}what to do\n {2}something happened$/],
				[enter(''), /help\.\n&\ngot ""\n\n&\n {2}what to do\n {2}something happened$/],
			]);
			assert.equal(text.split('something happened').length, 2, text);
		} finally {
			await pane.close();
		}
	});
	it('completes, and lists what it cannot decide', async () => {
		await live([
			[type('de', 'Tab'), /& del\n {2}hint for del/],
			[type('', 'Tab'), /& del\n {2}delete {3}what delete does\n {2}deliver/],
			[type('e', 'Tab'), /& delete\n {2}hint for delete/],
		]);
	});
	it('obeys all lines of a burst in one write', async () => {
		const text = await live([[type('h\rd 1\rx\r'), /got "x"\nx\n&/]]);
		assert.match(text, /& h\ngot "h"\nh\n& d 1\ngot "d 1"\nd 1\n& x\ngot "x"\nx\n&/);
	});
	it('shows the first line of a paste and waits for Return before it obeys all', async () => {
		await live([
			[(pane) => pane.paste('one\ntwo\nthree'), /& one\n {2}2 more lines pasted; .* two \/ three/],
			[enter(''), /& one\ngot "one"\none\n& two\ngot "two"\ntwo\n& three\ngot "three"\n/],
		]);
	});
	it('takes the lines of a paste into a letter as they are', async () => {
		await live([
			[enter('m'), /To: pere/],
			[enter(''), /"pere"}>$/],
			[(pane) => pane.paste('one\ntwo\nthree'), /\none\ntwo\nthree$/],
			[enter(''), /three$/],
			[type('', 'C-d'), /\["one","two","three"\]\n&/],
		]);
	});
	it('draws the line anew when the window becomes narrow, and wide again', async () => {
		const text = await live([
			[type('a line of some length that fits'), /fits\n {2}hint for .* messages$/],
			[
				(pane) => pane.resize({ columns: 40, rows: 60 }),
				/& a line of some length that fits\n {2}hint for a line of some length that …$/,
			],
			[(pane) => pane.resize({ columns: 90, rows: 60 }), /fits\n {2}hint for .* messages$/],
			[enter(''), /fits\n&$/],
		]);
		assert.equal(text.split('& a line').length, 2, text);
	});
	it('pages on a screen of its own', async () => {
		const text = await live(
			[
				[enter('long'), /A long text +lines 1-9 of 60\nline 1\n/],
				[type('/line 30', 'Enter'), /lines 30-38 of 60/],
				[type('q'), /& long\n&/],
			],
			{ columns: 60, rows: 12 },
		);
		assert.doesNotMatch(text, /line 30/);
	});
	it('takes what it drew away when it is killed', async () => {
		const pane = await open(['sh', '-c', `node ${demo}; echo status $?; sleep 60`], {
			INKLOOM: 'live',
		});
		try {
			const text = await follow(pane, [
				[async () => undefined, /help\.\n&$/],
				[enter('pid'), /pid \d+\n&$/],
				[type('half'), /& half\n {2}hint for half/],
			]);
			process.kill(Number(/pid (\d+)/.exec(text)?.[1]), 'SIGTERM');
			await follow(pane, [[async () => undefined, /& half\n(Terminated\n)?status 143$/]]);
		} finally {
			await pane.close();
		}
	});
	it('uses no processor while it waits', { skip: !existsSync('/proc/self/stat') }, async () => {
		const pane = await open(['node', demo], { INKLOOM: 'live' });
		try {
			const text = await follow(pane, [
				[enter('pid'), /pid \d+\n&$/],
				[type('x'), /hint for x/],
			]);
			const [, pid] = /pid (\d+)/.exec(text) ?? [];
			// proc(5): user and system time stand behind the name, which may hold blanks.
			const ticks = () =>
				readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ').slice(11, 13);
			await pane.still();
			const begun = ticks();
			await pane.still();
			assert.deepEqual(ticks(), begun);
		} finally {
			await pane.close();
		}
	});
});
