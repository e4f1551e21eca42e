/**
 * The queue as `mailq` prints it, column for column as sendmail does, and as JSON. Reads entries, no
 * files.
 */
import type { System } from '../system.js';
import type { QueueEntry } from './controlfile.js';
import { printAsctime } from './letter.js';
import { priority } from './queue.js';
import { queueFolder } from './spool.js';

function controller(system: System, entry: QueueEntry, index: number): string | undefined {
	const copy = entry.letter.copies[index];
	if (copy?.alias === undefined) return undefined;
	const { delivery, as, alias } = copy;
	if (as === undefined && (delivery.to === 'program' || delivery.to === 'file')) {
		// What the aliases file wishes is done as mail, with no group of its own.
		return `(---${alias}:${system.userNamed('mail')?.uid ?? 8}:0:${alias}---)`;
	}
	const name = copy.as ?? (copy.delivery.to === 'mailbox' ? copy.delivery.user : undefined);
	const user = name === undefined ? undefined : system.userNamed(name);
	return user ? `(---${user.name}:${user.uid}:${user.gid}:${copy.alias}---)` : undefined;
}

function head(entry: QueueEntry, verbose: boolean): string {
	const { letter, busy, held, warned } = entry;
	const size = String(letter.bodyOctets).padStart(8);
	const sender = letter.sender ?? '<>';
	const time = printAsctime(new Date(letter.arrival));
	const start = `${letter.id.padEnd(14)}${busy ? '*' : held ? '!' : ' '}${size}`;
	if (!verbose) return `${start} ${time.slice(0, 16)} ${sender.slice(0, 39)}`;
	const weight = String(priority(entry)).padStart(10);
	return `${start} ${weight}${warned ? '+' : ' '}${time.slice(4, 16)} ${sender.slice(0, 78)}`;
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
			// What a server said of this one; what is wrong with the server stands above.
			if (/^Deferred: \d{3}/.test(status)) lines.push(`\t\t (${status})`);
		}
	}
	return [...lines, total];
}

/** A moment as JSON has it, or null. */
function moment(milliseconds: number | undefined): string | null {
	return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}

/** The queue as one JSON object; octets of addresses that are no UTF-8 become U+FFFD. See mailq(1). */
export function printQueueJson(system: System, entries: readonly QueueEntry[]): string {
	const text = (octets: string): string => Buffer.from(octets, 'latin1').toString('utf8');
	const letters = entries.map((entry) => ({
		id: entry.letter.id,
		arrival: moment(entry.letter.arrival),
		sender: text(entry.letter.sender ?? ''),
		size: entry.letter.headerOctets + 1 + entry.letter.bodyOctets,
		tries: entry.tries,
		lastTry: moment(entry.lastTry),
		nextTry: moment(entry.nextTry),
		busy: entry.busy,
		held: entry.held,
		warned: entry.warned,
		status: text(entry.status),
		recipients: entry.letter.copies.flatMap((copy, index) => {
			const status = entry.waiting[index];
			if (status === undefined) return [];
			const { address, given, delivery } = copy;
			return [
				{ address: text(address), given: text(given), to: delivery.to, status: text(status) },
			];
		}),
	}));
	return JSON.stringify({ queue: system.shown(queueFolder(system)), letters }, undefined, 2);
}
