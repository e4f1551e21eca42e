/**
 * One pass over the queue: every letter that nobody else works on is tried; what has waited too long is
 * given up and reported to its sender.
 */
import type { System } from '../system.js';
import type { Failure, Fate } from './envelope.js';
import { type QueueEntry, readQueue, sweep, type Ticket, takeLetter } from './queue.js';
import { queueFolder } from './spool.js';
import { attempt, report, tellFate } from './submit.js';

/** Which letters: by part of the id, of a recipient, of the sender; `not` turns it round. */
export interface Filter {
	readonly field: 'I' | 'R' | 'S';
	readonly text: string;
	readonly not: boolean;
}

/** Milliseconds after which a letter is returned (`queuereturn`). */
const giveUpAfter = 5 * 24 * 3600 * 1000;

export function selects(filters: readonly Filter[], { letter, waiting }: QueueEntry): boolean {
	const open = letter.copies.filter((_, index) => waiting[index] !== undefined);
	return filters.every(({ field, text, not }) => {
		const texts = {
			I: [letter.id],
			S: [letter.sender ?? '<>'],
			R: open.map(({ address }) => address),
		}[field];
		return texts.some((each) => each.toLowerCase().includes(text.toLowerCase())) !== not;
	});
}

/** Runs the queue once. `tell` hears the story, line by line. */
export async function runQueue(
	system: System,
	filters: readonly Filter[],
	tell: (line: string) => void,
): Promise<void> {
	sweep(system, system.now());
	const entries = readQueue(system).filter((entry) => selects(filters, entry));
	for (const [at, { letter }] of entries.entries()) {
		const path = `${system.shown(queueFolder(system))}/${letter.id}`;
		tell('');
		tell(`Running ${path} (sequence ${at + 1} of ${entries.length})`);
		const ticket = takeLetter(system, letter.id);
		if (ticket === 'locked') tell(`${letter.id}: locked`);
		else if (ticket) await work(system, ticket, tell);
	}
}

async function work(system: System, ticket: Ticket, tell: (line: string) => void): Promise<void> {
	const { id, sender, arrival, copies } = ticket.entry.letter;
	const text = ticket.text();
	try {
		for (const index of ticket.open) {
			const copy = copies[index];
			if (copy === undefined) continue;
			const fate = inTime(system, arrival, await attempt(system, copy, text, sender));
			for (const line of tellFate(copy, fate)) tell(line);
			if (fate.kind !== 'failed') {
				ticket.settle(index, fate);
				continue;
			}
			// Reported before it is forgotten: a kill in between reports twice rather than never.
			const about = { id, sender: copy.owner ?? sender, arrival: new Date(arrival) };
			await report(system, about, text.header, [{ copy, failure: fate }]);
			ticket.settle(index, fate);
		}
	} finally {
		ticket.close(system.now());
	}
}

function inTime(system: System, arrival: number, fate: Fate): Fate {
	if (fate.kind !== 'deferred' || system.now().getTime() - arrival < giveUpAfter) return fate;
	const failure: Failure = {
		kind: 'failed',
		reason: 'Message could not be delivered for 5 days; Message will be deleted from queue',
		status: '4.4.7',
		exit: 69,
		output: `Deferred: ${fate.reason}`,
	};
	return failure;
}
