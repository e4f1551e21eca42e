/**
 * Colours in what is printed, where `set colour` asks for them; off by default, so that a transcript
 * is that of any other mail. By role, as components/theme.ts has them for what is drawn: new is bold,
 * deleted dim, the sign of the dot cyan, quoted text green, a complaint red. Sixteen colours, and
 * nothing is told by colour alone. Sequences as in ECMA-48.
 */
import { Flag, type Message } from '../mailbox/mailbox.js';
import type { Session } from './session.js';

/** Only on a terminal, and not where https://no-color.org is honoured or somebody listens. */
export function wantsColour({ variables, terminal, system }: Session): boolean {
	if (!variables.has('colour') || variables.has('accessible')) return false;
	return terminal.outputIsTerminal && !system.env.NO_COLOR && system.env.TERM !== 'dumb';
}

const wrapped = (before: number, after: number) => (text: string) =>
	text === '' ? '' : `\x1b[${before}m${text}\x1b[${after}m`;
const bold = wrapped(1, 22);
const dim = wrapped(2, 22);
const cyan = wrapped(36, 39);
const green = wrapped(32, 39);
const red = wrapped(31, 39);

/** A line of the summary, without its newline. */
export function paintHeadline(line: string, message: Message): string {
	const sign = line.startsWith('>') ? 1 : 0;
	const rest = line.slice(sign);
	const weight = message.has(Flag.deleted) ? dim : message.has(Flag.new) ? bold : undefined;
	return cyan(line.slice(0, sign)) + (weight ? weight(rest) : rest);
}

/** A message as it is shown: its quoted lines. Octets that are no such line stay as they are. */
export function paintText(octets: Buffer): Buffer {
	const text = octets.toString('latin1');
	return Buffer.from(text.replace(/^(?:[ \t]*>).*$/gm, green), 'latin1');
}

/** Of the lines of a complaint the newlines stay outside: a terminal fills what it erases. */
export function paintComplaint(text: string): string {
	return text.replace(/[^\n]+/g, red);
}
