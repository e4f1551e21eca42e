/**
 * Criteria in parentheses, in the language of IMAP SEARCH (RFC 3501 6.4.4) with the original's liberties:
 * `(from x)`, `(or a b)`, `(not x)`, `(body x)`. Parses them to a tree, and judges a message by it.
 * Mistakes are complained of on standard error, with the place where they stand.
 */
import { Complaint } from '../complaint.js';
import { Flag, type Message } from '../mailbox/mailbox.js';
import { displayName, skin, splitAddresses } from '../message/address.js';
import { parseDate, parsePostmarkDate } from '../message/date.js';
import { decodeWords, prepareWords } from '../message/words.js';
import { fieldOf, mayNeedDecoder } from './fieldscan.js';
import type { Session } from './session.js';

export type Criterion =
	| { readonly kind: 'and' | 'or'; readonly one: Criterion; readonly other: Criterion }
	| { readonly kind: 'not'; readonly of: Criterion }
	| { readonly kind: 'number'; readonly number: number }
	| { readonly kind: 'all' }
	/** All bits of `mask` that count are as in `value`; `any`: at least one of them is set. */
	| { readonly kind: 'flags'; readonly mask: number; readonly value: number }
	| { readonly kind: 'person' | 'field'; readonly field: string; readonly text: string }
	| { readonly kind: 'body' | 'text'; readonly text: string }
	| { readonly kind: 'larger' | 'smaller'; readonly octets: number }
	/** Seconds since the epoch, the beginning of a day. */
	| {
			readonly kind: 'before' | 'on' | 'since';
			readonly date: 'received' | 'sent';
			readonly day: number;
	  };

type Reader = (parser: Parser) => Criterion;

const flags = (mask: number, value: number): Reader => {
	return () => ({ kind: 'flags', mask, value });
};
const person =
	(field: string): Reader =>
	(parser) => ({ kind: 'person', field, text: unquote(parser.string()) });
const date =
	(kind: 'before' | 'on' | 'since', which: 'received' | 'sent'): Reader =>
	(parser) => ({ kind, date: which, day: parser.date() });

const readers: Readonly<Record<string, Reader>> = {
	ALL: () => ({ kind: 'all' }),
	ANSWERED: flags(Flag.answered, Flag.answered),
	BCC: person('bcc'),
	BEFORE: date('before', 'received'),
	BODY: (parser) => ({ kind: 'body', text: unquote(parser.string()) }),
	CC: person('cc'),
	DELETED: flags(Flag.deleted, Flag.deleted),
	DRAFT: flags(Flag.draft, Flag.draft),
	FLAGGED: flags(Flag.flagged, Flag.flagged),
	FROM: person('from'),
	HEADER: (parser) => {
		const field = unquote(parser.string()).toLowerCase();
		return { kind: 'field', field, text: unquote(parser.string()) };
	},
	KEYWORD: (parser) => {
		const mask = keywordFlag(parser.string());
		// A keyword that nobody has.
		return mask === 0 ? { kind: 'not', of: { kind: 'all' } } : flags(mask, mask)(parser);
	},
	LARGER: (parser) => ({ kind: 'larger', octets: parser.size() }),
	NEW: flags(Flag.new | Flag.read, Flag.new),
	OLD: flags(Flag.new, 0),
	ON: date('on', 'received'),
	RECENT: flags(Flag.new, Flag.new),
	SEEN: flags(Flag.read, Flag.read),
	SENTBEFORE: date('before', 'sent'),
	SENTON: date('on', 'sent'),
	SENTSINCE: date('since', 'sent'),
	SINCE: date('since', 'received'),
	SMALLER: (parser) => ({ kind: 'smaller', octets: parser.size() }),
	SUBJECT: (parser) => ({ kind: 'field', field: 'subject', text: unquote(parser.string()) }),
	TEXT: (parser) => ({ kind: 'text', text: unquote(parser.string()) }),
	TO: person('to'),
	UNANSWERED: flags(Flag.answered, 0),
	UNDELETED: flags(Flag.deleted, 0),
	UNDRAFT: flags(Flag.draft, 0),
	UNFLAGGED: flags(Flag.flagged, 0),
	UNKEYWORD: (parser) => flags(keywordFlag(parser.string()), 0)(parser),
	UNSEEN: flags(Flag.read, 0),
};

const keywords: Readonly<Record<string, number>> = {
	'\\seen': Flag.read,
	'\\deleted': Flag.deleted,
	'\\recent': Flag.new,
	'\\flagged': Flag.flagged,
	'\\answered': Flag.answered,
	'\\draft': Flag.draft,
};

function keywordFlag(word: string): number {
	return keywords[word.toLowerCase()] ?? 0;
}

/** The text of an IMAP quoted string; other words as they are. */
function unquote(word: string): string {
	if (!word.startsWith('"')) return word;
	return (/^"((?:[^"\\]|\\[\s\S])*)/.exec(word)?.[1] ?? '').replace(/\\([\s\S])/g, '$1');
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

class Parser {
	readonly #text: string;
	/** Behind the last thing that was understood: what a complaint shows the surroundings of. */
	#at = 0;

	constructor(text: string) {
		this.#text = text;
	}

	/** A complaint that shows the place, 16 characters before and after. */
	complaint(words: string, at = this.#at): Complaint {
		const start = Math.max(0, at - 16);
		return new Complaint(`${words}: >>> ${this.#text.slice(start, start + 32)} <<<`, 'stderr');
	}

	/**
	 * Criteria up to the end of the text or of a parenthesis, all of which must hold; an operand of `not`
	 * and `or` (`nested`) is one criterion, or a parenthesis. Undefined where there is none.
	 */
	criteria(nested: boolean): Criterion | undefined {
		let depth = 0;
		let tree: Criterion | undefined;
		for (;;) {
			const start = this.#skipBlanks(this.#at);
			const char = this.#text[start];
			if (char === undefined) return tree;
			if (char === '(') {
				this.#at = start + 1;
				depth++;
				continue;
			}
			if (char === ')') {
				this.#at = start + 1;
				depth--;
				if (depth === 0) return tree;
				if (depth > 0) continue;
				if (!nested) throw new Complaint('Excess in ")".', 'stderr');
				this.#at--;
				return tree;
			}
			const found = this.#criterion(start);
			tree = tree ? { kind: 'and', one: tree, other: found } : found;
			if (nested && depth === 0) return tree;
		}
	}

	#criterion(start: number): Criterion {
		const word = /^[^\s()]*/.exec(this.#text.slice(start))?.[0] ?? '';
		const key = word.toUpperCase();
		if (key === 'NOT') {
			this.#at = this.#skipBlanks(start + 3);
			return { kind: 'not', of: this.#operand('Criterion for NOT missing') };
		}
		if (key === 'OR') {
			this.#at = this.#skipBlanks(start + 2);
			const one = this.#operand('First criterion for OR missing');
			return { kind: 'or', one, other: this.#operand('Second criterion for OR missing') };
		}
		if (key === 'UID') throw this.complaint('Searching for UIDs is not supported');
		const reader = Object.hasOwn(readers, key) ? readers[key] : undefined;
		if (reader) {
			this.#at = this.#skipBlanks(start + word.length);
			return reader(this);
		}
		const digits = /^\d+/.exec(word)?.[0];
		if (digits !== undefined) this.#at = start + digits.length;
		if (digits === word) return { kind: 'number', number: Number(digits) };
		throw this.complaint(`Bad SEARCH criterion "${word}"`);
	}

	#operand(missing: string): Criterion {
		const operand = this.criteria(true);
		if (!operand) throw this.complaint(missing);
		return operand;
	}

	#skipBlanks(from: number): number {
		let at = from;
		while (/\s/.test(this.#text[at] ?? '')) at++;
		return at;
	}

	/** A word or a quoted string, quotes and backslashes still in it. */
	string(): string {
		const start = this.#skipBlanks(this.#at);
		if (/^[()]?$/.test(this.#text[start] ?? ''))
			throw this.complaint('Missing string argument', start);
		let quoted = false;
		let at = start;
		for (; at < this.#text.length; at++) {
			const char = this.#text[at] as string;
			if (quoted && char === '\\') at++;
			else if (char === '"') quoted = !quoted;
			else if (!quoted && /[\s()]/.test(char)) break;
		}
		this.#at = at;
		return this.#text.slice(start, at);
	}

	/** `25-Jul-2004`: the beginning of that day here, in seconds since the epoch. */
	date(): number {
		const word = this.string();
		const match = /^"?\s*\+?(\d+)-([a-z]{3})-(\d{4})(?:.")?$/i.exec(word);
		const day = Number(match?.[1]);
		const month = months.indexOf(match?.[2]?.toLowerCase() ?? '');
		const year = Number(match?.[3]);
		if (!match || day < 1 || day > 31 || month < 0 || year < 1970 || year > 2037) {
			throw this.complaint(`Invalid date "${word}"`);
		}
		return new Date(year, month, day).getTime() / 1000;
	}

	size(): number {
		const digits = /^\s*\+?(\d*)$/.exec(this.string())?.[1];
		if (digits === undefined) throw this.complaint('Invalid size');
		return Number(digits);
	}
}

/** The tree of criteria, undefined for none. Throws Complaint (standard error) with the place of a mistake. */
export function parseCriteria(text: string): Criterion | undefined {
	return new Parser(text).criteria(false);
}

/** A promise only of what has to be waited for: a turn of the loop for each message would be felt. */
type Verdict = boolean | Promise<boolean>;

/** Whether a message of the open mailbox satisfies a criterion. */
export function satisfies(session: Session, message: Message, criterion: Criterion): Verdict {
	switch (criterion.kind) {
		case 'and':
		case 'or': {
			const decides = criterion.kind === 'or';
			const one = satisfies(session, message, criterion.one);
			const other = () => satisfies(session, message, criterion.other);
			if (typeof one === 'boolean') return one === decides ? decides : other();
			return one.then((is) => (is === decides ? decides : other()));
		}
		case 'not': {
			const verdict = satisfies(session, message, criterion.of);
			return typeof verdict === 'boolean' ? !verdict : verdict.then((is) => !is);
		}
		case 'number':
			return message.number === criterion.number;
		case 'all':
			return true;
		case 'flags':
			return (message.flags & criterion.mask) === criterion.value;
		case 'larger':
			return message.octets > criterion.octets;
		case 'smaller':
			return message.octets < criterion.octets;
		case 'before':
			return moment(session, message, criterion.date) < criterion.day;
		case 'since':
			return moment(session, message, criterion.date) >= criterion.day;
		case 'on': {
			const time = moment(session, message, criterion.date);
			return time >= criterion.day && time < criterion.day + 86_400;
		}
		case 'person':
			return namesPerson(session, message, criterion.field, criterion.text);
		case 'field':
			return hasInField(session, message, criterion.field, criterion.text);
		case 'body':
		case 'text':
			return containsText(session, message, criterion.text, criterion.kind === 'text');
	}
}

async function containsText(
	session: Session,
	message: Message,
	text: string,
	withHeader: boolean,
): Promise<boolean> {
	const { messageContains } = await import('./fulltext.js');
	return messageContains(session, message, text, withHeader);
}

/** When a message was received (by its From_ line) or sent (by its Date), in seconds since the epoch. */
function moment(
	{ mailbox, system }: Session,
	message: Message,
	which: 'received' | 'sent',
): number {
	if (!mailbox) return 0;
	if (which === 'sent') {
		const value = fieldOf(mailbox, message, 'date');
		const sent = value === undefined ? undefined : parseDate(value);
		return sent ? sent.getTime() / 1000 : 0;
	}
	const received = parsePostmarkDate(mailbox.postmark(message)) ?? system.now();
	return received.getTime() / 1000;
}

function hasInField(
	{ mailbox, terminal }: Session,
	message: Message,
	field: string,
	text: string,
): Verdict {
	const value = mailbox && fieldOf(mailbox, message, field);
	if (value === undefined) return false;
	const has = () => contains(decodeWords(value, terminal.charset), text);
	return mayNeedDecoder(value) ? prepareWords(value).then(has) : has();
}

/** In the address, or in the structure that IMAP has for one: `("Ann Smith" NIL "ann" "corp.example")`. */
function namesPerson(
	{ mailbox, terminal }: Session,
	message: Message,
	field: string,
	text: string,
): Verdict {
	const value = mailbox && fieldOf(mailbox, message, field);
	if (!value) return false;
	const names = () =>
		splitAddresses(value).some((member) => {
			const address = skin(member);
			if (contains(address, text)) return true;
			const phrase = displayName(member);
			const name = phrase === undefined ? 'NIL' : quote(decodeWords(phrase, terminal.charset));
			const at = address.lastIndexOf('@');
			const local = quote(at < 0 ? address : address.slice(0, at));
			const domain = at < 0 ? 'NIL' : quote(address.slice(at + 1));
			return contains(`(${name} NIL ${local} ${domain})`, text);
		});
	return mayNeedDecoder(value) ? prepareWords(value).then(names) : names();
}

function quote(text: string): string {
	return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function contains(text: string, sought: string): boolean {
	return text.toLowerCase().includes(sought.toLowerCase());
}
