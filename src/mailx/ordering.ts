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
	/** Its replies by date. */
	children: readonly Place[];
	/** What replies to the same message are ordered by: seconds since the epoch. */
	date: number;
	/** The next reply to the same message, or the next conversation. */
	younger: Place | undefined;
	/** 1: not listed; below 0: as many replies beneath it are not; 0: nothing of the kind. */
	collapsed: number;
}

/** What an order may ask of a message: a header field, undefined where it has none. */
export type FieldOf = (message: Message, name: string) => string | undefined;

/** One for all that have none: most have none. */
const noChildren: readonly Place[] = [];

function placeOf(message: Message): Place {
	return {
		message,
		position: 0,
		level: 0,
		parent: undefined,
		children: noChildren,
		date: 0,
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
function listPlaces(messages: readonly Message[]): Place[] {
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
	for (let at = 0; at < siblings.length; at++) {
		(siblings[at] as Place).younger = siblings[at + 1];
	}
}

/** What messages say of their places. Arrays for all of them, as there may be a million. */
interface Links {
	/** By number of an identifier, the index of the first message that has it. */
	readonly owners: readonly number[];
	/** Numbers of identifiers, of one message after the other; -1 for a word that is none. */
	readonly named: readonly number[];
	/** By index of a message: where in `named` its In-Reply-To ends, and its References. */
	readonly endOfReplyTo: Uint32Array;
	readonly endOfReferences: Uint32Array;
}

/** Messages by conversation: replies beneath what they answer, siblings and conversations by date. */
export function threadMessages(messages: readonly Message[], fieldOf: FieldOf): Place[] {
	const places = messages.map(placeOf);
	adoptAll(places, linksOf(places, fieldOf));
	const roots: Place[] = [];
	for (const place of places) {
		const { parent } = place;
		if (!parent) roots.push(place);
		else if (parent.children === noChildren) parent.children = [place];
		else (parent.children as Place[]).push(place);
	}
	const byDate = (one: Place, other: Place) => one.date - other.date;
	roots.sort(byDate);
	for (const { children } of places) if (children.length > 1) (children as Place[]).sort(byDate);
	return lineUp(roots);
}

/** Reads the fields of all messages; gives the places their dates. */
function linksOf(places: readonly Place[], fieldOf: FieldOf): Links {
	const numberOf = identifierNumbers();
	const owners: number[] = [];
	const named: number[] = [];
	const endOfReplyTo = new Uint32Array(places.length);
	const endOfReferences = new Uint32Array(places.length);
	places.forEach((place, index) => {
		const { message } = place;
		if (!message.has(Flag.hidden)) {
			place.date = dateOf(message, fieldOf);
			const own = numberOf(fieldOf(message, 'message-id') ?? '');
			if (own >= 0) {
				while (owners.length <= own) owners.push(-1);
				if (owners[own] === -1) owners[own] = index;
			}
			for (const id of identifiers(fieldOf(message, 'in-reply-to'))) named.push(numberOf(id));
		}
		endOfReplyTo[index] = named.length;
		if (!message.has(Flag.hidden)) {
			for (const id of identifiers(fieldOf(message, 'references'))) named.push(numberOf(id));
		}
		endOfReferences[index] = named.length;
	});
	return { owners, named, endOfReplyTo, endOfReferences };
}

/** Gives each identifier a number, so that only one copy of it is kept, and no header with it. */
function identifierNumbers(): (id: string) => number {
	const known = new Map<string, number>();
	return (id) => {
		const key = idKey(id);
		if (key === undefined) return -1;
		const number = known.get(key);
		if (number !== undefined) return number;
		known.set(detached(key), known.size);
		return known.size - 1;
	};
}

/** A copy: a piece of a string keeps the whole of it, here a header, in memory. */
function detached(text: string): string {
	return Buffer.from(text, 'utf8').toString('utf8');
}

function adoptAll(places: readonly Place[], links: Links): void {
	const tops = new Tops(places.length);
	// From the last to the first, as the original: it decides which link of a circle is left out.
	for (let index = places.length - 1; index >= 0; index--) {
		const found = findParent(index, links);
		// Nothing has adopted it yet: it is above its parent only if it is the top of that conversation.
		if (!found || tops.of(found.parent) === index) continue;
		const place = places[index] as Place;
		place.parent = places[found.parent] as Place;
		place.level = found.distance;
		tops.join(index, found.parent);
	}
}

/** The parent is the index of a message; the distance counts what is missing between. */
function findParent(
	index: number,
	{ owners, named, endOfReplyTo, endOfReferences }: Links,
): { readonly parent: number; readonly distance: number } | undefined {
	const start = index > 0 ? (endOfReferences[index - 1] as number) : 0;
	const middle = endOfReplyTo[index] as number;
	for (let at = start; at < middle; at++) {
		const parent = owners[named[at] as number] ?? -1;
		if (parent >= 0) return { parent, distance: 1 };
	}
	let distance = 1;
	for (let at = (endOfReferences[index] as number) - 1; at >= middle; at--) {
		const id = named[at] as number;
		if (id < 0) continue;
		const parent = owners[id] ?? -1;
		if (parent >= 0) return { parent, distance };
		distance++;
	}
	return undefined;
}

/** The tops of conversations; paths to them are shortened when they are walked, as threads may be long. */
class Tops {
	/** By index: one above it, or itself at the top. */
	readonly #above: Uint32Array;

	constructor(count: number) {
		this.#above = new Uint32Array(count).map((_, index) => index);
	}

	of(index: number): number {
		const above = this.#above;
		let top = index;
		while (above[top] !== top) top = above[top] as number;
		for (let at = index; at !== top; ) {
			const next = above[at] as number;
			above[at] = top;
			at = next;
		}
		return top;
	}

	/** `index`, a top, comes beneath `parent`. */
	join(index: number, parent: number): void {
		this.#above[index] = parent;
	}
}

/** The words of In-Reply-To or References, comments left out. */
export function identifiers(value: string | undefined): string[] {
	if (value === undefined) return [];
	// As nearly all are: nothing in it that quotes, comments or joins.
	if (/^(?:<[^"\\()<>,;:\s]*>[ \t]*)+$/.test(value)) return value.match(/<[^>]*>/g) ?? [];
	return splitAddresses(value, 'words');
}

/**
 * What two message identifiers must have in common to be one: quotes and comments do not count, and
 * the case of the domain does not. Undefined for a word without `@`.
 */
export function idKey(id: string): string | undefined {
	if (/^<[^"\\()<>@]*@[^"\\()<>@A-Z]*>$/.test(id)) return id.slice(0, -1);
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
	const order = Uint32Array.from(listed.keys());
	if (key === 'from' || key === 'to' || key === 'subject') {
		const compare = options.compare ?? ((one, other) => (one < other ? -1 : one > other ? 1 : 0));
		const texts = listed.map((message) => detached(textKey(message, key, options)));
		order.sort((one, other) => compare(texts[one] as string, texts[other] as string));
	} else {
		const numbers = Float64Array.from(listed, (message) => numberKey(message, key, options));
		order.sort((one, other) => compareNumbers(numbers[one] as number, numbers[other] as number));
	}
	return listPlaces(Array.from(order, (index) => listed[index] as Message));
}

// Killed messages score minus infinity, whose difference is no number.
function compareNumbers(one: number, other: number): number {
	return one < other ? -1 : one > other ? 1 : 0;
}

function numberKey(
	message: Message,
	key: 'date' | 'size' | 'score' | 'status',
	{ fieldOf }: SortOptions,
): number {
	switch (key) {
		case 'date':
			return dateOf(message, fieldOf);
		case 'size':
			return message.octets;
		case 'score':
			return message.score;
		case 'status':
			return statusRank(message);
	}
}

function textKey(
	message: Message,
	key: 'from' | 'to' | 'subject',
	{ fieldOf, showName, charset }: SortOptions,
): string {
	const value = fieldOf(message, key) ?? '';
	if (key !== 'subject') {
		const name = showName ? realName(value, charset) : decodeWords(skin(value), charset);
		return name.toLowerCase();
	}
	return decodeWords(value, charset)
		.replace(/^re:\s+/i, '')
		.toLowerCase();
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
