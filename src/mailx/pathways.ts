/**
 * `explain`: the way of letters. For addresses, the one ahead: the tree of the post office, before
 * anything moves. For a message, the one behind it, as its trace fields tell it (RFC 5321 4.4): every
 * mail server writes its Received field above those that were there.
 */
import { Complaint } from '../complaint.js';
import type { Message } from '../mailbox/mailbox.js';
import { makePrintable, makeSayable } from '../message/text.js';
import type { Outcome } from './commands.js';
import { selectMessages } from './msglist.js';
import type { Session } from './session.js';

/** Addresses, or a message list that begins with a number or a sign; nothing: the dot. */
export async function explain(session: Session, argument: string): Promise<Outcome> {
	if (argument === '' || /^[\d.^$*:]/.test(argument)) {
		if (session.mailbox === undefined) throw new Complaint('No messages to explain.');
		const messages = await selectMessages(session, argument, { select: 'any' });
		const { dot } = session.mailbox;
		const chosen = messages.length === 0 && dot !== undefined ? [dot] : messages;
		for (const message of chosen) session.terminal.write(describeWay(session, message));
		return;
	}
	const words = argument.split(/[\s,]+/).filter((word) => word !== '');
	await explainAddresses(session, words);
}

async function explainAddresses(session: Session, words: readonly string[]): Promise<void> {
	const { system, terminal, aliases, variables } = session;
	const { openAliases } = await import('../mta/aliasdb.js');
	const { resolve } = await import('../mta/resolve.js');
	const { explain: draw } = await import('../mta/explain.js');
	const addresses = words.flatMap((word) => {
		const members = aliases.get(word);
		if (members === undefined) return [word];
		terminal.write(`${word} is an alias of yours: ${members.join(', ')}\n`);
		return members;
	});
	const book = openAliases(system);
	try {
		const trees = resolve(system, addresses, { book });
		const ascii = terminal.charset !== 'utf-8' || variables.has('accessible');
		const lines = draw(system, trees, { ascii });
		// What others have written into a .forward of theirs stands there, too.
		terminal.write(makeSayable(lines.map((line) => `${line}\n`).join(''), terminal.charset));
	} finally {
		book.close();
	}
}

/** The trace of a message, oldest step first. */
function describeWay(session: Session, message: Message): string {
	const { mailbox, terminal } = session;
	if (mailbox === undefined) return '';
	const header = mailbox.header(message);
	const steps = header
		.all('received')
		.toReversed()
		.map((field) => describeStep(field));
	const [, sender = '', arrived = ''] = /^From (\S+)\s*(.*)$/.exec(mailbox.postmark(message)) ?? [];
	const rows: (readonly [string, string | undefined])[] = [
		['written', [header.get('date'), 'by', header.get('from')].join(' ')],
		...steps.map((step) => ['received', step] as const),
		['for', header.get('delivered-to') ?? header.get('x-original-to')],
		['answers to', header.get('return-path')],
		['put here', `${arrived}, from ${sender}`],
	];
	const lines = rows.flatMap(([what, text]) =>
		text === undefined ? [] : [`  ${what.padEnd(12)}${makePrintable(text, terminal.charset)}`],
	);
	return `${message.number}\n${lines.join('\n')}\n`;
}

/** `by host from other, date`: what matters of a Received field. */
export function describeStep(field: string): string {
	const text = field.replace(/\s+/g, ' ').trim();
	const part = (name: string) =>
		new RegExp(`(?:^|[\\s)])${name} ([^\\s;()]+)`, 'i').exec(text)?.[1];
	const date = /;([^;]*)$/.exec(text)?.[1]?.trim();
	const [by, from, protocol] = [part('by'), part('from'), part('with')];
	const clauses = [
		by === undefined ? undefined : `by ${by}`,
		from === undefined ? undefined : `from ${from}`,
		protocol === undefined ? undefined : `with ${protocol}`,
	].filter((clause) => clause !== undefined);
	return `${clauses.length === 0 ? text : clauses.join(' ')}${date ? `, ${date}` : ''}`;
}
