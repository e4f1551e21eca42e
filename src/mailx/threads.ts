/**
 * The order in which messages are listed and walked: that of the folder, or one made by `sort` and
 * `thread`, of which conversations may be collapsed. Kept beside each mailbox: numbers never change.
 * What a line of the summary looks like is not known here.
 */
import { Complaint } from '../complaint.js';
import { Flag, type Mailbox, type Message } from '../mailbox/mailbox.js';
import type { Outcome } from './commands.js';
import { type FieldScan, fieldOf, scanFields } from './fieldscan.js';
import {
	type FieldOf,
	findSortKey,
	identifiers,
	idKey,
	type Place,
	sortMessages,
	threadMessages,
} from './ordering.js';
import type { Session } from './session.js';

interface Order {
	readonly kind: 'thread' | 'sort';
	readonly messages: readonly Message[];
	readonly places: readonly Place[];
	/** By number of the message, from 1; none for those that are in no order. */
	readonly placeOf: readonly (Place | undefined)[];
}

interface Ordering {
	/** What `sort` says; the word as it was given. May stand without an order when it was a bad one. */
	criterion: string | undefined;
	order: Order | undefined;
}

const orderings = new WeakMap<Mailbox, Ordering>();

function orderingOf(mailbox: Mailbox): Ordering {
	const known = orderings.get(mailbox);
	if (known) return known;
	const fresh: Ordering = { criterion: undefined, order: undefined };
	orderings.set(mailbox, fresh);
	return fresh;
}

function orderIn(mailbox: Mailbox): Order | undefined {
	return orderings.get(mailbox)?.order;
}

/** The messages as they are walked: by conversation or sort key, else by number. */
export function messagesInOrder(mailbox: Mailbox): readonly Message[] {
	return orderIn(mailbox)?.messages ?? mailbox.messages;
}

/** The message after this one in that order, whatever its flags. */
export function nextInOrder(mailbox: Mailbox, message: Message): Message | undefined {
	return neighbour(mailbox, message, 1);
}

/** The message before this one in that order, whatever its flags. */
export function previousInOrder(mailbox: Mailbox, message: Message): Message | undefined {
	return neighbour(mailbox, message, -1);
}

function neighbour(mailbox: Mailbox, message: Message, step: 1 | -1): Message | undefined {
	const order = orderIn(mailbox);
	if (!order) return mailbox.messages[message.number - 1 + step];
	const place = order.placeOf[message.number];
	return place && order.messages[place.position + step];
}

/** `folder`: as in the file; `thread`: conversations; `sort`: a list by a key. */
export function orderOf(mailbox: Mailbox): 'folder' | 'thread' | 'sort' {
	return orderIn(mailbox)?.kind ?? 'folder';
}

/** Where a message stands in an order other than the folder's. */
export function placeIn(mailbox: Mailbox, message: Message): Place | undefined {
	return orderIn(mailbox)?.placeOf[message.number];
}

/** A message and all replies to it, of any depth; it alone where there are no conversations. */
export function conversationOf(mailbox: Mailbox, message: Message): Message[] {
	const place = orderOf(mailbox) === 'thread' ? placeIn(mailbox, message) : undefined;
	if (!place) return [message];
	return [message, ...repliesTo(mailbox, place).map((reply) => reply.message)];
}

/** All replies beneath a place: they follow it in the order, and stand deeper. */
function repliesTo(mailbox: Mailbox, place: Place): Place[] {
	const places = orderIn(mailbox)?.places ?? [];
	let end = place.position + 1;
	while ((places[end]?.level ?? 0) > place.level) end++;
	return places.slice(place.position + 1, end);
}

/** Makes a message the current one; the one before it becomes `;`, and is opened if it was collapsed. */
export function setDot(session: Session, message: Message): void {
	const mailbox = session.mailbox;
	if (!mailbox) return;
	if (mailbox.dot !== message) {
		mailbox.previousDot = mailbox.dot;
		session.dotShown = false;
	}
	mailbox.dot = message;
	openThread(mailbox, message, false);
}

/** Shows what is collapsed beneath a message; without `always` only if the message itself is not listed. */
export function openThread(mailbox: Mailbox, message: Message, always: boolean): void {
	const place = orderOf(mailbox) === 'thread' ? placeIn(mailbox, message) : undefined;
	if (place && (always || place.collapsed > 0)) unfold(mailbox, place);
}

/** Not deleted, hidden or killed, or killed but current: what the summary lists. */
export function isVisible(mailbox: Mailbox, message: Message): boolean {
	if (!message.has(Flag.deleted | Flag.hidden | Flag.killed)) return true;
	return mailbox.dot === message && message.has(Flag.killed);
}

/** Not listed because its conversation is collapsed. */
export function isCollapsed(mailbox: Mailbox, message: Message): boolean {
	return (placeIn(mailbox, message)?.collapsed ?? 0) > 0;
}

function isBrandNew(message: Message): boolean {
	return message.has(Flag.new) && !message.has(Flag.read);
}

function fold(mailbox: Mailbox, head: Place): void {
	if (head.collapsed > 0 || isBrandNew(head.message)) return;
	let hiddenNow = 0;
	let hiddenBefore = 0;
	for (const reply of repliesTo(mailbox, head)) {
		if (reply.collapsed > 0) hiddenBefore++;
		if (!isBrandNew(reply.message) || reply.collapsed < 0) reply.collapsed = 1;
		if (reply.collapsed > 0) hiddenNow++;
	}
	head.collapsed = -hiddenNow;
	settle(head.parent, hiddenBefore);
}

function unfold(mailbox: Mailbox, head: Place): void {
	let shown = 0;
	for (const place of [head, ...repliesTo(mailbox, head)]) {
		if (place.collapsed <= 0) continue;
		place.collapsed = 0;
		shown++;
	}
	settle(head, shown);
}

/** Takes from the nearest head above that hides so many what another one hides, or none does any more. */
function settle(from: Place | undefined, count: number): void {
	let head = from;
	while (head && head.collapsed > -count) head = head.parent;
	if (head) head.collapsed += count;
}

const fieldLookup =
	(mailbox: Mailbox): FieldOf =>
	(message, name) =>
		fieldOf(mailbox, message, name);

/** The fields of a message are asked for one after the other: its header is walked once. */
function threadFieldsOf(mailbox: Mailbox): FieldOf {
	let last: Message | undefined;
	let fields: FieldScan | undefined;
	return (message, name) => {
		if (message !== last) {
			last = message;
			fields = scanFields(mailbox, message);
		}
		return fields?.get(name);
	};
}

function install(mailbox: Mailbox, kind: Order['kind'], places: readonly Place[]): void {
	const placeOf: (Place | undefined)[] = new Array(mailbox.messages.length + 1).fill(undefined);
	for (const place of places) placeOf[place.message.number] = place;
	const messages = places.map(({ message }) => message);
	orderingOf(mailbox).order = { kind, places, messages, placeOf };
}

/** `arriving`: for new mail, when what is collapsed stays so, and nothing else is collapsed by itself. */
function makeThreads(session: Session, mailbox: Mailbox, arriving: boolean): void {
	const before = orderIn(mailbox);
	const keeps = arriving || session.input.hookForNewMail;
	const places = threadMessages(mailbox.messages, threadFieldsOf(mailbox));
	if (keeps && before) {
		for (const place of places) {
			place.collapsed = before.placeOf[place.message.number]?.collapsed ?? 0;
		}
	}
	install(mailbox, 'thread', places);
	orderingOf(mailbox).criterion = 'thread';
	if (!keeps && session.variables.has('autocollapse')) {
		for (const place of places) if (!place.parent) fold(mailbox, place);
	}
}

/** Orders by a criterion as the user wrote it. Throws Complaint where there is no such. */
function makeOrder(session: Session, mailbox: Mailbox, criterion: string, arriving: boolean): void {
	const { variables, terminal, system } = session;
	const key = findSortKey(criterion);
	if (!key) throw new Complaint(`Unknown sorting method "${criterion}"`, 'stderr');
	orderingOf(mailbox).criterion = criterion;
	if (key === 'thread') {
		makeThreads(session, mailbox, arriving);
		return;
	}
	const compare = collation(system.env);
	const places = sortMessages(mailbox.messages, key, {
		fieldOf: fieldLookup(mailbox),
		showName: variables.has('showname'),
		charset: terminal.charset,
		...(compare && { compare }),
	});
	install(mailbox, 'sort', places);
}

/** As strcoll(3): by code point in the C and POSIX locales, else as the language has it. */
function collation(env: NodeJS.ProcessEnv): ((a: string, b: string) => number) | undefined {
	const locale = env.LC_ALL || env.LC_COLLATE || env.LANG || 'C';
	const tag = locale.replace(/[.@].*$/, '').replaceAll('_', '-');
	if (tag === 'C' || tag === 'POSIX' || !/^[a-z]{2,3}(-[A-Z]{2})?$/.test(tag)) return undefined;
	return new Intl.Collator(tag).compare;
}

/** Back to the order of the folder. */
function forgetOrder(mailbox: Mailbox): void {
	orderings.delete(mailbox);
}

/** `autothread` and `autosort`, on opening a folder: before its first dot is chosen. */
export function applyAutoOrder(session: Session): void {
	const { mailbox, variables, terminal } = session;
	if (!mailbox) return;
	const criterion = variables.has('autothread') ? 'thread' : variables.get('autosort');
	if (criterion === undefined) return;
	orderingOf(mailbox).criterion = criterion;
	if (!findSortKey(criterion)) {
		terminal.complain(`Unknown sorting method "${criterion}"\n`);
	} else makeOrder(session, mailbox, criterion, false);
}

/** Puts mail that has just been taken in where the order in force wants it. */
export function orderNewMail(session: Session): void {
	const { mailbox, terminal } = session;
	const criterion = mailbox && orderings.get(mailbox)?.criterion;
	if (!mailbox || criterion === undefined) return;
	if (!findSortKey(criterion)) {
		orderingOf(mailbox).order = undefined;
		terminal.complain(`Unknown sorting method "${criterion}"\n`);
	} else makeOrder(session, mailbox, criterion, true);
}

/** The messages that this one answers, as far as they are there. Throws Complaint where it names none. */
export function parentsOf(mailbox: Mailbox, message: Message): (candidate: Message) => boolean {
	const fields = scanFields(mailbox, message);
	const replyTo = fields.get('in-reply-to');
	const ids = identifiers(replyTo ?? fields.get('references'));
	// Of References the last one is the parent; In-Reply-To names nothing but parents.
	const keys = new Set((replyTo === undefined ? ids.slice(-1) : ids).map(idKey));
	if (replyTo === undefined && ids.length === 0) {
		throw new Complaint('Cannot determine parent Message-ID of the current message');
	}
	keys.delete(undefined);
	return (candidate) => {
		const id = fieldOf(mailbox, candidate, 'message-id');
		return id !== undefined && keys.has(idKey(id));
	};
}

async function listAround(session: Session, message: Message | undefined): Promise<Outcome> {
	if (session.input.inHook || !session.variables.has('header')) return;
	const { showHeaders } = await import('./summary.js');
	return showHeaders(session, message);
}

/** Lists messages by conversation. */
export async function thread(session: Session, messages: Message[]): Promise<Outcome> {
	const { mailbox } = session;
	if (!mailbox) return;
	if (orderOf(mailbox) !== 'thread') makeThreads(session, mailbox, false);
	return listAround(session, messages[0]);
}

/** Goes back to the order of the folder. */
export async function unthread(session: Session, messages: Message[]): Promise<Outcome> {
	if (session.mailbox) forgetOrder(session.mailbox);
	return listAround(session, messages[0]);
}

/** Tells the order in force, or lists messages by a key. */
export async function sort(session: Session, words: string[]): Promise<Outcome> {
	const { mailbox, terminal } = session;
	if (!mailbox) return;
	const [criterion] = words;
	if (criterion === undefined) {
		const current = orderings.get(mailbox)?.criterion ?? 'unsorted';
		terminal.write(`Current sorting criterion is: ${current}\n`);
		return;
	}
	const threaded = findSortKey(criterion) === 'thread' && orderOf(mailbox) === 'thread';
	if (threaded) orderingOf(mailbox).criterion = criterion;
	else makeOrder(session, mailbox, criterion, false);
	return listAround(session, mailbox.dot);
}

/** Lists of each conversation only its first message; what is new stays. */
export async function collapse(session: Session, messages: Message[]): Promise<Outcome> {
	return eachConversation(session, messages, fold);
}

/** Lists whole conversations again. */
export async function uncollapse(session: Session, messages: Message[]): Promise<Outcome> {
	return eachConversation(session, messages, unfold);
}

function eachConversation(
	{ mailbox }: Session,
	messages: readonly Message[],
	change: (mailbox: Mailbox, head: Place) => void,
): void {
	if (!mailbox || orderOf(mailbox) !== 'thread') throw new Complaint('Not in threaded mode.');
	for (const message of messages) {
		const place = placeIn(mailbox, message);
		if (place) change(mailbox, place);
	}
}
