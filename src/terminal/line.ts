/**
 * The line editor as a reducer: a key and a state in, a state out, and an effect where the key asks
 * for more than editing. Keys are those of readline's Emacs set. Pure: it knows no terminal and no file.
 *
 * The cursor is an offset in UTF-16 units. It stands between two graphemes, save where what was just
 * typed joins with what follows: then behind what was typed, for more of the same may come.
 */
import { graphemeAround } from '../message/columns.js';
import type { Key } from './keyboard.js';
import type { Assist, Candidate } from './terminal.js';

export type Effect = 'accept' | 'end' | 'interrupt' | 'suspend' | 'quit' | 'redraw' | 'bell';

interface Snapshot {
	readonly text: string;
	readonly cursor: number;
}

export interface Search {
	readonly pattern: string;
	/** Where in the history the match stands; its length where nothing has matched yet. */
	readonly at: number;
	readonly failed: boolean;
	readonly origin: Snapshot;
}

export interface LineState extends Snapshot {
	/** Oldest first. */
	readonly history: readonly string[];
	/** The entry shown; `history.length`: the line being typed. */
	readonly at: number;
	/** The line being typed, while an entry is shown. */
	readonly draft: string;
	/** What shown entries begin with. */
	readonly prefix: string;
	/** Texts killed, newest first. */
	readonly kills: readonly string[];
	/** Where the last yank stands, for M-y. */
	readonly yank: { readonly from: number; readonly kill: number } | undefined;
	readonly undo: readonly Snapshot[];
	/** What the key before this one did: equal ones join into one undo step or one kill. */
	readonly run: 'insert' | 'kill' | 'history' | undefined;
	readonly literal: boolean;
	readonly search: Search | undefined;
	/** The completions on show, and the first of them that is visible. */
	readonly choices: { readonly all: readonly Candidate[]; readonly first: number } | undefined;
	/** The lines of a paste behind the first: they wait for Return. */
	readonly pasted: string;
}

export interface Step {
	readonly state: LineState;
	readonly effect?: Effect;
}

/** Candidates for the text before the cursor; asked when Tab is pressed. */
export type Complete = (text: string, cursor: number) => Assist;

/** Completions visible at once. */
export const choicesShown = 5;

export function startLine(
	initial = '',
	history: readonly string[] = [],
	kills: readonly string[] = [],
): LineState {
	return {
		text: initial,
		cursor: initial.length,
		history,
		at: history.length,
		draft: '',
		prefix: '',
		kills,
		yank: undefined,
		undo: [],
		run: undefined,
		literal: false,
		search: undefined,
		choices: undefined,
		pasted: '',
	};
}

/** What a key does to a line. */
export function press(state: LineState, key: Key, complete?: Complete): Step {
	if (key.kind === 'position') return { state };
	if (state.search !== undefined) return searching(state, state.search, key, complete);
	if (key.kind === 'paste') return { state: paste(state, key.text) };
	if (key.kind === 'text') return { state: insert({ ...state, literal: false }, key.text) };
	if (state.literal) return { state: insert({ ...state, literal: false }, literalOf(key.name)) };
	if (key.name === 'tab') return tab(state, complete);
	const quiet = { ...state, choices: undefined };
	const edit = edits[key.name];
	if (edit !== undefined) return { state: edit(quiet) };
	if (key.name === 'C-d') {
		if (state.text === '') return { state: quiet, effect: 'end' };
		return { state: deleteForward(quiet) };
	}
	const effect = effects[key.name];
	if (effect !== undefined) return { state: quiet, effect };
	return { state: { ...quiet, run: undefined }, effect: 'bell' };
}

const effects: Record<string, Effect> = {
	return: 'accept',
	'C-c': 'interrupt',
	'C-z': 'suspend',
	'C-\\': 'quit',
	'C-l': 'redraw',
};

const edits: Record<string, (state: LineState) => LineState> = {
	'C-a': (state) => move(state, 0),
	home: (state) => move(state, 0),
	'C-e': (state) => move(state, state.text.length),
	end: (state) => move(state, state.text.length),
	'C-b': (state) => move(state, before(state.text, state.cursor)),
	left: (state) => move(state, before(state.text, state.cursor)),
	'C-f': (state) => move(state, after(state.text, state.cursor)),
	right: (state) => move(state, after(state.text, state.cursor)),
	'M-b': (state) => move(state, wordStart(state.text, state.cursor)),
	'M-left': (state) => move(state, wordStart(state.text, state.cursor)),
	'C-left': (state) => move(state, wordStart(state.text, state.cursor)),
	'M-f': (state) => move(state, wordEnd(state.text, state.cursor)),
	'M-right': (state) => move(state, wordEnd(state.text, state.cursor)),
	'C-right': (state) => move(state, wordEnd(state.text, state.cursor)),
	backspace: (state) => replace(state, before(state.text, state.cursor), state.cursor, ''),
	delete: deleteForward,
	'C-w': (state) => kill(state, blankWordStart(state.text, state.cursor), state.cursor),
	'M-backspace': (state) => kill(state, wordStart(state.text, state.cursor), state.cursor),
	'M-d': (state) => kill(state, state.cursor, wordEnd(state.text, state.cursor)),
	'C-k': (state) => kill(state, state.cursor, state.text.length),
	'C-u': (state) => kill(state, 0, state.cursor),
	'C-y': (state) => yank(state, 0),
	'M-y': (state) => (state.yank === undefined ? state : yankOther(state, state.yank)),
	'C-t': transpose,
	'C-_': undo,
	'C-p': (state) => recall(state, -1),
	up: (state) => recall(state, -1),
	'C-n': (state) => recall(state, 1),
	down: (state) => recall(state, 1),
	'C-v': (state) => ({ ...state, literal: true }),
	'C-r': (state) => ({ ...state, run: undefined, search: startSearch(state) }),
	'C-g': (state) => ({ ...state, run: undefined }),
	escape: (state) => ({ ...state, run: undefined }),
};

function move(state: LineState, cursor: number): LineState {
	return { ...state, cursor, run: undefined, yank: undefined };
}

/** Puts `text` in place of a stretch; the cursor ends behind it. */
function replace(
	state: LineState,
	from: number,
	to: number,
	text: string,
	run: LineState['run'] = undefined,
): LineState {
	if (from === to && text === '') return { ...state, run, yank: undefined };
	const joins = run === 'insert' && state.run === 'insert';
	return {
		...state,
		text: state.text.slice(0, from) + text + state.text.slice(to),
		cursor: from + text.length,
		undo: joins ? state.undo : [...state.undo, { text: state.text, cursor: state.cursor }],
		run,
		yank: undefined,
		choices: undefined,
	};
}

function insert(state: LineState, text: string): LineState {
	return replace(state, state.cursor, state.cursor, text, 'insert');
}

/** One undo step; lines behind the first wait for Return. */
function paste(state: LineState, text: string): LineState {
	const newline = text.indexOf('\n');
	if (newline < 0) return replace(state, state.cursor, state.cursor, text);
	const line = replace(state, state.cursor, state.cursor, text.slice(0, newline));
	return { ...line, pasted: text.slice(newline + 1) + state.pasted };
}

function deleteForward(state: LineState): LineState {
	return replace(state, state.cursor, after(state.text, state.cursor), '');
}

function kill(state: LineState, from: number, to: number): LineState {
	if (from === to) return { ...state, run: undefined };
	const text = state.text.slice(from, to);
	const [newest = '', ...older] = state.kills;
	const joined = from < state.cursor ? text + newest : newest + text;
	const kills = state.run === 'kill' ? [joined, ...older] : [text, ...state.kills].slice(0, 20);
	return { ...replace(state, from, to, '', 'kill'), kills };
}

function yank(state: LineState, number: number): LineState {
	const text = state.kills[number];
	if (text === undefined) return state;
	const from = state.cursor;
	return { ...replace(state, from, from, text), yank: { from, kill: number } };
}

function yankOther(state: LineState, last: { from: number; kill: number }): LineState {
	const number = (last.kill + 1) % state.kills.length;
	const bare = replace(state, last.from, state.cursor, '');
	return yank({ ...bare, undo: state.undo }, number);
}

function transpose(state: LineState): LineState {
	const { text } = state;
	const at = state.cursor === text.length ? before(text, state.cursor) : state.cursor;
	const start = before(text, at);
	if (start === at) return state;
	const end = after(text, at);
	return replace(state, start, end, text.slice(at, end) + text.slice(start, at));
}

function undo(state: LineState): LineState {
	const last = state.undo.at(-1);
	if (last === undefined) return state;
	return { ...state, ...last, undo: state.undo.slice(0, -1), run: undefined, yank: undefined };
}

/** The next entry in a direction that begins with what stood before the cursor. */
function recall(state: LineState, direction: 1 | -1): LineState {
	const { history } = state;
	const fresh = state.run !== 'history';
	const prefix = fresh ? state.text.slice(0, state.cursor) : state.prefix;
	const draft = state.at === history.length ? state.text : state.draft;
	for (let at = state.at + direction; at >= 0 && at <= history.length; at += direction) {
		const text = at === history.length ? draft : (history[at] as string);
		if (at < history.length && (!text.startsWith(prefix) || text === state.text)) continue;
		const undo = [...state.undo, { text: state.text, cursor: state.cursor }];
		return { ...state, text, cursor: text.length, at, draft, prefix, undo, run: 'history' };
	}
	return { ...state, draft, prefix, run: 'history' };
}

function startSearch(state: LineState): Search {
	const { text, cursor, history } = state;
	return { pattern: '', at: history.length, failed: false, origin: { text, cursor } };
}

/** The reverse search: text adds to the pattern, ^R goes on, ^G gives up, anything else takes it. */
function searching(state: LineState, search: Search, key: Key, complete?: Complete): Step {
	if (key.kind === 'text') {
		return { state: find(state, { ...search, pattern: search.pattern + key.text }, search.at) };
	}
	if (key.kind === 'key' && key.name === 'C-r') {
		return { state: find(state, search, search.at - 1) };
	}
	if (key.kind === 'key' && key.name === 'backspace') {
		const pattern = search.pattern.slice(0, before(search.pattern, search.pattern.length));
		return { state: find(state, { ...search, pattern }, state.history.length) };
	}
	const taken: LineState = {
		...state,
		search: undefined,
		undo: [...state.undo, search.origin],
		at: state.history.length,
		run: undefined,
	};
	if (key.kind === 'key' && key.name === 'C-g') {
		return { state: { ...taken, ...search.origin, undo: state.undo } };
	}
	if (key.kind === 'key' && key.name === 'escape') return { state: taken };
	return press(taken, key, complete);
}

function find(state: LineState, search: Search, start: number): LineState {
	for (let at = Math.min(start, state.history.length - 1); at >= 0; at--) {
		const text = state.history[at] as string;
		const cursor = search.pattern === '' ? -1 : text.lastIndexOf(search.pattern);
		if (cursor >= 0) return { ...state, text, cursor, search: { ...search, at, failed: false } };
	}
	return { ...state, search: { ...search, failed: search.pattern !== '' } };
}

function tab(state: LineState, complete: Complete | undefined): Step {
	const { candidates = [], from = state.cursor } = complete?.(state.text, state.cursor) ?? {};
	const typed = state.text.slice(from, state.cursor);
	const common = commonStart(candidates.map(({ text }) => text));
	if (candidates.length === 0) return { state: { ...state, choices: undefined }, effect: 'bell' };
	if (common.startsWith(typed) && common.length > typed.length) {
		return { state: replace(state, from, state.cursor, common) };
	}
	if (candidates.length === 1) return { state: replace(state, from, state.cursor, common) };
	const next = (state.choices?.first ?? -choicesShown) + choicesShown;
	const first = next < candidates.length ? next : 0;
	return { state: { ...state, run: undefined, choices: { all: candidates, first } } };
}

function commonStart(texts: readonly string[]): string {
	const [first = '', ...others] = texts;
	let length = first.length;
	for (const other of others) {
		while (!other.startsWith(first.slice(0, length))) length = before(first, length);
	}
	return first.slice(0, length);
}

function literalOf(name: string): string {
	const known: Record<string, string> = {
		return: '\r',
		tab: '\t',
		backspace: '\x7f',
		escape: '\x1b',
	};
	const [, letter] = /^C-(.)$/.exec(name) ?? [];
	if (letter !== undefined) return String.fromCharCode(letter.toUpperCase().charCodeAt(0) & 0x1f);
	return known[name] ?? '';
}

function after(text: string, cursor: number): number {
	return cursor < text.length ? graphemeAround(text, cursor)[1] : cursor;
}

function before(text: string, cursor: number): number {
	return cursor > 0 ? graphemeAround(text, cursor - 1)[0] : 0;
}

const isWord = (text: string) => /[\p{L}\p{N}\p{M}_]/u.test(text);

function wordEnd(text: string, cursor: number): number {
	let at = cursor;
	while (at < text.length && !isWord(text.slice(at, after(text, at)))) at = after(text, at);
	while (at < text.length && isWord(text.slice(at, after(text, at)))) at = after(text, at);
	return at;
}

function wordStart(text: string, cursor: number): number {
	let at = cursor;
	while (at > 0 && !isWord(text.slice(before(text, at), at))) at = before(text, at);
	while (at > 0 && isWord(text.slice(before(text, at), at))) at = before(text, at);
	return at;
}

function blankWordStart(text: string, cursor: number): number {
	return text.slice(0, cursor).replace(/\S*\s*$/, '').length;
}
