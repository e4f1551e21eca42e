/**
 * The From_ line (postmark) that begins each message of an mbox file: `From sender [tty] date`.
 * POSIX leaves all that follows `From ` open, so nothing here refuses a line. Pure.
 */

export interface Postmark {
	/** The second word; undefined where the line has none. */
	readonly sender: string | undefined;
	/** The terminal of local mail of old (`tty…`). */
	readonly tty: string | undefined;
	/** The rest, as it stands; undefined where there is none. */
	readonly date: string | undefined;
}

/** A blank-delimited word, in which quoted strings may hold blanks, and the blanks after it. */
const wordAndBlanks = /^((?:"[^"]*"?|[^ \t"])*)[ \t]*/;

/** Takes a From_ line apart, with or without its line end. */
export function parsePostmark(line: string): Postmark {
	let rest = line.replace(/\r?\n$/, '');
	const word = (): string => {
		const match = wordAndBlanks.exec(rest);
		rest = rest.slice(match?.[0].length ?? 0);
		return match?.[1] ?? '';
	};
	word();
	const sender = word();
	const tty = rest.startsWith('tty') ? word() : undefined;
	return { sender: sender || undefined, tty, date: rest || undefined };
}

/**
 * The line without its newline, with the two blanks that the delivery agents put before the date.
 * A blank in the sender would end it early, so the sender is quoted then.
 */
export function printPostmark(sender: string, date: string, tty?: string): string {
	const clean = sender.replace(/[\r\n]/g, '') || '-';
	const word = /[ \t]/.test(clean) && !clean.startsWith('"') ? `"${clean}"` : clean;
	return tty === undefined ? `From ${word}  ${date}` : `From ${word} ${tty}  ${date}`;
}
