/**
 * The line of a message in the summary, as the variable `headline` wants it. Headers are parsed only
 * for what is printed.
 */
import type { Message } from '../mailbox/mailbox.js';
import type { Session } from './session.js';

/** The line without its newline. `threaded`: indent by conversation where the order is one. */
export function formatHeadline(_session: Session, _message: Message, _threaded: boolean): string {
	return '';
}
