/**
 * What a message is put out for, how the purposes differ, and what a rendering carries along while header
 * and parts are walked: where it flows to, in which charset, with which fields.
 *
 * Nothing received reaches the terminal unfiltered: purposes that are shown pass message/text.ts.
 */
import type { Message } from '../mailbox/mailbox.js';
import { decodeOctets, encodeText, misread } from '../message/charset.js';
import { longestLine } from '../message/pieces.js';
import { makePrintable, makeQuotable, overstrike } from '../message/text.js';
import type { FieldFilter } from './fields.js';
import { Outflow } from './outflow.js';
import type { Session } from './session.js';

/**
 * `display`: type, pipe. `displayAll`: Type, Pipe; also all alternatives. `show`: as it stands, encodings
 * and all. `quote`: a reply's quotation, ~m, ~f: the first part alone. `quoteAll`: ~M, ~F.
 * `search`: text to look through. `junk`: words to classify, NUL between parts. `file`: the body to a
 * file, attachments to files of their own. `mbox`: a copy for a folder, with `>From ` and Status.
 * `rfc822`: for another mailer (resend, forward as attachment): no From_ line.
 */
export type Action =
	| 'display'
	| 'displayAll'
	| 'show'
	| 'quote'
	| 'quoteAll'
	| 'search'
	| 'junk'
	| 'file'
	| 'mbox'
	| 'rfc822';

interface Purpose {
	/** Parts are walked; else the body is copied as it stands. */
	readonly parts: boolean;
	/** Encoded words in fields are read. */
	readonly words: boolean;
	/** Text is converted to the charset of the terminal. */
	readonly converted: boolean;
	/** Control characters are made visible. */
	readonly printable: boolean;
	/** Each part begins with `Part 1:`. */
	readonly numbered: boolean;
	/** Attachments and other parts that are no text are left out, or given to `pipe-TYPE`. */
	readonly handlers: boolean;
}

// biome-ignore format: a table
const purposes: Readonly<Record<Action, Purpose>> = {
	display:    { parts: true,  words: true,  converted: true,  printable: true,  numbered: true,  handlers: true },
	displayAll: { parts: true,  words: true,  converted: true,  printable: true,  numbered: true,  handlers: true },
	show:       { parts: false, words: false, converted: false, printable: true,  numbered: false, handlers: false },
	quote:      { parts: true,  words: true,  converted: true,  printable: true,  numbered: false, handlers: true },
	quoteAll:   { parts: true,  words: true,  converted: true,  printable: true,  numbered: true,  handlers: true },
	search:     { parts: true,  words: true,  converted: true,  printable: false, numbered: false, handlers: false },
	junk:       { parts: true,  words: true,  converted: false, printable: false, numbered: false, handlers: false },
	file:       { parts: true,  words: false, converted: false, printable: false, numbered: false, handlers: false },
	mbox:       { parts: false, words: false, converted: false, printable: false, numbered: false, handlers: false },
	rfc822:     { parts: false, words: false, converted: false, printable: false, numbered: false, handlers: false },
};

export interface RenderOptions {
	readonly action: Action;
	/**
	 * Which fields are left out. `all` (the default): every field is there; `none`: no field, no From_ line,
	 * no empty line, and without the last octet (the empty line of the folder).
	 */
	readonly filter?: FieldFilter | 'all' | 'none';
	/** Leaves the From_ line out, as for the quotation of `forward`. */
	readonly withoutPostmark?: boolean;
	/** Before every line; without its trailing blanks before empty ones. */
	readonly prefix?: string;
	/** Takes the octets as they come, for messages that should not be in memory a second time. */
	readonly sink?: (octets: Buffer) => void;
}

export const cutHere = `[Line of more than ${longestLine} octets - the rest is not shown]\n`;

/** Octets of a quotation: what is longer was not written to be answered line by line. */
export const longestQuotation = 2_000_000;

/** The charset that text is shown in: `ttycharset`, else the terminal's. */
export function shownCharset(session: Session): string {
	return session.variables.get('ttycharset') ?? session.terminal.charset;
}

/** One rendering of one message. */
export class Rendering {
	readonly session: Session;
	readonly message: Message;
	readonly action: Action;
	readonly purpose: Purpose;
	readonly filter: FieldFilter | 'all' | 'none';
	readonly out: Outflow;
	readonly charset: string;
	#ended = false;

	constructor(session: Session, message: Message, options: RenderOptions, figures: boolean) {
		this.session = session;
		this.message = message;
		this.action = options.action;
		this.purpose = purposes[options.action];
		this.filter = options.filter ?? 'all';
		this.out = new Outflow(options.prefix, figures, options.sink);
		this.charset = shownCharset(session);
	}

	/** Whether a field is left out. */
	hides(name: string): boolean {
		if (this.filter === 'all') return false;
		return this.filter === 'none' || this.filter.hides(name);
	}

	/** Whether parts are put into a form that reads better than what was sent. */
	get dresses(): boolean {
		if (this.action !== 'display' && this.action !== 'quote') return false;
		return !this.session.bare && !this.session.variables.has('asis');
	}

	/** Whether parts made for programs begin with what they say to people. */
	get summarizes(): boolean {
		if (this.action === 'displayAll') {
			return !this.session.bare && !this.session.variables.has('asis');
		}
		return this.dresses;
	}

	/** Whether as much has been quoted as goes into a letter. */
	get isFull(): boolean {
		const quotes = this.action === 'quote' || this.action === 'quoteAll';
		return quotes && this.out.length > longestQuotation;
	}

	/** Says, once, that a quotation ends here. */
	endQuotation(): void {
		if (this.#ended) return;
		this.#ended = true;
		this.out.endLine();
		this.out.say(`[More than ${longestQuotation} octets - the rest is not quoted]\n`);
	}

	/** Text or octets as the purpose wants them. */
	ready(octets: Buffer): Buffer {
		return this.purpose.printable ? this.visible(octets) : octets;
	}

	/** Octets of a charset (the terminal's own, where none is given) as a terminal may be shown them. */
	visible(octets: Buffer, charset?: string, reshape?: (text: string) => string): Buffer {
		const decoded = decodeOctets(octets, charset, this.charset, !this.session.bare);
		const text = reshape ? reshape(decoded) : decoded;
		if (this.#passesAll) return encodeText(text, this.charset);
		return this.shown(this.#quotes ? text : overstrike(text));
	}

	/** It goes into a letter, and with -n as it is, but for what the original keeps out of it. */
	get #quotes(): boolean {
		return this.session.bare && (this.action === 'quote' || this.action === 'quoteAll');
	}

	/** The person's own wish, for a program that reads what we write; bare Heirloom does so on terminals, too. */
	get #passesAll(): boolean {
		const { variables, terminal, bare } = this.session;
		return variables.has('print-all-chars') && (bare || !terminal.outputIsTerminal);
	}

	/** Text made out of what was received. With -n it is the terminal that says what can be seen. */
	shown(text: string): Buffer {
		const { bare, terminal } = this.session;
		const charset = bare ? terminal.charset : this.charset;
		const seen = bare ? misread(text, this.charset, charset) : text;
		const printable = this.#quotes ? makeQuotable(seen, charset) : makePrintable(seen, charset);
		return encodeText(printable, charset);
	}

	converted(octets: Buffer, charset: string | undefined): Buffer {
		const text = decodeOctets(octets, charset, this.charset, !this.session.bare);
		return encodeText(text, this.charset);
	}
}
