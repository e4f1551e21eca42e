/**
 * The header summary: which window of it is shown, and the commands that list, move and measure it.
 */
import type { Message } from '../mailbox/mailbox.js';
import type { Outcome } from './commands.js';
import type { Session } from './session.js';

/** The screenful that holds a message (`headers`, opening a folder, after `thread`). */
export function showHeaders(_session: Session, _message: Message | undefined): Outcome {
	return 'failed';
}

export async function headers(session: Session, messages: Message[]): Promise<Outcome> {
	return showHeaders(session, messages[0]);
}
export async function from(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function scroll(_session: Session, _text: string): Promise<Outcome> {
	return 'failed';
}
export async function scrollToNew(_session: Session, _text: string): Promise<Outcome> {
	return 'failed';
}
export async function printDot(_session: Session): Promise<Outcome> {
	return 'failed';
}
export async function size(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
