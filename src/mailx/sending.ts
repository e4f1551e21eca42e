/**
 * New letters, of the command `mail` and of `mail user` on the command line; and what every letter goes through
 * that is written here, those of replying.ts and forwarding.ts too: it is collected, asked about, and sent.
 */
import { Complaint } from '../complaint.js';
import { type Draft, newDraft, typedNames } from '../message/draft.js';
import { makePrintable } from '../message/text.js';
import { decodeWords, prepareWords } from '../message/words.js';
import { type CollectOptions, collect } from './collect.js';
import type { Outcome } from './commands.js';
import { checkNames } from './names.js';
import { type Fate, type SendOptions, sendDraft } from './send.js';
import type { Session } from './session.js';

interface LetterOptions extends CollectOptions, SendOptions {
	/** A letter without text is not sent (`-E`); where it is not said, `skipemptybody` does. */
	readonly skipEmpty?: boolean;
}

/** Has a letter written and sends it. `given up`: nothing was sent, on purpose. */
export async function writeLetter(
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
			if (options.skipEmpty ?? variables.has('skipemptybody')) return 'given up';
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
	await writeLetter(session, draft, { recordByRecipient });
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
	const fate = await writeLetter(session, draft, {
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
