/**
 * Processes that deliver for the server: each does one thing after the other, so that it may take on a
 * user's rights, and a slow program or host keeps only its own worker. They end when they have had
 * nothing to do for a while, and with the server. One JSON object a line each way.
 */
import { type ChildProcess, spawn } from 'node:child_process';

import { isErrno, reason } from '../complaint.js';
import type { System } from '../system.js';
import type { Carriers } from './intake.js';
import { log } from './log.js';
import type { Filter } from './runner.js';
import type { About, Submitted } from './submit.js';

const mostWorkers = 4;
const idleFor = 30_000;
/** Milliseconds before another is hired when one could not be, or ended before it did anything; it doubles. */
const firstPause = 500;
const longestPause = 60_000;
/** Letters given to one worker in one go. */
const mostTogether = 32;

export type Task =
	/** Letters by id. */
	| { readonly letters: readonly string[] }
	/** Letters that are due, or all that these filters pick. */
	| { readonly run: readonly Filter[]; readonly dueOnly: boolean }
	| {
			readonly report: Omit<About, 'body' | 'arrival'>;
			/** latin1 */
			readonly header: string;
			readonly body: string | undefined;
			readonly lost: Submitted['lost'];
	  };

interface Job {
	readonly task: Task;
	readonly done: (error?: Error) => void;
}

interface Worker {
	readonly child: ChildProcess;
	job: Job | undefined;
	/** It has finished something. */
	proven: boolean;
	/** It has said that it failed in what it is at. */
	failed: boolean;
	idle: NodeJS.Timeout | undefined;
}

/** What a worker says before the newline of a task that it could not do. */
const failure = '!';

export class Workers implements Carriers {
	readonly #system: System;
	readonly #program: string;
	readonly #workers = new Set<Worker>();
	readonly #jobs: Job[] = [];
	/** Letters that nobody works on yet. */
	#letters: string[] = [];
	#wholeRun = false;
	#noneLeft: () => void = () => undefined;
	#stopping = false;
	/** While nobody is hired, and how long that lasts the next time. */
	#pause: NodeJS.Timeout | undefined;
	#nextPause = firstPause;

	/** `program`: the file of ours that does the work. */
	constructor(system: System, program: string) {
		this.#system = system;
		this.#program = program;
	}

	run(id: string): void {
		// What cannot be done now is done by the next run: it is in the queue.
		if (this.#stopping) return;
		this.#letters.push(id);
		this.#assign();
	}

	runFor(domain: string): void {
		const filter = { field: 'R', text: `@${domain}`, not: false } as const;
		if (!this.#stopping) this.#do({ run: [filter], dueOnly: false }).catch(() => undefined);
	}

	/** The whole queue, unless that is going on already. */
	runAll(): void {
		if (this.#wholeRun || this.#stopping) return;
		this.#wholeRun = true;
		this.#do({ run: [], dueOnly: true }).then(
			() => {
				this.#wholeRun = false;
			},
			() => {
				this.#wholeRun = false;
			},
		);
	}

	report(about: About, header: Buffer, lost: Submitted['lost']): Promise<void> {
		const { body, arrival: _, ...report } = about;
		return this.#do({
			report,
			header: header.toString('latin1'),
			body: body?.toString('latin1'),
			lost,
		});
	}

	#do(task: Task): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#jobs.push({ task, done: (error) => (error ? reject(error) : resolve()) });
			this.#assign();
		});
	}

	/** The next thing to do: reports first, for somebody waits; letters several at a time. */
	#next(): Job | undefined {
		const job = this.#jobs.shift();
		if (job || this.#letters.length === 0) return job;
		const many = Math.min(mostTogether, Math.ceil(this.#letters.length / mostWorkers));
		return { task: { letters: this.#letters.splice(0, many) }, done: () => undefined };
	}

	#assign(): void {
		const idle = [...this.#workers].find(({ job }) => job === undefined);
		const worker = idle ?? (this.#workers.size < mostWorkers ? this.#hire() : undefined);
		if (!worker || worker.job) return;
		const job = this.#next();
		if (!job) {
			this.#rest(worker);
			return;
		}
		clearTimeout(worker.idle);
		worker.job = job;
		worker.child.stdin?.write(`${JSON.stringify(job.task)}\n`);
	}

	/** Undefined where there is no room for another process. */
	#hire(): Worker | undefined {
		if (this.#pause !== undefined) {
			this.#turnAway('no delivery process could be started');
			return undefined;
		}
		let child: ChildProcess;
		try {
			child = spawn(process.execPath, [this.#program, '-bw'], {
				cwd: '/',
				env: this.#system.env,
				stdio: ['pipe', 'pipe', 'inherit'],
			});
		} catch (error) {
			if (!isErrno(error)) throw error;
			this.#failed(reason(error));
			return undefined;
		}
		const worker: Worker = {
			child,
			job: undefined,
			proven: false,
			failed: false,
			idle: undefined,
		};
		this.#workers.add(worker);
		// Where there are too many open files, there are no pipes.
		child.stdin?.on('error', () => undefined);
		child.stdout?.on('data', (octets: Buffer) => {
			for (const said of octets.toString('latin1')) {
				if (said === failure) worker.failed = true;
				else if (said === '\n') this.#finished(worker);
			}
		});
		child.on('error', (error) => this.#lost(worker, reason(error)));
		child.on('exit', () => this.#lost(worker));
		return worker;
	}

	/** Who waits for an answer is told at once, and does it himself; letters wait, here and in the queue. */
	#turnAway(why: string): void {
		if (this.#workers.size > 0) return;
		for (const { done } of this.#jobs.splice(0)) done(ended(why));
	}

	/** Nobody is hired for a while: the machine is busy enough. */
	#failed(why: string): void {
		this.#turnAway(why);
		if (this.#stopping || this.#pause !== undefined) return;
		log(this.#system, 'NOQUEUE', { stat: `no delivery process: ${why}` });
		this.#pause = setTimeout(() => {
			this.#pause = undefined;
			if (this.#jobs.length + this.#letters.length > 0) this.#assign();
		}, this.#nextPause);
		this.#pause.unref();
		this.#nextPause = Math.min(longestPause, 2 * this.#nextPause);
	}

	#finished(worker: Worker): void {
		const { job, failed } = worker;
		worker.job = undefined;
		worker.failed = false;
		worker.proven = true;
		this.#nextPause = firstPause;
		job?.done(failed ? ended('a delivery process failed') : undefined);
		this.#assign();
		this.#rest(worker);
	}

	#rest(worker: Worker): void {
		if (worker.job) return;
		clearTimeout(worker.idle);
		worker.idle = setTimeout(() => worker.child.stdin?.end(), idleFor);
		worker.idle.unref();
		if (this.#stopping) worker.child.stdin?.end();
	}

	/** `unborn`: why there never was such a process. */
	#lost(worker: Worker, unborn?: string): void {
		if (!this.#workers.delete(worker)) return;
		clearTimeout(worker.idle);
		const { job } = worker;
		// One that ends over its letters does not get them again: the next run tries each.
		if (unborn !== undefined && job && 'letters' in job.task) {
			this.#letters.unshift(...job.task.letters);
		}
		if (!worker.proven) this.#failed(unborn ?? 'it ended before it had done anything');
		job?.done(ended(unborn ?? 'a delivery process ended'));
		if (this.#jobs.length + this.#letters.length > 0) this.#assign();
		if (this.#workers.size === 0) this.#noneLeft();
	}

	/** Ends them when they are through with what they are at; kept when they are gone. */
	async stop(): Promise<void> {
		this.#stopping = true;
		clearTimeout(this.#pause);
		this.#letters = [];
		const gone = new Promise<void>((done) => {
			this.#noneLeft = done;
		});
		if (this.#workers.size === 0) return;
		for (const worker of this.#workers) this.#rest(worker);
		await gone;
	}
}

function ended(text: string): NodeJS.ErrnoException {
	return Object.assign(new Error(text), { code: 'ECHILD' });
}

/** The work itself: reads tasks from standard input until it ends (`-bw`). */
export async function work(system: System): Promise<void> {
	const { createInterface } = await import('node:readline');
	// The server is gone: what is begun is finished all the same.
	process.stdout.on('error', () => undefined);
	for await (const line of createInterface({ input: process.stdin })) {
		try {
			await carryOut(system, JSON.parse(line) as Task);
		} catch (error) {
			if (!isErrno(error)) throw error;
			process.stderr.write(`sendmail: ${reason(error)}\n`);
			process.stdout.write(failure);
		}
		process.stdout.write('\n');
	}
}

async function carryOut(system: System, task: Task): Promise<void> {
	const silent = (): void => undefined;
	if ('letters' in task) {
		const { runLetters } = await import('./runner.js');
		return runLetters(system, task.letters, silent);
	}
	if ('run' in task) {
		const { runQueue } = await import('./runner.js');
		return runQueue(system, task.run, silent, { dueOnly: task.dueOnly });
	}
	const { report } = await import('./submit.js');
	const body = task.body === undefined ? undefined : Buffer.from(task.body, 'latin1');
	const header = Buffer.from(task.header, 'latin1');
	await report(system, { ...task.report, body }, header, task.lost);
}
