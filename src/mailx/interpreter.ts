/**
 * A line in, an effect out: finds the command, checks what its row of the table demands, parses its
 * arguments, runs it, tells what went wrong. Knows no command by name.
 */
import { Complaint, Interrupted } from '../complaint.js';
import { makeSayable } from '../message/text.js';
import { encodeText } from '../terminal/charset.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Command, findCommand, fullName, type Outcome } from './commands.js';
import { closeSource, nextLine } from './input.js';
import { splitWords } from './lexer.js';
import type { Session } from './session.js';

export interface Execution {
	/** The line was typed after `~:` in a letter being written. */
	readonly composing?: boolean;
}

/** What a command name ends at, beside the end of the line. */
const nameEnd = /[ \t0-9$^.:/\-+*'",;(`]/;

/**
 * Obeys command lines until the end of input, `quit` or `exit`.
 * Returns how it ended: `exit` writes nothing back.
 */
export async function commandLoop(session: Session): Promise<'leave' | 'exit'> {
	let endsOfFile = 0;
	for (;;) {
		session.input.inHook = false;
		const typed = session.input.sources.length === 0;
		if (typed && session.terminal.interactive) await lookForNewMail(session);
		const line = await nextLine(session);
		if (line.kind === 'interrupt') {
			session.commandSeen = true;
			session.terminal.complain('Interrupt\n');
			continue;
		}
		if (line.kind === 'end') {
			const { variables } = session;
			if (variables.has('interactive') && variables.has('ignoreeof') && ++endsOfFile < 25) {
				session.terminal.write('Use "quit" to quit.\n');
				continue;
			}
			return 'leave';
		}
		endsOfFile = 0;
		const outcome = await obey(session, line.text);
		if (outcome === 'leave' || outcome === 'exit') return outcome;
	}
}

/** Obeys the lines of one start-up file, already opened as the innermost source, to its end. */
export async function loadSource(session: Session): Promise<void> {
	const depth = session.input.sources.length;
	while (session.input.sources.length >= depth) {
		const line = await nextLine(session, { floor: depth });
		if (line.kind !== 'line') return;
		const loading = session.input.sources.at(-1)?.loading;
		if ((await obey(session, line.text)) !== undefined && loading) {
			closeSource(session);
			return;
		}
	}
}

/** Runs a line; an error in it ends the file it came from. */
async function obey(session: Session, text: string): Promise<Outcome> {
	const outcome = await execute(session, text);
	const source = session.input.sources.at(-1);
	if (outcome === 'failed' && source && !source.loading) closeSource(session);
	return outcome;
}

async function lookForNewMail(session: Session): Promise<void> {
	const { mailbox, variables } = session;
	if (!mailbox || !(variables.has('autoinc') || variables.has('newmail'))) return;
	try {
		if (mailbox.hasGrown()) await (await import('./folders.js')).checkNewMail(session);
	} catch (error) {
		// A folder that can no longer be read is no reason to leave it: the person has to say so.
		if (!(error instanceof Complaint)) throw error;
		tell(session.terminal, error);
	}
}

/**
 * Runs one command line and tells the user what went wrong.
 * `failed` has been told; `leave` and `exit` are for the command loop.
 */
export async function execute(
	session: Session,
	line: string,
	execution: Execution = {},
): Promise<Outcome> {
	const { terminal } = session;
	try {
		return await run(session, line, execution);
	} catch (error) {
		if (error instanceof Complaint) {
			tell(terminal, error, await painting(session, error));
			return 'failed';
		}
		if (error instanceof Interrupted) {
			while (session.input.sources.length > 0) closeSource(session);
			session.commandSeen = true;
			terminal.complain('Interrupt\n');
			return 'failed';
		}
		throw error;
	}
}

type Paint = (text: string) => string;

/** How a complaint gets its colour, where `colour` is set. */
async function painting(session: Session, complaint: Complaint): Promise<Paint | undefined> {
	if (!session.variables.has('colour')) return undefined;
	const { paintComplaint, wantsColour } = await import('./colour.js');
	const { isTerminal } = await import('../terminal/isterminal.js');
	if (!wantsColour(session) || (complaint.stream === 'stderr' && !isTerminal(2))) return undefined;
	return paintComplaint;
}

/** Prints a complaint on the stream it asks for. The names in it may come out of a letter. */
export function tell(terminal: Terminal, complaint: Complaint, paint?: Paint): void {
	if (complaint.message === '') return;
	const text = `${makeSayable(complaint.message, terminal.charset)}\n`;
	const octets = encodeText(paint ? paint(text) : text, terminal.charset);
	if (complaint.stream === 'stderr') terminal.complain(octets);
	else terminal.write(octets);
}

async function run(session: Session, line: string, execution: Execution): Promise<Outcome> {
	const { input } = session;
	const text = line.replace(/^[ \t\r\n]+/, '');
	const sourcing = input.sources.length > 0;
	if (text.startsWith('#')) return;
	if (text.startsWith('!')) {
		if (sourcing) throw new Complaint('Can\'t "!" while sourcing');
		return (await import('./shell.js')).shellCommand(session, text.slice(1));
	}
	const end = text.startsWith('|') ? 1 : text.search(nameEnd);
	const name = end < 0 ? text : text.slice(0, end);
	if (name === '' && sourcing) return;
	const command = findCommand(name);
	if (!command || (command.added && session.bare))
		throw new Complaint(`Unknown command: "${name}"`);
	if (!command.conditional && !conditionHolds(session)) return;
	refuse(session, command, execution);

	const outcome = await perform(session, command, text.slice(name.length));
	if (outcome !== undefined) return outcome;
	if (command.autoprint && session.variables.has('autoprint')) await autoprint(session);
	if (!sourcing && !input.inHook && !command.transparent) session.commandSeen = true;
}

function conditionHolds(session: Session): boolean {
	switch (session.input.condition) {
		case 'any':
			return true;
		case 'receive':
			return session.receiving;
		case 'send':
			return !session.receiving;
		case 'terminal':
			return session.terminal.interactive;
		case 'no-terminal':
			return !session.terminal.interactive;
	}
}

/** The refusals of the table, in the original's order. */
function refuse(session: Session, command: Command, execution: Execution): void {
	const name = fullName(command);
	const { mailbox } = session;
	if (!session.receiving && !command.sending) {
		throw new Complaint(`May not execute "${name}" while sending`);
	}
	if (session.input.sources.length > 0 && command.interactive) {
		throw new Complaint(`May not execute "${name}" while sourcing`);
	}
	if (command.writes && (!mailbox || mailbox.readOnly)) {
		throw new Complaint(`May not execute "${name}" -- message file is read only`);
	}
	if (execution.composing && command.notComposing) {
		throw new Complaint(`Cannot recursively invoke "${name}"`);
	}
	if (command.mailbox && !mailbox) {
		throw new Complaint(`Cannot execute "${name}" without active mailbox`);
	}
}

async function perform(session: Session, command: Command, rest: string): Promise<Outcome> {
	const name = fullName(command);
	switch (command.takes) {
		case 'nothing':
			return command.run(session, undefined);
		case 'string':
			return command.run(session, rest.replace(/^[ \t\n]+/, ''));
		case 'words': {
			const words = splitWords(rest, command.raw);
			const { least = 0, most = Number.POSITIVE_INFINITY } = command;
			if (words.length < least) {
				throw new Complaint(`${name} requires at least ${least} arg(s)`);
			}
			if (words.length > most) {
				throw new Complaint(`${name} takes no more than ${most} arg(s)`);
			}
			return command.run(session, words);
		}
		case 'msglist': {
			const list = await import('./msglist.js');
			const messages = await list.selectMessages(session, rest, {
				select: command.select ?? 'any',
			});
			if (messages.length > 0 || command.default === 'none') return command.run(session, messages);
			const nearest = list.firstApplicable(session, {
				select: command.select ?? 'any',
				passes: command.passes ?? 'deleted',
			});
			if (nearest) return command.run(session, [nearest]);
			throw new Complaint(session.input.inHook ? '' : 'No applicable messages');
		}
	}
}

async function autoprint(session: Session): Promise<void> {
	const dot = session.mailbox?.dot;
	if (dot) await (await import('./reading.js')).autoprint(session, dot);
}
