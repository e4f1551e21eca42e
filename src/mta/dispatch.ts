/**
 * Copies of one letter on their way: what is local one after the other, then what goes elsewhere, the
 * recipients of one domain in one transaction. It says what became of each and keeps no book of it.
 */
import type { System } from '../system.js';
import { deliver } from './deliver.js';
import {
	type Copy,
	Exit,
	type Failure,
	type Fate,
	qualified,
	type ReportOptions,
} from './envelope.js';
import type { FinishedLetter } from './letter.js';
import { logFate } from './log.js';
import { settingsOf } from './settings.js';
import type { Courier } from './smtp.js';

/** A letter that is under way. */
export interface Parcel {
	readonly id: string;
	/** The reverse-path; null: no reports. */
	readonly sender: string | null;
	readonly letter: Pick<FinishedLetter, 'header' | 'body'>;
	readonly copies: readonly Copy[];
	readonly options?: ReportOptions | undefined;
	/** When it came, in milliseconds since 1970. */
	readonly arrival: number;
}

/** The story of a run or a submission, and the connections it uses. */
export class Round {
	readonly #system: System;
	readonly tell: (line: string) => void;
	#courier: Promise<Courier> | undefined;

	constructor(system: System, tell: (line: string) => void) {
		this.#system = system;
		this.tell = tell;
	}

	courier(): Promise<Courier> {
		this.#courier ??= import('./smtp.js').then(
			({ Courier }) => new Courier(this.#system, this.tell),
		);
		return this.#courier;
	}

	async close(): Promise<void> {
		await (await this.#courier)?.close();
	}
}

/** Whether letters can leave this system at all. */
export function hasWayOut(system: System): boolean {
	const { relayHost, relayMap } = settingsOf(system);
	const relayed = Boolean(system.env.INKLOOM_SMARTHOST || relayHost);
	return system.root === '' || relayed || Object.keys(relayMap).length > 0;
}

/** The lines before and after a delivery, as `-v` tells them. */
function tellFate({ address, delivery }: Copy, fate: Fate): string[] {
	const via: Record<Copy['delivery']['to'], string | undefined> = {
		mailbox: 'local',
		program: 'prog',
		file: undefined,
		relay: undefined,
		uucp: 'uucp',
	};
	const mailer = via[delivery.to];
	const detail = delivery.to === 'mailbox' && delivery.detail ? `${delivery.detail} via ` : '';
	const lines = mailer === undefined ? [] : [`${address}... Connecting to ${detail}${mailer}...`];
	if (fate.kind === 'sent') return [...lines, `${address}... Sent${fate.note ?? ''}`];
	if (fate.kind === 'deferred') return [...lines, `${address}... Deferred: ${fate.reason}`];
	return [...lines, `${address}... ${fate.reason}`];
}

/** Tries the local ones of these copies (by index), in order. */
export async function* deliverLocal(
	system: System,
	parcel: Parcel,
	indexes: readonly number[],
	round: Round,
): AsyncGenerator<[number, Copy, Fate]> {
	for (const index of indexes) {
		const copy = parcel.copies[index];
		if (copy === undefined || copy.delivery.to === 'relay') continue;
		const fate = await deliver(system, copy, parcel);
		for (const line of tellFate(copy, fate)) round.tell(line);
		yield note(system, parcel, index, copy, fate);
	}
}

/**
 * RFC 2852 4.1.4: what is to come back unless it is in time goes to no server that is not told so, and
 * we have no way of telling one.
 */
const beyondReach: Failure = {
	kind: 'failed',
	reason: 'Deliver-by time cannot be passed on to another host',
	status: '5.3.3',
	exit: Exit.unavailable,
};

/** Tries those that go to other hosts. */
export async function* deliverElsewhere(
	system: System,
	parcel: Parcel,
	indexes: readonly number[],
	round: Round,
): AsyncGenerator<[number, Copy, Fate]> {
	const { header, body } = parcel.letter;
	let octets: Buffer | undefined;
	for (const group of groups(parcel.copies, indexes)) {
		if (parcel.options?.deadline?.otherwise === 'return') {
			for (const [index, copy] of group.members) {
				for (const line of tellFate(copy, beyondReach)) round.tell(line);
				yield note(system, parcel, index, copy, beyondReach);
			}
			continue;
		}
		if (!hasWayOut(system)) {
			for (const [index, copy] of group.members) {
				const reason = `${group.host}.: no network in this root`;
				const fate: Fate = { kind: 'deferred', reason, status: '4.4.1' };
				for (const line of tellFate(copy, fate)) round.tell(line);
				yield note(system, parcel, index, copy, fate);
			}
			continue;
		}
		octets ??= Buffer.concat([header, Buffer.from('\n'), body]);
		const [, first] = group.members[0] as [number, Copy];
		const sender = parcel.sender === null ? null : (first.owner ?? parcel.sender);
		const fates = await (await round.courier()).send(group.host, {
			from: sender === null ? '' : qualified(sender, system.host),
			to: group.members.map(([, { delivery, address }]) =>
				delivery.to === 'relay' ? delivery.address : address,
			),
			octets,
			options: parcel.options,
			wishes: first.wishes,
		});
		const ends = group.members.map(([index, copy], at): [number, Copy, Fate] => [
			index,
			copy,
			fates[at] ?? { kind: 'deferred', reason: 'no reply', status: '4.0.0' },
		]);
		for (const line of tellTogether(ends)) round.tell(line);
		for (const [index, copy, fate] of ends) yield note(system, parcel, index, copy, fate);
	}
}

/** One line for all who have the same fate. */
function tellTogether(ends: readonly [number, Copy, Fate][]): string[] {
	const alike = new Map<string, string[]>();
	for (const [, copy, fate] of ends) {
		for (const line of tellFate(copy, fate)) {
			const said = line.slice(copy.address.length);
			alike.set(said, [...(alike.get(said) ?? []), copy.address]);
		}
	}
	return [...alike].map(([said, addresses]) => addresses.join(',') + said);
}

function note(
	system: System,
	parcel: Parcel,
	index: number,
	copy: Copy,
	fate: Fate,
): [number, Copy, Fate] {
	logFate(system, parcel, copy, fate);
	return [index, copy, fate];
}

interface Group {
	readonly host: string;
	readonly members: [number, Copy][];
}

/** RFC 5321 4.5.3.1.8: what every server takes. */
const mostRecipients = 100;

/** Copies that fit into one transaction: one domain, one reverse-path, one set of wishes. */
function groups(copies: readonly Copy[], indexes: readonly number[]): Group[] {
	const found = new Map<string, Group[]>();
	for (const index of indexes) {
		const copy = copies[index];
		if (copy?.delivery.to !== 'relay') continue;
		const { host } = copy.delivery;
		const key = JSON.stringify([host, copy.owner, copy.wishes]);
		const like = found.get(key) ?? [];
		found.set(key, like);
		const last = like.at(-1);
		if (last && last.members.length < mostRecipients) last.members.push([index, copy]);
		else like.push({ host, members: [[index, copy]] });
	}
	return [...found.values()].flat();
}
