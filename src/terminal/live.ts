/**
 * The live prompt: a line editor with hints and completions beneath, drawn by Ink's components while we
 * wait for a person and gone before anything else is written. The finished line is written raw, so
 * that the scrollback is byte for byte that of a cooked terminal. The only file here that knows Ink;
 * built into a chunk of its own, and loaded when the first prompt stands.
 *
 * Ink never gets the terminal: it lays a frame out for a stream that leads nowhere, and painter.ts puts
 * it on the screen. Ink's own way of repainting clears the scrollback when a frame fills the window
 * (vadimdemedes/ink#382) and erases from column 0, where the end of a message may stand.
 */
import { EventEmitter } from 'node:events';

import { type Instance, render } from 'ink';
import { createElement, type ReactElement } from 'react';

import { Pager } from '../../components/Pager.js';
import { Prompt } from '../../components/Prompt.js';
import { themeFor } from '../../components/theme.js';
import type { System } from '../system.js';
import { inSignsOf } from './charset.js';
import { History } from './history.js';
import type { Key, Keyboard } from './keyboard.js';
import { columnAfter, echoed, type Layout, layOut } from './layout.js';
import { type LineState, press, startLine } from './line.js';
import { cutRows, pagerPress, startPager } from './pager.js';
import { Painter } from './painter.js';
import type { Ground } from './plain.js';
import type { Assist, Line, LineRequest } from './terminal.js';

/** Fewer than these and only the line itself is drawn. */
const leastColumns = 40;
const leastRows = 6;

/** How long a terminal may take to say where its cursor is, in milliseconds. */
const answerPatience = 250;

const nothing = (): string | undefined => undefined;

const layoutEngine = Symbol.for('inkloom.yoga');

/** Reads lines for a prompt that is already written, from a keyboard that has been started. */
export class LiveEditor {
	readonly #ground: Ground;
	readonly #keyboard: Keyboard;
	readonly #history: History;
	readonly #painter: Painter;
	readonly #sketch = new Sketch();
	readonly #theme;
	#kills: readonly string[] = [];
	#waiting: Wait | undefined;

	/** Resolves when everything that draws is ready. */
	static async open(ground: Ground, keyboard: Keyboard, system: System): Promise<LiveEditor> {
		// Where Ink is bundled as CommonJS (build.mjs) its layout engine comes in later.
		await (globalThis as { [layoutEngine]?: Promise<unknown> })[layoutEngine];
		return new LiveEditor(ground, keyboard, system);
	}

	private constructor(ground: Ground, keyboard: Keyboard, system: System) {
		this.#ground = ground;
		this.#keyboard = keyboard;
		this.#history = new History(system);
		this.#painter = new Painter((text) => ground.draw(text));
		this.#theme = themeFor(system.env);
	}

	/** `notice`: what is to be told beneath the line by now; the keyboard is woken when it changes. */
	async readLine(request: LineRequest, notice = nothing): Promise<Line> {
		const wait = new Wait(request, this.#history.lines(request.kind), this.#kills);
		this.#waiting = wait;
		wait.offset = await this.#findOffset(request);
		this.#painter.begin(wait.offset, this.#lay(wait).cursor.row);
		const resized = () => this.#resized(wait);
		process.stdout.on('resize', resized);
		try {
			// At rest nothing is drawn, save where there is something to say even then.
			if (wait.state.text === '' && (await wait.assist()).hint !== undefined) wait.stale = true;
			const line = await this.#edit(wait, notice);
			if (line.kind === 'line') this.#history.add(request.kind, line.text);
			return line;
		} finally {
			process.stdout.off('resize', resized);
			wait.over = true;
			this.#waiting = undefined;
			this.#kills = wait.state.kills;
		}
	}

	async #edit(wait: Wait, notice: () => string | undefined): Promise<Line> {
		for (;;) {
			const key = this.#keyboard.take();
			if (key === undefined) {
				wait.heed(notice());
				if (wait.stale) await this.#paint(wait);
				else if (!(await this.#keyboard.ready())) return this.#end(wait, 'end');
				continue;
			}
			if (wait.request.kind === 'body' && key.kind === 'paste' && key.text.includes('\n')) {
				// In a letter a line of a paste is a line: nothing is obeyed, so nothing has to wait.
				this.#keyboard.putBack(typed(key.text));
				continue;
			}
			wait.early &&= 'early' in key;
			const { state, effect } = await wait.press(key);
			wait.stale ||= state !== wait.state;
			wait.state = state;
			switch (effect) {
				case undefined:
					break;
				case 'accept':
				case 'end':
				case 'interrupt':
					return this.#end(wait, effect);
				case 'bell':
					this.#ground.draw('\x07');
					break;
				case 'redraw':
					this.#ground.draw('\x1b[H\x1b[2J');
					this.#ground.draw(wait.request.prompt);
					wait.offset = 0;
					this.#painter.begin(0, this.#lay(wait, '').cursor.row);
					wait.stale = true;
					break;
				case 'suspend':
				case 'quit':
					await this.#signal(wait, effect === 'quit' ? 'SIGQUIT' : 'SIGTSTP');
			}
		}
	}

	/** Takes the live area away and leaves the line as a cooked terminal shows it. */
	#end(wait: Wait, how: 'accept' | 'end' | 'interrupt'): Line {
		const { state } = wait;
		if (how === 'end') {
			this.#settle(wait, '');
			return { kind: 'end' };
		}
		if (how === 'interrupt') {
			this.#settle(wait, `${echoed(state.text)}^C`);
			return { kind: 'interrupt' };
		}
		if (!wait.early || this.#painter.painted) this.#settle(wait, `${echoed(state.text)}\n`);
		// Return was pressed for all of a paste, its last line included.
		this.#keyboard.putBack(typed(state.pasted.replace(/([^\n])$/, '$1\n')));
		return { kind: 'line', text: state.text };
	}

	/** We are about to be killed: what was typed stays, what is beneath it goes. */
	letGo(): void {
		const wait = this.#waiting;
		if (wait === undefined) return;
		wait.over = true;
		this.#settle(wait, `${echoed(wait.state.text)}\n`);
	}

	/** Writes the line in its final form, where the prompt and perhaps the beginning of it stand. */
	#settle(wait: Wait, text: string): void {
		const initial = echoed(wait.request.initial ?? '');
		if (!this.#painter.painted && text.startsWith(initial)) {
			this.#ground.write(text.slice(initial.length));
			return;
		}
		this.#painter.clear();
		this.#ground.draw(wait.request.prompt);
		this.#ground.write(text);
	}

	async #signal(wait: Wait, signal: 'SIGTSTP' | 'SIGQUIT'): Promise<void> {
		const { request, state } = wait;
		this.#settle(wait, `${echoed(state.text)}${signal === 'SIGTSTP' ? '^Z' : '^\\'}`);
		this.#keyboard.stop();
		const resumed = new Promise<void>((resolve) => {
			// A group that no shell looks after is not stopped at all: then one just goes on.
			const timer = setTimeout(resolve, 100);
			process.once('SIGCONT', () => {
				clearTimeout(timer);
				resolve();
			});
		});
		process.kill(0, signal);
		await resumed;
		this.#ground.write(request.kind === 'body' ? '(continue)\n' : '');
		this.#ground.write(`${request.prompt}${echoed(state.text)}`);
		this.#keyboard.start();
		wait.offset = 0;
		this.#painter.begin(0, this.#lay(wait, state.text).cursor.row);
		wait.stale = state.text !== '' || request.coached === true || wait.notice !== undefined;
	}

	/** The column in which the prompt began: behind a message without a final newline it is not 0. */
	async #findOffset(request: LineRequest): Promise<number> {
		const { columns, tail, fashion } = this.#ground;
		const written = request.prompt + echoed(request.initial ?? '');
		if (tail !== undefined) {
			return columnAfter(tail.slice(0, tail.length - written.length), columns, fashion);
		}
		const column = await this.#askColumn();
		if (column === undefined) return 0;
		const back = column - columnAfter(written, columns, fashion);
		return (back + columns) % columns;
	}

	async #askColumn(): Promise<number | undefined> {
		this.#ground.draw('\x1b[6n');
		const deadline = Date.now() + answerPatience;
		const others: Key[] = [];
		let column: number | undefined;
		while (column === undefined) {
			const key = this.#keyboard.take();
			if (key?.kind === 'position') column = key.column - 1;
			else if (key !== undefined) others.push(key);
			else {
				const left = deadline - Date.now();
				if (left <= 0 || !(await this.#keyboard.ready(left))) break;
			}
		}
		this.#keyboard.putBack(others);
		return column;
	}

	#lay(wait: Wait, text?: string): Layout {
		const { columns, charset, fashion } = this.#ground;
		const { prompt } = wait.request;
		const shown = text ?? wait.state.text;
		const place = { offset: wait.offset, columns, charset, fashion };
		return layOut(prompt, shown, text === undefined ? wait.state.cursor : shown.length, place);
	}

	async #paint(wait: Wait): Promise<void> {
		wait.stale = false;
		await wait.look();
		if (!wait.over) this.#draw(wait);
	}

	#draw(wait: Wait): void {
		const { columns, rows, charset, fashion } = this.#ground;
		const layout = this.#lay(wait);
		// A frame as high as the window would push its own beginning out of reach.
		const most = Math.max(1, rows - 1);
		const start = Math.max(0, Math.min(layout.cursor.row, layout.rows.length - most));
		const shown = layout.rows.slice(start, start + most);
		const large = columns >= leastColumns && rows >= leastRows;
		const element = createElement(Prompt, {
			rows: shown,
			line: wait.state,
			assist: large ? wait.seen : {},
			notice: wait.notice,
			room: large ? most - shown.length : 0,
			width: columns - 1,
			theme: this.#theme,
			fashion,
		});
		this.#painter.paint({
			// Ink cuts blanks off the ends of rows; in the line they may be what the person typed.
			rows: this.#sketch
				.rows(element, columns)
				.map((row, at) => shown[at] ?? inSignsOf(charset, row)),
			fullRows: shown.length - 1,
			cursor: { row: layout.cursor.row - start, column: layout.cursor.column },
		});
	}

	/** A terminal that changes width breaks the rows anew and keeps the cursor at its character. */
	#resized(wait: Wait): void {
		wait.offset = Math.min(wait.offset, this.#ground.columns - 1);
		this.#painter.reflowed(this.#lay(wait).cursor.row);
		if (this.#painter.painted) this.#draw(wait);
	}

	/** The built-in pager, on the alternate screen. A text that fits is just printed. */
	async page(text: string, title: string): Promise<void> {
		const ground = this.#ground;
		let state = startPager(cutRows(text, ground.columns - 1, ground.fashion), ground.rows - 3);
		if (state.rows.length < ground.rows) {
			ground.write(text);
			return;
		}
		const paint = () => {
			const width = ground.columns - 1;
			const rows = this.#sketch.rows(
				createElement(Pager, { title, state, width, theme: this.#theme, fashion: ground.fashion }),
				ground.columns,
			);
			ground.draw(`\x1b[?25l\x1b[H${rows.map((row) => `${row}\x1b[K`).join('\r\n')}\x1b[J`);
			if (state.entering !== undefined) ground.draw('\x1b[?25h');
		};
		const resized = () => {
			state = {
				...state,
				rows: cutRows(text, ground.columns - 1, ground.fashion),
				height: ground.rows - 3,
			};
			paint();
		};
		this.#keyboard.start();
		ground.draw('\x1b[?1049h');
		process.stdout.on('resize', resized);
		try {
			for (;;) {
				const key = this.#keyboard.take();
				if (key === undefined) {
					paint();
					if (!(await this.#keyboard.ready())) return;
					continue;
				}
				const next = pagerPress(state, key);
				if (next === undefined) return;
				state = next;
			}
		} finally {
			process.stdout.off('resize', resized);
			ground.draw('\x1b[?1049l\x1b[?25h');
			this.#keyboard.stop();
		}
	}

	close(): void {
		this.#sketch.close();
	}
}

/** One wait for a line: what was asked, what is on the line, and whether the screen shows it. */
class Wait {
	readonly request: LineRequest;
	state: LineState;
	offset = 0;
	/** The screen does not show the state. */
	stale = false;
	over = false;
	/** All of the line was typed before we waited, and stands on the screen where it was typed. */
	early = true;
	/** What was said about the line when it was last drawn. */
	seen: Assist = {};
	/** What has happened while we wait. */
	notice: string | undefined;

	constructor(request: LineRequest, history: readonly string[], kills: readonly string[]) {
		this.request = request;
		this.state = startLine(request.initial, history, kills);
	}

	async press(key: Key): Promise<ReturnType<typeof press>> {
		const { assist, kind } = this.request;
		if (key.kind !== 'key' || key.name !== 'tab') return press(this.state, key);
		// Where there is nothing to complete a Tab is a Tab.
		if (assist === undefined || (kind === 'body' && !this.state.text.startsWith('~'))) {
			return press(this.state, { kind: 'text', text: '\t' });
		}
		const offered = await this.assist();
		return press(this.state, key, () => offered);
	}

	async assist(): Promise<Assist> {
		return (await this.request.assist?.(this.state.text, this.state.cursor)) ?? {};
	}

	heed(notice: string | undefined): void {
		this.stale ||= notice !== this.notice;
		this.notice = notice;
	}

	/** Takes in what there is to say about the line as it stands. */
	async look(): Promise<void> {
		this.seen = await this.assist();
	}
}

/** A text of several lines as if it were typed. */
function typed(text: string): Key[] {
	return text.split(/(\n)/).flatMap((part): Key[] => {
		if (part === '') return [];
		return part === '\n' ? [{ kind: 'key', name: 'return' }] : [{ kind: 'text', text: part }];
	});
}

/** Ink without a terminal: elements in, rows of text out. */
class Sketch {
	readonly #paper = Object.assign(new EventEmitter(), {
		columns: 80,
		rows: 24,
		isTTY: false,
		frame: '',
		write(frame: string) {
			this.frame = frame;
			return true;
		},
	});
	#instance: Instance | undefined;

	rows(element: ReactElement, columns: number): string[] {
		// Room to spare: what is too long was cut by us, and Ink, which measures whole graphemes
		// whatever the terminal does, is never to break a row.
		this.#paper.columns = columns * 2 + 16;
		if (this.#instance !== undefined) this.#instance.rerender(element);
		else {
			// Of a stream Ink uses no more than the paper has; with `debug` it writes whole frames, at once.
			const stream = this.#paper as unknown as NodeJS.WriteStream;
			this.#instance = render(element, {
				stdout: stream,
				stderr: stream,
				stdin: new EventEmitter() as unknown as NodeJS.ReadStream,
				debug: true,
				exitOnCtrlC: false,
				patchConsole: false,
				isScreenReaderEnabled: false,
			});
		}
		return this.#paper.frame.split('\n');
	}

	close(): void {
		this.#instance?.unmount();
		this.#instance = undefined;
	}
}
