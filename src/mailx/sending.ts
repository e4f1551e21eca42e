/**
 * The commands that send: mail, reply, followup, forward, resend, in all their kinds; and `mail user`
 * from the command line. Each makes a draft, has it written (collect.ts) and sent (send.ts).
 */
import { Complaint } from '../complaint.js';
import type { Mailbox, Message } from '../mailbox/mailbox.js';
import { sameAddress } from '../message/address.js';
import { type Draft, type Name, newDraft, typedName, typedNames } from '../message/draft.js';
import {
	forwardSubject,
	type Original,
	type ReplyOptions,
	replyToAll,
	replyToSenders,
} from '../message/reply.js';
import { unmask, withoutCr } from '../message/stored.js';
import { makePrintable } from '../message/text.js';
import { decodeWords, prepareWords } from '../message/words.js';
import { type CollectOptions, collect, markAnswered } from './collect.js';
import type { Outcome } from './commands.js';
import { splitLastWord } from './lexer.js';
import { touchMessage } from './marking.js';
import { firstApplicable, selectMessages } from './msglist.js';
import { checkNames, expandName, isOneself, sortedRecipients } from './names.js';
import { type Fate, type SendOptions, sendDraft, sendResent } from './send.js';
import type { Session } from './session.js';
import { setDot } from './threads.js';

interface LetterOptions extends CollectOptions, SendOptions {
	/** A letter without text is not sent (`-E`, `skipemptybody`). */
	readonly skipEmpty: boolean;
}

/** Has a letter written and sends it. `given up`: nothing was sent, on purpose. */
async function write(
	session: Session,
	draft: Draft,
	options: LetterOptions,
): Promise<Fate | 'given up'> {
	const { terminal, variables } = session;
	const always = (variable: string) => {
		const value = variables.get(variable);
		return value ? checkNames(session, typedNames(value)) : [];
	};
	draft.cc = [...draft.cc, ...always('autocc')];
	draft.bcc = [...draft.bcc, ...always('autobcc')];
	const text = await collect(session, draft, options);
	if (!text) return 'given up';
	let safe = true;
	try {
		const sign = await askAtEnd(session, draft);
		const body = text.octets;
		if (body.length === 0) {
			if (options.skipEmpty) return 'given up';
			if (draft.subject === undefined) terminal.write("No message, no subject; hope that's ok\n");
			else if (variables.has('bsdcompat') || variables.has('bsdmsgs')) {
				terminal.write("Null message body; hope that's ok\n");
			}
		}
		if (sign) return refuseToSign(session, body);
		return await sendDraft(session, draft, body, options);
	} catch (error) {
		// Nobody foresaw this: whether the letter has gone out or not, its text is to be found.
		const { saveDeadLetter } = await import('./deadletter.js');
		safe = saveDeadLetter(session, text.octets, !(error instanceof Complaint));
		throw error;
	} finally {
		if (safe) text.discard();
	}
}

/** What is asked when the text is complete; else `EOT` says that it is. True: the letter is to be signed. */
async function askAtEnd(session: Session, draft: Draft): Promise<boolean> {
	const { variables, terminal } = session;
	const signs = variables.has('smime-sign');
	if (!variables.has('interactive')) return signs;
	const atEnd = variables.has('bsdcompat') || variables.has('askatend');
	const copies = variables.has('askcc') || variables.has('askbcc');
	if (!(atEnd && copies) && !variables.has('askattach') && !variables.has('asksign')) {
		terminal.write('EOT\n');
		return signs;
	}
	const asking = await import('./asking.js');
	if (variables.has('askcc')) await asking.askFields(session, draft, ['cc'], true);
	if (variables.has('askbcc')) await asking.askFields(session, draft, ['bcc'], true);
	if (variables.has('askattach')) await asking.askAttachments(session, draft);
	if (!variables.has('asksign')) return signs;
	return asking.askYesOrNo(session, 'Sign this message (y/n)? ');
}

/** Better no letter than one that is not signed though it should be. */
async function refuseToSign(session: Session, body: Buffer): Promise<Fate> {
	const { saveDeadLetter } = await import('./deadletter.js');
	session.terminal.complain('S/MIME signatures cannot be made here; unset smime-sign\n');
	saveDeadLetter(session, body);
	session.terminal.complain('. . . message not sent.\n');
	return 'failed';
}

const skipEmpty = ({ variables }: Session) => variables.has('skipemptybody');

/** `mail ADDRESS ...` */
export async function mail(session: Session, typed: string): Promise<Outcome> {
	return writeTo(session, typed, false);
}

/** `Mail`: recorded under the name of the first recipient. */
export async function mailRecorded(session: Session, typed: string): Promise<Outcome> {
	return writeTo(session, typed, true);
}

async function writeTo(
	session: Session,
	typed: string,
	recordByRecipient: boolean,
): Promise<Outcome> {
	const draft = newDraft({ to: typedNames(typed, 'words') });
	await write(session, draft, { recordByRecipient, skipEmpty: skipEmpty(session) });
}

/** What the command line says about a letter. */
export interface Arguments extends SendArguments {
	readonly to: readonly string[];
	readonly cc: readonly string[];
	readonly bcc: readonly string[];
	readonly subject: string | undefined;
	readonly attachments: readonly string[];
	readonly quoteFile: string | undefined;
	/** `-t`: recipients and subject are in the text. */
	readonly fromHeader: boolean;
	/** `-F` */
	readonly recordByRecipient: boolean;
	/** `-E` */
	readonly skipEmptyBody?: boolean;
}

interface SendArguments {
	/** `-r` */
	readonly reversePath: string | undefined;
	/** `-h` */
	readonly hops: string | undefined;
	/** `-r` and `-h` as they were given, for a mailer program. */
	readonly mailerOptions?: readonly string[];
}

/**
 * A word of the command line that holds a display name and an address is what the shell was told to keep
 * together: `mail 'Ann Smith <ann@a.example>'`. Heirloom makes three recipients of it.
 */
function wordIsName({ bare }: Session, word: string): boolean {
	return !bare && /\S\s*<[^<>]+>/.test(word);
}

/**
 * `mail USER`: writes and sends one letter; the exit status tells how it went. `nobody`: with -n, no word
 * was an address, and nothing has been asked for. Throws Complaint.
 */
export async function sendFromArguments(
	session: Session,
	args: Arguments,
): Promise<'nobody' | undefined> {
	const names = (texts: readonly string[]) =>
		checkNames(
			session,
			texts.flatMap((text) => typedNames(text, wordIsName(session, text) ? 'field' : 'words')),
		);
	let attachments: Draft['attachments'] = [];
	if (args.attachments.length > 0) {
		const { attachFile } = await import('./enclosures.js');
		attachments = args.attachments.map((path) => attachFile(session, path));
	}
	const subject =
		args.subject === undefined ? undefined : await typedSubject(session, args.subject);
	// Options come before addresses, and so do complaints about them.
	const [cc, bcc, to] = [names(args.cc), names(args.bcc), names(args.to)];
	if (session.bare && to.length === 0 && !args.fromHeader) return 'nobody';
	const recipients = { to, cc, bcc };
	const draft = newDraft({ subject, attachments, ...(!args.fromHeader && recipients) });
	const hops = Number.parseInt(args.hops ?? '', 10);
	const fate = await write(session, draft, {
		quoteFile: args.quoteFile,
		headerInText: args.fromHeader,
		recordByRecipient: args.recordByRecipient,
		reversePath: args.reversePath,
		hops: Number.isNaN(hops) ? undefined : hops,
		mailerOptions: args.mailerOptions,
		skipEmpty: args.skipEmptyBody ?? false,
	});
	session.status = fate === 'failed' ? 1 : 0;
	return undefined;
}

/** A subject may come as a script found it in a header; what no terminal could show is no part of it. */
async function typedSubject({ terminal, bare }: Session, text: string): Promise<string> {
	if (!text.includes('=?') || !/^[\0-\x7f]*$/.test(text)) {
		// Octets that are no characters here may be some in the charset of the letter.
		const pieces = bare ? [text] : text.split(/([\udc80-\udcff]+)/u);
		const shown = (piece: string, n: number) =>
			n % 2 === 1 ? piece : makePrintable(piece, terminal.charset);
		return pieces.map(shown).join('');
	}
	await prepareWords(text);
	return makePrintable(decodeWords(text, 'utf-8'), terminal.charset);
}

// Replies.

/** `flipr` and `Replyall` each swap `reply` and `Reply`; both together swap nothing. */
function swapped({ variables }: Session): boolean {
	return variables.has('flipr') !== variables.has('Replyall');
}

export async function reply(session: Session, messages: Message[]): Promise<Outcome> {
	return swapped(session) ? toSenders(session, messages, false) : toAll(session, messages, false);
}

export async function replyToSender(session: Session, messages: Message[]): Promise<Outcome> {
	return swapped(session) ? toAll(session, messages, false) : toSenders(session, messages, false);
}

export async function replyAll(session: Session, messages: Message[]): Promise<Outcome> {
	return toAll(session, messages, false);
}

export async function replySender(session: Session, messages: Message[]): Promise<Outcome> {
	return toSenders(session, messages, false);
}

export async function followup(session: Session, messages: Message[]): Promise<Outcome> {
	return swapped(session) ? toSenders(session, messages, true) : toAll(session, messages, true);
}

export async function followupToSender(session: Session, messages: Message[]): Promise<Outcome> {
	return swapped(session) ? toAll(session, messages, true) : toSenders(session, messages, true);
}

export async function followupAll(session: Session, messages: Message[]): Promise<Outcome> {
	return toAll(session, messages, true);
}

export async function followupSender(session: Session, messages: Message[]): Promise<Outcome> {
	return toSenders(session, messages, true);
}

async function toAll(session: Session, messages: Message[], record: boolean): Promise<Outcome> {
	const [message] = messages;
	if (!message) return;
	if (messages.length > 1) {
		throw new Complaint("Sorry, can't reply to multiple messages at once");
	}
	notice(session, message);
	const original = await originalOf(session, message);
	const draft = replyToAll(original, replyOptions(session));
	return answer(session, message, sparingOneself(session, draft), record);
}

/**
 * POSIX `metoo`: one who answers gets no copy, though the header names everybody. A mailer of one's own
 * choice (`sendmail`) is told of all, as in the original, which cannot know what this host is called.
 */
function sparingOneself({ variables, system, login }: Session, draft: Draft): Draft {
	if (variables.has('metoo') || variables.has('sendmail')) return draft;
	const own = `${login}@${system.host}`;
	const isOwn = ({ address }: Name) => sameAddress(own, address, false);
	if ([...draft.to, ...draft.cc, ...draft.bcc].every(isOwn)) return draft;
	const marked = (names: readonly Name[]) =>
		names.map((name) => (isOwn(name) ? { ...name, leftOut: true as const } : name));
	return { ...draft, to: marked(draft.to), cc: marked(draft.cc) };
}

async function toSenders(session: Session, messages: Message[], record: boolean): Promise<Outcome> {
	const originals: Original[] = [];
	for (const message of messages) {
		notice(session, message);
		originals.push(await originalOf(session, message));
	}
	const draft = replyToSenders(originals, replyOptions(session));
	const [first] = messages;
	if (!first || draft.to.length === 0) return;
	return answer(session, first, draft, record);
}

function notice(session: Session, message: Message): void {
	touchMessage(message);
	setDot(session, message);
}

async function originalOf(session: Session, message: Message): Promise<Original> {
	const mailbox = session.mailbox as Mailbox;
	const header = mailbox.header(message);
	await prepareWords(...header.fields.map((field) => field.value));
	const postmark = mailbox.postmark(message);
	// The local part of an address may have blanks in quotes; the original knows none.
	const [, quoted] = session.bare ? [] : (/^From ("(?:\\.|[^"\\])*"[^ \t]*)/.exec(postmark) ?? []);
	const [, envelopeSender = ''] = quoted === undefined ? postmark.split(' ') : ['', quoted];
	return { header, envelopeSender };
}

function replyOptions(session: Session): ReplyOptions {
	return {
		charset: session.terminal.charset,
		fullNames: session.variables.has('fullnames'),
		isOneself: (address) => isOneself(session, address),
		sorted: sortedRecipients,
		sameCharset: session.variables.has('reply-in-same-charset'),
		faithful: session.bare,
		note: (text) => session.terminal.complain(text),
	};
}

async function answer(
	session: Session,
	original: Message,
	draft: Draft,
	recordByRecipient: boolean,
): Promise<Outcome> {
	const fate = await write(session, draft, {
		showHeader: true,
		original,
		recordByRecipient,
		skipEmpty: skipEmpty(session),
	});
	if (fate === 'sent' && session.variables.has('markanswered')) markAnswered(original);
}

// Sending messages on.

/** The messages that a line names before its last word, and that word. */
async function messagesAndAddress(
	session: Session,
	line: string,
	unquote: boolean,
	noMessages: string,
): Promise<{ messages: Message[]; address: string }> {
	const { rest, last } = splitLastWord(line, unquote);
	if (!last) throw new Complaint('No recipient specified.');
	if (rest !== undefined) {
		// Where quotes stay, the original takes them and what is in them for a part of the list, too.
		const whole = session.bare && !unquote && /["']\s*$/.test(line);
		const messages = await selectMessages(session, whole ? line.trimEnd() : rest);
		if (messages.length > 0) return { messages, address: last };
		throw new Complaint(session.input.inHook ? '' : 'No applicable messages.');
	}
	const nearest = firstApplicable(session, { passes: 'deleted-saved' });
	if (!nearest) throw new Complaint(session.input.inHook ? '' : noMessages);
	return { messages: [nearest], address: last };
}

export async function forward(session: Session, line: string): Promise<Outcome> {
	return forwardTo(session, line, false);
}

export async function forwardRecorded(session: Session, line: string): Promise<Outcome> {
	return forwardTo(session, line, true);
}

async function forwardTo(
	session: Session,
	line: string,
	recordByRecipient: boolean,
): Promise<Outcome> {
	const { messages, address } = await messagesAndAddress(
		session,
		line,
		!session.bare,
		'No messages to forward.',
	);
	const [message] = messages;
	if (!message) return;
	if (messages.length > 1) throw new Complaint('Cannot forward multiple messages at once');
	const { variables } = session;
	const full = variables.has('fullnames');
	const to = typedNames(address).map((name) => (full ? name : { ...name, full: name.address }));
	if (to.length === 0) return 'failed';
	const { header } = await originalOf(session, message);
	const attached = variables.has('forward-as-attachment');
	if (!attached) notice(session, message);
	const draft = newDraft({
		to,
		subject: forwardSubject(header, replyOptions(session)),
		attachments: attached ? [{ kind: 'message', number: message.number }] : [],
	});
	await write(session, draft, {
		showHeader: true,
		original: attached ? undefined : message,
		forwarding: true,
		recordByRecipient,
		skipEmpty: skipEmpty(session),
	});
}

export async function resend(session: Session, line: string): Promise<Outcome> {
	return resendTo(session, line, true);
}

/** `Resend`: without Resent- fields. */
export async function resendPlain(session: Session, line: string): Promise<Outcome> {
	return resendTo(session, line, false);
}

async function resendTo(session: Session, line: string, resent: boolean): Promise<Outcome> {
	const { messages, address } = await messagesAndAddress(
		session,
		line,
		true,
		'No applicable messages.',
	);
	const mailbox = session.mailbox as Mailbox;
	const typed = typedName(address);
	// A mailer program gets the word as it is, as from the original.
	const word = session.variables.has('sendmail') ? address : typed.address;
	const names = expandName(session, { ...typed, address: word, kind: 'to' }).reverse();
	for (const message of messages) {
		const octets = asSent(session, mailbox.read(message));
		if ((await sendResent(session, octets, names, resent)) === 'failed') return 'failed';
	}
}

/** The letter as it was before it was put into a folder. */
function asSent({ mailbox, bare }: Session, stored: Buffer): Buffer {
	const octets = bare ? stored : withoutCr(stored);
	return mailbox?.format === 'mbox' ? unmask(octets) : octets;
}
