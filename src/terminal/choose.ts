/**
 * Plain or live: decided from the surroundings alone, before anything of Ink is loaded. The import is
 * begun at once and awaited at the first prompt, so that it runs while the mailbox is opened.
 */
import { isatty } from 'node:tty';

import type { System } from '../system.js';
import { openPlain, PlainTerminal, type Wait } from './plain.js';
import type { Line, LineRequest, Terminal } from './terminal.js';

/**
 * The terminal of this process. `staysPlain` is asked at each line until live has begun: start-up
 * files may say `set nolive` after the terminal was opened.
 */
export function openTerminal(system: System, staysPlain: () => boolean = () => false): Terminal {
	return fitsLive(system.env) ? new LiveTerminal(system, staysPlain) : openPlain(system.env);
}

/** Whether these surroundings can show the live prompt (the reasons are in mail.1). */
export function fitsLive(env: NodeJS.ProcessEnv, terminals = isatty(0) && isatty(1)): boolean {
	if (!terminals || env.INKLOOM === 'plain') return false;
	if (!env.TERM || env.TERM === 'dumb') return false;
	// With CI set Ink draws nothing before it ends; a screen reader is served best by lines.
	return !env.CI && !env.INSIDE_EMACS && env.INK_SCREEN_READER !== 'true';
}

class LiveTerminal extends PlainTerminal {
	readonly #system: System;
	readonly #staysPlain: () => boolean;
	#live: Promise<typeof import('./live.js')> | undefined;

	constructor(system: System, staysPlain: () => boolean) {
		super(system.env);
		this.#system = system;
		this.#staysPlain = staysPlain;
		this.#live = import('./live.js');
		// Looked at when the first prompt is due; until then a failure is nobody's.
		this.#live.catch(() => undefined);
	}

	override async readLine(request: LineRequest): Promise<Line> {
		if (this.#live !== undefined && !this.#staysPlain()) {
			const wait = await this.#begin(this.#live);
			this.#live = undefined;
			if (wait !== undefined) this.waitWith(wait);
		}
		return super.readLine(request);
	}

	async #begin(live: Promise<typeof import('./live.js')>): Promise<Wait | undefined> {
		try {
			return (await live).waitLive(this, this.#system);
		} catch (error) {
			this.complain(`The live terminal did not load: ${(error as Error).message}\n`);
			return undefined;
		}
	}
}
