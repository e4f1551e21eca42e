/**
 * The queue as `mailq` prints it, column for column as sendmail does. Reads entries, no files.
 */
import type { System } from '../system.js';
import { printAsctime } from './letter.js';
import { priority, type QueueEntry } from './queue.js';
import { queueFolder } from './spool.js';

function controller(system: System, entry: QueueEntry, index: number): string | undefined {
	const copy = entry.letter.copies[index];
	if (copy?.alias === undefined) return undefined;
	const name = copy.as ?? (copy.delivery.to === 'mailbox' ? copy.delivery.user : undefined);
	const user = name === undefined ? undefined : system.userNamed(name);
	return user ? `(---${user.name}:${user.uid}:${user.gid}:${copy.alias}---)` : undefined;
}

function head(entry: QueueEntry, verbose: boolean): string {
	const { letter, busy } = entry;
	const size = String(letter.bodyOctets).padStart(8);
	const sender = letter.sender ?? '<>';
	const time = printAsctime(new Date(letter.arrival));
	const start = `${letter.id.padEnd(14)}${busy ? '*' : ' '}${size}`;
	if (!verbose) return `${start} ${time.slice(0, 16)} ${sender.slice(0, 39)}`;
	const weight = String(priority(entry)).padStart(10);
	return `${start} ${weight} ${time.slice(4, 16)} ${sender.slice(0, 78)}`;
}

/** The lines of `mailq`, `-v` or not. */
export function printQueue(
	system: System,
	entries: readonly QueueEntry[],
	verbose = false,
): string[] {
	const folder = system.shown(queueFolder(system));
	const total = `\t\tTotal requests: ${entries.length}`;
	if (entries.length === 0) return [`${folder} is empty`, total];
	const lines = [
		`\t\t${folder} (${entries.length} request${entries.length === 1 ? '' : 's'})`,
		verbose
			? '-----Q-ID----- --Size-- -Priority- ---Q-Time--- --------Sender/Recipient--------'
			: '-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------',
	];
	for (const entry of entries) {
		lines.push(head(entry, verbose));
		const kind = entry.letter.eightBit ? '      8BITMIME' : '';
		if (entry.status !== '') lines.push(`${kind.padEnd(17)}(${entry.status})`);
		else if (kind !== '') lines.push(kind);
		for (const [index, status] of entry.waiting.entries()) {
			const copy = entry.letter.copies[index];
			if (status === undefined || copy === undefined) continue;
			if (!verbose) {
				lines.push(`\t\t\t\t\t ${copy.address.slice(0, 38)}`);
				continue;
			}
			const by = controller(system, entry, index);
			if (by !== undefined) lines.push(`\t\t\t\t\t\t${by}`);
			lines.push(`\t\t\t\t\t\t${copy.address.slice(0, 71)}`);
			if (status !== '') lines.push(`\t\t (${status})`);
		}
	}
	return [...lines, total];
}
