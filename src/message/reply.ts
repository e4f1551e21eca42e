/**
 * Whom a reply, a followup or a forwarded letter goes to, and what its header says. Pure: who one is
 * oneself is asked of the caller. RFC 5322 3.6.3 and 3.6.4.
 */
import { type Draft, type Name, newDraft, oneLine, receivedNames } from './draft.js';
import type { Header } from './header.js';
import { showWords } from './words.js';

/** The letter being answered. */
export interface Original {
	readonly header: Header;
	/** Who the From_ line names, where the header has no From. */
	readonly envelopeSender: string;
}

export interface ReplyOptions {
	/** Of the terminal: what the header's encoded words become. */
	readonly charset: string;
	/** `fullnames`: keep display names. */
	readonly fullNames: boolean;
	readonly isOneself: (address: string) => boolean;
	/** Sorted and without repetitions. */
	readonly sorted: (names: readonly Name[]) => Name[];
	/** `reply-in-same-charset`. */
	readonly sameCharset: boolean;
}

/** References are cut to these many, the latest ones. */
const mostReferences = 21;

/** To the sender and everybody it went to, save oneself; oneself where nobody else is left. */
export function replyToAll(original: Original, options: ReplyOptions): Draft {
	const { header } = original;
	const sender = senderNames(original, options);
	const others = names(header.get('to'), options);
	const notOneself = (name: Name) => !options.isOneself(name.address);
	const to = options.sorted([...sender, ...others]).filter(notOneself);
	return newDraft({
		to: to.length > 0 ? to : sender,
		cc: options.sorted(names(header.get('cc'), options)).filter(notOneself),
		subject: replySubject(header, options.charset),
		...thread(header, options),
	});
}

/** To the senders alone, of one letter or of several; the rest is that of the first. */
export function replyToSenders(originals: readonly Original[], options: ReplyOptions): Draft {
	const [first] = originals;
	return newDraft({
		to: originals.flatMap((original) => senderNames(original, options)),
		subject: first && replySubject(first.header, options.charset),
		...(first && thread(first.header, options)),
	});
}

function senderNames({ header, envelopeSender }: Original, options: ReplyOptions): Name[] {
	const value = header.get('reply-to') ?? header.get('from') ?? envelopeSender;
	return names(value, options);
}

function names(value: string | undefined, { charset, fullNames }: ReplyOptions): Name[] {
	return value === undefined ? [] : receivedNames(value, charset, fullNames);
}

/** `Re:` in front, unless it is there in any spelling; undefined where there is no subject. */
function replySubject(header: Header, charset: string): string | undefined {
	const subject = decodedSubject(header, charset);
	if (!subject) return undefined;
	return /^re:/i.test(subject) ? subject : `Re: ${subject}`;
}

/** `Fwd:` in front; undefined where there is no subject. */
export function forwardSubject(header: Header, charset: string): string | undefined {
	const subject = decodedSubject(header, charset);
	return subject ? `Fwd: ${subject}` : undefined;
}

function decodedSubject(header: Header, charset: string): string | undefined {
	const value = header.get('subject') ?? header.get('subj');
	return value === undefined ? undefined : oneLine(showWords(value, charset));
}

function thread(
	header: Header,
	{ sameCharset }: ReplyOptions,
): Pick<Draft, 'references' | 'charset'> {
	const id = header.get('message-id');
	if (!id) return { references: [], charset: undefined };
	const list = `${header.get('references') ?? ''} ${id}`.split(/[ \t,]+/).filter(Boolean);
	return {
		references: list.slice(-mostReferences),
		charset: sameCharset ? charsetOf(header.get('content-type')) : undefined,
	};
}

function charsetOf(contentType: string | undefined): string | undefined {
	const found = /;\s*charset\s*=\s*(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType ?? '');
	return found?.[1] ?? found?.[2];
}
