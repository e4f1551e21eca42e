/**
 * Whether a word stands in a message as a person would read it, encodings and charsets undone. Nearly
 * all messages can be judged by their octets; only the others are put into readable form.
 */
import type { Message } from '../mailbox/mailbox.js';
import { headerEnd } from '../mailbox/status.js';
import { shownCharset } from './rendering.js';
import type { Session } from './session.js';
import { renderMessage } from './show.js';

/**
 * Whether `sought` stands in a line of the body, or with `withHeader` of header and body; case does not
 * count.
 */
export async function messageContains(
	session: Session,
	message: Message,
	sought: string,
	withHeader: boolean,
): Promise<boolean> {
	const { mailbox } = session;
	if (!mailbox) return false;
	const whole = mailbox.look?.(message) ?? mailbox.read(message);
	const verdict = judge(whole, headerEnd(whole, session.bare), sought, withHeader);
	if (verdict !== undefined) return verdict;
	const octets = await renderMessage(session, message, { action: 'search' });
	const text = octets.toString(/^utf-?8$/i.test(shownCharset(session)) ? 'utf8' : 'latin1');
	const body = withHeader ? 0 : (emptyLine.exec(text)?.index ?? -1) + 1;
	return text.slice(body).toLowerCase().includes(sought.toLowerCase());
}

/** In messages whose lines end with CR LF, too. */
const emptyLine = /\n\r?\n/;
const emptyLineFrom = /\n\r?\n/g;

/** How to look for a word in octets. */
interface Search {
	readonly sought: string;
	/** The word, or what announces an encoding it may hide in. */
	readonly pattern: RegExp;
	/** The word, broken by the soft line ends of quoted-printable. */
	readonly broken: RegExp;
	readonly word: RegExp;
}

let last: Search | undefined;

function searchFor(sought: string): Search {
	if (last?.sought === sought) return last;
	const characters = [...sought].map((char) => char.replace(/[^\w ]/, '\\$&'));
	const word = characters.join('');
	last = {
		sought,
		pattern: new RegExp(`${word}|base64|quoted-printable|utf-?(?:7|16|32)`, 'gi'),
		broken: new RegExp(characters.join('(?:=[ \\t]*\\r?\\n)?'), 'i'),
		word: new RegExp(word, 'i'),
	};
	return last;
}

/** In a header: there may be encodings here, or in parts further down. */
const maybeEncoded =
	/base64|quoted-printable|utf-?(?:7|16|32)|iso-2022|hz-gb|multipart\/|message\//i;

/** Letters and digits that quoted-printable hides, though it need not. */
const hiddenLetter = /=(?:3\d|[46][1-9a-f]|[57][0-9a])/i;

/**
 * What the octets alone prove; undefined where they prove nothing. `body`: where the header's end is.
 */
function judge(
	octets: Buffer,
	body: number,
	sought: string,
	withHeader: boolean,
): boolean | undefined {
	if (!/^[\x20-\x7e]+$/.test(sought)) return undefined;
	const text = octets.toString('latin1');
	const { pattern, broken, word } = searchFor(sought);
	const header = text.slice(0, body);
	if (withHeader && header.includes('=?')) return undefined;
	// Most mail is one plain text: nothing further down can announce an encoding.
	if (!maybeEncoded.test(header)) return word.test(withHeader ? text : text.slice(body));

	const isWord = /^[a-z\d]+$/i.test(sought);
	let quotedPrintable = false;
	pattern.lastIndex = 0;
	for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
		const hit = found[0].toLowerCase();
		if (hit === 'quoted-printable' && isWord) quotedPrintable = true;
		else if (hit === 'base64' && isWord) {
			if (word.test(decodeBase64After(text, pattern.lastIndex))) return undefined;
		} else return undefined;
	}
	if (!quotedPrintable) return false;
	return broken.test(text) || hiddenLetter.test(text.slice(body)) ? undefined : false;
}

/** What stands in base64 behind the header that says so, up to a boundary or the end. */
function decodeBase64After(text: string, from: number): string {
	emptyLineFrom.lastIndex = from;
	if (!emptyLineFrom.test(text)) return '';
	const start = emptyLineFrom.lastIndex;
	const boundary = text.indexOf('\n--', start - 1);
	const body = text.slice(start, boundary < 0 ? text.length : boundary);
	return Buffer.from(body, 'base64').toString('latin1');
}
