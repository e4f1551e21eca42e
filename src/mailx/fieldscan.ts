/**
 * Values of a few header fields out of many messages: read off the octets, without parsing what stands
 * between. For summaries, searches and sorting; a message that is shown gets a proper Header.
 */
import type { Mailbox, Message } from '../mailbox/mailbox.js';
import { extractedFields } from '../mailbox/mbox.js';
import { headerEnd } from '../mailbox/status.js';

const extractedNames = [...extractedFields];

/** The fields of one message of an open mailbox, read when they are asked for. */
export class FieldScan {
	readonly #mailbox: Mailbox;
	readonly #message: Message;
	readonly #extract: string | undefined;
	#header: string | undefined;
	/** Of the extracted fields, in their order. */
	#values: readonly (string | undefined)[] | undefined;

	constructor(mailbox: Mailbox, message: Message) {
		this.#mailbox = mailbox;
		this.#message = message;
		this.#extract = mailbox.extract?.(message);
	}

	/** The header as text, an octet a character. */
	#whole(): string {
		this.#header ??= headerText(this.#mailbox, this.#message);
		return this.#header;
	}

	/** False where none of the fields of a summary has an encoded word (RFC 2047) in a rare charset. */
	mayNeedDecoder(): boolean {
		return mayNeedDecoder(this.#extract ?? this.#whole());
	}

	/**
	 * The value of a field, unfolded; of several by that name all, a blank between them; undefined
	 * where there is none. Lines that are no field are passed over. `name` in lower case.
	 */
	get(name: string): string | undefined {
		const at = this.#extract === undefined ? -1 : extractedNames.indexOf(name);
		if (at < 0) return valueIn(this.#whole(), name);
		this.#values ??= valuesIn(this.#extract as string, extractedNames);
		return this.#values[at];
	}
}

/** The fields of a message of an open mailbox. */
export function scanFields(mailbox: Mailbox, message: Message): FieldScan {
	return new FieldScan(mailbox, message);
}

/** As `FieldScan.get`, for a single field of each of many messages. */
export function fieldOf(mailbox: Mailbox, message: Message, name: string): string | undefined {
	const extract = extractedFields.has(name) ? mailbox.extract?.(message) : undefined;
	return valueIn(extract ?? headerText(mailbox, message), name);
}

/** Those fields of one message, each as `FieldScan.get` gives it, found in one walk. */
export function fieldsOf(
	mailbox: Mailbox,
	message: Message,
	names: readonly string[],
): (string | undefined)[] {
	const isExtracted = names.every((name) => extractedFields.has(name));
	const extract = isExtracted ? mailbox.extract?.(message) : undefined;
	return valuesIn(extract ?? headerText(mailbox, message), names);
}

function valuesIn(text: string, names: readonly string[]): (string | undefined)[] {
	const found: (string | undefined)[] = names.map(() => undefined);
	const pattern = patternOf(names.join('|'));
	for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
		const at = names.indexOf((match[1] as string).toLowerCase());
		const value = unfold(text, pattern.lastIndex);
		found[at] = found[at] === undefined ? value : `${found[at]} ${value}`;
	}
	return found;
}

/**
 * Tells of messages whether a field of theirs may contain a text, whatever the case, without unfolding
 * or decoding anything: most others are told from it. Of some it is always said that they may.
 */
export function sieveFor(
	mailbox: Mailbox,
	field: string,
	sought: string,
): (message: Message) => boolean {
	// A blank may be one between lines; other characters, and encodings, may be written in many ways.
	if (!extractedFields.has(field) || !/^[\x21-\x7e]+$/.test(sought)) return () => true;
	const pattern = new RegExp(`${literal(sought)}|=\\?|[\\x1b\\x80-\\xff]`, 'gi');
	const matching = mailbox.extractsMatching?.(pattern);
	return (message) => matching?.[message.number - 1] !== 0;
}

/** A pattern for this text; letters, digits and the hyphen stand for themselves. */
function literal(text: string): string {
	return text.replace(
		/[^\w-]/g,
		(char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);
}

/**
 * The beginnings of fields by name, or by names with bars between them. Expressions, as the walk over the
 * lines is then the regular expression engine's: of code of ours the most would be spent on compiling it.
 */
const patterns = new Map<string, RegExp>();

function patternOf(names: string): RegExp {
	let pattern = patterns.get(names);
	if (!pattern) {
		const either = names.split('|').map(literal).join('|');
		pattern = new RegExp(`(?:^|\\n)(${either})[ \\t]*:`, 'gi');
		// Names come from what people type, too.
		if (patterns.size < 64) patterns.set(names, pattern);
	}
	pattern.lastIndex = 0;
	return pattern;
}

function valueIn(text: string, name: string): string | undefined {
	const pattern = patternOf(name);
	let found: string | undefined;
	while (pattern.test(text)) {
		const value = unfold(text, pattern.lastIndex);
		found = found === undefined ? value : `${found} ${value}`;
	}
	return found;
}

/** The value that begins at `start`, behind the colon. */
function unfold(text: string, start: number): string {
	const end = lineEnd(text, start);
	const first = text.slice(start, trimmedEnd(text, start, end));
	return trimStart(isBlank(text, end + 1) ? unfoldMore(text, end + 1, first) : first);
}

function unfoldMore(text: string, start: number, first: string): string {
	const lines = [first];
	for (let at = start; isBlank(text, at); ) {
		const end = lineEnd(text, at);
		const more = trimStart(text.slice(at, trimmedEnd(text, at, end)));
		if (more !== '') lines.push(more);
		at = end + 1;
	}
	return lines.join(' ');
}

function lineEnd(text: string, from: number): number {
	const end = text.indexOf('\n', from);
	return end < 0 ? text.length : end;
}

function isBlank(text: string, at: number): boolean {
	const code = text.charCodeAt(at);
	return code === 0x20 || code === 0x09;
}

function trimStart(text: string): string {
	let start = 0;
	while (isBlank(text, start)) start++;
	return start === 0 ? text : text.slice(start);
}

function trimmedEnd(text: string, start: number, before: number): number {
	// No expression: on a long run of blanks it would try each of them.
	let end = before;
	while (end > start && (isBlank(text, end - 1) || text[end - 1] === '\r')) end--;
	return end;
}

/** Whether a value is in a charset whose decoder may have to be loaded first. */
export function mayNeedDecoder(value: string): boolean {
	return value.includes('=?') && /=\?(?!utf-8[?*]|us-ascii[?*]|iso-8859-1[?*])/i.test(value);
}

/** The header of a message, an octet a character, up to its empty line or one with only CR. */
function headerText(mailbox: Mailbox, message: Message): string {
	const octets = mailbox.head?.(message) ?? headerOf(mailbox.read(message));
	const start = mailbox.format === 'mbox' ? octets.indexOf(0x0a) + 1 : 0;
	const text = octets.toString('latin1', start);
	const end = text.indexOf('\n\r\n');
	return end < 0 ? text : text.slice(0, end + 1);
}

function headerOf(octets: Buffer): Buffer {
	return octets.subarray(0, headerEnd(octets));
}
