/**
 * An address to a tree that remembers every step: aliases, lists, .forward files, down to the leaves
 * where copies go. Loops are cut, duplicates dropped, and what is wrong stands where it was met. The
 * tree is what delivery walks and what `explain`, `-bv` and `-v` print; nothing is delivered here.
 */
import type { System, User } from '../system.js';
import { type AliasBook, openAliases } from './aliasdb.js';
import { aliasKey } from './aliases.js';
import { type Copy, type Delivery, Exit, type Failure, unknownUser } from './envelope.js';
import { type ForwardLine, parseForward } from './forward.js';
import { type Flaw, localNames, parseRecipient, splitList, type Target } from './recipient.js';
import { settingsOf } from './settings.js';
import { type ForwardFile, readForward, readList } from './trusted.js';

/** One line of an alias, a list or a .forward file, and where its addresses lead. */
export interface Step {
	readonly line: number;
	readonly text: string;
	readonly to: readonly Resolution[];
}

export type Outcome =
	| {
			readonly kind: 'expands';
			readonly by: 'alias' | 'include' | 'forward';
			/** As it is shown. */
			readonly file: string;
			readonly steps: readonly Step[];
	  }
	| { readonly kind: 'delivers'; readonly copy: Copy }
	/** `circular`: it leads back to itself; else the same copy is already in the tree. */
	| { readonly kind: 'duplicate'; readonly circular: boolean }
	| { readonly kind: 'fails'; readonly failure: Failure };

export interface Resolution {
	/** As it is written where it was met. */
	readonly address: string;
	readonly via: 'given' | 'alias' | 'include' | 'forward';
	/** Where it was met, as it is shown; undefined: given. */
	readonly source: { readonly file: string; readonly line: number } | undefined;
	/** Something wrong with how it is written, though it can be understood. */
	readonly flaw: Failure | undefined;
	/** A .forward file that had to be ignored: `PATH: reason`. */
	readonly ignored: readonly string[];
	/** The recipient whose expansion this is part of. */
	readonly given: string;
	/** Who hears of failures here instead of the sender (`owner-LIST`). */
	readonly owner: string | undefined;
	readonly outcome: Outcome;
}

export interface ResolveOptions {
	/** `-n`: no aliases. */
	readonly noAliases?: boolean;
	/** The aliases to use, left open; else the system's own. */
	readonly book?: AliasBook;
}

/** What an address inherits from where it stands. */
interface Place {
	readonly via: Resolution['via'];
	readonly source: Resolution['source'];
	readonly given: string;
	/** Expansions this one is inside of, outermost first. */
	readonly within: readonly string[];
	readonly as: string | undefined;
	readonly alias: string | undefined;
	readonly owner: string | undefined;
}

const deepest = 50;
const loopBroken: Failure = {
	kind: 'failed',
	reason: 'aliasing/forwarding loop broken',
	status: '5.4.6',
	exit: Exit.usage,
};

function failing({ reason: why, status, exit }: Flaw): Failure {
	return { kind: 'failed', reason: why, status, exit };
}

function refusal(why: string, status: string): Outcome {
	return { kind: 'fails', failure: { kind: 'failed', reason: why, status, exit: Exit.usage } };
}

/**
 * Resolves the recipients of one letter together, so that no copy is made twice.
 * Throws errno errors where the aliases cannot be read.
 */
export function resolve(
	system: System,
	recipients: readonly string[],
	options: ResolveOptions = {},
): Resolution[] {
	const book = options.book ?? openAliases(system);
	try {
		const resolver = new Resolver(system, book, options);
		return recipients.map((address) => resolver.given(address));
	} finally {
		if (!options.book) book.close();
	}
}

class Resolver {
	readonly #system: System;
	readonly #book: AliasBook;
	readonly #options: ResolveOptions;
	readonly #local: ReadonlySet<string>;
	/** Expansions begun and copies planned, by a spelled-out key. */
	readonly #met = new Set<string>();
	/** Users in a circle of .forward files: a copy stays with each. */
	readonly #keepers = new Set<string>();

	constructor(system: System, book: AliasBook, options: ResolveOptions) {
		this.#system = system;
		this.#book = book;
		this.#options = options;
		this.#local = localNames(system.host, settingsOf(system).localNames);
	}

	given(address: string): Resolution {
		const tree = this.#resolve(address, {
			via: 'given',
			source: undefined,
			given: address,
			within: [],
			as: undefined,
			alias: undefined,
			owner: undefined,
		});
		return leadsNowhere(tree) ? { ...tree, flaw: loopBroken } : tree;
	}

	#resolve(text: string, place: Place): Resolution {
		const { target, flaw } = parseRecipient(text, this.#local);
		const ignored: string[] = [];
		const outcome: Outcome =
			target === undefined
				? { kind: 'fails', failure: flaw ? failing(flaw) : unknownUser() }
				: this.#outcome(text, target, place, ignored);
		return {
			address: text,
			via: place.via,
			source: place.source,
			flaw: target !== undefined && flaw ? failing(flaw) : undefined,
			ignored,
			given: place.given,
			owner: place.owner,
			outcome,
		};
	}

	#outcome(text: string, target: Target, place: Place, ignored: string[]): Outcome {
		const direct = place.via === 'given';
		switch (target.kind) {
			case 'relay':
				return this.#leaf(text, place, {
					to: 'relay',
					address: target.address,
					host: target.host,
				});
			case 'file':
				if (direct) return refusal('Cannot mail directly to files', '5.2.4');
				return this.#leaf(text, place, { to: 'file', path: target.path });
			case 'program':
				if (direct) return refusal('Cannot mail directly to programs', '5.2.4');
				return this.#leaf(text, place, { to: 'program', command: target.command });
			case 'include':
				if (direct) return refusal('Cannot mail directly to :include:s', '5.2.4');
				return this.#include(target.path, place);
			case 'local':
				return this.#person(text, target, place, ignored);
		}
	}

	#leaf(address: string, place: Place, delivery: Delivery): Outcome {
		const { given, as, alias, owner, via, source } = place;
		const listed = via === 'include' && source ? { listed: `:include:${source.file}` } : {};
		const key = deliveryKey(delivery, as);
		if (this.#met.has(key)) return { kind: 'duplicate', circular: false };
		this.#met.add(key);
		return { kind: 'delivers', copy: { delivery, address, given, as, alias, owner, ...listed } };
	}

	#person(
		text: string,
		target: Target & { kind: 'local' },
		place: Place,
		ignored: string[],
	): Outcome {
		if (!target.escaped && !this.#options.noAliases) {
			const expansion = this.#alias(target, place);
			if (expansion) return expansion;
		}
		const system = this.#system;
		const user = system.userNamed(target.user) ?? system.userNamed(target.user.toLowerCase());
		const bang = user ? undefined : neighbour(target.user);
		if (bang) return this.#leaf(text, place, bang);
		if (!user) return { kind: 'fails', failure: unknownUser() };
		const mailbox: Delivery = { to: 'mailbox', user: user.name, detail: target.detail };
		if (target.escaped) return this.#leaf(text, place, mailbox);

		const key = `forward ${user.name}`;
		const circle = place.within.indexOf(key);
		if (circle >= 0) {
			for (const inside of place.within.slice(circle + 1)) {
				if (inside.startsWith('forward ')) this.#keepers.add(inside.slice(8));
			}
			return this.#leaf(text, place, mailbox);
		}
		const forward = this.#forwardOf(user, text, ignored);
		if (!forward) return this.#leaf(text, place, mailbox);
		if (this.#met.has(key)) return { kind: 'duplicate', circular: false };
		this.#met.add(key);
		return this.#forward(user, text, forward, place);
	}

	#forwardOf(user: User, address: string, ignored: string[]): ForwardFile | undefined {
		const read = readForward(this.#system, user);
		if (read?.refused === undefined) return read;
		ignored.push(`${address}... forward: ${read.file}: ${read.refused}`);
		return undefined;
	}

	#forward(user: User, text: string, forward: ForwardFile, place: Place): Outcome {
		const inside: Omit<Place, 'source'> = {
			...place,
			via: 'forward',
			within: [...place.within, `forward ${user.name}`],
			as: user.name,
		};
		const steps = this.#steps(forward.lines, forward.file, inside);
		if (this.#keepers.has(user.name)) {
			const line = forward.lines[0]?.line ?? 1;
			const source = { file: forward.file, line };
			const outcome = this.#leaf(text, { ...inside, source }, { to: 'mailbox', user: user.name });
			steps.push({
				line,
				text: '',
				to: [
					{
						address: text,
						via: 'forward',
						source,
						flaw: undefined,
						ignored: [],
						given: place.given,
						owner: place.owner,
						outcome,
					},
				],
			});
		}
		return { kind: 'expands', by: 'forward', file: forward.file, steps };
	}

	#alias(target: Target & { kind: 'local' }, place: Place): Outcome | undefined {
		const { user, detail } = target;
		const names = detail === undefined ? [user] : [`${user}+${detail}`, `${user}+*`, user];
		for (const name of names) {
			const alias = this.#book.find(name);
			if (!alias) continue;
			const key = `alias ${aliasKey(name)}`;
			if (place.within.includes(key)) {
				// `pue: pue, pere` means the user herself; without such a user it is a loop.
				if (this.#system.userNamed(user.toLowerCase())) return undefined;
				return { kind: 'duplicate', circular: true };
			}
			if (this.#met.has(key)) return { kind: 'duplicate', circular: false };
			if (place.within.length >= deepest) return { kind: 'fails', failure: loopBroken };
			this.#met.add(key);
			const text = alias.value.trim();
			const line: ForwardLine = { line: alias.line, text, items: splitList(text, true) };
			const steps = this.#steps([line], this.#book.file, {
				...place,
				via: 'alias',
				within: [...place.within, key],
				as: undefined,
				alias: aliasKey(name),
				owner: this.#owner(name) ?? place.owner,
			});
			return { kind: 'expands', by: 'alias', file: this.#book.file, steps };
		}
		return undefined;
	}

	/** `owner-LIST`: its value where that is one plain address, else its own name. */
	#owner(list: string): string | undefined {
		const name = `owner-${list}`;
		const alias = /^owner-|-request$/i.test(list) ? undefined : this.#book.find(name);
		if (!alias) return undefined;
		const items = splitList(alias.value, true);
		const { target } = parseRecipient(items[0] ?? '', this.#local);
		const plain = items.length === 1 && (target?.kind === 'local' || target?.kind === 'relay');
		return plain ? items[0] : name;
	}

	#include(path: string, place: Place): Outcome {
		const key = `include ${path}`;
		if (place.within.includes(key)) return { kind: 'duplicate', circular: true };
		if (this.#met.has(key)) return { kind: 'duplicate', circular: false };
		if (place.within.length >= deepest) return { kind: 'fails', failure: loopBroken };
		this.#met.add(key);
		const user = place.as === undefined ? undefined : this.#system.userNamed(place.as);
		const read = readList(this.#system, path, user);
		if (typeof read === 'string') return refusal(`Cannot open ${path}: ${read}`, '5.2.4');
		const steps = this.#steps(parseForward(read.text), path, {
			...place,
			via: 'include',
			within: [...place.within, key],
		});
		return { kind: 'expands', by: 'include', file: path, steps };
	}

	#steps(lines: readonly ForwardLine[], file: string, place: Omit<Place, 'source'>): Step[] {
		return lines.map(({ line, text, items }) => ({
			line,
			text,
			to: items.map((item) => this.#resolve(item, { ...place, source: { file, line } })),
		}));
	}
}

/**
 * `host!user`: the mail of a neighbour. What uuxqt there might take for more than an address is no address
 * here.
 */
function neighbour(name: string): Delivery | undefined {
	const [, host, user] = /^([\w.-]+)!([\w.!%@+=/-]+)$/.exec(name) ?? [];
	if (host === undefined || user === undefined || /^-/.test(host)) return undefined;
	return { to: 'uucp', host, user };
}

function deliveryKey(delivery: Delivery, as: string | undefined): string {
	switch (delivery.to) {
		case 'mailbox':
			return `mailbox ${delivery.user}`;
		case 'file':
			return `file ${delivery.path}`;
		case 'program':
			return `program ${as ?? ''} ${delivery.command}`;
		case 'uucp':
			return `uucp ${delivery.host}!${delivery.user}`;
		case 'relay': {
			const at = delivery.address.lastIndexOf('@');
			return `relay ${delivery.address.slice(0, at)}@${delivery.host}`;
		}
	}
}

/** Every node of a tree, the node itself first, in the order in which it was met. */
export function* nodes(tree: Resolution): Generator<Resolution> {
	yield tree;
	if (tree.outcome.kind !== 'expands') return;
	for (const step of tree.outcome.steps) {
		for (const child of step.to) yield* nodes(child);
	}
}

/** A tree that has loops and nothing else. */
function leadsNowhere(tree: Resolution): boolean {
	let circular = false;
	for (const { outcome } of nodes(tree)) {
		if (outcome.kind === 'duplicate') {
			if (!outcome.circular) return false;
			circular = true;
		} else if (outcome.kind !== 'expands') return false;
	}
	return circular;
}

/** The copies to be made, in order. */
export function copies(trees: readonly Resolution[]): Copy[] {
	return trees.flatMap((tree) =>
		[...nodes(tree)].flatMap(({ outcome }) => (outcome.kind === 'delivers' ? [outcome.copy] : [])),
	);
}
