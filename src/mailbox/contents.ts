/**
 * What an mbox file is to consist of when it is written back: the spans that stay as they are, and the
 * messages that do not, put in another way. What nobody has changed is a span. Writes nothing.
 */
import { quoteFrom } from './fromlines.js';
import { Flag, type Message } from './mailbox.js';
import { bareBit } from './mboxindex.js';
import type { Piece } from './piece.js';
import { headerEnd, isHeadless, Kept, keptOfFlags, restateStatus } from './status.js';

/** A mailbox as it was read, and what has been made of it. */
export interface Contents {
	readonly messages: readonly Message[];
	/** Octets that are known; what follows them has come since. */
	readonly known: number;
	/**
	 * As Heirloom, once anything was done: every `From ` is quoted, status fields are spelt anew, the first
	 * line of a message without header is lost.
	 */
	readonly faithful: boolean;
	/** `Kept` and `bareBit`, as the file has it. */
	kept(message: Message): number;
	/** What stands in its place. */
	replaced(message: Message): Buffer | undefined;
	/** Its first octets, some hundreds where it has so many. Good until the next look. */
	beginning(message: Message): Buffer;
	/** From the From_ line to the empty line after the header. Good until the next look. */
	head(message: Message): Buffer;
	read(message: Message): Buffer;
	/** What has to stand before it lest it melt with the message before. */
	separator(message: Message): string | undefined;
}

/** The new contents, in order, `size` octets of the old being there; neighbours that stay become one range. */
export function piecesOf(contents: Contents, keep: readonly Message[], size: number): Piece[] {
	const { messages, known, faithful } = contents;
	const idle = faithful && messages.every((message) => isUntouched(contents, message));
	const kept = new Set(keep);
	const pieces: Piece[] = [];
	let from = 0;
	let to = messages[0]?.start ?? known;
	const flush = () => {
		if (to > from) pieces.push({ kind: 'range', from, to });
	};
	messages.forEach((message, index) => {
		const end = messages[index + 1]?.start ?? known;
		const stays = kept.has(message);
		const separator = contents.separator(message);
		if (stays && separator !== undefined && kept.has(messages[index - 1] as Message)) {
			flush();
			pieces.push({ kind: 'octets', octets: Buffer.from(separator) });
			from = message.start;
			to = from;
		}
		if (stays && !differs(contents, message, idle)) {
			if (to !== message.start) {
				flush();
				from = message.start;
			}
			to = end;
			return;
		}
		flush();
		from = end;
		to = end;
		if (stays) pieces.push(...restated(contents, message, end, faithful && !idle));
	});
	if (to !== known) {
		flush();
		from = known;
	}
	to = size;
	flush();
	return pieces;
}

const dealtWith =
	Flag.touched |
	Flag.deleted |
	Flag.saved |
	Flag.preserved |
	Flag.toMbox |
	Flag.modified |
	Flag.boxed;

/** All that was done to it is that it has been listed: it is no longer new. */
function isUntouched(contents: Contents, message: Message): boolean {
	if (message.has(dealtWith)) return false;
	const states = Kept.read | Kept.flagged | Kept.answered | Kept.draft;
	return ((contents.kept(message) ^ keptOfFlags(message.flags)) & states) === 0;
}

/** Whether it has to be written in another way than it stands in the file. */
function differs(contents: Contents, message: Message, idle: boolean): boolean {
	if (contents.replaced(message)) return true;
	const { faithful } = contents;
	const bits = contents.kept(message);
	if (faithful && !idle && ((bits & bareBit) !== 0 || hasNoHeader(contents, message))) return true;
	// The original spells status fields anew in whatever it writes; a copy should be a copy.
	const unheard = faithful ? bareBit : bareBit | Kept.odd;
	if ((bits & ~unheard) === keptOfFlags(message.flags)) return false;
	// Where there is no header, a text would have to be changed to say that it has been listed.
	return !(isUntouched(contents, message) && hasNoHeader(contents, message));
}

const newline = 10;
const colon = 58;
const space = 32;

function hasNoHeader(contents: Contents, message: Message): boolean {
	const octets = contents.beginning(message);
	const from = octets.indexOf(newline) + 1;
	// A field, by far the most frequent case, is told without making a string of it.
	for (let at = from; at < octets.length; at++) {
		const octet = octets[at] as number;
		if (octet === colon) return false;
		if (octet <= space) break;
	}
	const header = octets.toString('latin1', from, from + 512);
	return header !== '' && isHeadless(header, contents.faithful);
}

function restated(contents: Contents, message: Message, end: number, quotes: boolean): Piece[] {
	const { faithful } = contents;
	const kept = keptOfFlags(message.flags);
	const replaced = contents.replaced(message);
	if (replaced || (quotes && contents.kept(message) & bareBit)) {
		const octets = replaced ?? contents.read(message);
		const head = headerEnd(octets, faithful);
		const postmark = octets.indexOf(newline) + 1;
		const header = restateStatus(octets.subarray(0, head), kept, faithful);
		const rest = quoteFrom([header.subarray(postmark), octets.subarray(head)]);
		return [header.subarray(0, postmark), ...rest].map((piece) => ({
			kind: 'octets',
			octets: piece,
		}));
	}
	const head = contents.head(message);
	const body: Piece = { kind: 'range', from: message.start + head.length, to: end };
	const octets = restateStatus(head, kept, faithful);
	// What was looked at does not outlast the next look.
	if (octets === head) return [{ kind: 'range', from: message.start, to: end }];
	return [{ kind: 'octets', octets }, ...(body.to > body.from ? [body] : [])];
}
