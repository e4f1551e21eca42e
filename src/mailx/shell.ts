/**
 * The shell from the prompt: `!command`, `shell`, `cd`; and long texts through the pager.
 */
import { Complaint, isErrno, reason } from '../complaint.js';
import type { Outcome } from './commands.js';
import type { Session } from './session.js';

/** What `!` stands for with `bang`: the last command given to the shell, per session. */
const lastCommands = new WeakMap<Session, string>();

/** `!command`: runs it with the terminal as its own, then prints `!`. */
export async function shellCommand(session: Session, typed: string): Promise<Outcome> {
	const command = expandBangs(session, typed);
	const end = await session.terminal.lend({ command, shell: shellOf(session), shielded: true });
	tellMissing(session, end.error);
	tellFailure(session, end.status);
	session.terminal.write('!\n');
}

/** Tells that the shell itself could not be started. */
function tellMissing(session: Session, error: string | undefined): void {
	if (error !== undefined) session.terminal.complain(`${shellOf(session)}: ${error}\n`);
}

/** In the words of BSD Mail, and only where those are wanted. */
export function tellFailure({ terminal, variables }: Session, status: number | undefined): void {
	if (status === 0 || !(variables.has('bsdcompat') || variables.has('bsdmsgs'))) return;
	terminal.write('Fatal error in process.\n');
}

/** The shell that runs commands: `SHELL`, else /bin/sh. */
export function shellOf(session: Session): string {
	return session.variables.get('SHELL') || '/bin/sh';
}

/** Puts the last command for each `!` where `bang` is set; `\!` is a plain `!`. */
function expandBangs(session: Session, typed: string): string {
	const bang = session.variables.has('bang');
	const last = lastCommands.get(session) ?? '';
	let changed = false;
	const command = typed.replace(/\\!|!/g, (found) => {
		if (found === '!' && !bang) return found;
		changed = true;
		return found === '!' ? last : '!';
	});
	if (changed) session.terminal.write(`!${command}\n`);
	lastCommands.set(session, command);
	return command;
}

export async function shell(session: Session): Promise<Outcome> {
	const end = await session.terminal.lend({ command: [shellOf(session)], shielded: true });
	tellMissing(session, end.error);
	tellFailure(session, end.status);
	session.terminal.write('\n');
}

/** Changes the working directory; without a name, to one's home. */
export async function changeDirectory(session: Session, [name]: string[]): Promise<Outcome> {
	const { system } = session;
	const { expandFolder } = await import('./foldernames.js');
	const path = name === undefined ? system.home : expandFolder(session, name);
	if (path === undefined) return 'failed';
	try {
		process.chdir(system.real(path));
	} catch (error) {
		if (!isErrno(error)) throw error;
		throw new Complaint(`${path}: ${reason(error)}`, 'stderr');
	}
}

/**
 * Prints a text, or pages it where `crt` is set and it has more lines than that (a screenful for
 * `crt` without a value) and `slack`.
 */
export async function showText(
	session: Session,
	text: string,
	title: string,
	slack = 0,
): Promise<void> {
	const { terminal, variables } = session;
	const crt = variables.get('crt');
	if (terminal.interactive && terminal.outputIsTerminal && crt !== undefined) {
		const limit = crt === '' ? screenSize(session) : Number.parseInt(crt, 10);
		if (text.split('\n').length - 1 > limit + slack) {
			return terminal.page(Buffer.from(text), title, variables.get('PAGER'));
		}
	}
	terminal.write(text);
}

/** Lines of a screenful: `screen`, else what the terminal has, less four. */
export function screenSize({ variables, terminal }: Session): number {
	const screen = variables.number('screen', 0);
	return screen > 0 ? screen : terminal.rows - 4;
}
