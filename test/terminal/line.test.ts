import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Key } from '../../src/terminal/keyboard.js';
import { type Effect, type LineState, press, startLine } from '../../src/terminal/line.js';
import type { Assist } from '../../src/terminal/terminal.js';

/** `abc <C-a> x`: words are text (`_` a blank), names in angle brackets are keys, `[...]` a paste. */
function keysOf(script: string): Key[] {
	return script.split(' ').flatMap((word): Key[] => {
		if (word === '') return [];
		const key = /^<(.*)>$/.exec(word)?.[1];
		if (key !== undefined) return [{ kind: 'key', name: key }];
		const paste = /^\[(.*)\]$/s.exec(word)?.[1];
		if (paste !== undefined) return [{ kind: 'paste', text: paste.replaceAll('_', ' ') }];
		return [...word].map((text) => ({ kind: 'text', text: text === '_' ? ' ' : text }));
	});
}

interface Played {
	readonly state: LineState;
	readonly effect: Effect | undefined;
	readonly shown: string;
}

function play(
	script: string,
	history: readonly string[] = [],
	complete?: (text: string, cursor: number) => Assist,
): Played {
	let state = startLine('', history);
	let effect: Effect | undefined;
	for (const key of keysOf(script)) {
		const step = press(state, key, complete);
		state = step.state;
		effect = step.effect;
	}
	const shown = `${state.text.slice(0, state.cursor)}|${state.text.slice(state.cursor)}`;
	return { state, effect, shown };
}

describe('editing a line', () => {
	const table: [keys: string, line: string][] = [
		['hello', 'hello|'],
		['hello <C-a> x', 'x|hello'],
		['hello <C-b> <left> y', 'hely|lo'],
		['hello <home> <C-f> <right> z', 'hez|llo'],
		['hello <C-a> <end> !', 'hello!|'],
		['hello <backspace> <backspace>', 'hel|'],
		['hello <C-a> <C-d> <delete>', '|llo'],
		['one_two_three <M-b> <M-b>', 'one_|two_three'],
		['one_two_three <C-a> <M-f>', 'one|_two_three'],
		['one_two_three <C-w>', 'one_two_|'],
		['a/b/c <C-w>', '|'],
		['a/b/c <M-backspace>', 'a/b/|'],
		['one_two <C-a> <M-d>', '|_two'],
		['one_two <M-b> <C-k>', 'one_|'],
		['one_two <M-b> <C-u>', '|two'],
		['one_two <M-b> <C-k> <C-a> <C-y>', 'two|one_'],
		['one_two <C-w> <C-w> <C-y>', 'one_two|'],
		['one <C-u> two <C-u> <C-y> <M-y>', 'one|'],
		['one <C-u> two <C-u> <C-y> <M-y> <M-y>', 'two|'],
		['ab <C-t>', 'ba|'],
		['abc <C-a> <C-f> <C-t>', 'ba|c'],
		['one <C-_>', '|'],
		['one <C-w> <C-_>', 'one|'],
		['one <C-a> <C-k> <C-_> <C-_>', '|'],
		['a <C-v> <C-a> b', 'a\u0001b|'],
		['[a_paste] <C-_>', '|'],
		['x [one\ntwo\nthree] y', 'xoney|'],
	];
	for (const [keys, line] of table) {
		it(`${JSON.stringify(keys)} leaves ${line}`, () => {
			assert.equal(play(keys).shown, line.replaceAll('_', ' '));
		});
	}
	it('moves and erases by what a person takes for one character', () => {
		assert.equal(play('a👩‍🎓e\u0301 <backspace> <backspace>').shown, 'a|');
		assert.equal(play('漢👩‍🎓 <left> x').shown, '漢x|👩‍🎓');
		for (const one of [
			'🇩🇪',
			'👍🏽',
			'1\ufe0f\u20e3',
			'क्षि',
			'\u1112\u1161\u11ab',
			'שָׁ',
			`e${'\u0301'.repeat(90)}`,
		]) {
			assert.equal(play(`a${one}b <left> <left> x`).shown, `ax|${one}b`);
			assert.equal(play(`a${one}b <left> <backspace>`).shown, 'a|b');
			assert.equal(play(`a${one}b <C-a> <right> <right> x`).shown, `a${one}x|b`);
			assert.equal(play(`a${one}b <C-a> <right> <C-d>`).shown, 'a|b');
		}
	});
	it('lets a picture grow that is typed before another', () => {
		assert.equal(play('👩👧 <left> \u200d👦').shown, '👩\u200d👦|👧');
		assert.equal(play('👧 <C-a> 👩\u200d <left> x').shown, 'x|👩\u200d👧');
	});
	it('keeps the lines behind the first of a paste until Return', () => {
		const { state } = play('[one\ntwo\nthree]');
		assert.deepEqual([state.text, state.pasted], ['one', 'two\nthree']);
	});
});

describe('keys that ask for more than editing', () => {
	const table: [keys: string, effect: Effect | undefined][] = [
		['x <return>', 'accept'],
		['<C-d>', 'end'],
		['x <C-d>', undefined],
		['x <C-c>', 'interrupt'],
		['x <C-z>', 'suspend'],
		['<C-l>', 'redraw'],
		['<M-q>', 'bell'],
		['<tab>', 'bell'],
	];
	for (const [keys, effect] of table) {
		it(`${keys}: ${effect ?? 'nothing'}`, () => assert.equal(play(keys).effect, effect));
	}
});

describe('history', () => {
	const history = ['headers', 'delete 1', 'quit', 'delete 2'];
	const table: [keys: string, line: string][] = [
		['<up>', 'delete 2|'],
		['<up> <up>', 'quit|'],
		['<up> <up> <down>', 'delete 2|'],
		['x <up> <down>', 'x|'],
		['de <up> <up>', 'delete 1|'],
		['de <C-p> <C-p> <C-n> <C-n>', 'de|'],
		['<C-r> lete', 'de|lete 2'],
		['<C-r> lete <C-r>', 'de|lete 1'],
		['<C-r> he <C-e> !', 'headers!|'],
		['abc <C-r> he <C-g>', 'abc|'],
		['<C-r> zz <C-g>', '|'],
	];
	for (const [keys, line] of table) {
		it(`${JSON.stringify(keys)} shows ${line}`, () =>
			assert.equal(play(keys, history).shown, line));
	}
	it('says where a search has failed', () => {
		assert.equal(play('<C-r> zz', history).state.search?.failed, true);
	});
	it('accepts what a search has found', () => {
		const { state, effect } = play('<C-r> qu <return>', history);
		assert.deepEqual([state.text, effect], ['quit', 'accept']);
	});
});

describe('completion', () => {
	const names = ['delete', 'deliver', 'headers', ...Array.from({ length: 7 }, (_, n) => `x${n}`)];
	const complete = (text: string, cursor: number) => {
		const from = text.lastIndexOf(' ', cursor - 1) + 1;
		const start = text.slice(from, cursor);
		return {
			from,
			candidates: names.filter((name) => name.startsWith(start)).map((name) => ({ text: name })),
		};
	};
	const table: [keys: string, line: string][] = [
		['h <tab>', 'headers|'],
		['d <tab>', 'del|'],
		['d <tab> e <tab>', 'delete|'],
		['help_d <tab>', 'help del|'],
		['hx <left> <tab>', 'headers|x'],
	];
	for (const [keys, line] of table) {
		it(`${JSON.stringify(keys)} gives ${line}`, () =>
			assert.equal(play(keys, [], complete).shown, line));
	}
	it('lists where there is nothing more in common, and pages through a long list', () => {
		assert.equal(play('d <tab> <tab>', [], complete).state.choices?.all.length, 2);
		assert.equal(play('x <tab>', [], complete).state.choices?.first, 0);
		assert.equal(play('x <tab> <tab>', [], complete).state.choices?.first, 5);
		assert.equal(play('x <tab> <tab> <tab>', [], complete).state.choices?.first, 0);
		assert.equal(play('x <tab> 1', [], complete).state.choices, undefined);
	});
});
