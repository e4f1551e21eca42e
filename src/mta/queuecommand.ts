/**
 * `inkloom queue`: looking at the letters that wait, and deciding about one: hold it back, let it go,
 * take it out. What it prints of a letter is what came from outside, made fit to be seen.
 */
import { Complaint, isErrno, reason } from '../complaint.js';
import type { System } from '../system.js';
import type { QueueEntry } from './controlfile.js';
import { shownText } from './embedded.js';
import { printAsctime } from './letter.js';
import { printQueue, printQueueJson } from './listing.js';
import { log } from './log.js';
import { readQueue, takeLetter } from './queue.js';
import type { Ticket } from './ticket.js';

type Write = (text: string) => void;

const EX_USAGE = 64;
const EX_NOINPUT = 66;
const EX_TEMPFAIL = 75;
const EX_NOPERM = 77;

function refuse(text: string, status: number): Complaint {
	return new Complaint(`inkloom: ${text}`, 'stderr', status);
}

/** Runs `inkloom queue WORDS`; answers with its exit status. Throws Complaint. */
export async function queueCommand(
	system: System,
	[name = 'list', ...words]: readonly string[],
	write: Write,
): Promise<number> {
	try {
		return await obey(system, name, words, write);
	} catch (error) {
		if (!isErrno(error)) throw error;
		const path = error.path === undefined ? '' : `${system.shown(error.path)}: `;
		throw refuse(`${path}${reason(error)}`, EX_NOPERM);
	}
}

async function obey(
	system: System,
	name: string,
	words: readonly string[],
	write: Write,
): Promise<number> {
	const ids = words.filter((word) => !word.startsWith('-'));
	switch (name) {
		case 'list':
			return list(system, words, write);
		case 'show':
			for (const entry of named(system, ids)) write(await show(system, entry));
			return 0;
		case 'hold':
		case 'release':
			await each(system, ids, write, (ticket, id) => {
				ticket.hold(name === 'hold');
				ticket.release();
				log(system, id, { stat: name === 'hold' ? 'held' : 'released' });
				return name === 'hold' ? 'held' : 'released';
			});
			return 0;
		case 'remove':
			await each(system, ids, write, (ticket, id) => {
				ticket.discard();
				log(system, id, { stat: 'removed' });
				return 'removed';
			});
			return 0;
		case 'run':
			return run(system, ids, write);
		default:
			throw refuse(`queue knows list, show, hold, release, remove and run, not ${name}`, EX_USAGE);
	}
}

function list(system: System, words: readonly string[], write: Write): number {
	const entries = readQueue(system);
	if (words.includes('--json')) write(`${printQueueJson(system, entries)}\n`);
	else {
		const lines = printQueue(system, entries, words.includes('-v'));
		write(lines.map((line) => `${shownText(line)}\n`).join(''));
	}
	return 0;
}

/** The letters meant: by id, or by a part of it that only one has. */
function named(system: System, ids: readonly string[]): QueueEntry[] {
	if (ids.length === 0) throw refuse('which letter? mailq lists their ids', EX_USAGE);
	const entries = readQueue(system);
	return ids.map((id) => {
		const exact = entries.filter(({ letter }) => letter.id === id);
		const found = exact.length > 0 ? exact : entries.filter(({ letter }) => letter.id.includes(id));
		const [entry] = found;
		if (entry === undefined) throw refuse(`${id}: no such letter in the queue`, EX_NOINPUT);
		if (found.length > 1) throw refuse(`${id}: ${found.length} letters are called so`, EX_USAGE);
		return entry;
	});
}

async function each(
	system: System,
	ids: readonly string[],
	write: Write,
	act: (ticket: Ticket, id: string) => string,
): Promise<void> {
	if (system.root === '' && process.geteuid?.() !== 0) {
		throw refuse('the queue is not yours to change', EX_NOPERM);
	}
	for (const { letter } of named(system, ids)) {
		const ticket = takeLetter(system, letter.id);
		if (ticket === 'locked') {
			throw refuse(`${letter.id}: is being delivered just now`, EX_TEMPFAIL);
		}
		if (!ticket) throw refuse(`${letter.id}: has just left the queue`, EX_NOINPUT);
		write(`${letter.id}: ${act(ticket, letter.id)}\n`);
	}
}

async function run(system: System, ids: readonly string[], write: Write): Promise<number> {
	if (system.root === '' && process.geteuid?.() !== 0) {
		throw refuse('the queue is not yours to run', EX_NOPERM);
	}
	const { runQueue } = await import('./runner.js');
	const tell = (line: string) => write(`${shownText(line)}\n`);
	if (ids.length === 0) await runQueue(system, [], tell, { oneByOne: true });
	for (const { letter } of ids.length > 0 ? named(system, ids) : []) {
		const filter = { field: 'I', text: letter.id, not: false } as const;
		await runQueue(system, [filter], tell, { oneByOne: true });
	}
	return 0;
}

/** When it is tried next, in words. */
function printNext(system: System, { held, busy, nextTry }: QueueEntry): string {
	if (busy) return 'being delivered';
	if (held) return 'held until released';
	if (nextTry === undefined || nextTry <= system.now().getTime()) return 'with the next queue run';
	return `not before ${printAsctime(new Date(nextTry))}`;
}

/** One letter: its state, its recipients, its text. */
async function show(system: System, entry: QueueEntry): Promise<string> {
	const { letter, waiting, tries, status } = entry;
	const lines = [
		`Id:     ${letter.id}`,
		`From:   ${letter.sender ?? '<>'}${letter.from ? ` (${letter.from})` : ''}`,
		`Came:   ${printAsctime(new Date(letter.arrival))}`,
		`Tried:  ${tries === 0 ? 'not yet' : tries === 1 ? 'once' : `${tries} times`}`,
		`Next:   ${printNext(system, entry)}`,
	];
	if (status !== '') lines.push(`Status: ${status}`);
	for (const [index, copy] of letter.copies.entries()) {
		const said = waiting[index];
		lines.push(`To:     ${copy.address}: ${said === undefined ? 'done' : said || 'waiting'}`);
	}
	const { readLetterText } = await import('./queue.js');
	const text = readLetterText(system, letter).toString('latin1');
	return `${shownText(lines.join('\n'))}\n\n${shownText(text)}`;
}
