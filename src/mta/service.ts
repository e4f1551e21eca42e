/**
 * What of sendmail stays: the server (-bd, -bD), the queue runner by the clock (-q15m), and SMTP on
 * standard input (-bs). It starts them, sends them to the background, and ends them on a signal.
 */
import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { isErrno, reason } from '../complaint.js';
import type { System } from '../system.js';
import type { Configured } from './configuration.js';
import { Exit } from './envelope.js';
import { addressLiteral, isLoopback, isWithin } from './network.js';
import type { Options } from './sendmailoptions.js';
import { queueFolder } from './spool.js';

/** The file we run from: it is started again for what goes on in the background. */
function program(): string {
	return resolve(process.argv[1] ?? 'sendmail');
}

/** Starts ourselves anew, out of the terminal's reach. An exit status: where it cannot be, that is told. */
async function detach(env: NodeJS.ProcessEnv, words: readonly string[]): Promise<number> {
	const { spawn } = await import('node:child_process');
	try {
		const child = spawn(process.execPath, [program(), ...words], {
			cwd: '/',
			env,
			stdio: 'ignore',
			detached: true,
		});
		child.unref();
		await new Promise<void>((started, fail) => {
			child.once('spawn', started);
			child.once('error', fail);
		});
		return Exit.ok;
	} catch (error) {
		if (!isErrno(error)) throw error;
		process.stderr.write(`sendmail: cannot start in the background: ${reason(error)}\n`);
		return Exit.osError;
	}
}

/** `-bd`: the server in the background. */
export async function startServer(system: System, words: readonly string[]): Promise<number> {
	return detach(
		system.env,
		words.map((word) => word.replace(/^(-[a-zA-Z]*)bd/, '$1bD')),
	);
}

/** `-bD`: the server, until it is told to end. */
export async function serve({ system, server }: Configured, options: Options): Promise<number> {
	const { Daemon } = await import('./daemon.js');
	const { every } = options;
	const daemon = new Daemon(system, { server, every, program: program(), trace: tracer(options) });
	for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => daemon.stop());
	process.on('SIGHUP', () => undefined);
	await daemon.serve();
	// Carriers that take their time go on without us.
	return process.exit(0);
}

const inBackground = 'INKLOOM_RUNNER';

/** `-q15m`: runs the queue by the clock, in the background. */
export async function keepRunning(
	system: System,
	words: readonly string[],
	every: number,
): Promise<number> {
	if (!process.env[inBackground]) {
		return detach({ ...system.env, [inBackground]: '1' }, words);
	}
	process.title = `Queue runner@${printInterval(every)} for ${system.shown(queueFolder(system))}`;
	const { Workers } = await import('./workers.js');
	const workers = new Workers(system, program());
	await new Promise<void>((end) => {
		const clock = setInterval(() => workers.runAll(), every);
		workers.runAll();
		for (const signal of ['SIGTERM', 'SIGINT'] as const) {
			process.on(signal, () => {
				clearInterval(clock);
				void workers.stop().then(end);
			});
		}
	});
	return 0;
}

/** `00:15:00`, `7+00:00:00`. */
function printInterval(milliseconds: number): string {
	const seconds = Math.floor(milliseconds / 1000);
	const days = Math.floor(seconds / 86_400);
	const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
	const clock = parts.map((part) => String(part).padStart(2, '0')).join(':');
	return days > 0 ? `${days}+${clock}` : clock;
}

/** `-X`: every line that is said, with the process number. */
function tracer({ traffic }: Options) {
	if (traffic === undefined) return undefined;
	return (direction: string, line: string): void =>
		appendFileSync(traffic, `${String(process.pid).padStart(5, '0')} ${direction} ${line}\n`, {
			encoding: 'latin1',
			mode: 0o600,
		});
}

/** `-bs`: a conversation on standard input, with a program on this host or, from inetd, with a client. */
export async function converse({ system, server }: Configured, options: Options): Promise<number> {
	const { Intake } = await import('./intake.js');
	const { Postroom } = await import('./postroom.js');
	const { SmtpConnection } = await import('./smtpconnection.js');
	const { SmtpSession } = await import('./smtpsession.js');
	const { usualSizeLimit } = await import('./configuration.js');
	const remote = (process.stdin as { remoteAddress?: string }).remoteAddress;
	const client =
		remote === undefined
			? { name: `${system.user.name}@localhost`, trusted: true, private: true }
			: {
					name: addressLiteral(remote),
					trusted: isWithin(remote, server.relayNetworks),
					private: isLoopback(remote),
				};
	const sizeLimit = server.sizeLimit ?? (remote === undefined ? 0 : usualSizeLimit);
	const room = new Postroom(system);
	const office = new Intake(room, client, {
		sizeLimit,
		recipientLimit: server.recipientLimit,
		tls: false,
		users: undefined,
		carriers: undefined,
		tryDomain: (domain) => void detach(system.env, [`-qR@${domain}`]),
	});
	const connection = new SmtpConnection(
		process.stdin,
		process.stdout,
		new SmtpSession(office, client),
		{
			patience: server.commandTimeout,
			sizeLimit,
			memory: { used: 0, limit: Number.POSITIVE_INFINITY },
			defect: (error) => process.stderr.write(`sendmail: ${error}\n`),
			trace: tracer(options),
		},
	);
	connection.start();
	await connection.ended;
	room.close();
	return 0;
}
