/**
 * In which fashion a terminal measures (message/columns.ts), as far as it says who it is in the
 * environment. Seen with tmux 3.3a; of the others by what their makers and ucs-detect say. A table of
 * facts that age: who is not in it measures whole graphemes, as all have begun to.
 */
import type { Fashion } from '../message/columns.js';

/** A variable, what it is like, and the fashion: the first that fits. Inner terminals come first. */
const known: readonly (readonly [name: string, value: RegExp, fashion: Fashion])[] = [
	['STY', /./, 'wcwidth'],
	['TERM', /^(linux|xterm|rxvt.*|st-.*|alacritty.*|mlterm.*|vt\d.*)$/, 'wcwidth'],
	['TERM_PROGRAM', /^(Apple_Terminal|vscode|mintty)$/, 'wcwidth'],
	['XTERM_VERSION', /./, 'wcwidth'],
	['VTE_VERSION', /./, 'wcwidth'],
];

export function fashionOf(env: NodeJS.ProcessEnv): Fashion {
	if (env.TMUX !== undefined || /^(tmux|screen)/.test(env.TERM ?? '')) {
		// Variables of the terminal around tmux may have come in with it.
		if (env.STY !== undefined) return 'wcwidth';
		const [, major, minor] = /^(?:next-)?(\d+)\.(\d+)/.exec(env.TERM_PROGRAM_VERSION ?? '') ?? [];
		const isOld = env.TERM_PROGRAM !== 'tmux' || Number(major) * 100 + Number(minor) < 304;
		return isOld ? 'joined' : 'clusters';
	}
	return known.find(([name, value]) => value.test(env[name] ?? ''))?.[2] ?? 'clusters';
}
