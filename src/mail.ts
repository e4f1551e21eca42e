/**
 * `mail` and `mailx`: options, start-up files, then either a letter to the people named or the
 * `&` prompt over a mailbox.
 *
 * Where to read next: mailx/commands.ts is the language; mailx/interpreter.ts obeys a line of it;
 * mailx/collect.ts takes a letter in; mailbox/ reads and writes mailboxes; mta/ delivers.
 * terminal/ is the other side: a pipe, a plain terminal, or the live prompt drawn by Ink.
 */
import { writeFileSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';

import { Complaint, Interrupted, isErrno, reason } from './complaint.js';
import { commandLoop, tell } from './mailx/interpreter.js';
import { newSession, type Session } from './mailx/session.js';
import { readStartupFiles } from './mailx/startup.js';
import { type Option, parseOptions } from './options.js';
import { release } from './release.js';
import { openSystem, type System } from './system.js';
import { openTerminal } from './terminal/choose.js';
import type { Terminal } from './terminal/terminal.js';
import { givenWords } from './terminal/words.js';

const program = 'mail';
const letters = 'A:BHEFINVT:RS:a:b:c:dDefh:inqr:s:tu:v~';
const usage = `Usage: ${program} -eiIUdEFntBDNHRV~ -T FILE -u USER -h hops -r address -s SUBJECT -a FILE -q FILE -f FILE -A ACCOUNT -b USERS -c USERS -S OPTION users`;

/** A wrong command line: told with the usage, exit status 2. */
class Misuse extends Complaint {
	constructor(text: string) {
		super(`${text}\n${usage}`, 'stderr', 2);
	}
}

interface Arguments {
	readonly given: readonly Option[];
	readonly folder: string | undefined;
	readonly recipients: readonly string[];
	readonly sending: boolean;
	has(letter: string): boolean;
	value(letter: string): string | undefined;
	values(letter: string): string[];
}

const sendOptions = 'Fsqracbht';
const noRecipient = 'Send options without primary recipient specified.';

function readArguments(words: readonly string[]): Arguments {
	const { given, operands, error } = parseOptions(words, letters, 'q', program);
	if (error) throw new Misuse(error);
	const values = (letter: string) =>
		given.filter((option) => option.letter === letter).map((option) => option.value);
	const has = (letter: string) => given.some((option) => option.letter === letter);
	const folder = has('f') ? (operands[0] ?? '&') : undefined;
	if (has('f') && operands.length > 1) throw new Misuse('More than one file given with -f');
	const recipients = has('f') ? [] : operands;
	const sends = given.some((option) => sendOptions.includes(option.letter));
	if (sends && !has('t') && recipients.length === 0) {
		throw new Misuse(noRecipient);
	}
	if (has('R') && recipients.length > 0) {
		throw new Misuse('The -R option is meaningless in send mode.');
	}
	if ((has('I') || has('T')) && folder === undefined) throw new Misuse('Need -f with -I.');
	return {
		given,
		folder,
		recipients,
		sending: recipients.length > 0 || has('t'),
		has,
		value: (letter) => values(letter).at(-1),
		values,
	};
}

/** What the options say before any start-up file is read. */
async function applyOptions(session: Session, args: Arguments): Promise<void> {
	const { variables } = session;
	for (const { letter, value } of args.given) {
		if (letter === 'S') await (await import('./mailx/settings.js')).set(session, [value]);
		if (letter === 'i') variables.set('ignore', '');
		if (letter === 'D') variables.set('disconnected', '');
		if (letter === 'N') variables.unset('header');
		if (letter === 'v') variables.set('verbose', '');
	}
}

async function main(words: readonly string[]): Promise<number> {
	if (words[0] === '-V') return printVersion();
	let terminal: Terminal | undefined;
	try {
		const args = readArguments(words);
		const system = openSystem();
		const articles = args.value('T');
		if (articles !== undefined) emptyFile(system, articles);
		if (args.has('V')) return printVersion();
		let session: Session | undefined;
		const staysPlain = () =>
			['nolive', 'accessible'].some((name) => session?.variables.has(name) === true);
		terminal = openTerminal(system, staysPlain);
		const login = args.value('u');
		if (login !== undefined && !system.userNamed(login)) {
			throw new Complaint(`"${login}" is not a user of this system`);
		}
		session = newSession(system, terminal, {
			receiving: !args.sending,
			readOnly: args.has('R'),
			bare: args.has('n'),
			debug: args.has('d'),
			...((args.has('r') || args.has('~')) && { tildeEscapes: !args.has('r') }),
			...(login !== undefined && { login }),
			newsgroups: args.has('I') || articles !== undefined,
			...(articles !== undefined && { articles: resolve(system.real(articles)) }),
		});
		session.variables.set('ttycharset', terminal.charset.toUpperCase());
		if (session.debug) {
			const home = system.shown(system.home);
			terminal.write(`user = ${session.login}, homedir = ${home}\n`);
		}
		await applyOptions(session, args);
		await readStartupFiles(session, !args.has('n'));
		await chooseAccount(session, args);
		if (terminal.interactive && !session.bare && !args.has('e') && !args.has('H')) {
			(await import('./mailx/leftbehind.js')).recoverLetters(session);
		}
		await (args.sending ? send(session, args) : read(session, args));
		return session.status;
	} catch (error) {
		if (terminal && error instanceof Interrupted) {
			terminal.complain('Interrupt\n');
			return 130;
		}
		if (!(error instanceof Complaint)) throw error;
		if (terminal) tell(terminal, error);
		else writeSync(2, `${error.message}\n`);
		return error.status;
	} finally {
		terminal?.close();
	}
}

function printVersion(): number {
	writeSync(1, `${release}\n`);
	return 0;
}

/** The file of `-T` is there from the start. */
function emptyFile(system: System, path: string): void {
	try {
		writeFileSync(system.real(path), '', { mode: 0o600 });
	} catch (error) {
		if (!isErrno(error)) throw error;
		throw new Complaint(`${path}: ${reason(error)}`, 'stderr');
	}
}

async function chooseAccount(session: Session, args: Arguments): Promise<void> {
	const account = args.value('A');
	if (account !== undefined) {
		session.input.starting = true;
		try {
			await (await import('./mailx/control.js')).account(session, [account]);
		} catch (error) {
			// That there is none is told; as in the original the session begins all the same.
			if (!(error instanceof Complaint)) throw error;
			tell(session.terminal, error);
		}
		session.input.starting = false;
	}
	if (args.has('E')) session.variables.set('skipemptybody', '');
	const from = args.value('r');
	if (from !== undefined) session.variables.set('from', from);
}

async function send(session: Session, args: Arguments): Promise<void> {
	const { sendFromArguments } = await import('./mailx/sending.js');
	const outcome = await sendFromArguments(session, {
		to: args.recipients,
		cc: args.values('c'),
		bcc: args.values('b'),
		subject: args.value('s'),
		attachments: args.values('a'),
		quoteFile: args.value('q') || undefined,
		recordByRecipient: args.has('F'),
		fromHeader: args.has('t'),
		reversePath: args.value('r'),
		hops: args.value('h'),
		mailerOptions: args.given.flatMap(({ letter, value }) =>
			letter === 'r' || letter === 'h' ? [`-${letter}`, value] : [],
		),
		skipEmptyBody: args.has('E'),
	});
	if (outcome !== 'nobody') return;
	if (args.given.some(({ letter }) => sendOptions.includes(letter))) {
		throw new Misuse(noRecipient);
	}
	await read(session, args);
}

/** Reads mail: opens the folder, tells what is in it, obeys commands, and leaves by the rules. */
async function read(session: Session, args: Arguments): Promise<void> {
	const { terminal, variables } = session;
	const folders = await import('./mailx/folders.js');
	const opened = await folders.openFolder(session, args.folder ?? '%', {
		hook: !args.has('e') && !args.has('H'),
	});
	const empty = opened === 'empty';
	if (opened === 'failed' || args.has('e')) {
		session.status = opened === 'opened' ? 0 : 1;
		return;
	}
	if (args.has('H')) {
		const { printHeadlines } = await import('./mailx/headline.js');
		return printHeadlines(session, session.mailbox?.messages ?? []);
	}
	if (empty && !variables.has('emptystart')) {
		session.status = 1;
		return;
	}
	if (!args.has('N')) {
		if (!variables.has('quiet')) {
			const name = variables.has('bsdcompat') ? 'Mail' : 'mailx';
			terminal.write(`Inkloom ${name} version ${release}.  Type ? for help.\n`);
		}
		await (await import('./mailx/announce.js')).announce(session, true);
	}
	if ((await commandLoop(session)) === 'exit') {
		session.status = 0;
		return;
	}
	await (await import('./mailx/quit.js')).leaveFolder(session);
}

main(givenWords(process.argv, process.env)).then(
	// All is written: leaving at once spares Node the taking apart of its heap.
	(status) => process.exit(status),
	(error) => {
		console.error(error);
		process.exit(70);
	},
);
