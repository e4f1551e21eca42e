/**
 * One pass over the queue: every letter that nobody else works on is tried; who waits long is told, and
 * what has waited too long is given up and reported. Local copies are delivered one after the other,
 * letters to other hosts several at a time.
 */
import { isErrno, reason } from '../complaint.js';
import type { System } from '../system.js';
import { type Item, type Lost, printSpan } from './bounce.js';
import type { QueueEntry } from './controlfile.js';
import { deliverElsewhere, deliverLocal, type Parcel, Round } from './dispatch.js';
import { type Copy, Exit, type Failure, type Fate, wantsReport } from './envelope.js';
import { log } from './log.js';
import { readQueue, sweep, takeLetter } from './queue.js';
import { settingsOf } from './settings.js';
import { queueFolder } from './spool.js';
import { report, sendReceipts, wantsReceipt, warn } from './submit.js';
import { CutShort, type Ticket } from './ticket.js';

/** Which letters: by part of the id, of a recipient, of the sender; `not` turns it round. */
export interface Filter {
	readonly field: 'I' | 'R' | 'S';
	readonly text: string;
	readonly not: boolean;
}

export interface RunOptions {
	/** Leaves alone what is not due yet, as runs on a schedule do; else all is tried. */
	readonly dueOnly?: boolean;
	/** One letter after the other, so that the story can be read. */
	readonly oneByOne?: boolean;
	/** Ends the run between two letters. */
	readonly signal?: AbortSignal;
}

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

/** Letters whose local part is done, waiting for their turn with other hosts. */
const window = 64;
const windowOctets = 32 * 2 ** 20;

/** Runs the queue once. `tell` hears the story, line by line. */
export async function runQueue(
	system: System,
	filters: readonly Filter[],
	tell: (line: string) => void,
	options: RunOptions = {},
): Promise<void> {
	sweep(system, system.now());
	const entries = readQueue(system).filter(
		(entry) =>
			!entry.held && selects(filters, entry) && !(options.dueOnly && !isDue(system, entry)),
	);
	const ids = entries.map(({ letter }) => letter.id);
	await runLetters(system, ids, tell, options);
}

/** One that is not due for longer than any pause lasts was put off by a clock that has been put back. */
function isDue(system: System, { nextTry }: QueueEntry): boolean {
	const pause = (nextTry ?? 0) - system.now().getTime();
	return pause <= 0 || pause > settingsOf(system).retryMax;
}

/** Tries these letters, without a look at the rest of the queue. */
export async function runLetters(
	system: System,
	ids: readonly string[],
	tell: (line: string) => void,
	options: RunOptions = {},
): Promise<void> {
	const round = new Round(system, tell);
	const atOnce = options.oneByOne ? 1 : settingsOf(system).atOnce;
	const folder = system.shown(queueFolder(system));
	let outgoing: Work[] = [];
	/** What went wrong with one letter, a full disk perhaps, need not with the next. */
	let trouble: unknown;
	const withTrouble = async (id: string, work: () => Promise<void>): Promise<void> => {
		try {
			await work();
		} catch (error) {
			if (!isErrno(error)) throw error;
			trouble ??= error;
			tell(`${id}: ${reason(error)}`);
			log(system, id, { stat: `not tried: ${reason(error)}` });
		}
	};
	const sendOn = async (): Promise<void> => {
		const works = outgoing;
		outgoing = [];
		await severalAtATime(works, atOnce, (work) =>
			withTrouble(work.id, () => work.deliverElsewhere()),
		);
	};
	try {
		for (const [at, id] of ids.entries()) {
			if (options.signal?.aborted) break;
			tell('');
			tell(`Running ${folder}/${id} (sequence ${at + 1} of ${ids.length})`);
			await withTrouble(id, async () => {
				const ticket = takeLetter(system, id);
				if (ticket === 'locked') tell(`${id}: locked`);
				else if (ticket?.entry.held) ticket.release();
				else if (ticket) {
					const work = startWork(system, ticket, round);
					// Where rights change for a delivery, nothing else may go on: hence first, and alone.
					if (await work?.deliverLocal()) outgoing.push(work as Work);
				}
			});
			const octets = outgoing.reduce((sum, work) => sum + work.octets, 0);
			if (outgoing.length >= (options.oneByOne ? 1 : window) || octets > windowOctets) {
				await sendOn();
			}
		}
		await sendOn();
	} finally {
		// Where the run was cut short; what is done with is released already.
		for (const work of outgoing) work.release();
		await round.close();
	}
	if (trouble !== undefined) throw trouble;
}

async function severalAtATime(
	works: readonly Work[],
	atOnce: number,
	deliver: (work: Work) => Promise<void>,
): Promise<void> {
	const left = [...works];
	const carriers = Array.from({ length: Math.min(atOnce, left.length) }, async () => {
		for (let work = left.shift(); work; work = left.shift()) await deliver(work);
	});
	// All come to their end, whatever befalls one of them.
	const ends = await Promise.allSettled(carriers);
	for (const work of left) work.release();
	for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** A letter that cannot be read as it was taken is held for somebody to look at: others go on. */
function startWork(system: System, ticket: Ticket, round: Round): Work | undefined {
	try {
		return new Work(system, ticket, round);
	} catch (error) {
		if (!(error instanceof CutShort)) {
			ticket.release();
			throw error;
		}
		const { id } = ticket.entry.letter;
		ticket.hold(true);
		ticket.release();
		round.tell(`${id}: ${error.message}; held`);
		log(system, id, { stat: `held: ${error.message}` });
		return undefined;
	}
}

/** One letter in one run. */
class Work {
	readonly #system: System;
	readonly #ticket: Ticket;
	readonly #round: Round;
	readonly #parcel: Parcel;
	/** What stays in the queue. */
	readonly #late: Item[] = [];

	constructor(system: System, ticket: Ticket, round: Round) {
		this.#system = system;
		this.#ticket = ticket;
		this.#round = round;
		const { letter } = ticket.entry;
		const { id, sender, copies, options, arrival } = letter;
		this.#parcel = { id, sender, copies, options, arrival, letter: ticket.text() };
	}

	get id(): string {
		return this.#parcel.id;
	}

	/** Held in memory. */
	get octets(): number {
		const { header, body } = this.#parcel.letter;
		return header.length + body.length;
	}

	release(): void {
		this.#ticket.release();
	}

	/** True where something is left for other hosts; else the work is at its end. */
	async deliverLocal(): Promise<boolean> {
		const { open } = this.#ticket;
		let more = false;
		try {
			await this.#settle(deliverLocal(this.#system, this.#parcel, open, this.#round));
			more = this.#ticket.open.some((index) => this.#parcel.copies[index]?.delivery.to === 'relay');
			if (!more) await this.#warn();
		} finally {
			if (!more) this.#ticket.close(this.#system);
		}
		return more;
	}

	async deliverElsewhere(): Promise<void> {
		const { open } = this.#ticket;
		try {
			await this.#settle(deliverElsewhere(this.#system, this.#parcel, open, this.#round));
			await this.#warn();
		} finally {
			this.#ticket.close(this.#system);
		}
	}

	get #about() {
		const { id, sender, arrival, from, options } = this.#ticket.entry.letter;
		const { body } = this.#parcel.letter;
		return { id, sender, arrival: new Date(arrival), from, options, body };
	}

	/** Reported before it is forgotten: a kill in between reports twice rather than never. */
	async #settle(fates: AsyncIterable<[number, Copy, Fate]>): Promise<void> {
		const lost: [number, Lost][] = [];
		for await (const [index, copy, tried] of fates) {
			const fate = inTime(this.#system, this.#parcel, copy, tried);
			if (fate.kind === 'failed') lost.push([index, { copy, failure: fate }]);
			else this.#ticket.settle(index, fate, wantsReceipt(copy, fate));
			if (fate.kind === 'deferred') this.#late.push({ copy, fate });
		}
		const { header } = this.#parcel.letter;
		for (const [sender, group] of byReader(lost, this.#parcel)) {
			const about = { ...this.#about, sender };
			await report(
				this.#system,
				about,
				header,
				group.map(([, each]) => each),
			);
			for (const [index, { failure }] of group) this.#ticket.settle(index, failure);
		}
		// Those, too, that a run owed which was killed.
		const arrived = [...this.#ticket.owed].flatMap(([index, fate]): Item[] => {
			const copy = this.#parcel.copies[index];
			return copy ? [{ copy, fate }] : [];
		});
		await sendReceipts(this.#system, this.#about, { header }, arrived);
		this.#ticket.told();
	}

	/** Once in a letter's life its sender hears that it is late. */
	async #warn(): Promise<void> {
		const { warnAfter } = settingsOf(this.#system);
		const { warned, letter } = this.#ticket.entry;
		const { sender } = letter;
		const now = this.#system.now();
		if (sender === null || warned) return;
		const age = now.getTime() - letter.arrival;
		const deadline = letter.options?.deadline?.at ?? Number.POSITIVE_INFINITY;
		const late = now.getTime() >= deadline;
		if (!late && (warnAfter <= 0 || age < warnAfter)) return;
		const items = this.#late.filter(({ copy }) => wantsReport(copy.wishes, 'delay'));
		if (items.length === 0) return;
		await warn(this.#system, this.#about, this.#parcel.letter.header, items);
		const said = `Warning: could not send message for past ${printSpan(late ? age : warnAfter)}`;
		this.#ticket.warned(now, said);
		log(this.#system, letter.id, { from: sender, stat: said });
	}
}

/** Lost copies by who is to hear of them: the owner of a list, else the sender. */
function byReader(
	lost: readonly [number, Lost][],
	{ sender, copies }: Parcel,
): Map<string | null, [number, Lost][]> {
	const groups = new Map<string | null, [number, Lost][]>();
	for (const each of lost) {
		const reader = copies[each[0]]?.owner ?? sender;
		groups.set(reader, [...(groups.get(reader) ?? []), each]);
	}
	return groups;
}

/** What has waited too long has failed. */
function inTime(
	system: System,
	{ arrival, options }: Pick<Parcel, 'arrival' | 'options'>,
	{ address }: Copy,
	fate: Fate,
): Fate {
	const { returnAfter } = settingsOf(system);
	const now = system.now().getTime();
	const { deadline } = options ?? {};
	const late = deadline?.otherwise === 'return' && now >= deadline.at;
	if (fate.kind !== 'deferred' || (now - arrival < returnAfter && !late)) return fate;
	const span = printSpan(late ? now - arrival : returnAfter);
	const failure: Failure = {
		kind: 'failed',
		reason: `Message could not be delivered for ${span}; Message will be deleted from queue`,
		status: '4.4.7',
		exit: Exit.unavailable,
		output: `${address}... Deferred: ${fate.reason}`,
		expired: true,
		...(fate.remote ? { remote: fate.remote } : {}),
	};
	// RFC 2852 4.1.5: the sender has set this time himself.
	return late ? { ...failure, status: '5.4.7' } : failure;
}
