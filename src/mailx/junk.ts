/**
 * The junk filter: learning from messages, and judging others by what was learned.
 */
import type { Message } from '../mailbox/mailbox.js';
import type { Outcome } from './commands.js';
import type { Session } from './session.js';

export async function classify(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function junk(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function good(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function unjunk(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function ungood(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function probability(_session: Session, _words: string[]): Promise<Outcome> {
	return 'failed';
}
