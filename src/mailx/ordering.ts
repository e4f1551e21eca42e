/**
 * Orders of the messages of a mailbox other than that of the file: sorted by a key, or as conversations
 * along In-Reply-To and References (RFC 5322 3.6.4). Makes them from messages and what is said of their
 * fields; knows neither the commands nor what is collapsed.
 */
import { Flag, type Message } from '../mailbox/mailbox.js';
import { skin, skipComment, splitAddresses } from '../message/address.js';
import { parseDate } from '../message/date.js';
import { decodeWords, realName } from '../message/words.js';

/** Where a message stands in an order. */
export interface Place {
	readonly message: Message;
	/** From 0; the first is listed first. */
	position: number;
	/** Replies between it and the first message of its conversation, missing ones counted, too. */
	level: number;
	parent: Place | undefined;
	/** Its replies by date; at the top, its place among the conversations. */
	readonly children: Place[];
	/** The next reply to the same message, or the next conversation. */
	younger: Place | undefined;
	/** 1: not listed; below 0: as many replies beneath it are not; 0: nothing of the kind. */
	collapsed: number;
}

/** What an order may ask of a message: a header field, undefined where it has none. */
export type FieldOf = (message: Message, name: string) => string | undefined;

function placeOf(message: Message): Place {
	return {
		message,
		position: 0,
		level: 0,
		parent: undefined,
		children: [],
		younger: undefined,
		collapsed: 0,
	};
}

/** Seconds since the epoch by the Date field, 0 where there is none. */
export function dateOf(message: Message, fieldOf: FieldOf): number {
	const value = fieldOf(message, 'date');
	const date = value === undefined ? undefined : parseDate(value);
	return date ? date.getTime() / 1000 : 0;
}

/** The places of a flat list. */
export function listPlaces(messages: readonly Message[]): Place[] {
	const places = messages.map(placeOf);
	return lineUp(places);
}

function lineUp(roots: readonly Place[]): Place[] {
	const order: Place[] = [];
	const waiting = roots.toReversed();
	for (let place = waiting.pop(); place; place = waiting.pop()) {
		place.position = order.push(place) - 1;
		if (place.parent) place.level += place.parent.level;
		for (let at = place.children.length - 1; at >= 0; at--) {
			waiting.push(place.children[at] as Place);
		}
	}
	link(roots);
	for (const { children } of order) link(children);
	return order;
}

function link(siblings: readonly Place[]): void {
	siblings.forEach((place, at) => {
		place.younger = siblings[at + 1];
	});
}

/** What a message says of its place: identifiers as numbers, -1 for a word that is none. */
interface Links {
	readonly place: Place;
	readonly date: number;
	readonly own: number;
	readonly inReplyTo: readonly number[];
	readonly references: readonly number[];
}

/** Messages by conversation: replies beneath what they answer, siblings and conversations by date. */
export function threadMessages(messages: readonly Message[], fieldOf: FieldOf): Place[] {
	const numberOf = identifierNumbers();
	const all = messages.map((message) => linksOf(message, fieldOf, numberOf));
	const byNumber = new Map<number, Place>();
	const dates = new Map<Place, number>();
	for (const { place, own, date } of all) {
		dates.set(place, date);
		if (own >= 0 && !byNumber.has(own)) byNumber.set(own, place);
	}
	// From the last to the first, as the original: it decides which link of a circle is left out.
	for (const links of all.toReversed()) findParent(links, byNumber);
	const roots: Place[] = [];
	for (const { place } of all) (place.parent?.children ?? roots).push(place);
	const byDate = (one: Place, other: Place) =>
		(dates.get(one) as number) - (dates.get(other) as number);
	roots.sort(byDate);
	for (const { place } of all) if (place.children.length > 1) place.children.sort(byDate);
	return lineUp(roots);
}

function linksOf(message: Message, fieldOf: FieldOf, numberOf: (id: string) => number): Links {
	const place = placeOf(message);
	if (message.has(Flag.hidden)) return { place, date: 0, own: -1, inReplyTo: [], references: [] };
	const numbers = (name: string) => identifiers(fieldOf(message, name)).map(numberOf);
	return {
		place,
		date: dateOf(message, fieldOf),
		own: numberOf(fieldOf(message, 'message-id') ?? ''),
		inReplyTo: numbers('in-reply-to'),
		references: numbers('references'),
	};
}

/** Gives each identifier a number, so that only one copy of it is kept, and no header with it. */
function identifierNumbers(): (id: string) => number {
	const known = new Map<string, number>();
	return (id) => {
		const key = idKey(id);
		if (key === undefined) return -1;
		const number = known.get(key);
		if (number !== undefined) return number;
		// A copy: a piece of a string would keep the whole header in memory.
		known.set(Buffer.from(key, 'latin1').toString('latin1'), known.size);
		return known.size - 1;
	};
}

function findParent(links: Links, byNumber: ReadonlyMap<number, Place>): void {
	for (const id of links.inReplyTo) {
		const parent = byNumber.get(id);
		if (parent) {
			adopt(parent, links.place, 1);
			return;
		}
	}
	let distance = 1;
	for (const id of links.references.toReversed()) {
		if (id < 0) continue;
		const parent = byNumber.get(id);
		if (parent) {
			adopt(parent, links.place, distance);
			return;
		}
		distance++;
	}
}

function adopt(parent: Place, child: Place, distance: number): void {
	for (let above: Place | undefined = parent; above; above = above.parent) {
		if (above === child) return;
	}
	child.parent = parent;
	child.level = distance;
}

/** The words of In-Reply-To or References, comments left out. */
export function identifiers(value: string | undefined): string[] {
	return value === undefined ? [] : splitAddresses(value, 'words');
}

/**
 * What two message identifiers must have in common to be one: quotes and comments do not count, and
 * the case of the domain does not. Undefined for a word without `@`.
 */
export function idKey(id: string): string | undefined {
	if (/^<[^"\\()<>@]*@[^"\\()<>@]*>$/.test(id)) {
		const at = id.indexOf('@');
		return id.slice(0, at) + id.slice(at, -1).toLowerCase();
	}
	let key = '';
	let quoted = false;
	let inDomain = false;
	for (let at = 0; at < id.length; at++) {
		let char = id[at] as string;
		if (char === '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted) {
			if (char === '\\') char = id[++at] ?? '';
		} else if (char === '(') {
			at = skipComment(id, at + 1) - 1;
			continue;
		} else if (char === '>') break;
		else if (char === '@') inDomain = true;
		key += inDomain ? char.toLowerCase() : char;
	}
	return inDomain ? key : undefined;
}

export type SortKey = 'date' | 'from' | 'to' | 'subject' | 'size' | 'status' | 'score' | 'thread';

/** In the order in which an abbreviation is looked up. */
const sortKeys: readonly SortKey[] = [
	'date',
	'from',
	'to',
	'subject',
	'size',
	'status',
	'score',
	'thread',
];

/** The key that a word abbreviates. */
export function findSortKey(word: string): SortKey | undefined {
	return word === '' ? undefined : sortKeys.find((key) => key.startsWith(word));
}

export interface SortOptions {
	readonly fieldOf: FieldOf;
	/** Senders by name (`showname`), else by address. */
	readonly showName: boolean;
	readonly charset: string;
	/** How text is compared; by code point when undefined. */
	readonly compare?: (one: string, other: string) => number;
}

/** The places of a list sorted by `key`; hidden messages have none. Equal ones stay in their order. */
export function sortMessages(
	messages: readonly Message[],
	key: Exclude<SortKey, 'thread'>,
	options: SortOptions,
): Place[] {
	const listed = messages.filter((message) => !message.has(Flag.hidden));
	const text = options.compare ?? ((one, other) => (one < other ? -1 : one > other ? 1 : 0));
	const keyed = listed.map((message) => ({ message, value: sortValue(message, key, options) }));
	keyed.sort((one, other) =>
		typeof one.value === 'number'
			? compareNumbers(one.value, other.value as number)
			: text(one.value, other.value as string),
	);
	return listPlaces(keyed.map(({ message }) => message));
}

// Killed messages score minus infinity, whose difference is no number.
function compareNumbers(one: number, other: number): number {
	return one < other ? -1 : one > other ? 1 : 0;
}

function sortValue(
	message: Message,
	key: Exclude<SortKey, 'thread'>,
	{ fieldOf, showName, charset }: SortOptions,
): number | string {
	switch (key) {
		case 'date':
			return dateOf(message, fieldOf);
		case 'size':
			return message.octets;
		case 'score':
			return message.score;
		case 'status':
			return statusRank(message);
		case 'from':
		case 'to': {
			const value = fieldOf(message, key) ?? '';
			const name = showName ? realName(value, charset) : decodeWords(skin(value), charset);
			return name.toLowerCase();
		}
		case 'subject':
			return decodeWords(fieldOf(message, 'subject') ?? '', charset)
				.replace(/^re:\s+/i, '')
				.toLowerCase();
	}
}

/** Deleted first, then read, unread, to go to mbox, seen but new, flagged; what is quite new comes last. */
function statusRank(message: Message): number {
	if (message.has(Flag.deleted)) return 1;
	if (message.has(Flag.new) && !message.has(Flag.read)) return 90;
	if (message.has(Flag.flagged)) return 85;
	if (message.has(Flag.toMbox) && !message.has(Flag.new)) return 70;
	if (message.has(Flag.new)) return 80;
	return message.has(Flag.read) ? 40 : 60;
}
