/**
 * How far the opening of a folder has come, on a live terminal, once it takes so long that one wonders.
 * Knows the clock; knows nothing of mailboxes.
 */
import { basename } from 'node:path';

import { makePrintable } from '../message/text.js';
import type { Session } from './session.js';

/** Milliseconds in which nobody wonders yet, and between two looks at the clock and the interrupt key. */
const patience = 300;
const interval = 60;

export interface Progress {
	/** Throws Interrupted after ^C. */
	readonly pause: (octets: number, of: number) => Promise<void>;
	readonly end: () => void;
}

/** Undefined where nobody is to see it: in a pipe, on a plain terminal, with -n. */
export function openingProgress(session: Session, name: string): Progress | undefined {
	const { terminal } = session;
	if (session.bare || !terminal.progress || !terminal.outputIsTerminal) return undefined;
	const clock = () => session.system.now().getTime();
	const begun = clock();
	let looked = begun;
	let shown = false;
	const folder = makePrintable(basename(name), terminal.charset);
	return {
		pause: async (octets, of) => {
			const now = clock();
			if (now - looked < interval) return;
			looked = now;
			if (now - begun >= patience) {
				const percent = String(Math.floor((octets / of) * 100)).padStart(2);
				terminal.progress?.(`opening ${folder}  ${percent} %  ^C stops`);
				shown = true;
			}
			await terminal.checkpoint();
		},
		end: () => {
			if (shown) terminal.progress?.(undefined);
		},
	};
}
