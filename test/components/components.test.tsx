import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { render } from 'ink-testing-library';

import { Choices } from '../../components/Choices.js';
import { Hint } from '../../components/Hint.js';
import { Pager } from '../../components/Pager.js';
import { Prompt } from '../../components/Prompt.js';
import { themeFor } from '../../components/theme.js';
import { columns } from '../../src/message/columns.js';
import { startLine } from '../../src/terminal/line.js';
import { startPager } from '../../src/terminal/pager.js';

const theme = themeFor({ NO_COLOR: '1' });
const plain = (frame: string | undefined) => (frame ?? '').replace(/\x1b\[[0-9;]*m/g, '');
const rowsOf = (element: Parameters<typeof render>[0]) => {
	const { lastFrame, unmount } = render(element);
	const frame = plain(lastFrame());
	unmount();
	return frame.split('\n');
};

const candidates = Array.from({ length: 8 }, (_, number) => ({
	text: `name${number}`,
	note: `what name${number} is`,
}));
const line = startLine('d1-2');

describe('the hint', () => {
	it('has the status at its right end where there is room', () => {
		const [row = ''] = rowsOf(<Hint hint="quit" status="mbox" width={30} theme={theme} />);
		assert.equal(row, `  quit${' '.repeat(20)}mbox`);
	});
	it('leaves the status out where there is none, and never passes the edge', () => {
		const hint = 'a hint that is as long as the window';
		const [row = ''] = rowsOf(<Hint hint={hint} status="mbox" width={20} theme={theme} />);
		assert.equal(row, '  a hint that is as…');
		assert.doesNotMatch(row, /mbox/);
	});
});

describe('what is beneath the line', () => {
	const hint = 'हिन्दी 👍🏽👍🏽 日本 e\u0301';
	for (const fashion of ['clusters', 'joined', 'wcwidth'] as const) {
		it(`reaches the right end in the fashion of the terminal: ${fashion}`, () => {
			const [row = ''] = rowsOf(
				<Hint hint={hint} status="mbox" width={40} theme={theme} fashion={fashion} />,
			);
			assert.equal(columns(row, fashion), 40);
			const [short = ''] = rowsOf(
				<Hint hint={hint} status="mbox" width={12} theme={theme} fashion={fashion} />,
			);
			assert.ok(columns(short, fashion) <= 12 && short.endsWith('…'), short);
		});
		it(`has notes that begin in one column: ${fashion}`, () => {
			const all = ['लेख', '👍🏽', '日本', 'abc'].map((text) => ({ text, note: '|' }));
			const rows = rowsOf(
				<Choices all={all} first={0} rows={5} width={60} theme={theme} fashion={fashion} />,
			);
			const starts = rows.map((row) => columns(row.slice(0, row.indexOf('|')), fashion));
			assert.equal(new Set(starts).size, 1, rows.join('\n'));
		});
	}
	it('shows no control sequence of a paste', () => {
		const pasted = { ...line, pasted: 'a\x1b]0;x\x07\u202eb\n' };
		const { lastFrame, unmount } = render(
			<Prompt rows={['&']} assist={{}} room={5} width={80} theme={theme} line={pasted} />,
		);
		assert.match(lastFrame() ?? '', /a␛]0;x␇<U\+202E>b/);
		unmount();
	});
});

describe('the completions', () => {
	it('are shown a few at a time, with their notes and where one is', () => {
		const rows = rowsOf(<Choices all={candidates} first={5} rows={5} width={60} theme={theme} />);
		assert.deepEqual(rows, [
			'  name5  what name5 is',
			'  name6  what name6 is',
			'  name7  what name7 is',
			'  6-8 of 8   Tab: more',
		]);
	});
});

describe('the prompt', () => {
	const assist = { hint: 'what it does', status: 'mbox' };
	const props = { rows: ['& d1-2'], assist, room: 10, width: 40, theme };
	it('has what happened meanwhile beneath everything, where there is room', () => {
		const notice = 'New mail: 1 message';
		const rows = rowsOf(<Prompt {...props} notice={notice} line={line} />);
		assert.equal(rows[2], '  New mail: 1 message');
		const few = rowsOf(<Prompt {...props} room={1} notice={notice} line={line} />);
		assert.deepEqual(few.length, 2);
	});
	it('has the hint beneath the line', () => {
		const rows = rowsOf(<Prompt {...props} line={line} />);
		assert.deepEqual([rows.length, rows[0]], [2, '& d1-2']);
		assert.match(rows[1] ?? '', /^ {2}what it does +mbox$/);
	});
	it('has the completions in its place while they are on show', () => {
		const choices = { all: candidates, first: 0 };
		const rows = rowsOf(<Prompt {...props} line={{ ...line, choices }} />);
		assert.equal(rows.length, 7);
		assert.doesNotMatch(rows.join('\n'), /what it does/);
	});
	it('draws no more than there is room for', () => {
		const choices = { all: candidates, first: 0 };
		for (const room of [0, 1, 2, 3]) {
			for (const state of [line, { ...line, choices }]) {
				const rows = rowsOf(<Prompt {...props} line={state} room={room} />);
				assert.ok(rows.length <= 1 + room, `${rows.length} rows with room for ${room}`);
			}
		}
	});
	it('says what waits behind a paste, and what is searched for', () => {
		const pasted = rowsOf(<Prompt {...props} line={{ ...line, pasted: 'two\nthree' }} />);
		assert.match(pasted[1] ?? '', /2 more lines pasted/);
		const origin = { text: '', cursor: 0 };
		const search = { pattern: 'del', at: 0, failed: true, origin };
		const searched = rowsOf(<Prompt {...props} line={{ ...line, search }} />);
		assert.match(searched[1] ?? '', /not found: del_/);
	});
});

describe('the pager', () => {
	it('fills its height, and says where one is', () => {
		const text = Array.from({ length: 40 }, (_, number) => `row ${number + 1}`);
		const rows = rowsOf(
			<Pager title="A title" state={startPager(text, 5)} width={50} theme={theme} />,
		);
		assert.equal(rows.length, 7);
		assert.match(rows[0] ?? '', /^ A title +lines 1-5 of 40/);
		assert.deepEqual(rows.slice(1, 6), text.slice(0, 5));
		assert.match(rows[6] ?? '', /q done/);
	});
});

describe('the theme', () => {
	it('has no colour where NO_COLOR is set, and is dim and inverse all the same', () => {
		for (const look of Object.values(theme)) {
			assert.doesNotMatch(look('x'), /\x1b\[(3[0-7]|9[0-7]|4[0-7])m/);
		}
		assert.equal(theme.hint('x'), '\x1b[2mx\x1b[22m');
	});
});
