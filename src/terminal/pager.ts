/** The built-in pager as a reducer: which rows of a long text are on the screen, and the search. Pure. */
import { type Fashion, graphemes, pieces } from '../message/columns.js';
import type { Key } from './keyboard.js';

export interface PagerState {
	readonly rows: readonly string[];
	readonly top: number;
	/** Rows of text on the screen. */
	readonly height: number;
	readonly pattern: string;
	/** The pattern being typed after `/`. */
	readonly entering: string | undefined;
	/** What the last key could not do. */
	readonly notice: string;
}

/** A text cut into rows of at most `width` cells; tabs become blanks. */
export function cutRows(text: string, width: number, fashion?: Fashion): string[] {
	const lines = text.replace(/\n$/, '').split('\n');
	return lines.flatMap((line) => {
		const rows: string[] = [];
		let row = '';
		let cells = 0;
		for (const piece of pieces(line.replace(/\r$/, ''), fashion)) {
			const isTab = piece.text === '\t';
			const more = isTab ? Math.min(8 - (cells % 8), width - cells) : piece.columns;
			if (cells + more > width) {
				rows.push(row);
				row = '';
				cells = 0;
			}
			row += isTab ? ' '.repeat(more) : piece.text;
			cells += more;
		}
		return [...rows, row];
	});
}

export function startPager(rows: readonly string[], height: number): PagerState {
	return { rows, top: 0, height, pattern: '', entering: undefined, notice: '' };
}

/** What a key does; undefined: the pager is left. */
export function pagerPress(state: PagerState, key: Key): PagerState | undefined {
	if (key.kind === 'text' && graphemes(key.text).length > 1) {
		let result: PagerState | undefined = state;
		for (const text of graphemes(key.text)) {
			if (result !== undefined) result = pagerPress(result, { kind: 'text', text });
		}
		return result;
	}
	const quiet = { ...state, notice: '' };
	if (state.entering !== undefined) return entering(quiet, state.entering, key);
	const name = key.kind === 'key' ? key.name : key.kind === 'text' ? key.text : '';
	if (name === 'q' || name === 'Q' || name === 'C-c' || name === 'C-d') return undefined;
	if (name === '/') return { ...quiet, entering: '' };
	if (name === 'n') return search(quiet, 1);
	if (name === 'N') return search(quiet, -1);
	const target = targets[name]?.(state);
	if (target === undefined) return quiet;
	// Going on behind the end leaves, as more(1) does.
	const last = lastTop(state);
	if (target > last && state.top === last) return undefined;
	return { ...quiet, top: Math.max(0, Math.min(target, last)) };
}

const lastTop = ({ rows, height }: PagerState) => Math.max(0, rows.length - height);
const pageDown = ({ top, height }: PagerState) => top + Math.max(1, height);
const pageUp = ({ top, height }: PagerState) => top - Math.max(1, height);
const lineDown = (state: PagerState) => Math.min(state.top + 1, lastTop(state));
const lineUp = ({ top }: PagerState) => top - 1;

const targets: Record<string, (state: PagerState) => number> = {
	' ': pageDown,
	f: pageDown,
	'page-down': pageDown,
	'C-f': pageDown,
	'C-v': pageDown,
	b: pageUp,
	'page-up': pageUp,
	'C-b': pageUp,
	'M-v': pageUp,
	return: lineDown,
	j: lineDown,
	down: lineDown,
	'C-n': lineDown,
	k: lineUp,
	up: lineUp,
	'C-p': lineUp,
	g: () => 0,
	home: () => 0,
	'<': () => 0,
	G: lastTop,
	end: lastTop,
	'>': lastTop,
};

function entering(state: PagerState, typed: string, key: Key): PagerState {
	if (key.kind === 'text' || key.kind === 'paste') {
		return { ...state, entering: typed + key.text.replace(/\n/g, '') };
	}
	const name = key.kind === 'key' ? key.name : '';
	if (name === 'return') {
		return search({ ...state, entering: undefined, pattern: typed || state.pattern }, 1);
	}
	if (name === 'backspace' && typed !== '') {
		return { ...state, entering: graphemes(typed).slice(0, -1).join('') };
	}
	const leaves = ['backspace', 'C-c', 'C-g', 'escape'].includes(name);
	return leaves ? { ...state, entering: undefined } : state;
}

/** Goes to the next row with the pattern; upper and lower case are one unless it has upper case. */
function search(state: PagerState, direction: 1 | -1): PagerState {
	const { pattern, rows } = state;
	if (pattern === '') return state;
	const fold = (text: string) => (pattern === pattern.toLowerCase() ? text.toLowerCase() : text);
	for (let at = state.top + direction; at >= 0 && at < rows.length; at += direction) {
		if (fold(rows[at] as string).includes(pattern)) {
			return { ...state, top: Math.min(at, Math.max(0, rows.length - 1)) };
		}
	}
	return { ...state, notice: 'not found' };
}
