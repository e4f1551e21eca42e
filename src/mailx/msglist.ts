/**
 * Message lists: `2-4`, `:u`, `/word`, `(from pere)` and the rest of what commands are given.
 * A grammar, a tree, and its evaluation over the flags and headers of the open mailbox.
 */
import type { Message } from '../mailbox/mailbox.js';
import type { Session } from './session.js';

export interface SelectOptions {
	/** `deleted` (undelete): only deleted messages; else deleted ones are refused. */
	readonly select?: 'deleted' | 'any';
}

export interface FirstOptions extends SelectOptions {
	/** What the default passes over; `nothing`: it is the dot itself. */
	readonly passes?: 'deleted' | 'deleted-saved' | 'nothing';
}

/**
 * The messages a list names, in the order of the folder or of its threads; none for an empty list
 * (the command's default applies). Sets Flag.marked and Flag.markedBefore for the backquote.
 * Throws Complaint with the original's words; one with an EMPTY text fails in silence (in a hook).
 */
export function selectMessages(
	_session: Session,
	_text: string,
	_options: SelectOptions = {},
): Message[] {
	return [];
}

/** The default of a command: the first message from the dot on that will do, else one before it. */
export function firstApplicable(
	session: Session,
	_options: FirstOptions = {},
): Message | undefined {
	return session.mailbox?.dot;
}
