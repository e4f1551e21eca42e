import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Painter } from '../../src/terminal/painter.js';

function painted(use: (painter: Painter) => void): string {
	let text = '';
	use(
		new Painter((more) => {
			text += more;
		}),
	);
	return text;
}

const frame = {
	rows: ['first row', 'second', '  hint'],
	fullRows: 1,
	cursor: { row: 1, column: 3 },
};

describe('a frame on the screen', () => {
	it('never clears the screen or the scrollback', () => {
		const text = painted((painter) => {
			painter.begin(0, 0);
			painter.paint(frame);
			painter.paint({ ...frame, rows: ['one'], fullRows: 0, cursor: { row: 0, column: 0 } });
			painter.clear();
		});
		assert.doesNotMatch(text, /\x1b\[[123]J|\x1b\[H|\x1bc/);
	});
	it('begins where the line began, behind what stands to its left', () => {
		const text = painted((painter) => {
			painter.begin(4, 1);
			painter.paint(frame);
		});
		assert.ok(text.startsWith('\x1b[?25l\x1b[1A\x1b[5Gfirst row'), JSON.stringify(text));
	});
	it('lets a full row run over into the next one', () => {
		const text = painted((painter) => painter.paint(frame));
		assert.match(text, /first rowsecond\x1b\[K\r\n {2}hint/);
	});
	it('leaves the cursor in the line', () => {
		const text = painted((painter) => painter.paint(frame));
		assert.ok(text.endsWith('\x1b[1A\x1b[4G\x1b[?25h'), JSON.stringify(text));
	});
	it('is not erased from its first cell to the end of the window, which tmux would save', () => {
		const text = painted((painter) => {
			painter.paint(frame);
			painter.clear();
		});
		assert.ok(
			text.endsWith('\x1b[1A\x1b[1G\x1b[K\x1b[B\r\x1b[J\x1b[A\x1b[1G'),
			JSON.stringify(text),
		);
	});
});
