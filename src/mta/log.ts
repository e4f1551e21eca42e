/**
 * The post office's journal, in the manner of syslog: one line an event, with an RFC 3339 time. It goes
 * to /var/log/mail.log, to the file that is set, or to standard error, from where systemd takes it.
 * A line that cannot be written is lost: nothing waits for the journal, and nothing fails for it.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

import { isErrno } from '../complaint.js';
import type { System } from '../system.js';
import type { Copy, Fate } from './envelope.js';
import { settingsOf } from './settings.js';

/** Keys and what they stand for, in the order in which they are written; undefined ones are left out. */
export type Particulars = Readonly<Record<string, string | number | undefined>>;

/** Writes one line: `TIME HOST inkloom[PID]: ID: key=value, ...`. */
export function log(system: System, id: string, particulars: Particulars): void {
	const { logFile } = settingsOf(system);
	const standard = logFile === undefined && (system.root !== '' || process.geteuid?.() === 0);
	const path = logFile ?? (standard ? '/var/log/mail.log' : undefined);
	if (path === undefined) return;
	const parts = Object.entries(particulars).flatMap(([key, value]) =>
		value === undefined ? [] : [`${key}=${printed(String(value))}`],
	);
	const short = system.host.split('.', 1)[0];
	const start = `${system.now().toISOString()} ${short} inkloom[${process.pid}]:`;
	const line = Buffer.from(`${start} ${id}: ${parts.join(', ')}\n`, 'latin1');
	try {
		if (path === '-') {
			writeSync(2, line);
			return;
		}
		// Appended in one piece: lines of several processes do not mix.
		const fd = openSync(system.real(path), 'a', 0o640);
		try {
			writeSync(fd, line);
		} finally {
			closeSync(fd);
		}
	} catch (error) {
		if (!isErrno(error)) throw error;
	}
}

/** What came from outside cannot begin a line of its own, nor hide the end of this one. */
function printed(value: string): string {
	return value.replace(/[\x00-\x1f\x7f]/g, '?').slice(0, 500);
}

/** hh:mm:ss, with days where there are some, as sendmail writes a delay. */
function printDelay(milliseconds: number): string {
	const seconds = Math.max(0, Math.floor(milliseconds / 1000));
	const days = Math.floor(seconds / 86_400);
	const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
	const time = parts.map((part) => String(part).padStart(2, '0')).join(':');
	return days > 0 ? `${days}+${time}` : time;
}

const mailers: Record<Copy['delivery']['to'], string> = {
	mailbox: 'local',
	program: 'prog',
	file: '*file*',
	relay: 'esmtp',
	uucp: 'uucp',
};

/** What became of one copy. */
export function logFate(
	system: System,
	{ id, arrival }: { readonly id: string; readonly arrival: number },
	{ address, given, delivery }: Copy,
	fate: Fate,
): void {
	const stat = {
		sent: () => `Sent${fate.kind === 'sent' ? (fate.note ?? '') : ''}`,
		deferred: () => `Deferred: ${fate.kind === 'deferred' ? fate.reason : ''}`,
		failed: () => (fate.kind === 'failed' ? fate.reason : ''),
	}[fate.kind]();
	log(system, id, {
		to: address,
		orig: given === address ? undefined : given,
		delay: printDelay(system.now().getTime() - arrival),
		mailer: mailers[delivery.to],
		relay: fate.remote,
		dsn: fate.kind === 'sent' ? '2.0.0' : fate.status,
		stat,
	});
}
