/**
 * Plain or live: decided from the surroundings alone, before anything of Ink is loaded. A session that
 * never comes to a prompt (no mail, `-H`) pays nothing for the live one.
 */
import { cutToColumns } from '../message/columns.js';
import type { System } from '../system.js';
import { isTerminal } from './isterminal.js';
import { openPlain, PlainTerminal, type Wait } from './plain.js';
import type { Terminal } from './terminal.js';

/**
 * The terminal of this process. `staysPlain` is asked at the first line only: start-up files may
 * say `set nolive` after the terminal was opened.
 */
export function openTerminal(system: System, staysPlain: () => boolean = () => false): Terminal {
	return fitsLive(system.env) ? new LiveTerminal(system, staysPlain) : openPlain(system.env);
}

/** Whether these surroundings can show the live prompt (the reasons are in mail.1). */
export function fitsLive(
	env: NodeJS.ProcessEnv,
	terminals = isTerminal(0) && isTerminal(1),
): boolean {
	if (!terminals || env.INKLOOM === 'plain') return false;
	if (!env.TERM || env.TERM === 'dumb') return false;
	// With CI set Ink draws nothing before it ends; a screen reader is served best by lines.
	return !env.CI && !env.INSIDE_EMACS && env.INK_SCREEN_READER !== 'true';
}

class LiveTerminal extends PlainTerminal {
	readonly #system: System;
	readonly #staysPlain: () => boolean;

	constructor(system: System, staysPlain: () => boolean) {
		super(system.env);
		this.#system = system;
		this.#staysPlain = staysPlain;
	}

	/** The line is empty before, and afterwards. */
	progress(text: string | undefined): void {
		if (this.#staysPlain()) return;
		const shown = text === undefined ? '' : cutToColumns(text, this.columns - 1, this.fashion);
		this.draw(`\r${shown && `\x1b[2m${shown}\x1b[22m`}\x1b[K`);
	}

	protected override async openWait(): Promise<Wait> {
		if (this.#staysPlain()) return super.openWait();
		const { LiveWait } = await import('./livewait.js');
		return new LiveWait(this, this.#system, () => super.openWait());
	}
}
