import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { fashionOf } from '../../src/terminal/fashion.js';

describe('how a terminal measures', () => {
	const tmux = { TMUX: '/x,1,0', TERM_PROGRAM: 'tmux', TERM: 'tmux-256color' };
	const table: [env: NodeJS.ProcessEnv, fashion: string][] = [
		[{}, 'clusters'],
		[{ TERM: 'xterm-256color' }, 'clusters'],
		[{ TERM: 'xterm-kitty' }, 'clusters'],
		[{ TERM: 'xterm-256color', VTE_VERSION: '7600' }, 'wcwidth'],
		[{ TERM: 'xterm-256color', XTERM_VERSION: 'XTerm(379)' }, 'wcwidth'],
		[{ TERM: 'alacritty' }, 'wcwidth'],
		[{ TERM: 'linux' }, 'wcwidth'],
		[{ ...tmux, TERM_PROGRAM_VERSION: '3.3a' }, 'joined'],
		[{ ...tmux, TERM_PROGRAM_VERSION: '3.4' }, 'clusters'],
		[{ ...tmux, TERM_PROGRAM_VERSION: 'next-3.6' }, 'clusters'],
		[{ ...tmux, TERM_PROGRAM_VERSION: '3.5a', VTE_VERSION: '7600' }, 'clusters'],
		[{ TERM: 'tmux-256color' }, 'joined'],
		[{ TERM: 'screen-256color' }, 'joined'],
		[{ TERM: 'screen-256color', STY: '1.pts' }, 'wcwidth'],
	];
	for (const [env, fashion] of table) {
		it(`${JSON.stringify(env)}: ${fashion}`, () => assert.equal(fashionOf(env), fashion));
	}
});
