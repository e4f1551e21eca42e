/**
 * The transport that is built in: delivery in this process where one has the rights for it (root, group
 * mail, one's own mailbox, a root of one's own); else by the mail server that listens on this host, or
 * by its sendmail program; else a refusal that says what would help.
 */
import { accessSync, closeSync, constants, existsSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';

import { isErrno, reason } from '../complaint.js';
import type { System } from '../system.js';
import { type Copy, Exit } from './envelope.js';
import { copies, resolve } from './resolve.js';
import { mailboxPath, queueFolder } from './spool.js';
import { submit } from './submit.js';
import type { Envelope, Receipt, Transport } from './transport.js';

/** The transport for letters written on this system. */
export function embeddedTransport(system: System): Transport {
	return {
		async send(envelope, letter) {
			try {
				const { configure } = await import('./configuration.js');
				return await deliverHere(configure(system).system, envelope, letter);
			} catch (error) {
				if (!isErrno(error)) throw error;
				const path = error.path === undefined ? '' : `${system.shown(error.path)}: `;
				const report = [`${path}${reason(error)}`];
				return { outcome: 'refused', status: Exit.osFile, report };
			}
		},
	};
}

async function deliverHere(
	system: System,
	envelope: Envelope,
	letter: Uint8Array,
): Promise<Receipt> {
	const recipients = envelope.recipients.map(octetsOf);
	const trees = resolve(system, recipients);
	const obstacle = findObstacle(system, copies(trees));
	if (obstacle !== undefined) return handOver(system, envelope, letter, obstacle);
	const { reversePath: sender, hops, verbose } = envelope;
	const done = await submit(system, letter, {
		sender: sender === '<>' || sender === '' ? null : sender,
		recipients,
		hops,
		trees,
		foreground: verbose,
	});
	// In lists and .forward files of others it is not the sender's business where copies wait.
	const waiting = done.waiting.map((address) => `${address}... kept in the queue (see mailq)`);
	const report = verbose ? done.story : [...done.problems, ...waiting];
	return {
		outcome: done.status === 0 ? 'sent' : 'refused',
		status: done.status,
		report: report.map(shownText),
	};
}

/** Text of ours as octets in a string, which is how addresses are read. */
export function octetsOf(text: string): string {
	return Buffer.from(text, 'utf8').toString('latin1');
}

/** And back, without anything that a terminal would obey. */
export function shownText(text: string): string {
	return Buffer.from(text, 'latin1')
		.toString('utf8')
		.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]/g, '?');
}

function mayWrite(path: string): boolean {
	try {
		accessSync(path, constants.W_OK);
		return true;
	} catch (error) {
		if (!isErrno(error)) throw error;
		return false;
	}
}

/** What we may not write, as it is shown; undefined where we may deliver everything ourselves. */
export function findObstacle(system: System, all: readonly Copy[]): string | undefined {
	if (system.root !== '' || process.geteuid?.() === 0) return undefined;
	const needed = new Set<string>();
	if (all.length > 1 || all.some(({ delivery }) => delivery.to === 'relay')) {
		needed.add(queueFolder(system));
	}
	for (const { delivery, as } of all) {
		if (delivery.to === 'mailbox') needed.add(mailboxPath(system, delivery.user));
		// What another wishes is done with his rights, and those are not ours to take.
		else if (delivery.to !== 'relay' && as !== system.user.name) needed.add(queueFolder(system));
	}
	for (const path of needed) {
		if (!mayWrite(existsSync(path) ? path : dirname(path))) return system.shown(path);
	}
	return undefined;
}

/** Whom one may ask to deliver: the server on this host, programs in this order. */
export interface Ways {
	readonly port: number;
	readonly programs: readonly string[];
}

const usualWays: Ways = { port: 25, programs: ['/usr/sbin/sendmail', '/usr/lib/sendmail'] };

/** Whether a program is one of ours: handing a letter to ourselves would go round for ever. */
function isOurs(path: string): boolean {
	const fd = openSync(path, 'r');
	try {
		// The file that starts our bundle (loader.cjs) names it.
		const head = Buffer.alloc(1024);
		return head.subarray(0, readSync(fd, head)).includes('/core/sendmail.js`');
	} finally {
		closeSync(fd);
	}
}

/** Has somebody else deliver it: the server on this host, or its mailer program. */
export async function handOver(
	system: System,
	envelope: Envelope,
	letter: Uint8Array,
	obstacle: string,
	{ port, programs }: Ways = usualWays,
): Promise<Receipt> {
	const { submitToServer } = await import('./bysmtp.js');
	const receipt = await submitToServer(system, envelope, letter, port);
	if (receipt) return receipt;
	const program = programs.find((path) => existsSync(path) && !isOurs(path));
	if (program !== undefined) {
		const { programTransport } = await import('./program.js');
		const options = { temporary: system.env.TMPDIR || '/tmp', wait: true };
		return programTransport(program, options).send(envelope, letter);
	}
	const help = 'run a mail server here, or let root or group mail deliver';
	return {
		outcome: 'refused',
		status: Exit.unavailable,
		report: [`${obstacle}: Permission denied (no mail server on this host; ${help})`],
	};
}
