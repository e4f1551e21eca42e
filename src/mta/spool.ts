/**
 * Where the post office keeps its things: mailboxes and the queue, on disk, below the root where there
 * is one.
 */
import { existsSync } from 'node:fs';

import type { System } from '../system.js';
import { settingsOf } from './settings.js';

/** A user's system mailbox. */
export function mailboxPath(system: System, user: string): string {
	const { spoolFolder } = settingsOf(system);
	if (spoolFolder !== undefined) return `${system.real(spoolFolder)}/${user}`;
	const spool = system.real('/var/spool/mail');
	const folder = system.root !== '' || existsSync(spool) ? spool : system.real('/var/mail');
	return `${folder}/${user}`;
}

/** The folder of queued letters. */
export function queueFolder(system: System): string {
	return system.real(settingsOf(system).queueFolder ?? '/var/spool/mqueue');
}

/** Whether files belong to their users: not so in a root of one's own. */
export function ownedFiles(system: System): boolean {
	return system.root === '';
}
