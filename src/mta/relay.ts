/**
 * A copy for another host: by SMTP where there is a way out, else it waits in the queue, and the queue
 * says why. A root of one's own has no network unless a smarthost is named.
 */
import type { System } from '../system.js';
import { type Copy, type Fate, qualified } from './envelope.js';
import type { FinishedLetter } from './letter.js';

/** Whether letters can leave this system at all. */
export function hasWayOut(system: System): boolean {
	return system.root === '' || Boolean(system.env.INKLOOM_SMARTHOST);
}

/** Has a program of ours try this letter, without waiting for it. Where none is found, the next run will. */
export async function startRunner(system: System, id: string): Promise<void> {
	const { existsSync } = process.getBuiltinModule('node:fs');
	const here = typeof __dirname === 'string' ? __dirname : '';
	const program = [`${here}/sendmail.cjs`, `${here}/../sendmail.cjs`].find(existsSync);
	if (program === undefined) return;
	const { spawn } = await import('node:child_process');
	spawn(process.execPath, [program, `-qI${id}`], {
		cwd: '/',
		env: system.env,
		stdio: 'ignore',
		detached: true,
	}).unref();
}

/** Tries to send one copy by SMTP. */
export async function relay(
	system: System,
	{ delivery, owner }: Copy,
	{ header, body }: Pick<FinishedLetter, 'header' | 'body'>,
	sender: string | null,
): Promise<Fate> {
	if (delivery.to !== 'relay') throw new Error(`not for another host: ${delivery.to}`);
	const { host, address } = delivery;
	if (!hasWayOut(system)) {
		return { kind: 'deferred', reason: `${host}.: no network in this root`, status: '4.4.1' };
	}
	const { sendToDomain } = await import('./smtp.js');
	const fates = await sendToDomain(system, host, {
		from: sender === null ? '' : qualified(owner ?? sender, system.host),
		to: [address],
		octets: Buffer.concat([header, Buffer.from('\n'), body]),
	});
	return fates.get(address) ?? { kind: 'deferred', reason: 'no reply', status: '4.0.0' };
}
