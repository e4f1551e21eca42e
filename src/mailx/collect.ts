/**
 * Input mode: takes a letter in from a person or a pipe. Asks for fields, shows what is answered, reads
 * lines until the end, hands escapes to escapes.ts. An end that nobody wanted (two interrupts, a
 * hang-up, a kill) leaves the text in dead.letter.
 */
import { readFileSync } from 'node:fs';

import { Complaint, isErrno, reason } from '../complaint.js';
import { Flag, type Message } from '../mailbox/mailbox.js';
import type { Draft } from '../message/draft.js';
import { checkSender } from '../message/letterheader.js';
import { makePrintable, overstrike } from '../message/text.js';
import { decodeWords } from '../message/words.js';
import { decodeText, encodeText } from '../terminal/charset.js';
import type { Assist } from '../terminal/terminal.js';
import type { Question } from './asking.js';
import { saveDeadLetter } from './deadletter.js';
import { printDraftHeader, takeHeader } from './draftheader.js';
import { LetterText } from './lettertext.js';
import type { Session } from './session.js';

/** A letter being written, as escapes see it. */
export interface Composition {
	readonly session: Session;
	readonly draft: Draft;
	readonly text: LetterText;
}

export interface CollectOptions {
	/** Show the header that a reply or a forwarded letter will have. */
	readonly showHeader?: boolean;
	/** The message answered (quoted with `quote`) or forwarded (always quoted). */
	readonly original?: Message | undefined;
	readonly forwarding?: boolean;
	/** `-q`: a file the letter begins with. */
	readonly quoteFile?: string | undefined;
	/** `-t`: the header is typed before the text. */
	readonly headerInText?: boolean;
}

/** After this many ends of file in a row even `ignoreeof` gives in. */
const mostEndsOfFile = 25;

/**
 * Reads the letter; its draft takes in what is asked and escaped meanwhile.
 * Undefined where it was given up: the text is then in dead.letter, where it had to be kept. Of what is
 * returned the caller discards the file once the letter is sent.
 */
export async function collect(
	session: Session,
	draft: Draft,
	options: CollectOptions = {},
): Promise<LetterText | undefined> {
	const text = new LetterText(session);
	const composition: Composition = { session, draft, text };
	const release = keepOnKill(composition);
	try {
		if (await readLetter(composition, options)) return text;
	} catch (error) {
		if (!(error instanceof Complaint)) {
			// The terminal may be gone, and with it everybody who could be told.
			if (saveDeadLetter(session, text.octets, true)) text.discard();
			throw error;
		}
		session.terminal.complain(`${error.message}\n`);
	} finally {
		release();
	}
	text.discard();
	return undefined;
}

/** While the letter is typed, nothing that ends the program takes it along: a hang-up, a kill, lost output. */
function keepOnKill({ session, text }: Composition): () => void {
	const save = () => {
		release();
		// There may be no terminal any more to tell: the file comes first, and in silence.
		if (saveDeadLetter(session, text.octets, true)) text.discard();
	};
	const leave = () => {
		save();
		session.terminal.close();
		process.exit(1);
	};
	const release = () => {
		process.off('exit', save);
		process.off('SIGHUP', leave);
		process.off('SIGTERM', leave);
	};
	process.on('exit', save);
	process.on('SIGHUP', leave);
	process.on('SIGTERM', leave);
	return release;
}

/** False where the letter is given up. */
async function readLetter(composition: Composition, options: CollectOptions): Promise<boolean> {
	const { session, draft } = composition;
	const { variables } = session;
	insertVariable(composition, 'MAILX_HEAD');
	const questions = options.headerInText ? [] : openQuestions(session, draft);
	if (options.showHeader) showHeader(composition, questions.length === 0);
	if (options.original) await quote(composition, options.original, options.forwarding ?? false);
	if (questions.length > 0) {
		await (await import('./asking.js')).askFields(session, draft, questions, true);
	}
	if (options.quoteFile !== undefined && !insertFile(composition, options.quoteFile)) return false;

	const attended = variables.has('interactive') || session.terminal.interactive;
	const finished =
		attended || session.tildeEscapes === true || options.headerInText
			? await readLines(composition, options.headerInText ?? false)
			: await readRest(composition);
	if (finished) insertVariable(composition, 'MAILX_TAIL');
	return finished;
}

/** What is to be asked before the text. */
function openQuestions({ variables }: Session, draft: Draft): Question[] {
	if (!variables.has('interactive')) return [];
	const questions: Question[] = [];
	if (draft.to.length === 0) questions.push('to');
	const asksSubject = variables.has('ask') || variables.has('asksub');
	if (draft.subject === undefined && asksSubject) questions.push('subject');
	if (variables.has('bsdcompat') || variables.has('askatend')) return questions;
	if (draft.cc.length === 0 && variables.has('askcc')) questions.push('cc');
	if (draft.bcc.length === 0 && variables.has('askbcc')) questions.push('bcc');
	return questions;
}

function showHeader({ session, draft }: Composition, ended: boolean): void {
	const header = printDraftHeader(session, draft, {
		blind: false,
		identity: false,
		commas: session.variables.has('fullnames'),
		ended,
	});
	session.terminal.write(makePrintable(header, session.terminal.charset));
}

/** Puts octets into the letter and, as the person should know how it begins, on the screen. */
function insertShown({ session, text }: Composition, octets: Buffer): void {
	text.append(octets);
	const shown = decodeText(octets, session.terminal.charset);
	session.terminal.write(makePrintable(overstrike(shown), session.terminal.charset));
}

async function quote(
	composition: Composition,
	original: Message,
	forwarding: boolean,
): Promise<void> {
	const { session } = composition;
	const { variables, terminal, mailbox } = session;
	const manner = variables.get('quote');
	if (!mailbox || (!forwarding && manner === undefined)) return;
	const say = (line: string) => insertShown(composition, encodeText(line, terminal.charset));
	const { renderMessage } = await import('./show.js');
	if (forwarding) {
		const heading = variables.get('fwdheading') ?? '-------- Original Message --------';
		if (heading !== '') say(`${heading}\n`);
		const filter = session.fields.forward;
		const options = { action: 'quote', filter, withoutPostmark: true } as const;
		insertShown(composition, await renderMessage(session, original, options));
		return;
	}
	const from = mailbox.header(original).get('from');
	const plain = !['noheading', 'headers', 'allheaders'].includes(manner ?? '');
	if (plain && from !== undefined) {
		// Without -n a name made to do harm does not fill the letter.
		const enough = session.bare ? from : from.slice(0, 4_000);
		const name = decodeWords(enough, terminal.charset, session.bare);
		say(`${makePrintable(name, terminal.charset)} wrote:\n\n`);
	}
	const indent = variables.get('indentprefix');
	const prefix = indent === undefined ? {} : { prefix: indent === '' ? '\t' : indent };
	const options =
		manner === 'allheaders'
			? ({ action: 'quoteAll', filter: 'all', ...prefix } as const)
			: ({
					action: 'quote',
					filter: manner === 'headers' ? session.fields.display : 'none',
					...prefix,
				} as const);
	insertShown(composition, await renderMessage(session, original, options));
}

/** `-q FILE`; false where it cannot be read, which ends the letter. */
function insertFile(composition: Composition, path: string): boolean {
	const { session, text } = composition;
	try {
		const octets = readFileSync(session.system.real(path));
		if (session.variables.has('interactive')) insertShown(composition, octets);
		else text.append(octets);
		return true;
	} catch (error) {
		if (!isErrno(error)) throw error;
		session.terminal.complain(`${path}: ${reason(error)}\n`);
		return false;
	}
}

/** The value of a variable as text of the letter (`~i`, `sign`): `\t` and `\n` are tab and line end. */
export function insertVariable({ session, text }: Composition, name: string): void {
	const value = session.variables.get(name);
	if (value === undefined || value === '') return;
	const words = `${value.replace(/\\([tn])/g, (_, char) => (char === 't' ? '\t' : '\n'))}\n`;
	if (session.terminal.interactive) session.terminal.write(words);
	text.append(encodeText(words, session.terminal.charset));
}

/** A pipe is the letter, octet for octet. */
async function readRest({ session, text }: Composition): Promise<boolean> {
	const { terminal } = session;
	if (terminal.readRest) {
		text.append(Buffer.from(await terminal.readRest()));
		return true;
	}
	for (;;) {
		const line = await terminal.readLine({ kind: 'body', prompt: '' });
		if (line.kind !== 'line') return true;
		text.append(encodeText(`${line.text}\n`, terminal.charset));
	}
}

/** Lines with escapes in them, to the end. False where the letter is given up. */
async function readLines(composition: Composition, headerInText: boolean): Promise<boolean> {
	const { session, draft, text } = composition;
	const { terminal, variables } = session;
	const character = (variables.get('escape') ?? '~').charAt(0);
	let header = headerInText;
	let interrupted = false;
	let endsOfFile = 0;
	let reminded = false;
	const forgets = () => {
		if (reminded || !forgetsAttachment(composition)) return false;
		reminded = true;
		terminal.write(
			'(The text speaks of an attachment: ~@ FILE attaches one, a second end sends)\n',
		);
		return true;
	};
	for (let first = true; ; first = false) {
		const coached = first && variables.has('coach');
		const line = await terminal.readLine({
			kind: 'body',
			prompt: '',
			...(terminal.interactive && { assist: assistant(session, character, coached), coached }),
		});
		const interactive = variables.has('interactive');
		if (line.kind === 'interrupt') {
			if (interrupted) return giveUp(composition);
			if (variables.has('ignore')) terminal.write('@\n');
			else {
				interrupted = true;
				terminal.complain('\n(Interrupt -- one more to kill letter)\n');
			}
			continue;
		}
		if (line.kind === 'end') {
			// A terminal that went away ends too: let the hang-up come in before the letter goes out.
			if (terminal.interactive) await turn();
			if (interactive && variables.has('ignoreeof') && ++endsOfFile < mostEndsOfFile) {
				terminal.write('Use "." to terminate letter\n');
				continue;
			}
			if (forgets()) continue;
			return true;
		}
		if (header && line.text === '') {
			header = false;
			const typed = decodeText(text.octets, terminal.charset);
			text.replace(encodeText(takeHeader(session, draft, typed, false), terminal.charset));
			checkSender(draft.from, draft.sender);
			continue;
		}
		endsOfFile = 0;
		interrupted = false;
		const dotEnds = variables.has('dot') || variables.has('ignoreeof');
		if (line.text === '.' && interactive && dotEnds) {
			if (forgets()) continue;
			return true;
		}
		const escapes = session.tildeEscapes ?? interactive;
		if (!escapes || character === '' || !line.text.startsWith(character)) {
			text.append(encodeText(`${line.text}\n`, terminal.charset));
			continue;
		}
		const { runEscape } = await import('./escapes.js');
		const outcome = await runEscape(composition, line.text.slice(1), character);
		if (outcome === 'finish') {
			if (forgets()) continue;
			return true;
		}
		if (outcome === 'abandon') return giveUp(composition);
		if (outcome === 'discard') return giveUp(composition, false);
		if (outcome === 'continue') terminal.write('(continue)\n');
	}
}

/** `attachcheck`: what the person wrote, not what is quoted, announces what is not there. */
function forgetsAttachment({ session, draft, text }: Composition): boolean {
	const { variables, terminal, bare } = session;
	if (bare || !terminal.interactive || !variables.has('attachcheck')) return false;
	if (draft.attachments.length > 0) return false;
	const prefix = variables.get('indentprefix') || '\t';
	const written = decodeText(text.octets, terminal.charset)
		.split('\n')
		.filter((line) => !line.startsWith(prefix) && !line.startsWith('>'));
	return written.some((line) => announced.test(line));
}

/** Words for an attachment, in the languages of the textbook's readers. */
const announced =
	/\battach(ed|ment|ments|ing)\b|\b(im )?Anhang\b|\bangeh\u00e4ngt|\bbeigef\u00fcgt/i;

/** Two interrupts, `~q` (kept with `save`) or `~x` (not kept). */
function giveUp({ session, text }: Composition, keep = true): false {
	if (session.receiving) session.status |= 4;
	if (keep && session.variables.has('save')) saveDeadLetter(session, text.octets);
	return false;
}

/** Two rounds of the event loop: what signals there are has come in by then. */
async function turn(): Promise<void> {
	await new Promise((resolve) => setImmediate(resolve));
	await new Promise((resolve) => setImmediate(resolve));
}

/** For who has never written a letter here. */
const coaching = 'type the letter; ^D alone on a line sends it, ^C twice gives it up';

/** What the live terminal shows beneath a line that begins with the escape; loaded when one does. */
function assistant(session: Session, character: string, coached: boolean) {
	return async (text: string, cursor: number): Promise<Assist> => {
		if (coached && text === '') return { hint: coaching };
		if (character === '' || !text.startsWith(character)) return {};
		const [{ assistBody }, { escapes }] = await Promise.all([
			import('./assist.js'),
			import('./escapes.js'),
		]);
		return assistBody(session, escapes, character, text, cursor);
	};
}

/** Marks the message answered, so that its state is written back. */
export function markAnswered(message: Message): void {
	if (!message.has(Flag.answered)) message.set(Flag.answered | Flag.statusChanged);
}
