/**
 * A message as it goes into a folder: without the fields that `saveignore` and `saveretain` keep out, and
 * with Status and X-Status as its flags are now. Also counts lines and octets the way the original
 * tells them. Pure: octets in, octets out.
 */
import type { Letter } from '../mailbox/append.js';
import type { Mailbox, Message } from '../mailbox/mailbox.js';
import {
	headerEnd,
	keptOfFlags,
	printStatus,
	printXStatus,
	restateStatus,
} from '../mailbox/status.js';
import type { FieldFilter } from './fields.js';
import type { Session } from './session.js';

export interface SavedCopy {
	/** The From_ line without its newline. */
	readonly postmark: string;
	/** Header, empty line and body; `From ` at the start of lines is not yet quoted. */
	readonly content: readonly Uint8Array[];
	/** As the original counts: quoting included, and a Status and an X-Status field even where empty. */
	readonly lines: number;
	readonly octets: number;
}

const newline = 10;
const quotable = Buffer.from('\nFrom ');

/**
 * `message`: the From_ line, header, empty line and body. `faithful`: a message without header loses its
 * first line, as in Heirloom.
 */
export function savedCopy(
	message: Buffer,
	flags: number,
	filter: FieldFilter,
	faithful = false,
): SavedCopy {
	const end = headerEnd(message);
	const kept = keptOfFlags(flags);
	const restated = restateStatus(message.subarray(0, end), kept, faithful);
	const header = withoutHidden(restated, filter);
	const body = message.subarray(end);
	const uncounted = [
		['Status', printStatus(kept)] as const,
		['X-Status', printXStatus(kept)] as const,
	].filter(([name, field]) => field === '' && !filter.hides(name));
	const postmarkEnd = header.indexOf(newline);
	const phantoms = uncounted.reduce((sum, [name]) => sum + `${name}: \n`.length, 0);
	return {
		postmark: header.toString('latin1', 0, postmarkEnd),
		content: [header.subarray(postmarkEnd + 1), body],
		lines: countLines(header) + countLines(body) + uncounted.length,
		octets: header.length + body.length + countQuotable(body) + phantoms,
	};
}

/** Messages on their way into a folder, each read when its turn comes. */
export function* lettersOf(
	mailbox: Mailbox,
	messages: Iterable<Message>,
	{ fields, bare }: Pick<Session, 'fields' | 'bare'>,
	count?: (copy: SavedCopy) => void,
): Generator<Letter> {
	for (const message of messages) {
		const copy = savedCopy(wholeMessage(mailbox, message), message.flags, fields.save, bare);
		count?.(copy);
		yield { postmark: copy.postmark, content: copy.content, flags: message.flags };
	}
}

/** With a From_ line and a final empty line, where the format has none. */
function wholeMessage(mailbox: Mailbox, message: Message): Buffer {
	const octets = mailbox.read(message);
	if (mailbox.format !== 'maildir') return octets;
	const text = octets.at(-1) === newline ? '' : '\n';
	const empty = octets.subarray(-2).equals(Buffer.from('\n\n')) ? '' : '\n';
	const postmark = Buffer.from(`${mailbox.postmark(message)}\n`, 'latin1');
	return Buffer.concat([postmark, octets, Buffer.from(text + empty)]);
}

/** The header without the fields the filter hides; its From_ line stays. */
function withoutHidden(header: Buffer, filter: FieldFilter): Buffer {
	if (filter.ignored.size === 0 && filter.retained.size === 0) return header;
	const text = header.toString('latin1');
	let at = text.indexOf('\n') + 1;
	let result = text.slice(0, at);
	let keeps = true;
	while (at < text.length) {
		const end = text.indexOf('\n', at) + 1 || text.length;
		const line = text.slice(at, end);
		if (line === '\n') return Buffer.from(result + text.slice(at), 'latin1');
		const name = /^([^:\s]+)/.exec(line)?.[1];
		if (name !== undefined) keeps = !filter.hides(name);
		if (keeps) result += line;
		at = end;
	}
	return Buffer.from(result, 'latin1');
}

export function countLines(octets: Uint8Array): number {
	let lines = 0;
	for (let at = octets.indexOf(newline); at >= 0; at = octets.indexOf(newline, at + 1)) lines++;
	return lines;
}

/** Lines of a body that begin with `From ` and get a `>` in an mbox. */
function countQuotable(body: Buffer): number {
	let count = body.indexOf(quotable.subarray(1)) === 0 ? 1 : 0;
	for (let at = body.indexOf(quotable); at >= 0; at = body.indexOf(quotable, at + 1)) count++;
	return count;
}
