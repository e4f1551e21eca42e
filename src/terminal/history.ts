/**
 * The lines typed before, one file per kind of line, oldest first: `command` and `field`. Letters and
 * answers to yes-or-no are nobody's history. The files are private (mode 600) and live in
 * $XDG_STATE_HOME/inkloom, else ~/.local/state/inkloom. Trouble with them is no trouble: one forgets.
 */
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { forgiving } from '../complaint.js';
import type { System } from '../system.js';
import type { LineKind } from './terminal.js';

/** Lines offered; a file grows to twice that before it is cut. */
const kept = 1000;

export class History {
	readonly #folder: string;
	readonly #lines = new Map<LineKind, string[]>();

	constructor(system: System) {
		const given = system.env.XDG_STATE_HOME;
		const state = given ? system.real(given) : join(system.home, '.local', 'state');
		this.#folder = join(state, 'inkloom');
	}

	/** What was typed at prompts of this kind, oldest first; nothing for kinds that are not kept. */
	lines(kind: LineKind): readonly string[] {
		if (kind !== 'command' && kind !== 'field') return [];
		let lines = this.#lines.get(kind);
		if (lines === undefined) {
			lines = this.#read(kind);
			this.#lines.set(kind, lines);
		}
		return lines;
	}

	/** Adds a line; an empty one, or the last one again, is none. */
	add(kind: LineKind, text: string): void {
		const lines = this.lines(kind);
		if (kind !== 'command' && kind !== 'field') return;
		if (text.trim() === '' || text === lines.at(-1) || text.includes('\n')) return;
		this.#lines.set(kind, [...lines, text]);
		forgiving(() => {
			mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
			appendFileSync(this.#path(kind), `${text}\n`, { mode: 0o600 });
		});
	}

	#read(kind: LineKind): string[] {
		const path = this.#path(kind);
		const text = forgiving(() => readFileSync(path, 'utf8')) ?? '';
		const all = text.split('\n').filter((line) => line !== '');
		if (all.length <= 2 * kept) return all.slice(-kept);
		const lines = all.slice(-kept);
		forgiving(() => {
			const beside = `${path}.${process.pid}`;
			writeFileSync(beside, `${lines.join('\n')}\n`, { mode: 0o600 });
			renameSync(beside, path);
		});
		return lines;
	}

	#path(kind: LineKind): string {
		return join(this.#folder, `${kind}-history`);
	}
}
