/**
 * A letter being written: whom it goes to, what its header will say, what goes with it. Values only;
 * compose.ts makes octets of them. Text is text here, not octets: a typed octet that means nothing in
 * the charset of the terminal is a lone surrogate (U+DCNN for octet NN) and comes out as it went in.
 */
import {
	addressFault,
	displayName,
	isFileAddress,
	routePart,
	skin,
	splitAddresses,
	withoutGroups,
} from './address.js';
import { decodeOctets } from './charset.js';
import { decodeWords } from './words.js';

/** A recipient or sender as somebody wrote it. */
export interface Name {
	/** Without display name and comments: what the mailer is given. */
	readonly address: string;
	/** As the header shows it. */
	readonly full: string;
	/** Oneself, met in a list one is on: stays in the header, is sent nothing (no `metoo`). */
	readonly leftOut?: true;
}

/** A file or a message to go with the letter. */
export type Attachment =
	| {
			readonly kind: 'file';
			readonly path: string;
			readonly charset?: string | undefined;
			readonly contentType?: string | undefined;
			readonly disposition?: string | undefined;
			readonly contentId?: string | undefined;
			readonly description?: string | undefined;
	  }
	| { readonly kind: 'message'; readonly number: number };

export interface Draft {
	to: readonly Name[];
	cc: readonly Name[];
	bcc: readonly Name[];
	/** Undefined: no Subject field at all. */
	subject: string | undefined;
	/** Where `~H` or a header typed with the text said so; else the variables decide. */
	from: readonly Name[];
	replyTo: readonly Name[];
	sender: readonly Name[];
	organization: string | undefined;
	/** Message-IDs with their angle brackets; the last one is what is answered. */
	references: readonly string[];
	attachments: readonly Attachment[];
	/** `reply-in-same-charset`: that of the letter answered. */
	charset: string | undefined;
}

export function newDraft(given: Partial<Draft> = {}): Draft {
	return {
		to: [],
		cc: [],
		bcc: [],
		subject: undefined,
		from: [],
		replyTo: [],
		sender: [],
		organization: undefined,
		references: [],
		attachments: [],
		charset: undefined,
		...given,
	};
}

/** Text for one line of a header: a line break would begin a field of somebody else's making. */
export function oneLine(text: string): string {
	return text.replace(/[ \t]*[\r\n]+[ \t]*/g, ' ');
}

/** The names in what a person typed. `words`: cut at blanks, as after `mail`. */
export function typedNames(text: string, way: 'field' | 'words' = 'field'): Name[] {
	return splitAddresses(oneLine(text), way).map(typedName);
}

/** One name, whatever blanks and commas are in it; a program keeps its blanks. */
export function typedName(text: string): Name {
	const address = text.startsWith('|') ? text : skin(text);
	return { address, full: address === text ? address : decodeTyped(text) };
}

/** Typed encoded words are taken for what they mean: they are encoded again on the way out. */
export function decodeTyped(text: string): string {
	return text.includes('=?') && /^[\0-\x7f]*$/.test(text) ? decodeWords(text, 'utf-8') : text;
}

/**
 * The names in a field of a received letter (a latin1 string). `fullNames` keeps display names.
 * Pipes and files are left out: nobody else decides what is run or written here. `faithful`: as in the
 * original, groups and source routes are addresses, faulty ones.
 */
export function receivedNames(
	value: string,
	charset: string,
	fullNames: boolean,
	faithful = true,
): Name[] {
	const members = splitAddresses(faithful ? value : withoutGroups(oldAt(value)));
	return members.flatMap((written) => {
		const address = shown(skin(written), charset);
		if (isLocalTarget(address) || (!faithful && address === '')) return [];
		return [{ address, full: fullNames ? fullName(written, charset) : address }];
	});
}

/** `bob at x.example` is one address and not three, as a list of words would be. */
function oldAt(value: string): string {
	return /[@,"\\(<]/.test(value) ? value : value.replace(/[ \t]+at[ \t]+/gi, '@');
}

function shown(value: string, charset: string): string {
	if (/^[\0-\x7f]*$/.test(value)) return oneLine(value);
	return oneLine(decodeOctets(Buffer.from(value, 'latin1'), undefined, charset));
}

function fullName(written: string, charset: string): string {
	const route = routePart(written) ?? 0;
	const phrase = written.slice(0, route).trim();
	if (!phrase.includes('=?')) return oneLine(decodeWords(written, charset));
	const name = oneLine(decodeWords(displayName(written) ?? phrase, charset)).trim();
	// What was hidden in an encoded word must not turn into syntax.
	const quoted = /[()<>[\]:;@\\,"]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
	return `${quoted} ${shown(written.slice(route), charset)}`;
}

/** A recipient that is no mailbox but a file or a program. */
export function isLocalTarget(address: string): boolean {
	return address.startsWith('|') || isFileAddress(address);
}

/** What is wrong with an address, in the original's words; '' where there is no address at all. */
export function describeFault(text: string): string | undefined {
	const fault = addressFault(text);
	if (fault === undefined || fault === '') return fault;
	const address = skin(text);
	if (fault === '@') return `${address} contains invalid @@ sequence`;
	const code = fault.charCodeAt(0);
	if (code >= 0x20 && code < 0x7f) return `${address} contains invalid character '${fault}'`;
	const octet = code >= 0xdc80 && code <= 0xdcff ? code - 0xdc00 : Buffer.from(fault)[0];
	const octal = (octet ?? 0).toString(8).padStart(3, '0');
	return `${address} contains invalid character '\\${octal}'`;
}
