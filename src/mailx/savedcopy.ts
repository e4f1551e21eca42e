/**
 * A message as it goes into a folder: without the fields that `saveignore` and `saveretain` keep out, and
 * with Status and X-Status as its flags are now. Also counts lines and octets the way the original
 * tells them. Pure: octets in, octets out.
 */

import { isFrom } from '../mailbox/fromlines.js';
import type { Letter } from '../mailbox/letterwriter.js';
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
	/** Some line of the content begins with `From `. */
	readonly quotable: boolean;
}

const newline = 10;
const letterF = 70;

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
	const end = headerEnd(message, faithful);
	const kept = keptOfFlags(flags);
	const head = message.subarray(0, end);
	const header = withoutHidden(restateStatus(head, kept, faithful), filter);
	const body = message.subarray(end);
	const uncounted = [
		['Status', printStatus(kept)] as const,
		['X-Status', printXStatus(kept)] as const,
	].filter(([name, field]) => field === '' && !filter.hides(name));
	const postmarkEnd = header.indexOf(newline);
	const phantoms = uncounted.reduce((sum, [name]) => sum + `${name}: \n`.length, 0);
	const inHeader = tally(header);
	const inBody = tally(body);
	const bodyQuotes = inBody.quotable + (isFrom(body, 0) ? 1 : 0);
	return {
		postmark: header.toString('latin1', 0, postmarkEnd),
		content:
			header === head
				? [message.subarray(postmarkEnd + 1)]
				: [header.subarray(postmarkEnd + 1), body],
		lines: inHeader.lines + inBody.lines + uncounted.length,
		octets: header.length + body.length + bodyQuotes + phantoms,
		quotable: inHeader.quotable + bodyQuotes > 0,
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
		const { postmark, content, quotable } = copy;
		yield { postmark, content, flags: message.flags, quotable };
	}
}

/** With a From_ line and a final empty line, where the format has none. Good until the next look. */
function wholeMessage(mailbox: Mailbox, message: Message): Buffer {
	const octets = mailbox.look?.(message) ?? mailbox.read(message);
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
		const isLast = end === text.length;
		if (line === '\n' || (line === '\r\n' && isLast)) {
			return Buffer.from(result + text.slice(at), 'latin1');
		}
		const name = /^([^:\s]+)/.exec(line)?.[1];
		if (name !== undefined) keeps = !filter.hides(name);
		if (keeps) result += line;
		at = end;
	}
	return Buffer.from(result, 'latin1');
}

/** Newlines, and how many of them `From ` follows; in one walk, as all of a mailbox may pass here. */
function tally(octets: Buffer): { readonly lines: number; readonly quotable: number } {
	let lines = 0;
	let quotable = 0;
	for (let at = octets.indexOf(newline) + 1; at > 0; at = octets.indexOf(newline, at) + 1) {
		lines++;
		if (octets[at] === letterF && isFrom(octets, at)) quotable++;
	}
	return { lines, quotable };
}
