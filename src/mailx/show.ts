/**
 * A message as it leaves the mailbox: on the terminal, quoted in a letter, written to files, handed to a
 * search, copied to a folder. Which fields, which parts, in which charset. One walk over the parts
 * serves all; the table below says how the purposes differ.
 *
 * Nothing received reaches the terminal unfiltered: purposes that are shown pass message/text.ts.
 */
import type { Message } from '../mailbox/mailbox.js';
import { Flag } from '../mailbox/mailbox.js';
import { skin } from '../message/address.js';
import {
	decodeBody,
	encodedLines,
	hasNoHeader,
	isText,
	type Part,
	parameter,
	parseMime,
} from '../message/body.js';
import { decodeOctets, encodeText, prepareCharset } from '../message/charset.js';
import { parseDate, printCtime } from '../message/date.js';
import { layOut } from '../message/flowed.js';
import { mostFields } from '../message/header.js';
import { longestLine, rawPieces, textPieces } from '../message/pieces.js';
import { makePrintable, overstrike } from '../message/text.js';
import { decodeWords, prepareWords } from '../message/words.js';
import type { FieldFilter } from './fields.js';
import { Outflow, type Rendered } from './outflow.js';
import { savePart } from './partfiles.js';
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

/** Octets of a body that is not taken line by line. */
const longBody = 1 << 22;

/** Of a header more lines are not shown. */
const mostHeaderLines = mostFields;

export const cutHere = `[Line of more than ${longestLine} octets - the rest is not shown]\n`;

/** The charset that text is shown in: `ttycharset`, else the terminal's. */
export function shownCharset(session: Session): string {
	return session.variables.get('ttycharset') ?? session.terminal.charset;
}

/** The message for a purpose, in the charset of the terminal. Throws errno errors of the mailbox. */
export async function renderMessage(
	session: Session,
	message: Message,
	options: RenderOptions,
): Promise<Buffer> {
	return (await render(session, message, options, false)).octets;
}

/** The same with the figures that the original reports: they count an X-Status line whether there is one or not. */
export async function renderMeasured(
	session: Session,
	message: Message,
	options: RenderOptions,
): Promise<Rendered> {
	return render(session, message, options, true);
}

/** A message whose first line ends with CR LF, with line ends of LF alone. */
function withoutCr(octets: Buffer): Buffer {
	const end = octets.indexOf(10);
	if (end < 1 || octets[end - 1] !== 13) return octets;
	return Buffer.from(octets.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

async function render(
	session: Session,
	message: Message,
	options: RenderOptions,
	figures: boolean,
): Promise<Rendered> {
	const { mailbox } = session;
	if (!mailbox) return { octets: Buffer.alloc(0), lines: 0, count: 0 };
	if (message === mailbox.dot && options.action !== 'search' && options.action !== 'junk') {
		session.dotShown = true;
	}
	const stored = mailbox.read(message);
	const octets = purposes[options.action].printable && !session.bare ? withoutCr(stored) : stored;
	const walk = new Walk(session, message, options, figures);
	const afterPostmark = mailbox.format === 'mbox' ? octets.indexOf(10) + 1 : 0;
	if (options.filter !== 'none' && !options.withoutPostmark && options.action !== 'rfc822') {
		walk.postmark(mailbox.postmark(message));
	}
	const part = parseMime(
		octets.subarray(afterPostmark),
		!purposes[options.action].parts,
		session.bare,
	);
	await walk.part(part, 0);
	return walk.result();
}

/** One rendering: what has been put out so far, and the walk over the parts. */
class Walk {
	readonly #session: Session;
	readonly #message: Message;
	readonly #action: Action;
	readonly #purpose: Purpose;
	readonly #filter: FieldFilter | 'all' | 'none';
	readonly #out: Outflow;
	readonly #charset: string;

	constructor(session: Session, message: Message, options: RenderOptions, figures: boolean) {
		this.#session = session;
		this.#message = message;
		this.#action = options.action;
		this.#purpose = purposes[options.action];
		this.#filter = options.filter ?? 'all';
		this.#out = new Outflow(options.prefix, figures, options.sink);
		this.#charset = shownCharset(session);
	}

	result(): Rendered {
		return this.#out.result();
	}

	postmark(line: string): void {
		const octets = Buffer.from(`${line}\n`, 'latin1');
		const prefix = Buffer.from(this.#out.prefix ?? '', 'latin1');
		this.#out.add(prefix);
		this.#out.add(this.#ready(octets));
		this.#out.measure(1, prefix.length + octets.length);
	}

	async part(part: Part, level: number): Promise<void> {
		if (part.content === 'discarded') return;
		await this.#header(part, level);
		if (!this.#purpose.parts) return this.#body(part, level);
		switch (part.content) {
			case 'plain':
			case 'html':
			case 'text':
				if (this.#action === 'junk' && part.content === 'html') this.#out.say('\b');
				return this.#body(part, level);
			case 'rfc822':
				if (this.#action === 'junk') this.#out.say('\0');
				if (this.#action !== 'search') this.#innerPostmark(part.parts[0]);
				if (this.#action === 'file') return this.#body(part, level);
				return this.#parts(part, level);
			case 'alternative': {
				const choose =
					(this.#action === 'display' || this.#action === 'quote') &&
					!this.#session.variables.has('print-alternatives');
				const plain = choose && part.parts.find((inner) => inner.content === 'plain');
				return plain ? this.part(plain, level + 1) : this.#parts(part, level);
			}
			case 'multipart':
			case 'digest':
				return this.#parts(part, level);
			case 'other':
				if (this.#purpose.handlers && this.#handler(part) === undefined) {
					if (await this.#gist(part)) return;
					if (level === 0 && part.octets.length > part.bodyStart)
						this.#out.say('[Binary content]\n\n');
					return;
				}
				return this.#action === 'junk' ? undefined : this.#body(part, level);
		}
	}

	async #parts(part: Part, level: number): Promise<void> {
		const shown = this.#action === 'display' || this.#action === 'displayAll';
		if (shown && part.limited) {
			this.#out.say('[Too many parts - use "show" to display the raw message]\n\n');
		} else if (shown && part.parts.length === 1 && part.parts[0]?.content === 'discarded') {
			this.#out.say('[Missing multipart boundary - use "show" to display the raw message]\n\n');
		}
		for (const inner of part.parts) {
			if (inner.content === 'discarded') continue;
			if (this.#action === 'file' && inner.number !== '1') {
				await this.#toOwnFile(inner, level);
				continue;
			}
			if (this.#action === 'junk') this.#out.say('\0');
			if (this.#purpose.numbered && part.content !== 'rfc822' && inner.number !== undefined) {
				const first = level === 0 && inner.number === '1';
				this.#out.say(`${first ? '' : '\n'}Part ${inner.number}:\n`);
			}
			await this.part(inner, level + 1);
			if (this.#action === 'quote') break;
			await this.#session.terminal.checkpoint();
		}
	}

	/** The part goes to a file that the person names; what it makes is no longer counted. */
	async #toOwnFile(part: Part, level: number): Promise<void> {
		this.#out.stopCounting();
		await savePart(this.#session, part, () => this.#out.divert(() => this.part(part, level + 1)));
	}

	/** The fields that are not left out, Status and X-Status as they are now, and the empty line. */
	async #header(part: Part, level: number): Promise<void> {
		const states = level === 0 ? this.#states() : new Map<string, string | undefined>();
		const block = part.octets.toString('latin1', 0, part.bodyStart);
		if (this.#purpose.words) await prepareWords(block);
		const lines = block.match(/[^\n]*\n|[^\n]+$/g) ?? [];
		let inField = false;
		let hidden = true;
		let joins = false;
		const limited = this.#purpose.printable && this.#action !== 'show';
		for (const [index, masked] of lines.entries()) {
			if (limited && index >= mostHeaderLines) {
				this.#out.say(`[More than ${mostHeaderLines} header lines - the rest is not shown]\n`);
				break;
			}
			const line = unmask(masked);
			if (line === '\n' || line === '\r\n') {
				for (const name of [...states.keys()]) this.#state(states, name);
				if (this.#filter !== 'none') this.#out.say('\n');
				return;
			}
			const continues = inField && /^[ \t]/.test(line);
			// RFC 2047 6.2: no blank is shown where a field was folded between two encoded words.
			const afterWord = joins && continues && /^[ \t]+=\?.{7}/.test(line);
			if (!continues) {
				const name = /^[^:\s]*/.exec(line)?.[0] ?? '';
				if (index === 0 && level === 0 && hasNoHeader(part.octets)) {
					return this.#noHeader(part, states);
				}
				const key = name.toLowerCase();
				if (this.#hides(name)) hidden = true;
				else if (states.has(key)) {
					this.#state(states, key);
					hidden = true;
				} else if (key !== 'status' && key !== 'x-status') hidden = false;
				inField = true;
			}
			joins = /^[ \t]/.test(lines[index + 1] ?? '') && line.endsWith('?=\n') && line.length > 9;
			if (hidden) continue;
			let text = line;
			if (this.#purpose.words) {
				if (afterWord) text = text.replace(/^[ \t]+/, '');
				if (joins) text = text.slice(0, -1);
			}
			this.#field(text);
		}
		for (const name of [...states.keys()]) this.#state(states, name);
	}

	/**
	 * No header at all, as in UUCP mail and where a line of a text was taken for a postmark: all is body.
	 * The original loses the first line. It does so here where a message is dressed up for a person
	 * (`show` has it); copies are whole.
	 */
	#noHeader(part: Part, states: Map<string, string | undefined>): void {
		for (const state of [...states.keys()]) this.#state(states, state);
		if (this.#filter !== 'none') this.#out.say('\n');
		if (this.#purpose.printable && this.#action !== 'show') return;
		const end = part.octets.indexOf(10) + 1;
		const line = part.octets.subarray(0, end);
		this.#out.put(this.#ready(line), line);
	}

	#field(whole: string): void {
		const tooLong = this.#purpose.words && this.#purpose.printable && whole.length > longestLine;
		const line = tooLong ? whole.slice(0, longestLine) : whole;
		if (this.#purpose.words) {
			const decoded = decodeWords(line, this.#charset, this.#session.bare);
			const text = makePrintable(decoded, this.#charset);
			this.#out.put(encodeText(text, this.#charset), line);
		} else if (this.#purpose.printable) {
			this.#out.put(this.#visible(Buffer.from(line, 'latin1')), line);
		} else {
			this.#out.put(Buffer.from(this.#requote(line), 'latin1'), line);
		}
		if (tooLong) this.#out.say(`\n${cutHere}`);
	}

	#hides(name: string): boolean {
		if (this.#filter === 'all') return false;
		return this.#filter === 'none' || this.#filter.hides(name);
	}

	/** The values of the fields that tell of flags; undefined where there is nothing to tell. */
	#states(): Map<string, string | undefined> {
		const message = this.#message;
		const letters = (pairs: [letter: string, holds: boolean][]) =>
			pairs.map(([letter, holds]) => (holds ? letter : '')).join('') || undefined;
		const states = new Map<string, string | undefined>();
		if (!this.#hides('status')) {
			const status: [string, boolean][] = [
				['R', message.has(Flag.read)],
				['O', !message.has(Flag.new)],
			];
			states.set('status', letters(status));
		}
		if (!this.#hides('x-status')) {
			const status: [string, boolean][] = [
				['F', message.has(Flag.flagged)],
				['A', message.has(Flag.answered)],
				['T', message.has(Flag.draft)],
			];
			states.set('x-status', letters(status));
		}
		return states;
	}

	#state(states: Map<string, string | undefined>, key: string): void {
		const value = states.get(key);
		states.delete(key);
		const name = key === 'status' ? 'Status' : 'X-Status';
		const prefix = this.#out.prefix ?? '';
		if (value !== undefined) this.#out.add(Buffer.from(`${prefix}${name}: ${value}\n`, 'latin1'));
		this.#out.measure(1, prefix.length + name.length + 3 + (value?.length ?? 0));
	}

	/** The From_ line of a message within a message, made of its own fields. */
	#innerPostmark(inner: Part | undefined): void {
		if (!inner) return;
		const { header } = inner;
		const from = skin(header.get('return-path') || '') || skin(header.get('from') || '') || '-';
		const now = this.#session.system.now();
		const received = header.get('received')?.split(';').at(-1);
		const dates = [received, header.get('date')].map((value) => parseDate(value ?? ''));
		const date = dates.find((one) => one !== undefined && one <= now) ?? now;
		this.#out.add(this.#ready(Buffer.from(`From ${from} ${printCtime(date)}\n`, 'latin1')));
	}

	async #body(part: Part, level: number): Promise<void> {
		const whole = unmaskAll(part.octets.subarray(part.bodyStart));
		const raw = this.#filter === 'none' && level === 0 ? whole.subarray(0, -1) : whole;
		if (part.encoding === 'binary') this.#out.isBinary();
		const text = this.#purpose.converted && isText(part);
		const charset = text ? part.charset : undefined;
		if (charset !== undefined) await prepareCharset(charset);
		const handler = this.#purpose.handlers ? this.#handler(part) : undefined;
		if (handler !== undefined) {
			const decoded = decodeBody(part, raw);
			const input = text ? this.#converted(decoded, charset) : decoded;
			return this.#throughHandler(handler, input);
		}
		if (this.#purpose.printable && !this.#out.measured) return this.#shown(part, raw, charset);
		for (const [line, decoded] of this.#lines(part, raw)) {
			if (this.#purpose.printable) this.#out.put(this.#visible(decoded, charset), line);
			else if (text) this.#out.put(this.#converted(decoded, charset), line);
			else if (this.#action === 'junk') this.#out.put(withoutControls(decoded), line);
			else if (this.#action === 'mbox') {
				this.#out.put(Buffer.from(this.#requote(decoded.toString('latin1')), 'latin1'), line);
			} else this.#out.put(decoded, line);
		}
	}

	/** Whether parts are put into a form that reads better than what was sent. */
	#dresses(): boolean {
		if (this.#action !== 'display' && this.#action !== 'quote') return false;
		return !this.#session.bare && !this.#session.variables.has('asis');
	}

	/** Paragraphs laid out anew, where the sender says that there are any. */
	#flow(part: Part): ((text: string) => string) | undefined {
		const field = part.header.get('content-type') ?? '';
		if (parameter(field, 'format')?.toLowerCase() !== 'flowed') return undefined;
		const delSp = parameter(field, 'delsp')?.toLowerCase() === 'yes';
		const { columns, fashion } = this.#session.terminal;
		return (text) => layOut(text, columns - 1, delSp, fashion);
	}

	/** False where the HTML is too long or too odd to be read, and has to be shown as it stands. */
	async #html(part: Part, raw: Buffer, charset: string | undefined): Promise<boolean> {
		if (raw.length > 2_000_000) return false;
		const { htmlToText } = await import('../message/richtext.js');
		const text = await htmlToText(decodeOctets(decodeBody(part, raw), charset, this.#charset));
		if (text === undefined) return false;
		this.#out.put(encodeText(makePrintable(text, this.#charset), this.#charset), text);
		return true;
	}

	/** What a part made for programs says, in a few lines; false where it says nothing. */
	async #gist(part: Part): Promise<boolean> {
		if (!this.#dresses()) return false;
		const { gistOf } = await import('../message/gist.js');
		const body = () => decodeBody(part).toString('latin1');
		const gist = await gistOf(part, body);
		if (gist === undefined) return false;
		this.#out.put(this.#visible(Buffer.from(gist, 'latin1')), gist);
		return true;
	}

	/**
	 * A body as it is put out: encoded and decoded, line by line where it is counted as the original
	 * counts. Of what is long, pieces: its figures are those of what is put out.
	 */
	*#lines(part: Part, raw: Buffer): Generator<readonly [encoded: Buffer, decoded: Buffer]> {
		if (!this.#purpose.parts) yield [raw, raw];
		else if (!this.#out.measured) yield [raw, decodeBody(part, raw)];
		else if (raw.length > longBody) {
			const whole = Number.POSITIVE_INFINITY;
			for (const { octets } of textPieces(part, raw, whole)) yield [octets, octets];
		} else for (const line of encodedLines(part, raw)) yield [line, decodeBody(part, line)];
	}

	/** Bit by bit, so that ^C is heard within a long one. */
	async #shown(part: Part, raw: Buffer, charset: string | undefined): Promise<void> {
		const dressed = this.#dresses();
		if (dressed && part.content === 'html' && (await this.#html(part, raw, charset))) return;
		if (dressed && part.type === 'text/calendar') await this.#gist(part);
		if (this.#purpose.parts) {
			const reshape = dressed && part.content === 'plain' ? this.#flow(part) : undefined;
			for (const { octets, cut } of textPieces(part, raw)) {
				this.#out.put(this.#visible(octets, charset, reshape), octets);
				if (cut) this.#out.say(`\n${cutHere}`);
				await this.#session.terminal.checkpoint();
			}
			return;
		}
		for (const piece of rawPieces(raw)) {
			this.#out.put(this.#visible(piece), piece);
			await this.#session.terminal.checkpoint();
		}
	}

	#converted(octets: Buffer, charset: string | undefined): Buffer {
		return encodeText(decodeOctets(octets, charset, this.#charset), this.#charset);
	}

	/** The command of `pipe-TYPE` for a part, where the person has set one. */
	#handler(part: Part): string | undefined {
		return this.#session.variables.get(`pipe-${part.type}`);
	}

	/** What the person's command makes of a part; it stands for the part, so it is filtered as the part. */
	async #throughHandler(command: string, input: Buffer): Promise<void> {
		const { terminal, variables } = this.#session;
		const shell = variables.get('SHELL');
		const end = await terminal.lend({ command, input, capture: true, ...(shell ? { shell } : {}) });
		if (end.error !== undefined) terminal.complain(`${command}: ${end.error}\n`);
		const output = this.#visible(Buffer.from(end.output));
		// What a command has made of a part is not counted, as in the original.
		if (this.#out.measured) this.#out.add(output);
		else this.#out.put(output, output);
	}

	/** Text or octets as the purpose wants them. */
	#ready(octets: Buffer): Buffer {
		return this.#purpose.printable ? this.#visible(octets) : octets;
	}

	/** Octets of a charset (the terminal's own, where none is given) as a terminal may be shown them. */
	#visible(octets: Buffer, charset?: string, reshape?: (text: string) => string): Buffer {
		const decoded = decodeOctets(octets, charset, this.#charset);
		const text = reshape ? reshape(decoded) : decoded;
		// The person's own wish, for a terminal that interprets such text as it should be.
		if (this.#session.variables.has('print-all-chars')) return encodeText(text, this.#charset);
		return encodeText(makePrintable(overstrike(text), this.#charset), this.#charset);
	}

	/** A line that reads as a postmark gets one more `>`: the folder it goes to is split at such lines. */
	#requote(text: string): string {
		return this.#action === 'mbox' ? text.replace(/^>*From /gm, '>$&') : text;
	}
}

/** `>From ` as a letter had it before it was put into a folder. */
function unmask(line: string): string {
	return line.startsWith('>') && /^>+From /.test(line) ? line.slice(1) : line;
}

function unmaskAll(octets: Buffer): Buffer {
	if (!octets.includes('>From ')) return octets;
	return Buffer.from(octets.toString('latin1').replace(/^>(?=>*From )/gm, ''), 'latin1');
}

function withoutControls(octets: Buffer): Buffer {
	return Buffer.from(octets.toString('latin1').replace(/[\x00-\x08\x0e-\x1f\x7f]/g, ''), 'latin1');
}
