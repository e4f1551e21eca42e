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
	/** As Heirloom: however long a subject is, it is answered whole, and the first reference may be lost. */
	readonly faithful: boolean;
	/** Told what of a letter was too much to be taken over, in a line. */
	readonly note?: (text: string) => void;
}

/** What a letter forwarded needs of these. */
type SubjectOptions = Pick<ReplyOptions, 'charset' | 'faithful' | 'note'>;

/** References are cut to these many: the first, which names the thread (RFC 5537 3.4.4), and the latest. */
const mostReferences = 21;
/** Characters of one: it cannot be folded (RFC 5322 2.1.1). */
const longestReference = 900;

/** Octets of a subject or a display name that are taken over. Longer ones were made to do harm. */
const longestText = 4_000;

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
		subject: replySubject(header, options),
		...thread(header, options),
	});
}

/** To the senders alone, of one letter or of several; the rest is that of the first. */
export function replyToSenders(originals: readonly Original[], options: ReplyOptions): Draft {
	const [first] = originals;
	return newDraft({
		to: originals.flatMap((original) => senderNames(original, options)),
		subject: first && replySubject(first.header, options),
		...(first && thread(first.header, options)),
	});
}

function senderNames({ header, envelopeSender }: Original, options: ReplyOptions): Name[] {
	const value = header.get('reply-to') ?? header.get('from') ?? envelopeSender;
	return names(value, options);
}

function names(value: string | undefined, options: ReplyOptions): Name[] {
	if (value === undefined) return [];
	const found = receivedNames(value, options.charset, options.fullNames, options.faithful);
	if (options.faithful) return found;
	return found.map((name) => {
		if (name.full.length - name.address.length <= longestText) return name;
		options.note?.(`Name of more than ${longestText} octets left out: ${name.address}\n`);
		return { ...name, full: name.address };
	});
}

/** `Re:` in front, unless it is there in any spelling; undefined where there is no subject. */
function replySubject(header: Header, options: SubjectOptions): string | undefined {
	const subject = decodedSubject(header, options);
	if (!subject) return undefined;
	return /^re:/i.test(subject) ? subject : `Re: ${subject}`;
}

/** `Fwd:` in front; undefined where there is no subject. */
export function forwardSubject(header: Header, options: SubjectOptions): string | undefined {
	const subject = decodedSubject(header, options);
	return subject ? `Fwd: ${subject}` : undefined;
}

function decodedSubject(header: Header, options: SubjectOptions): string | undefined {
	const value = header.get('subject') ?? header.get('subj');
	if (value === undefined) return undefined;
	const subject = oneLine(showWords(value, options.charset, options.faithful));
	if (options.faithful) return subject;
	const cut = beginning(subject, longestText);
	if (cut.length < subject.length) {
		options.note?.(`Subject cut at ${cut.length} of ${subject.length} characters\n`);
	}
	return cut;
}

/** As many whole characters as have `most` octets in UTF-8. */
function beginning(text: string, most: number): string {
	if (text.length * 3 <= most) return text;
	const octets = Buffer.from(text.slice(0, most));
	if (octets.length <= most && text.length <= most) return text;
	let end = Math.min(most, octets.length);
	while (((octets[end] ?? 0) & 0xc0) === 0x80) end--;
	return octets.toString('utf8', 0, end);
}

function thread(
	header: Header,
	{ sameCharset, faithful }: ReplyOptions,
): Pick<Draft, 'references' | 'charset'> {
	const id = header.get('message-id');
	if (!id) return { references: [], charset: undefined };
	const earlier = header.get('references') ?? '';
	return {
		references: faithful ? identifiers(`${earlier} ${id}`) : references(earlier, id),
		charset: sameCharset ? charsetOf(header.get('content-type')) : undefined,
	};
}

/** As the original finds them: the latest. */
function identifiers(text: string): string[] {
	return text
		.split(/[ \t,]+/)
		.filter(Boolean)
		.slice(-mostReferences);
}

function references(earlier: string, id: string): string[] {
	const fits = (one: string) => one.length <= longestReference;
	const wanted = mostReferences * (longestReference + 2);
	const tail = earlier.slice(-wanted).replace(/^[^ \t,]+/, earlier.length > wanted ? '' : '$&');
	const latest = identifiers(`${tail} ${id}`).filter(fits);
	const first = /[^ \t,]+/.exec(earlier.slice(0, 2 * longestReference))?.[0];
	if (first === undefined || !fits(first) || latest.includes(first)) return latest;
	return [first, ...latest.slice(1 - mostReferences)];
}

/** RFC 2978 2.3: what names a charset, and how long it may be. */
function charsetOf(contentType: string | undefined): string | undefined {
	const found = /;\s*charset\s*=\s*(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType ?? '');
	const name = found?.[1] ?? found?.[2];
	return name !== undefined && /^[\w!#$%&'+^`{}~.:-]{1,40}$/.test(name) ? name : undefined;
}
