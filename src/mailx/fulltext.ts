/**
 * Whether a word stands in a message as a person would read it, encodings and charsets undone. Most
 * messages can be judged by their octets; only the others are put into readable form.
 */
import type { Message } from '../mailbox/mailbox.js';
import type { Session } from './session.js';
import { renderMessage, shownCharset } from './show.js';

/** What may hide a word from a look at the octets. */
const encoded = /base64|quoted-printable|utf-?(?:7|16|32)/i;

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
	const isAscii = /^[\x20-\x7e]*$/.test(sought);
	if (isAscii && !mayContain(mailbox.read(message), sought, withHeader)) return false;
	const octets = await renderMessage(session, message, { action: 'search' });
	const text = octets.toString(/^utf-?8$/i.test(shownCharset(session)) ? 'utf8' : 'latin1');
	const body = withHeader ? 0 : text.indexOf('\n\n') + 1;
	return text.slice(body).toLowerCase().includes(sought.toLowerCase());
}

/** False where the octets alone prove that the word is not there. */
function mayContain(octets: Buffer, sought: string, withHeader: boolean): boolean {
	const text = octets.toString('latin1');
	if (encoded.test(text)) return true;
	if (withHeader && text.includes('=?')) return true;
	return new RegExp(sought.replace(/[^\w ]/g, '\\$&'), 'i').test(text);
}
