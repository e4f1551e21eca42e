/**
 * Takes a letter from a person or a program on this host: completes it, resolves its recipients,
 * delivers what is local, keeps the rest in the queue. A letter with more than one copy is in the queue
 * before the first is delivered, so that a kill loses none.
 */
import { release } from '../release.js';
import type { System } from '../system.js';
import { staleNotice } from './aliasdb.js';
import { type Lost, makeReport } from './bounce.js';
import { deliver, mostHops } from './deliver.js';
import {
	type Copy,
	Exit,
	type Failure,
	type Fate,
	fullName,
	newId,
	qualified,
} from './envelope.js';
import { type Problem, problems, tellStory } from './explain.js';
import { type Arrival, type FinishedLetter, finishLetter } from './letter.js';
import { enqueue, type Ticket } from './queue.js';
import { localNames, parseSender } from './recipient.js';
import { hasWayOut, relay, startRunner } from './relay.js';
import { copies, type Resolution, resolve } from './resolve.js';

export interface Submission {
	/** The reverse-path; undefined: the person sending; null: nobody is to hear of failures. */
	readonly sender: string | null | undefined;
	readonly recipients: readonly string[];
	/** The full name for From, where the person's own is not meant. */
	readonly fullName?: string | undefined;
	/** Mailers passed before (`-h`). */
	readonly hops?: number | undefined;
	readonly noAliases?: boolean;
	/** Keep it for the next queue run instead of delivering now. */
	readonly queueOnly?: boolean;
	/** Wait for other hosts too; else a queue run in the background sees to them. */
	readonly foreground?: boolean;
	/** It came by SMTP: nobody on this host wrote it. */
	readonly arrival?: Arrival | undefined;
	/** A report of our own: nobody's letter. */
	readonly own?: { readonly id: string };
	/** The recipients, resolved already. */
	readonly trees?: readonly Resolution[];
}

/** What became of it. */
export interface Submitted {
	readonly id: string;
	/** sysexits(3); 0 when every copy is delivered or safely queued. */
	readonly status: number;
	/** What has to be told: problems, one line each. */
	readonly problems: readonly string[];
	/** The whole of it, as `-v` tells it. */
	readonly story: readonly string[];
	/** Recipients the sender named himself whose letter waits in the queue. */
	readonly waiting: readonly string[];
	/** The letter as completed, where there is one: what a dead.letter is made of. */
	readonly letter: FinishedLetter | undefined;
	/** Copies that failed, as a report to the sender needs them. */
	readonly lost: readonly Lost[];
}

function refused(status: number, ...lines: string[]): Submitted {
	const nothing = { waiting: [], letter: undefined, lost: [] };
	return { id: '', status, problems: lines, story: lines, ...nothing };
}

/** The lines before and after a delivery, as `-v` tells them. */
export function tellFate({ address, delivery }: Copy, fate: Fate): string[] {
	const via: Record<Copy['delivery']['to'], string | undefined> = {
		mailbox: 'local',
		program: 'prog',
		file: undefined,
		relay: undefined,
	};
	const mailer = via[delivery.to];
	const detail = delivery.to === 'mailbox' && delivery.detail ? `${delivery.detail} via ` : '';
	const lines = mailer === undefined ? [] : [`${address}... Connecting to ${detail}${mailer}...`];
	if (fate.kind === 'sent') return [...lines, `${address}... Sent${fate.note ?? ''}`];
	if (fate.kind === 'deferred') return [...lines, `${address}... Deferred: ${fate.reason}`];
	return [...lines, `${address}... ${fate.reason}`];
}

/** Tries one copy, wherever it goes. */
export async function attempt(
	system: System,
	copy: Copy,
	letter: Pick<FinishedLetter, 'header' | 'body'>,
	sender: string | null,
): Promise<Fate> {
	if (copy.delivery.to !== 'relay') return deliver(system, copy, { letter, sender });
	return relay(system, copy, letter, sender);
}

/** Submits a letter. Throws errno errors where the queue or the aliases cannot be used. */
export async function submit(
	system: System,
	octets: Uint8Array,
	submission: Submission,
): Promise<Submitted> {
	if (octets.includes(0)) return refused(Exit.dataError, 'NUL byte not allowed');
	const { user, host } = system;
	const given = submission.sender === undefined ? user.name : submission.sender;
	const sender = given === null ? null : parseSender(given, localNames(host));
	if (sender !== null && typeof sender !== 'string') {
		return refused(sender.exit, `${given}... ${sender.reason}`);
	}

	const id = submission.own?.id ?? newId(system);
	const options = { noAliases: submission.noAliases ?? false };
	const trees = submission.trees ?? resolve(system, submission.recipients, options);
	const letter = finishLetter(octets, {
		id,
		host,
		software: `Inkloom ${release}`,
		login: submission.own ? undefined : user.name,
		arrival: submission.arrival,
		sender: qualified(sender ?? 'MAILER-DAEMON', host),
		fullName: submission.fullName ?? nameOf(system, sender),
		date: system.now(),
		recipients: submission.recipients,
		warnings: warningsOf(system, submission),
	});
	if (Math.max(letter.hops, submission.hops ?? 0) > mostHops) {
		const said = `Too many hops ${Math.max(letter.hops, submission.hops ?? 0)} (${mostHops} max)`;
		return { ...refused(Exit.unavailable, said), letter };
	}
	const parcel: Parcel = { id, sender, letter, copies: copies(trees) };
	const met = problems(trees);
	// Nobody is told of a failed report but its writer, or there would be reports without end.
	const ownerOf = (owner: string | undefined) => (submission.own ? undefined : owner);
	const lost = met.map(lostOf).map((each) => ({ ...each, owner: ownerOf(each.owner) }));
	const story = tellStory(trees);
	const said = met.filter(({ node }) => node.owner === undefined).map(({ line }) => line);
	const notice = staleNotice(system);
	if (notice !== undefined) {
		story.push(notice);
		if (met.some(({ failure }) => failure.status === '5.1.1')) said.push(notice);
	}
	const waiting: string[] = [];
	for await (const [copy, fate] of send(system, parcel, submission)) {
		const lines = tellFate(copy, fate);
		story.push(...lines);
		if (fate.kind === 'failed') {
			lost.push({ copy, failure: fate, owner: ownerOf(copy.owner) });
			if (copy.owner === undefined) said.push(lines.at(-1) as string);
		}
		if (fate.kind === 'deferred' && copy.given === copy.address) waiting.push(copy.address);
	}
	const mine = lost.filter(({ owner }) => owner === undefined);
	const first = worst(mine.map(({ failure }) => failure));
	await tellOwners(system, parcel, lost);
	return { id, status: first, problems: said, story, waiting, letter, lost: mine };
}

interface Parcel {
	readonly id: string;
	readonly sender: string | null;
	readonly letter: FinishedLetter;
	readonly copies: readonly Copy[];
}

type Owned = Lost & { readonly owner: string | undefined };

function lostOf({ node, failure }: Problem): Owned {
	const { address, given, owner } = node;
	const delivery = { to: 'mailbox', user: address } as const;
	return { copy: { address, given, delivery }, failure, owner };
}

function worst(failures: readonly Failure[]): number {
	return Math.max(0, ...failures.map(({ exit }) => exit));
}

function nameOf(system: System, sender: string | null): string {
	const name = sender?.replace(/@.*/, '');
	const user = name === system.user.name ? system.user : system.userNamed(name ?? '');
	return user ? fullName(user) : '';
}

/** Only some may speak for others without a word about it. */
function warningsOf({ user, host }: System, { sender, own, arrival }: Submission): string[] {
	const trusted = ['root', 'daemon', 'mail', 'smmsp', 'uucp'].includes(user.name);
	const oneself = sender === user.name || sender === `${user.name}@${host}`;
	if (own || arrival || trusted || sender === undefined || oneself) return [];
	return [`${user.name} set sender to ${sender ?? '<>'} using -f`];
}

async function* send(
	system: System,
	parcel: Parcel,
	{ queueOnly, foreground }: Submission,
): AsyncGenerator<[Copy, Fate]> {
	const { id, sender, letter, copies: all } = parcel;
	const keep = (): Ticket =>
		enqueue(system, { id, arrival: system.now().getTime(), sender, copies: all }, letter);
	if (all.length === 0) return;
	if (queueOnly) return keep().release();
	const only = all.length === 1 ? all[0] : undefined;
	if (only && only.delivery.to !== 'relay') {
		// Appending is durable by itself: the queue is needed only when it did not work out.
		const fate = await attempt(system, only, letter, sender);
		if (fate.kind === 'deferred') {
			const ticket = keep();
			ticket.settle(0, fate);
			ticket.close(system.now());
		}
		yield [only, fate];
		return;
	}
	const ticket = keep();
	let later = false;
	try {
		for (const [index, copy] of all.entries()) {
			if (copy.delivery.to === 'relay' && !foreground && hasWayOut(system)) {
				later = true;
				continue;
			}
			const fate = await attempt(system, copy, letter, sender);
			ticket.settle(index, fate);
			yield [copy, fate];
		}
	} finally {
		if (later) ticket.release();
		else ticket.close(system.now());
	}
	if (later) await startRunner(system, id);
}

/** Failures on a list are its owner's business, not the sender's. */
async function tellOwners(system: System, parcel: Parcel, lost: readonly Owned[]): Promise<void> {
	for (const owner of new Set(lost.map((each) => each.owner))) {
		if (owner === undefined) continue;
		const theirs = lost.filter((each) => each.owner === owner);
		await report(system, { ...parcel, sender: owner }, parcel.letter.header, theirs);
	}
}

/**
 * Sends a report on lost copies to the letter's sender; where there is none, or he cannot be reached,
 * to the postmaster. A report that cannot even be given to the postmaster is not repeated.
 */
export async function report(
	system: System,
	about: { readonly id: string; readonly sender: string | null; readonly arrival?: Date },
	header: Buffer,
	lost: readonly Lost[],
): Promise<void> {
	const postmaster = resolve(system, ['postmaster']).some((tree) => tree.outcome.kind !== 'fails')
		? 'postmaster'
		: 'root';
	const to = about.sender === null ? [postmaster] : [about.sender, postmaster];
	for (const person of to) {
		const reportId = newId(system);
		const toPostmaster = person === postmaster && person !== about.sender;
		const octets = makeReport(system, {
			id: about.id,
			reportId,
			arrival: about.arrival ?? system.now(),
			sender: about.sender,
			to: person,
			from: `${system.user.name}@localhost`,
			header,
			lost,
			toPostmaster,
		});
		const done = await submit(system, octets, {
			sender: null,
			recipients: [person],
			fullName: 'Mail Delivery Subsystem',
			own: { id: reportId },
		});
		if (done.status === 0) return;
	}
}
