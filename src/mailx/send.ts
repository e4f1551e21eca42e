/**
 * A finished draft on its way: composed, written to files and programs among its recipients, recorded (record.ts),
 * handed to the transport. Whatever goes wrong, the text is kept in dead.letter.
 */
import { Complaint, isErrno, reason } from '../complaint.js';
import type { Part } from '../message/attachment.js';
import { composeLetter, composeResent, UnsuitableCharset } from '../message/compose.js';
import { type Draft, isLocalTarget, type Name } from '../message/draft.js';
import { makeSayable } from '../message/text.js';
import type { Envelope, Transport } from '../mta/transport.js';
import { composeSettings } from './composesettings.js';
import { saveDeadLetter } from './deadletter.js';
import { expandFolder, temporaryFolder } from './foldernames.js';
import { checkNames, expandRecipients, type Recipient, sortedRecipients } from './names.js';
import { appendLetter, postmark, recordLetter } from './record.js';
import type { Session } from './session.js';
import { shellOf } from './shell.js';

/** What the command line says about the mailer (`-r`, `-h`) and the record (`-F`, `Mail`, `followup`). */
export interface SendOptions {
	readonly reversePath?: string | undefined;
	readonly hops?: number | undefined;
	/** Both as words for a mailer program, in the order they were given. */
	readonly mailerOptions?: readonly string[] | undefined;
	/** Record under the name of the first recipient instead of in `record`. */
	readonly recordByRecipient?: boolean;
}

/**
 * `failed`: somebody did not get it; the text has been kept and the trouble told. `unrecorded`: not sent,
 * for the copy could not be kept; the original's exit status does not tell.
 */
export type Fate = 'sent' | 'failed' | 'unrecorded';

/** Sends a draft with its body. */
export async function sendDraft(
	session: Session,
	draft: Draft,
	body: Buffer,
	options: SendOptions = {},
): Promise<Fate> {
	failing.delete(session);
	const recipients = expandRecipients(session, draft);
	const missing = recipients.length === 0;
	if (missing) session.terminal.write('No recipients specified\n');
	const of = (kind: Recipient['kind']) => recipients.filter((name) => name.kind === kind);
	const expanded = { ...draft, to: of('to'), cc: of('cc'), bcc: of('bcc') };
	let letter: Buffer;
	try {
		const settings = composeSettings(session);
		letter = await composeLetter(expanded, body, await parts(session, draft), settings);
	} catch (error) {
		const isUnread = error instanceof Complaint && error.message.endsWith(': Is a directory');
		if (session.bare && isUnread) {
			return remember(session, notComposed(session, new Complaint('Is a directory'), body));
		}
		const told = session.bare && !(error instanceof UnsuitableCharset) ? leftOver(session) : '';
		return remember(session, notComposed(session, error, body, told));
	}
	return remember(session, await deliver(session, letter, recipients, missing, options));
}

async function parts(session: Session, draft: Draft): Promise<Part[]> {
	if (draft.attachments.length === 0) return [];
	return (await import('./enclosures.js')).readAttachments(session, draft.attachments);
}

/** The original adds the last errno: of waiting for a child, else of asking whether this is a terminal. */
function leftOver(session: Session): string {
	const { terminal } = session;
	if (hadMailer.has(session) || terminal.hasLent) return '\nNo child processes';
	return terminal.outputIsTerminal
		? '\nNo such file or directory'
		: '\nInappropriate ioctl for device';
}

const hadMailer = new WeakSet<Session>();

/** A letter that could not be made: its body is kept. */
function notComposed(session: Session, error: unknown, body: Uint8Array, more = ''): Fate {
	if (!(error instanceof Complaint)) throw error;
	const { terminal } = session;
	terminal.complain(`${error.message}${more}\n`.replace(/^\n/, ''));
	saveDeadLetter(session, body);
	terminal.complain('. . . message not sent.\n');
	return 'failed';
}

/** Sends a message of a folder on to somebody else (`resend`). */
export async function sendResent(
	session: Session,
	message: Buffer,
	names: readonly Recipient[],
	resent: boolean,
): Promise<Fate> {
	const recipients = checkNames(session, names) as Recipient[];
	if (recipients.length === 0) return remember(session, 'failed');
	let letter: Buffer;
	try {
		const settings = { ...composeSettings(session), resent, to: recipients };
		letter = await composeResent(message, settings);
	} catch (error) {
		return remember(session, notComposed(session, error, message));
	}
	const record = session.variables.has('record-resent');
	const earlier = session.bare && failing.has(session);
	return remember(session, await deliver(session, letter, recipients, earlier, {}, record));
}

/** Whose last letter failed: the original then keeps what is resent in dead.letter, too, though it goes out. */
const failing = new WeakSet<Session>();

function remember(session: Session, fate: Fate): Fate {
	if (fate === 'failed') failing.add(session);
	return fate;
}

async function deliver(
	session: Session,
	letter: Buffer,
	recipients: readonly Recipient[],
	missing: boolean,
	options: SendOptions,
	record = true,
): Promise<Fate> {
	let failed = missing;
	for (const { address } of recipients.filter((name) => isLocalTarget(name.address))) {
		if (!(await deliverHere(session, address, letter))) failed = true;
	}
	if (failed) saveDeadLetter(session, letter);
	const sorted = sortedRecipients(recipients);
	const distant = sorted.filter((name) => !name.leftOut && !isLocalTarget(name.address));
	if (distant.length === 0) return failed ? 'failed' : 'sent';
	if (
		record &&
		!(await recordLetter(session, letter, sorted, options.recordByRecipient ?? false))
	) {
		return failed ? 'failed' : 'unrecorded';
	}
	return (await handOver(session, letter, distant, options)) && !failed ? 'sent' : 'failed';
}

/** A recipient that is a file or a program. */
async function deliverHere(session: Session, address: string, letter: Buffer): Promise<boolean> {
	const { terminal } = session;
	if (!address.startsWith('|')) {
		const path = expandFolder(session, address);
		return path !== undefined && appendLetter(session, path, letter, session.bare);
	}
	const image = Buffer.concat([Buffer.from(`${postmark(session)}\n`), letter, Buffer.from('\n')]);
	const end = await terminal.lend({
		command: address.slice(1),
		shell: shellOf(session),
		input: image,
		shielded: true,
	});
	if (end.error !== undefined) terminal.complain(`${address.slice(1)}: ${end.error}\n`);
	return end.error === undefined;
}

/** Gives the letter to the transport; a letter that it refuses is kept. */
async function handOver(
	session: Session,
	letter: Buffer,
	recipients: readonly Name[],
	options: SendOptions,
): Promise<boolean> {
	const { terminal, variables } = session;
	const envelope: Envelope = {
		reversePath: options.reversePath,
		recipients: recipients.map((name) => name.address),
		verbose: variables.has('verbose'),
		meToo: variables.has('metoo'),
		hops: options.hops,
	};
	if (isDebugging(session)) {
		const { mailerArguments } = await import('../mta/program.js');
		const words = ['send-mail', ...mailerArguments(envelope, options.mailerOptions)].map(
			(word) => ` "${word}"`,
		);
		const line = `Sendmail arguments:${words.join('')}\n`;
		terminal.write(makeSayable(line, terminal.charset));
		return true;
	}
	try {
		const transport = await chooseTransport(session, options.mailerOptions);
		// Interrupts meant for the letter being typed must not tear it apart on its way out.
		terminal.ignoreInterrupts(true);
		const receipt = await transport.send(envelope, session.bare ? letter : withoutBcc(letter));
		const started = variables.has('sendmail');
		if (started && (waitsForMailer(session) || terminal.interactive)) hadMailer.add(session);
		const say = receipt.outcome === 'refused' ? 'complain' : 'write';
		for (const line of receipt.report) terminal[say](`${line}\n`);
		if (receipt.outcome === 'sent') return receipt.status === 0;
	} catch (error) {
		if (!(error instanceof Complaint || isErrno(error))) throw error;
		terminal.complain(`${error instanceof Complaint ? error.message : reason(error)}\n`);
	} finally {
		terminal.ignoreInterrupts(false);
	}
	// As the original: where a mailer program is missing, only a terminal is told where the letter is.
	const quiet = variables.has('sendmail') && !terminal.outputIsTerminal;
	saveDeadLetter(session, letter, quiet);
	terminal.complain('. . . message not sent.\n');
	// The original does not know, unless it waits for the mailer.
	return session.bare && variables.has('sendmail') && !waitsForMailer(session);
}

/**
 * Who has a blind copy is told to nobody, though the copy one keeps says so (RFC 5322 3.6.3). Heirloom
 * leaves that to the mailer, and not every mailer does it.
 */
function withoutBcc(letter: Buffer): Buffer {
	const end = letter.indexOf('\n\n') + 1;
	const header = letter.toString('latin1', 0, end);
	const kept = header.replace(/(?<![^\n])Bcc:[^\n]*\n(?:[ \t][^\n]*\n)*/gi, '');
	return kept === header
		? letter
		: Buffer.concat([Buffer.from(kept, 'latin1'), letter.subarray(end)]);
}

function waitsForMailer(session: Session): boolean {
	const { variables } = session;
	return variables.has('sendwait') || variables.has('verbose') || isDebugging(session);
}

function isDebugging({ debug, variables }: Session): boolean {
	return debug || variables.has('debug');
}

/**
 * The way letters leave: the server of `set smtp=`, the program of `set sendmail=`, else our own
 * delivery. Throws Complaint where the variables name none that can be.
 */
async function chooseTransport(session: Session, given?: readonly string[]): Promise<Transport> {
	const { variables, system } = session;
	const smtp = variables.get('smtp');
	if (smtp !== undefined) return (await import('./smarthost.js')).smarthost(session, smtp);
	const sendmail = variables.get('sendmail');
	if (sendmail === undefined) {
		return (await import('../mta/embedded.js')).embeddedTransport(system);
	}
	const program = expandFolder(session, sendmail);
	if (program === undefined)
		throw new Complaint(`${sendmail}: No such file or directory`, 'stderr');
	const { programTransport } = await import('../mta/program.js');
	return programTransport(system.real(program), {
		temporary: system.real(temporaryFolder(session)),
		given,
		wait: waitsForMailer(session),
	});
}
