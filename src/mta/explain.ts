/**
 * A Resolution as text: the tree that `explain` draws, the lines of `sendmail -bv`, and the story that
 * `-v` tells before anything is delivered. It reads the tree and nothing else.
 */
import { isErrno } from '../complaint.js';
import { columns, fitColumns } from '../message/columns.js';
import type { System } from '../system.js';
import { staleNotice } from './aliasdb.js';
import type { QueueEntry } from './controlfile.js';
import type { Copy, Failure } from './envelope.js';
import { printAsctime } from './letter.js';
import { readQueue } from './queue.js';
import { quoteName, unquote } from './recipient.js';
import { nodes, type Resolution } from './resolve.js';
import { mailboxPath } from './spool.js';

/** Something wrong, and the line that says so. */
export interface Problem {
	readonly line: string;
	readonly failure: Failure;
	readonly node: Resolution;
}

function told(node: Resolution, failure: Failure): string {
	// A loop has no one address to name.
	if (failure.status === '5.4.6') return failure.reason;
	const { source, via } = node;
	const place = source && via !== 'alias' ? `${source.file}: line ${source.line}: ` : '';
	return `${place}${node.address}... ${failure.reason}`;
}

function problemsOf(node: Resolution): Problem[] {
	const { flaw, outcome } = node;
	const failures = [flaw, outcome.kind === 'fails' ? outcome.failure : undefined];
	return failures.flatMap((failure) =>
		failure ? [{ line: told(node, failure), failure, node }] : [],
	);
}

/** Everything wrong in these trees, in the order in which it was met. */
export function problems(trees: readonly Resolution[]): Problem[] {
	return trees.flatMap((tree) => [...nodes(tree)].flatMap(problemsOf));
}

/** The lines of `-v` about expansion, with the problems where they were met. */
export function tellStory(trees: readonly Resolution[]): string[] {
	return trees.flatMap(story);
}

function story(node: Resolution): string[] {
	const wrong = problemsOf(node).map(({ line }) => line);
	// A loop shows only when one has gone round it.
	if (node.flaw?.status === '5.4.6') return [...story({ ...node, flaw: undefined }), ...wrong];
	const lines = [...node.ignored, ...wrong];
	const { outcome } = node;
	if (outcome.kind === 'duplicate') return [...lines, `${node.address}... duplicate suppressed`];
	if (outcome.kind !== 'expands') return lines;
	if (outcome.by === 'include') {
		const place =
			node.via === 'forward' && node.source
				? `${node.source.file}: line ${node.source.line}: `
				: '';
		lines.push(`${place}${node.address}... including file ${outcome.file}`);
	}
	for (const { line, text, to } of outcome.steps) {
		const place = `${outcome.file}: line ${line}`;
		if (text !== '') {
			if (outcome.by === 'alias') lines.push(`${node.address}... aliased to ${text}`);
			if (outcome.by === 'forward') lines.push(`${place}: forwarding to ${text}`);
			if (outcome.by === 'include') lines.push(`${place}: sending to ${text}`);
		}
		lines.push(...to.flatMap(story));
	}
	return lines;
}

/** What `sendmail -bv` calls the way of a copy. */
function mailerOf({ delivery, address }: Copy): string {
	switch (delivery.to) {
		case 'mailbox': {
			const host = delivery.detail === undefined ? '' : ` host ${delivery.detail},`;
			const escaped = unquote(address).startsWith('\\') ? '\\' : '';
			return `local,${host} user ${escaped}${delivery.user}`;
		}
		case 'file':
			return `*file*, user ${quoteName(delivery.path)}`;
		case 'program':
			return `prog, user ${quoteName(`|${delivery.command}`)}`;
		case 'uucp':
			return `uucp, host ${delivery.host}, user ${delivery.user}`;
		case 'relay':
			return `esmtp, host ${delivery.host}, user ${delivery.address}`;
	}
}

/** `sendmail -bv`: problems first, then what can be delivered. */
export function verify(trees: readonly Resolution[]): { lines: string[]; status: number } {
	const wrong = problems(trees);
	const good = trees.flatMap((tree) =>
		[...nodes(tree)].flatMap(({ outcome }) =>
			outcome.kind === 'delivers'
				? [`${outcome.copy.address}... deliverable: mailer ${mailerOf(outcome.copy)}`]
				: [],
		),
	);
	return {
		lines: [...wrong.map(({ line }) => line), ...good],
		status: Math.max(0, ...wrong.map(({ failure }) => failure.exit)),
	};
}

interface Row {
	readonly left: string;
	readonly what: string;
	readonly detail: string;
}

const drawn = { fork: '├─ ', last: '└─ ', bar: '│  ', gap: '   ' };
const plain = { fork: '|- ', last: '`- ', bar: '|  ', gap: '   ' };

/** The delivery path as a tree, before anything moves. `ascii`: no box drawing. */
export function explain(
	system: System,
	trees: readonly Resolution[],
	options: { readonly ascii?: boolean } = {},
): string[] {
	const signs = options.ascii ? plain : drawn;
	const rows: Row[] = [];
	const draw = (node: Resolution, first: string, next: string): void => {
		const notes = node.ignored.map((line) => line.replace(/^.*?\.\.\. forward: /, ''));
		if (node.flaw) notes.push(node.flaw.reason);
		const { outcome } = node;
		const steps = outcome.kind === 'expands' ? outcome.steps : [];
		rows.push({ left: first + node.address, ...summary(system, node) });
		const children = steps.flatMap(({ to }) => to);
		for (const [at, note] of notes.entries()) {
			const last = at === notes.length - 1 && children.length === 0;
			rows.push({ left: next + (last ? signs.last : signs.fork), what: 'note', detail: note });
		}
		for (const [at, child] of children.entries()) {
			const last = at === children.length - 1;
			draw(child, next + (last ? signs.last : signs.fork), next + (last ? signs.gap : signs.bar));
		}
	};
	for (const tree of trees) draw(tree, '', '');
	const notice = staleNotice(system);
	const left = Math.max(...rows.map((row) => columns(row.left))) + 2;
	const what = Math.max(...rows.map((row) => columns(row.what))) + 2;
	const lines = rows.map((row) =>
		`${fitColumns(row.left, left)}${fitColumns(row.what, what)}${row.detail}`.trimEnd(),
	);
	return notice === undefined ? lines : [...lines, notice];
}

function summary(system: System, node: Resolution): Omit<Row, 'left'> {
	const { outcome } = node;
	switch (outcome.kind) {
		case 'expands': {
			const lines = outcome.steps.filter(({ text }) => text !== '');
			const where = `${outcome.file}${lines.length === 1 ? `:${lines[0]?.line}` : ''}`;
			return { what: `${outcome.by} ${where}`, detail: lines.map(({ text }) => text).join(' | ') };
		}
		case 'delivers':
			return leaf(system, outcome.copy);
		case 'duplicate':
			return outcome.circular
				? { what: 'loop', detail: 'leads back to itself, cut here' }
				: { what: 'duplicate', detail: 'already above, one copy only' };
		case 'fails':
			return { what: 'fails', detail: `${outcome.failure.reason} (${outcome.failure.status})` };
	}
}

function leaf(system: System, { delivery, as, owner }: Copy): Omit<Row, 'left'> {
	const reports = owner === undefined ? '' : `; failures go to ${owner}`;
	switch (delivery.to) {
		case 'mailbox': {
			const path = system.shown(mailboxPath(system, delivery.user));
			return { what: 'mailbox', detail: `${path} (will append)${reports}` };
		}
		case 'file':
			return {
				what: 'file',
				detail: `${delivery.path} (will append${as ? ` as ${as}` : ''})${reports}`,
			};
		case 'program':
			return { what: 'program', detail: `${delivery.command}${as ? ` (as ${as})` : ''}${reports}` };
		case 'uucp':
			return { what: 'uucp', detail: `${delivery.user} at ${delivery.host}, by uux${reports}` };
		case 'relay':
			return {
				what: 'relay',
				detail: `by SMTP to ${delivery.host}, kept in the queue until then${reports}${waitingFor(system, delivery.host)}`,
			};
	}
}

/** What waits for a host already, and when it is tried next; nothing where nobody may know. */
function waitingFor(system: System, host: string): string {
	let entries: QueueEntry[];
	try {
		entries = readQueue(system);
	} catch (error) {
		if (!isErrno(error)) throw error;
		return '';
	}
	const like = entries.filter(({ letter, waiting }) =>
		letter.copies.some(
			({ delivery }, index) =>
				waiting[index] !== undefined && delivery.to === 'relay' && delivery.host === host,
		),
	);
	if (like.length === 0) return '';
	const next = like.map(({ nextTry }) => nextTry ?? 0).sort((a, b) => a - b)[0] ?? 0;
	const due = next <= system.now().getTime();
	const when = due ? 'with the next queue run' : `not before ${printAsctime(new Date(next))}`;
	return `; ${like.length} waiting, tried ${when}`;
}
