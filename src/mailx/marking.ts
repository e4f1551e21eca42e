/**
 * Commands that only change the state of messages: their flags and their score.
 */
import type { Message } from '../mailbox/mailbox.js';
import type { Outcome } from './commands.js';
import type { Session } from './session.js';

/** Notices a message (`touch` in the classic sense): no longer new, and it leaves the system mailbox on quit. */
export function touchMessage(_message: Message): void {
	// Filled in below.
}

export async function touch(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function hold(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function erase(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function eraseAndPrint(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function undelete(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function mbox(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function unread(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function seen(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function flag(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function unflag(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function answered(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function unanswered(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function draft(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function undraft(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function kill(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function unkill(_session: Session, _messages: Message[]): Promise<Outcome> {
	return 'failed';
}
export async function score(_session: Session, _text: string): Promise<Outcome> {
	return 'failed';
}
