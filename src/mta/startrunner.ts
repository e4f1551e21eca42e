/** A queue run for one letter, in a process of its own: nobody waits for other hosts. */
import { isErrno } from '../complaint.js';
import type { System } from '../system.js';

/** Has a program of ours try this letter. Where none is found, the next run will. */
export async function startRunner(system: System, id: string): Promise<void> {
	const { existsSync } = process.getBuiltinModule('node:fs');
	const here = typeof __dirname === 'string' ? __dirname : '';
	const program = [`${here}/sendmail.cjs`, `${here}/../sendmail.cjs`].find(existsSync);
	if (program === undefined) return;
	const { spawn } = await import('node:child_process');
	try {
		const runner = spawn(process.execPath, [program, `-qI${id}`], {
			cwd: '/',
			env: system.env,
			stdio: 'ignore',
			detached: true,
		});
		// The machine has no room for it: the letter is in the queue all the same.
		runner.on('error', () => undefined);
		runner.unref();
	} catch (error) {
		if (!isErrno(error)) throw error;
	}
}
