/**
 * Takes a letter from a person or a program on this host: completes it, resolves its recipients,
 * delivers what is local, keeps the rest in the queue. A letter with more than one copy is in the queue
 * before the first is delivered, so that a kill loses none.
 */
import { release } from '../release.js';
import type { System } from '../system.js';
import { staleNotice } from './aliasdb.js';
import { failureLine, type Item, type Lost, makeReport, type ReportOn } from './bounce.js';
import { mostHops } from './deliver.js';
import { deliverElsewhere, deliverLocal, hasWayOut, Round } from './dispatch.js';
import {
	type Copy,
	Exit,
	type Failure,
	type Fate,
	fullName,
	newId,
	qualified,
	type ReportOptions,
	type Wishes,
	wantsReport,
} from './envelope.js';
import { type Problem, problems, tellStory } from './explain.js';
import { type Arrival, type FinishedLetter, finishLetter } from './letter.js';
import { log } from './log.js';
import { enqueue } from './queue.js';
import { localNames, parseSender } from './recipient.js';
import { copies, type Resolution, resolve } from './resolve.js';
import { settingsOf } from './settings.js';
import { startRunner } from './startrunner.js';
import type { Ticket } from './ticket.js';

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
	/** RET and ENVID. */
	readonly options?: ReportOptions | undefined;
	/** NOTIFY and ORCPT: by recipient as given, and of those that are not named there. */
	readonly wishes?: ReadonlyMap<string, Wishes> | undefined;
	readonly wishesOfAll?: Wishes | undefined;
	/** Where it came from, as reports say it; undefined: the person sending, on this host. */
	readonly from?: string | undefined;
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
	const { options: reporting, from = `${user.name}@localhost` } = submission;
	const wishesOf = (recipient: string) =>
		submission.wishes?.get(recipient) ?? submission.wishesOfAll;
	const all = copies(trees).map((copy) => ({ ...copy, wishes: wishesOf(copy.given) }));
	const arrival = system.now().getTime();
	const parcel: Sending = { id, sender, letter, copies: all, options: reporting, from, arrival };
	log(system, id, {
		from: sender === null ? '<>' : `<${qualified(sender, host)}>`,
		size: letter.header.length + letter.body.length,
		nrcpts: all.length,
		msgid: /^message-id:\s*(\S+)/im.exec(letter.header.toString('latin1'))?.[1],
		relay: from,
	});
	const met = problems(trees);
	// Nobody is told of a failed report but its writer, or there would be reports without end.
	const ownerOf = (owner: string | undefined) => (submission.own ? undefined : owner);
	const lost = met.map((problem): Owned => {
		const each = lostOf(problem);
		const copy = { ...each.copy, wishes: wishesOf(each.copy.given) };
		return { ...each, copy, owner: ownerOf(each.owner) };
	});
	const story = tellStory(trees);
	const said = met.filter(({ node }) => node.owner === undefined).map(({ line }) => line);
	const notice = staleNotice(system);
	if (notice !== undefined) {
		story.push(notice);
		if (met.some(({ failure }) => failure.status === '5.1.1')) said.push(notice);
	}
	const waiting: string[] = [];
	const arrived: Item[] = [];
	const round = new Round(system, (line) => story.push(line));
	try {
		for await (const [copy, fate] of send(system, parcel, submission, round)) {
			if (fate.kind === 'failed') {
				lost.push({ copy, failure: fate, owner: ownerOf(copy.owner) });
				if (copy.owner === undefined) said.push(`${copy.address}... ${fate.reason}`);
			} else if (fate.kind === 'sent') arrived.push({ copy, fate });
			if (fate.kind === 'deferred' && copy.given === copy.address) waiting.push(copy.address);
		}
	} finally {
		await round.close();
	}
	await sendReceipts(system, { ...parcel, arrival: new Date(arrival) }, letter, arrived);
	const mine = lost.filter(({ owner }) => owner === undefined);
	const first = worst(mine.map(({ failure }) => failure));
	await tellOwners(system, parcel, lost);
	return { id, status: first, problems: said, story, waiting, letter, lost: mine };
}

interface Sending {
	readonly id: string;
	readonly sender: string | null;
	readonly letter: FinishedLetter;
	readonly copies: readonly Copy[];
	readonly options: ReportOptions | undefined;
	readonly from: string;
	readonly arrival: number;
}

type Owned = Lost & { readonly owner: string | undefined };

function lostOf({ node, failure, line }: Problem): Owned {
	const { address, given, owner } = node;
	const delivery = { to: 'mailbox', user: address } as const;
	const { source, via } = node;
	const listed = via === 'include' && source ? `:include:${source.file}` : undefined;
	return { copy: { address, given, delivery, listed }, failure, line, owner };
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
	parcel: Sending,
	{ queueOnly, foreground }: Submission,
	round: Round,
): AsyncGenerator<[Copy, Fate]> {
	const { id, sender, letter, copies: all, arrival, from, options } = parcel;
	const keep = (): Ticket =>
		enqueue(system, { id, arrival, sender, copies: all, from, options }, letter);
	if (all.length === 0) return;
	if (queueOnly) return keep().release();
	const only = all.length === 1 ? all[0] : undefined;
	if (only && only.delivery.to !== 'relay') {
		// Appending is durable by itself: the queue is needed only when it did not work out.
		for await (const [, copy, fate] of deliverLocal(system, parcel, [0], round)) {
			if (fate.kind === 'deferred') {
				const ticket = keep();
				ticket.settle(0, fate);
				ticket.close(system);
			}
			yield [copy, fate];
		}
		return;
	}
	const ticket = keep();
	let later = false;
	try {
		for await (const [index, copy, fate] of deliverLocal(system, parcel, ticket.open, round)) {
			ticket.settle(index, fate);
			yield [copy, fate];
		}
		if (all.some(({ delivery }) => delivery.to === 'relay')) {
			later = !foreground && hasWayOut(system);
			if (!later) {
				const rest = deliverElsewhere(system, parcel, ticket.open, round);
				for await (const [index, copy, fate] of rest) {
					ticket.settle(index, fate);
					yield [copy, fate];
				}
			}
		}
	} finally {
		if (later) ticket.release();
		else ticket.close(system);
	}
	if (later) await startRunner(system, id);
}

/** Failures on a list are its owner's business, not the sender's. */
async function tellOwners(system: System, parcel: Sending, lost: readonly Owned[]): Promise<void> {
	for (const owner of new Set(lost.map((each) => each.owner))) {
		if (owner === undefined) continue;
		const theirs = lost.filter((each) => each.owner === owner);
		const arrival = new Date(parcel.arrival);
		const about = { ...parcel, sender: owner, arrival, list: theirs[0]?.copy.given };
		await report(system, about, parcel.letter.header, theirs);
	}
}

/** The letter that a report is about. */
export interface About {
	readonly id: string;
	readonly sender: string | null;
	readonly arrival?: Date;
	readonly from?: string | undefined;
	readonly options?: ReportOptions | undefined;
	/** Comes back with a failure where the sender asked for it. */
	readonly body?: Buffer | undefined;
	/** The list whose owner is told in the sender's place. */
	readonly list?: string | undefined;
}

/**
 * Sends a report on lost copies to the letter's sender; where there is none, or he cannot be reached,
 * to the postmaster. A report that cannot even be given to the postmaster is not repeated. Recipients
 * of whom the sender wants to hear nothing are left out.
 */
export async function report(
	system: System,
	about: About,
	header: Buffer,
	lost: readonly Lost[],
): Promise<void> {
	const items = lost
		.filter(({ copy }) => wantsReport(copy.wishes, 'failure'))
		.map(({ copy, failure, line }) => ({ copy, fate: failure, line }));
	if (items.length === 0) return;
	const postmaster = resolve(system, ['postmaster']).some((tree) => tree.outcome.kind !== 'fails')
		? 'postmaster'
		: 'root';
	const to = about.sender === null ? [postmaster] : [about.sender, postmaster];
	let aftermath: readonly string[] | undefined;
	for (const person of to) {
		const toPostmaster = person === postmaster && person !== about.sender;
		const details = { kind: 'failure', items, toPostmaster, aftermath } as const;
		const done = await sendReport(system, about, header, details, person);
		if (done.status === 0) break;
		aftermath = done.lost.map(({ copy, failure, line }) =>
			failureLine(copy.address, failure, line),
		);
	}
	const { copyFailuresTo } = settingsOf(system);
	if (copyFailuresTo !== undefined && about.sender !== null) {
		const details = { kind: 'failure', items, toPostmaster: true } as const;
		await sendReport(system, { ...about, body: undefined }, header, details, copyFailuresTo);
	}
}

/** Whether the sender asked to hear of this, and of nobody else will. */
export function wantsReceipt({ wishes }: Pick<Copy, 'wishes'>, fate: Fate): boolean {
	return fate.kind === 'sent' && wantsReport(wishes, 'success') && !fate.reports;
}

/** Tells the sender of copies that arrived, or were handed on to who does not tell, where he asked. */
export async function sendReceipts(
	system: System,
	about: About,
	{ header }: Pick<FinishedLetter, 'header'>,
	arrived: readonly Item[],
): Promise<void> {
	const items = arrived.filter(({ copy, fate }) => wantsReceipt(copy, fate));
	if (items.length === 0 || about.sender === null) return;
	await sendReport(system, about, header, { kind: 'success', items }, about.sender);
}

/** Tells the sender that copies are late. */
export async function warn(
	system: System,
	about: About,
	header: Buffer,
	items: readonly Item[],
): Promise<void> {
	if (items.length === 0 || about.sender === null) return;
	await sendReport(system, about, header, { kind: 'delay', items }, about.sender);
}

/** Its status is 0 when the report is delivered or safely queued. */
async function sendReport(
	system: System,
	about: About,
	header: Buffer,
	details: Pick<ReportOn, 'kind' | 'items' | 'toPostmaster' | 'aftermath'>,
	to: string,
): Promise<Submitted> {
	const reportId = newId(system);
	const octets = makeReport(system, {
		...details,
		id: about.id,
		reportId,
		arrival: about.arrival ?? system.now(),
		sender: about.sender,
		to,
		from: about.from ?? `${system.user.name}@localhost`,
		header,
		list: about.list,
		body: about.body,
		options: about.options,
	});
	return submit(system, octets, {
		sender: null,
		recipients: [to],
		fullName: 'Mail Delivery Subsystem',
		own: { id: reportId },
	});
}
