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

/** Messages by conversation: replies beneath what they answer, siblings and conversations by date. */
export function threadMessages(messages: readonly Message[], fieldOf: FieldOf): Place[] {
	const byId = new Map<string, Place>();
	const dates = new Map<Place, number>();
	const places = messages.map((message) => {
		const place = placeOf(message);
		if (message.has(Flag.hidden)) {
			dates.set(place, 0);
			return place;
		}
		const id = idKey(fieldOf(message, 'message-id') ?? '');
		if (id !== undefined && !byId.has(id)) byId.set(id, place);
		dates.set(place, dateOf(message, fieldOf));
		return place;
	});
	// From the last to the first, as the original: it decides which link of a circle is left out.
	for (const place of places.toReversed()) {
		if (!place.message.has(Flag.hidden)) findParent(place, byId, fieldOf);
	}
	const roots: Place[] = [];
	for (const place of places) (place.parent?.children ?? roots).push(place);
	const byDate = (one: Place, other: Place) =>
		(dates.get(one) as number) - (dates.get(other) as number);
	roots.sort(byDate);
	for (const { children } of places) if (children.length > 1) children.sort(byDate);
	return lineUp(roots);
}

function findParent(place: Place, byId: ReadonlyMap<string, Place>, fieldOf: FieldOf): void {
	for (const id of identifiers(fieldOf(place.message, 'in-reply-to'))) {
		const key = idKey(id);
		const parent = key === undefined ? undefined : byId.get(key);
		if (parent) {
			adopt(parent, place, 1);
			return;
		}
	}
	let distance = 1;
	for (const id of identifiers(fieldOf(place.message, 'references')).reverse()) {
		const key = idKey(id);
		if (key === undefined) continue;
		const parent = byId.get(key);
		if (parent) {
			adopt(parent, place, distance);
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
