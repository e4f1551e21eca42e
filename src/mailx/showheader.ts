/**
 * The header of a message or a part as it is put out: which fields, their encoded words read, Status and
 * X-Status as they are now. Line by line, as the original counts them; a header may have more lines than
 * a person can be shown. Knows nothing of bodies.
 */
import { Flag } from '../mailbox/mailbox.js';
import { skin } from '../message/address.js';
import { hasNoHeader, type Part } from '../message/body.js';
import { parseDate, printCtime } from '../message/date.js';
import { mostFields } from '../message/header.js';
import { longestLine, rawPieces } from '../message/pieces.js';
import { masked, unmaskLine } from '../message/stored.js';
import { decodeWords, prepareWords } from '../message/words.js';
import { cutHere, type Rendering } from './rendering.js';

/** Of a header more lines are not shown. */
const mostLines = mostFields;

/** Octets that are put out at once where nothing has to be done to them. */
const together = 1 << 16;

/** The From_ line of the message. */
export function showPostmark(rendering: Rendering, line: string): void {
	const { out } = rendering;
	const octets = Buffer.from(`${line}\n`, 'latin1');
	const prefix = Buffer.from(out.prefix ?? '', 'latin1');
	out.add(prefix);
	out.add(rendering.ready(octets));
	out.measure(1, prefix.length + octets.length);
}

/** The From_ line of a message within a message, made of its own fields. */
export function showInnerPostmark(rendering: Rendering, inner: Part | undefined): void {
	if (!inner) return;
	const { header } = inner;
	const from = skin(header.get('return-path') || '') || skin(header.get('from') || '') || '-';
	const now = rendering.session.system.now();
	const received = header.get('received')?.split(';').at(-1);
	const dates = [received, header.get('date')].map((value) => parseDate(value ?? ''));
	const date = dates.find((one) => one !== undefined && one <= now) ?? now;
	const line = `From ${from} ${printCtime(date)}\n`;
	rendering.out.add(rendering.ready(Buffer.from(line, 'latin1')));
}

/** The fields that are not left out, Status and X-Status as they are now, and the empty line. */
export async function showHeader(rendering: Rendering, part: Part, level: number): Promise<void> {
	const { purpose, action } = rendering;
	const limited = purpose.printable && action !== 'show';
	const end = limited ? endOfLines(part, mostLines) : part.bodyStart;
	if (purpose.words) await prepareWords(part.octets.toString('latin1', 0, end));
	new HeaderWalk(rendering, level).walk(part, end);
}

/** Where the header ends, or after `most` lines of it. */
function endOfLines({ octets, bodyStart }: Part, most: number): number {
	let at = 0;
	for (let lines = 0; at < bodyStart && lines < most; lines++)
		at = octets.indexOf(10, at) + 1 || bodyStart;
	return Math.min(at, bodyStart);
}

class HeaderWalk {
	readonly #rendering: Rendering;
	readonly #level: number;
	/** Fields of flags that are still to come, with what they say; undefined where there is nothing to say. */
	readonly #states: Map<string, string | undefined>;
	/** Lines that need nothing done to them. */
	#plain: string[] = [];
	#plainLength = 0;

	constructor(rendering: Rendering, level: number) {
		this.#rendering = rendering;
		this.#level = level;
		this.#states = level === 0 ? statesOf(rendering) : new Map();
	}

	walk(part: Part, end: number): void {
		const { purpose, filter, out } = this.#rendering;
		let first = true;
		let hidden = true;
		let joins = false;
		for (let at = 0, next = 0; at < end; at = next) {
			const newline = part.octets.indexOf(10, at);
			next = newline < 0 || newline >= end ? end : newline + 1;
			const line = unmaskLine(part.octets.toString('latin1', at, next));
			if (line === '\n' || line === '\r\n') {
				this.#finish();
				return;
			}
			const continues = !first && /^[ \t]/.test(line);
			// RFC 2047 6.2: no blank is shown where a field was folded between two encoded words.
			const afterWord = joins && continues && /^[ \t]+=\?.{7}/.test(line);
			if (!continues) {
				if (first && this.#level === 0 && hasNoHeader(part.octets)) {
					this.#noHeader(part);
					return;
				}
				hidden = this.#hides(/^[^:\s]*/.exec(line)?.[0] ?? '', hidden);
				first = false;
			}
			const folded = part.octets[next] === 32 || part.octets[next] === 9;
			joins = folded && line.endsWith('?=\n') && line.length > 9;
			if (hidden) continue;
			if (purpose.words) {
				const text = afterWord ? line.replace(/^[ \t]+/, '') : line;
				this.#words(joins ? text.slice(0, -1) : text);
			} else this.#asItIs(line);
		}
		this.#flush();
		if (end < part.bodyStart && filter !== 'none') {
			out.say(`[More than ${mostLines} header lines - the rest is not shown]\n`);
			this.#finish();
		} else this.#restOfStates();
	}

	#finish(): void {
		this.#flush();
		this.#restOfStates();
		if (this.#rendering.filter !== 'none') this.#rendering.out.say('\n');
	}

	/** `before`: whether the field before it was left out. */
	#hides(name: string, before: boolean): boolean {
		const key = name.toLowerCase();
		if (this.#rendering.hides(name)) return true;
		if (this.#states.has(key)) {
			this.#flush();
			this.#state(key);
			return true;
		}
		// As the original: another Status goes the way of the field before it.
		return key === 'status' || key === 'x-status' ? before : false;
	}

	/**
	 * No header at all, as in UUCP mail and where a line of a text was taken for a postmark: all is body.
	 * The original loses the first line. It does so here where a message is dressed up for a person
	 * (`show` has it); copies are whole.
	 */
	#noHeader(part: Part): void {
		const { filter, out, purpose, action } = this.#rendering;
		this.#restOfStates();
		if (filter !== 'none') out.say('\n');
		if (purpose.printable && action !== 'show') return;
		if (action === 'file' && this.#rendering.session.bare) return;
		const line = part.octets.subarray(0, part.octets.indexOf(10) + 1);
		out.put(this.#rendering.ready(line), line);
	}

	#words(whole: string): void {
		const { session, charset, purpose, out } = this.#rendering;
		const tooLong = purpose.printable && whole.length > longestLine;
		const line = tooLong ? whole.slice(0, longestLine) : whole;
		out.put(this.#rendering.shown(decodeWords(line, charset, session.bare)), line);
		if (tooLong) out.say(`\n${cutHere}`);
	}

	#asItIs(line: string): void {
		this.#plain.push(line);
		this.#plainLength += line.length;
		if (this.#plainLength >= together) this.#flush();
	}

	#flush(): void {
		if (this.#plain.length === 0) return;
		const { action, out } = this.#rendering;
		const octets = Buffer.from(this.#plain.join(''), 'latin1');
		this.#plain = [];
		this.#plainLength = 0;
		if (action === 'mbox') for (const piece of masked(octets)) out.put(piece, piece);
		else for (const piece of rawPieces(octets)) out.put(this.#rendering.ready(piece), piece);
	}

	#restOfStates(): void {
		for (const name of [...this.#states.keys()]) this.#state(name);
	}

	#state(key: string): void {
		const { out } = this.#rendering;
		const value = this.#states.get(key);
		this.#states.delete(key);
		const name = key === 'status' ? 'Status' : 'X-Status';
		const prefix = out.prefix ?? '';
		if (value !== undefined) out.add(Buffer.from(`${prefix}${name}: ${value}\n`, 'latin1'));
		// As the original: an X-Status line counts whether there is one or not.
		out.measure(1, prefix.length + name.length + 3 + (value?.length ?? 0));
	}
}

/** The values of the fields that tell of flags, those that are not left out. */
function statesOf(rendering: Rendering): Map<string, string | undefined> {
	const { message } = rendering;
	const letters = (pairs: readonly (readonly [letter: string, holds: boolean])[]) =>
		pairs.map(([letter, holds]) => (holds ? letter : '')).join('') || undefined;
	const states = new Map<string, string | undefined>();
	if (!rendering.hides('status')) {
		const status = [
			['R', message.has(Flag.read)],
			['O', !message.has(Flag.new)],
		] as const;
		states.set('status', letters(status));
	}
	if (!rendering.hides('x-status')) {
		const status = [
			['F', message.has(Flag.flagged)],
			['A', message.has(Flag.answered)],
			['T', message.has(Flag.draft)],
		] as const;
		states.set('x-status', letters(status));
	}
	return states;
}
