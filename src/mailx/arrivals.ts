/**
 * Mail that arrives while a person is waited for: a line for the live terminal, and no more. The mailbox
 * is not touched, so that `inc`, or the next prompt where `newmail` is set, tells of it as ever. The
 * kernel wakes us (inotify, kqueue); nothing is polled.
 */
import { closeSync, type FSWatcher, openSync, readSync, statSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { forgiving } from '../complaint.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import type { Session } from './session.js';

/** More than this is not read just to count; in octets. */
const mostRead = 1 << 22;
/** A delivery writes several times: we look when it has been quiet for so long, in milliseconds. */
const settling = 50;

/** Tells once for each change; returns what ends it. A folder that cannot be watched is not watched. */
export function watchFolder(session: Session, tell: (notice: string) => void): () => void {
	const { mailbox } = session;
	if (mailbox === undefined) return () => undefined;
	let timer: NodeJS.Timeout | undefined;
	const look = () => {
		const notice = forgiving(() => describeArrivals(mailbox));
		if (notice !== undefined) tell(notice);
	};
	const changed = () => {
		clearTimeout(timer);
		timer = setTimeout(look, settling);
	};
	const watcher = forgiving(() => open(mailbox, changed));
	// What arrived between the last look and the first watch.
	look();
	return () => {
		clearTimeout(timer);
		watcher?.close();
	};
}

function open(mailbox: Mailbox, changed: () => void): FSWatcher {
	const { path } = mailbox;
	const maildir = mailbox.format === 'maildir';
	const watcher = watch(maildir ? join(path, 'new') : dirname(path), (_event, name) => {
		if (maildir || name === null || name === basename(path)) changed();
	});
	watcher.on('error', () => watcher.close());
	return watcher;
}

function describeArrivals(mailbox: Mailbox): string | undefined {
	if (!mailbox.hasGrown()) return undefined;
	const count = mailbox.format === 'mbox' ? countArrived(mailbox) : undefined;
	if (count === 0) return undefined;
	const messages = count === undefined ? '' : `: ${count} message${count === 1 ? '' : 's'}`;
	return `New mail${messages} (type inc)`;
}

/** From_ lines in what was appended; undefined where that is too much to read. */
function countArrived({ path, messages }: Mailbox): number | undefined {
	const last = messages.at(-1);
	const known = last === undefined ? 0 : last.start + last.octets;
	const size = statSync(path).size - known;
	if (size > mostRead) return undefined;
	const octets = Buffer.alloc(Math.max(0, size));
	const fd = openSync(path, 'r');
	try {
		const length = readSync(fd, octets, 0, octets.length, known);
		const text = octets.toString('latin1', 0, length);
		return text.match(/(?:^|\n\n)From /g)?.length ?? 0;
	} finally {
		closeSync(fd);
	}
}
