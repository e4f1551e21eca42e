/**
 * Message lists, what most commands are given: evaluates a parsed list over the flags and headers of the
 * open mailbox, and finds the message a command means when it is given none. Words and order of the
 * refusals are the original's.
 */
import { Complaint } from '../complaint.js';
import { Flag, type Mailbox, type Message } from '../mailbox/mailbox.js';
import { skin } from '../message/address.js';
import { decodeWords, prepareWords, realName } from '../message/words.js';
import { fieldOf, mayNeedDecoder } from './fieldscan.js';
import { senderOf } from './headline.js';
import type { Session } from './session.js';
import { parseList, type Specification } from './specification.js';
import {
	conversationOf,
	messagesInOrder,
	nextInOrder,
	orderOf,
	parentsOf,
	previousInOrder,
} from './threads.js';

/** The letters after a colon, in the order of a complaint about them. */
const states: readonly (readonly [letter: string, flag: number, set: boolean])[] = [
	['n', Flag.new, true],
	['o', Flag.new, false],
	['u', Flag.read, false],
	['d', Flag.deleted, true],
	['r', Flag.read, true],
	['f', Flag.flagged, true],
	['a', Flag.answered, true],
	['t', Flag.draft, true],
	['k', Flag.killed, true],
	['j', Flag.junk, true],
];

/** What a list may refer to of the lists before it. */
interface Memory {
	/** `:` alone. */
	states: ReadonlySet<string>;
	/** `/` alone. */
	text: string;
	/** `()`. */
	criteria: string | undefined;
}

const memories = new WeakMap<Session, Memory>();

function memoryOf(session: Session): Memory {
	const known = memories.get(session);
	if (known) return known;
	const fresh: Memory = { states: new Set(), text: '', criteria: undefined };
	memories.set(session, fresh);
	return fresh;
}

export interface SelectOptions {
	/** `deleted` (undelete): only deleted messages; else deleted ones are refused. */
	readonly select?: 'deleted' | 'any';
}

export interface FirstOptions extends SelectOptions {
	/** What the default passes over; `nothing`: it is the dot itself. */
	readonly passes?: 'deleted' | 'deleted-saved' | 'nothing';
}

/**
 * The messages a list names, in the order of the folder or of its threads; none for an empty list (the
 * command's default applies). Sets Flag.marked and Flag.markedBefore for the backquote.
 * Throws Complaint with the original's words; one with an empty text fails in silence (in a hook).
 */
export async function selectMessages(
	session: Session,
	text: string,
	options: SelectOptions = {},
): Promise<Message[]> {
	const { mailbox } = session;
	if (!mailbox || mailbox.messages.length === 0) return [];
	const selection = new Selection(session, mailbox, options.select === 'deleted');
	await selection.evaluate(parseList(text));
	if (session.input.hookForNewMail) {
		for (const message of mailbox.messages) {
			if (!message.has(Flag.newest)) message.clear(Flag.marked);
		}
	}
	const named = messagesInOrder(mailbox).filter((message) => message.has(Flag.marked));
	if (named.length === 0 && session.input.hookForNewMail) throw new Complaint('');
	return named;
}

/** What was marked becomes what was marked before. */
function remark(message: Message): void {
	const marked = message.has(Flag.marked);
	message.clear(Flag.marked | Flag.markedBefore);
	if (marked) message.set(Flag.markedBefore);
}

class Selection {
	readonly #session: Session;
	readonly #mailbox: Mailbox;
	readonly #deleted: boolean;

	constructor(session: Session, mailbox: Mailbox, deleted: boolean) {
		this.#session = session;
		this.#mailbox = mailbox;
		this.#deleted = deleted;
	}

	async evaluate(list: readonly Specification[]): Promise<void> {
		const { messages } = this.#mailbox;
		for (const message of messages) remark(message);
		const memory = memoryOf(this.#session);
		const words: string[] = [];
		const letters = new Set<string>();
		let parent: ((candidate: Message) => boolean) | undefined;
		let all = false;
		let other = false;
		let again = false;
		let criteria = false;
		for (const spec of list) {
			switch (spec.kind) {
				case 'mistake':
					throw spec.complaint;
				case 'point':
				case 'open':
				case 'range':
					this.#number(spec, all);
					other = true;
					break;
				case 'step':
					this.#mark(this.#step(spec.back), spec.thread);
					break;
				case 'all':
					if (other) throw new Complaint('Can\'t mix "*" with anything');
					all = true;
					break;
				case 'again':
					again = true;
					for (const message of messages) {
						if (this.#fits(message) && message.has(Flag.markedBefore)) {
							this.#mark(message, spec.thread);
						}
					}
					break;
				case 'parent':
					parent ??= parentsOf(this.#mailbox, this.#mailbox.dot ?? (messages[0] as Message));
					break;
				case 'state':
					other = true;
					for (const letter of statesOf(spec, memory)) letters.add(letter);
					break;
				case 'word':
					other = true;
					words.push(spec.word);
					break;
				case 'criteria':
					criteria = true;
					await this.#criteria(spec.text, memory, spec.thread);
			}
		}
		memory.states = letters;
		if (all) {
			this.#markAll();
			this.#insist('No applicable messages.');
			return;
		}
		if (again) this.#insist('No previously marked messages.');
		else if (criteria) this.#insist('No messages satisfy (criteria).');
		const narrows = words.length > 0 || letters.size > 0 || parent !== undefined;
		// Numbers do not narrow what names and states are looked for in; a backquote and criteria do.
		if (narrows && !again && !criteria) this.#markAll();
		if (words.length > 0 || parent) await this.#byWords(words, parent, memory);
		if (letters.size > 0) this.#byStates(letters);
	}

	/** Not hidden, and deleted or not as the command wants it. */
	#fits(message: Message): boolean {
		return !message.has(Flag.hidden) && message.has(Flag.deleted) === this.#deleted;
	}

	#markAll(): void {
		for (const message of this.#mailbox.messages) {
			if (this.#fits(message)) message.set(Flag.marked);
		}
	}

	/** Fails where nothing is marked, in a hook without a word. */
	#insist(text: string): void {
		if (this.#mailbox.messages.some((message) => message.has(Flag.marked))) return;
		throw new Complaint(this.#session.input.inHook ? '' : text);
	}

	#mark(message: Message, thread: boolean): void {
		if (!thread || orderOf(this.#mailbox) !== 'thread') {
			message.set(Flag.marked);
			return;
		}
		for (const member of conversationOf(this.#mailbox, message)) {
			if (this.#inRange(member)) member.set(Flag.marked);
		}
	}

	#inRange(message: Message): boolean {
		return !message.has(Flag.hidden) && (this.#deleted || !message.has(Flag.deleted));
	}

	#number(spec: Extract<Specification, { kind: 'point' | 'open' | 'range' }>, all: boolean): void {
		const point =
			spec.kind === 'point' ? spec.point : spec.kind === 'open' ? spec.first : spec.last;
		const resolved = typeof point === 'number' ? point : this.#symbol(point).number;
		if (all) throw new Complaint('No numbers mixed with *');
		const message = this.#check(resolved);
		if (spec.kind === 'point') this.#mark(message, spec.thread);
		if (spec.kind !== 'range') return;
		const { first } = spec;
		const start = this.#check(typeof first === 'number' ? first : this.#symbol(first).number);
		this.#range(start, message, spec.thread);
	}

	#range(first: Message, last: Message, thread: boolean): void {
		const { messages } = this.#mailbox;
		if (orderOf(this.#mailbox) === 'folder') {
			for (const message of messages.slice(first.number - 1, last.number)) {
				if (this.#inRange(message)) this.#mark(message, thread);
			}
			return;
		}
		let message: Message | undefined = first;
		while (message) {
			if (this.#inRange(message)) this.#mark(message, thread);
			if (message === last) return;
			message = nextInOrder(this.#mailbox, message);
		}
		// As the original: a range that runs backwards in the order ends the command without a word.
		throw new Complaint('');
	}

	#check(number: number): Message {
		const message = this.#mailbox.messages[number - 1];
		if (!message) throw new Complaint(`${number}: Invalid message number`);
		if (!this.#inRange(message)) throw new Complaint(`${number}: Inappropriate message`);
		return message;
	}

	#symbol(symbol: '^' | '$' | '.' | ';'): Message {
		const mailbox = this.#mailbox;
		if (symbol === '^' || symbol === '$') {
			const order = messagesInOrder(mailbox);
			const good = (message: Message) => this.#fits(message) && !message.has(Flag.killed);
			const found = symbol === '^' ? order.find(good) : order.findLast(good);
			if (found) return found;
			throw new Complaint(this.#session.input.inHook ? '' : 'No applicable messages');
		}
		const message = symbol === '.' ? this.#dot() : mailbox.previousDot;
		if (!message) throw new Complaint('No previously current message');
		if (!this.#fits(message)) throw new Complaint(`${message.number}: Inappropriate message`);
		return message;
	}

	#dot(): Message {
		return this.#mailbox.dot ?? (this.#mailbox.messages[0] as Message);
	}

	#step(back: boolean): Message {
		let message: Message | undefined = this.#dot();
		do {
			message = back
				? previousInOrder(this.#mailbox, message)
				: nextInOrder(this.#mailbox, message);
			if (!message) {
				throw new Complaint(back ? 'Referencing before 1' : 'Referencing beyond EOF');
			}
		} while (!this.#fits(message) || message.has(Flag.killed));
		return message;
	}

	async #criteria(text: string, memory: Memory, thread: boolean): Promise<void> {
		if (text !== '()') memory.criteria = text;
		else if (memory.criteria === undefined) {
			throw new Complaint('No last SEARCH criteria available.', 'stderr');
		}
		const { parseCriteria, satisfies } = await import('./criteria.js');
		const criterion = parseCriteria(memory.criteria ?? text);
		if (!criterion) return;
		for (const message of this.#mailbox.messages) {
			if (!this.#inRange(message)) continue;
			const does = satisfies(this.#session, message, criterion);
			if (typeof does === 'boolean' ? does : await does) this.#mark(message, thread);
		}
	}

	/** Leaves only messages from one of these people, with one of these texts, or the parent. */
	async #byWords(
		words: readonly string[],
		parent: ((candidate: Message) => boolean) | undefined,
		memory: Memory,
	): Promise<void> {
		const tests = words.map((word) => wordTest(this.#session, this.#mailbox, word, memory));
		if (parent) tests.push({ passes: parent });
		for (const message of this.#mailbox.messages) {
			if (!message.has(Flag.marked)) continue;
			const passed = someTest(tests, message);
			if (!(typeof passed === 'boolean' ? passed : await passed)) message.clear(Flag.marked);
		}
		if (words.length === 0) {
			if (this.#mailbox.messages.some((message) => message.has(Flag.marked))) return;
			throw new Complaint('Parent message not found');
		}
		this.#insist(`No applicable messages from {${words.join(', ')}}`);
	}

	#byStates(letters: ReadonlySet<string>): void {
		const wanted = states.filter(([letter]) => letters.has(letter));
		for (const message of this.#mailbox.messages) {
			if (wanted.some(([, flag, set]) => message.has(flag) !== set)) message.clear(Flag.marked);
		}
		this.#insist(`No messages satisfy${wanted.map(([letter]) => ` :${letter}`).join('')}`);
	}
}

function statesOf(
	{ letter, word }: { readonly letter: string; readonly word: string },
	memory: Memory,
): Iterable<string> {
	if (letter === '' && memory.states.size > 0) return memory.states;
	if (letter !== '' && states.some(([known]) => known === letter)) return [letter];
	throw new Complaint(`Unknown colon modifier "${word}"`);
}

interface Test {
	passes(message: Message): boolean | Promise<boolean>;
}

// A promise only where one of them has to wait: a turn of the loop for each of many would be felt.
function someTest(tests: readonly Test[], message: Message, from = 0): boolean | Promise<boolean> {
	for (let at = from; at < tests.length; at++) {
		const passed = (tests[at] as Test).passes(message);
		if (passed === true) return true;
		if (passed !== false) return passed.then((is) => is || someTest(tests, message, at + 1));
	}
	return false;
}

function wordTest(session: Session, mailbox: Mailbox, word: string, memory: Memory): Test {
	if (word.startsWith('/')) {
		// The original remembers so many octets.
		if (word.length > 1) memory.text = word.slice(1, 128);
		return textTest(session, mailbox, word.slice(1) || memory.text);
	}
	const { variables, terminal } = session;
	if (variables.has('allnet')) {
		const name = word.split('@', 1)[0];
		return {
			passes: (message) => userOf(skin(senderOf(session, message))).split('@', 1)[0] === name,
		};
	}
	const shown = variables.has('showname')
		? (sender: string) => realName(sender, terminal.charset)
		: skin;
	return { passes: (message) => shown(senderOf(session, message)) === word };
}

/** The last two steps of a path of hosts (`a!b!user`). */
function userOf(address: string): string {
	return address.split('!').slice(-2).join('!');
}

/** A text in the subject, or with `searchheaders` in the field named before a colon. */
function textTest({ variables, terminal }: Session, mailbox: Mailbox, text: string): Test {
	const colon = variables.has('searchheaders') ? text.indexOf(':') : -1;
	const field = colon < 0 ? 'subject' : text.slice(0, colon).toLowerCase();
	const sought = (colon < 0 ? text : text.slice(colon + 1)).toLowerCase();
	return {
		passes: (message) => {
			const value = fieldOf(mailbox, message, field);
			if (value === undefined) return false;
			const found = () => decodeWords(value, terminal.charset).toLowerCase().includes(sought);
			return mayNeedDecoder(value) ? prepareWords(value).then(found) : found();
		},
	};
}

/** The default of a command: the first message from the dot on that will do, else one before it. */
export function firstApplicable(session: Session, options: FirstOptions = {}): Message | undefined {
	const { mailbox } = session;
	const dot = mailbox?.dot ?? mailbox?.messages[0];
	if (!mailbox || !dot) return undefined;
	const anything = options.passes === 'nothing';
	const wanted = options.select === 'deleted';
	const fits = (message: Message) =>
		!message.has(Flag.hidden) && (anything || message.has(Flag.deleted) === wanted);
	const after = walk(dot, (message) => nextInOrder(mailbox, message), fits);
	if (after || dot.number === 1) return after;
	// As the original: back from the message before the dot in the folder, whatever the order.
	const before = mailbox.messages[dot.number - 2];
	return before && walk(before, (message) => previousInOrder(mailbox, message), fits);
}

function walk(
	from: Message,
	step: (message: Message) => Message | undefined,
	fits: (message: Message) => boolean,
): Message | undefined {
	for (let message: Message | undefined = from; message; message = step(message)) {
		if (fits(message)) return message;
	}
	return undefined;
}
