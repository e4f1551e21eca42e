/**
 * Lends the terminal to a child and takes it back: editor, pager, shell, mailer. The child runs to its
 * end while we stand still, so nothing is read, written or handled meanwhile that is the child's.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';

import { reason } from '../complaint.js';
import type { Child, ChildEnd } from './terminal.js';

/** Runs a child to its end. Raises nothing: why it could not be started is in the result. */
export function run(child: Child, env: NodeJS.ProcessEnv): ChildEnd {
	const [program, ...args] = argumentsOf(child);
	const result = spawnSync(program, args, {
		stdio: [
			child.input === undefined ? 'inherit' : 'pipe',
			child.capture ? 'pipe' : 'inherit',
			'inherit',
		],
		env: child.env ?? env,
		maxBuffer: Number.POSITIVE_INFINITY,
		...(child.input !== undefined && { input: child.input }),
		...(child.cwd !== undefined && { cwd: child.cwd }),
	});
	return endOf(result);
}

function argumentsOf(child: Child): [string, ...string[]] {
	const { command, shell = '/bin/sh' } = child;
	const [program = '', ...args] = typeof command === 'string' ? [shell, '-c', command] : command;
	// One that is not there fails here, with its name, and not in a shell's words.
	const missing = program.includes('/') && !existsSync(program);
	if (!child.shielded || missing) return [program, ...args];
	// What ignores a signal hands that on to the program it becomes.
	return ['/bin/sh', '-c', 'trap "" HUP INT QUIT; exec "$@"', 'sh', program, ...args];
}

function endOf(result: SpawnSyncReturns<Buffer>): ChildEnd {
	const output = result.output === null ? Buffer.alloc(0) : (result.stdout ?? Buffer.alloc(0));
	if (result.signal) {
		const number = constants.signals[result.signal];
		return { status: 128 + number, signal: result.signal, output };
	}
	// A pager that is left early does not take all of its input: no trouble of the child's.
	if (result.status !== null) return { status: result.status, signal: undefined, output };
	const error = result.error === undefined ? 'No child process' : reason(result.error);
	return { status: 127, signal: undefined, output, error };
}

/** The modes of the terminal in the form stty(1) takes back; undefined where there is no stty. */
export function terminalModes(): string | undefined {
	const { status, stdout } = spawnSync('stty', ['-g'], { stdio: ['inherit', 'pipe', 'ignore'] });
	return status === 0 ? stdout.toString('latin1').trim() : undefined;
}

export function restoreModes(modes: string | undefined): void {
	if (modes !== undefined) spawnSync('stty', [modes], { stdio: ['inherit', 'ignore', 'ignore'] });
}
