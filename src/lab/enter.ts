/**
 * Going into a lab: the environment of one of its people, the programs by their short names, and a
 * shell (or one program) in it. What is written for the shell lies in the lab's own folder `.lab`.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, delimiter, join } from 'node:path';

import { Complaint, reason } from '../complaint.js';
import { parsePasswd, type User } from '../system.js';
import { EX_USAGE, replaceFile } from './lab.js';

/** A lab, where the programs are, and the environment one comes with. */
export interface Visit {
	/** The lab's root. */
	readonly dir: string;
	/** The folder with the built programs (`mail.cjs` …). */
	readonly programs: string;
	readonly env: NodeJS.ProcessEnv;
}

/** The short names on the PATH of the lab, and what each runs. */
const names: readonly (readonly [name: string, program: string, ...words: string[]])[] = [
	['mail', 'mail.cjs'],
	['mailx', 'mail.cjs'],
	['sendmail', 'sendmail.cjs'],
	['mailq', 'mailq.cjs'],
	['newaliases', 'newaliases.cjs'],
	['inkloom', 'inkloom.cjs'],
	['as', 'inkloom.cjs', 'as'],
	['su', 'inkloom.cjs', 'su'],
];

/** Variables of the person outside that would lead the programs, or the shell, out of the lab. */
const forgotten =
	/^(MAIL|MAILPATH|MAILCHECK|MAILRC|NAILRC|NAIL_.*|MBOX|DEAD|SIGN|REPLYTO|EMAIL|FROM|HISTFILE|LESSHISTFILE|OLDPWD|ENV|BASH_ENV|PROMPT_COMMAND|XDG_(DATA|STATE|CONFIG|CACHE)_HOME|npm_.*)$/i;

/** The line of the lab's passwd for a name. Throws a Complaint for a stranger. */
export function personNamed(dir: string, name: string): User {
	const users = parsePasswd(readFileSync(join(dir, 'etc/passwd'), 'utf8'));
	const user = users.find((one) => one.name === name);
	if (user) return user;
	const known = users.map((one) => one.name).join(', ');
	throw new Complaint(
		`inkloom: nobody here is called ${name}; there are ${known}`,
		'stderr',
		EX_USAGE,
	);
}

/** The environment of `user` in the lab. */
export function labEnvironment(visit: Visit, user: User): NodeJS.ProcessEnv {
	const { dir } = visit;
	const env = Object.fromEntries(
		Object.entries(visit.env).filter(([name]) => !forgotten.test(name)),
	);
	const path = (env.PATH ?? '/usr/bin:/bin')
		.split(delimiter)
		.filter((folder) => !folder.endsWith('/.lab/bin'));
	return {
		...env,
		INKLOOM_ROOT: dir,
		// Short, for the shell: the lab's / is not the machine's.
		LAB: dir,
		USER: user.name,
		LOGNAME: user.name,
		HOME: join(dir, user.home),
		TMPDIR: join(dir, 'tmp'),
		PATH: [join(dir, '.lab/bin'), ...path].join(delimiter),
	};
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/** Programs by their short names, and the shell's start-up file; rewritten when they moved. */
export function prepare(visit: Visit): void {
	const { dir } = visit;
	const programs = realpathSync(visit.programs);
	for (const [name, program, ...words] of names) {
		const command = [process.execPath, join(programs, program), ...words].map(quoted).join(' ');
		replaceFile(join(dir, '.lab/bin', name), `#!/bin/sh\nexec ${command} "$@"\n`, 0o755);
	}
	replaceFile(join(dir, '.lab/bashrc'), bashrc, 0o644);
	replaceFile(join(dir, '.lab/shrc'), shrc, 0o644);
}

// The system's own start-up files may have set another prompt or put folders first in PATH.
const bashrc = `PS1="[$USER@localhost \\\\W]$([ "$USER" = root ] && echo '#' || echo '$') "
PATH="$LAB/.lab/bin:$PATH"
HISTFILE="$HOME/.bash_history"
unset MAIL MAILPATH PROMPT_COMMAND
`;

// A plain shell knows no \\W; the function is called each time the prompt is printed.
const shrc = `lab_folder() { case "$PWD" in "$HOME") echo '~';; *) echo "\${PWD##*/}";; esac; }
lab_sign() { [ "$USER" = root ] && echo '#' || echo '$'; }
PS1='[$USER@localhost $(lab_folder)]$(lab_sign) '
PATH="$LAB/.lab/bin:$PATH"
unset MAIL MAILPATH
`;

/** The shell to give a person: theirs where we can set its prompt, else sh. */
function shellCommand(visit: Visit): { command: string[]; env: NodeJS.ProcessEnv } {
	const { dir } = visit;
	const shell = visit.env.SHELL ?? '/bin/sh';
	if (basename(shell) === 'bash') {
		return { command: [shell, '--noprofile', '--rcfile', join(dir, '.lab/bashrc')], env: {} };
	}
	const plain = ['sh', 'dash', 'ash', 'ksh', 'mksh'].includes(basename(shell)) ? shell : '/bin/sh';
	return { command: [plain], env: { ENV: join(dir, '.lab/shrc') } };
}

/**
 * Runs `words` in the lab as `user`, or a shell where there are none, in the folder `cwd` (a shell of
 * one's own begins at home). Resolves to the exit status: 128 + n for a signal, 127 where the program
 * was not found.
 */
export async function enter(
	visit: Visit,
	user: User,
	words: readonly string[],
	cwd = join(visit.dir, user.home),
): Promise<number> {
	const { spawn } = await import('node:child_process');
	prepare(visit);
	const shell = shellCommand(visit);
	const env = labEnvironment(visit, user);
	const [program = '', ...args] = words.length > 0 ? words : shell.command;
	const child = spawn(program, args, {
		stdio: 'inherit',
		env: words.length > 0 ? env : { ...env, ...shell.env },
		cwd,
	});
	// The keyboard's signals are for the child; we only wait for it.
	const waiting = () => undefined;
	for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, waiting);
	process.on('SIGTERM', () => child.kill('SIGTERM'));
	process.on('SIGHUP', () => child.kill('SIGHUP'));
	return new Promise((resolve) => {
		child.on('error', (error) => {
			process.stderr.write(`inkloom: ${program}: ${reason(error)}\n`);
			resolve(127);
		});
		child.on('close', (code, signal) => {
			resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
		});
	});
}
