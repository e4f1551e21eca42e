/**
 * Lists of names: who one is oneself, what an alias stands for, who is left of a list of recipients in
 * the end. What an address looks like is known in message/address.ts.
 */
import { sameAddress } from '../message/address.js';
import { type Draft, describeFault, type Name, typedName, typedNames } from '../message/draft.js';
import type { Session } from './session.js';

/** More aliases than this inside one another are taken for a loop. */
const deepestAlias = 25;

/** Whether an address (without display name) is one's own: by login, `alternates`, `from`, `replyto`, `sender`. */
export function isOneself(session: Session, address: string): boolean {
	const { variables } = session;
	if (sameName(session, session.login, address)) return true;
	if (session.alternates.some((own) => sameName(session, own, address))) return true;
	return ['from', 'replyto', 'sender'].some((variable) =>
		typedNames(variables.get(variable) ?? '').some((own) =>
			sameName(session, own.address, address),
		),
	);
}

/** With `allnet` the local parts decide; a bare login name is no local part, as in the original. */
function sameName({ variables }: Session, one: string, other: string): boolean {
	if (!variables.has('allnet')) return sameAddress(one, other);
	return one.includes('@') === other.includes('@') && sameAddress(one, other, true);
}

/** Those whose address can be one; of the others the first wrong character is told. */
export function checkNames(session: Session, names: readonly Name[]): Name[] {
	return names.filter(({ address }) => {
		const fault = describeFault(address);
		if (fault) session.terminal.complain(`${fault}\n`);
		return fault === undefined;
	});
}

export type RecipientKind = 'to' | 'cc' | 'bcc';

export interface Recipient extends Name {
	readonly kind: RecipientKind;
}

/**
 * All recipients of a draft with the aliases among them expanded; in reverse order of entry, as the
 * original's headers list them.
 */
export function expandRecipients(session: Session, draft: Draft): Recipient[] {
	const given: Recipient[] = [
		...draft.bcc.map((name) => ({ ...name, kind: 'bcc' as const })),
		...draft.to.map((name) => ({ ...name, kind: 'to' as const })),
		...draft.cc.map((name) => ({ ...name, kind: 'cc' as const })),
	];
	return given.flatMap((name) => expandName(session, name)).reverse();
}

/** What a name stands for, members of an alias the latest first. */
export function expandName(session: Session, name: Recipient): Recipient[] {
	// A backslash says that the alias of that name is not meant.
	if (name.address.startsWith('\\') || !session.aliases.has(name.address)) return [name];
	const members: Recipient[] = [];
	let tooDeep = false;

	const expand = (alias: string, path: readonly string[]) => {
		const list = session.aliases.get(alias) ?? [];
		for (const member of list.toReversed()) {
			if (!member.startsWith('\\') && member !== alias && session.aliases.has(member)) {
				if (path.length > deepestAlias || path.includes(member)) tooDeep = true;
				else expand(member, [...path, member]);
				continue;
			}
			// On one's own in a list one gets the letter; among others only with `metoo`.
			const leftOut =
				list.length > 1 &&
				!session.variables.has('metoo') &&
				sameName(session, member, session.login);
			members.push({ ...typedName(member), kind: name.kind, ...(leftOut && { leftOut }) });
		}
	};
	expand(name.address, [name.address]);
	if (tooDeep) {
		session.terminal.write(`Expanding alias to depth larger than ${deepestAlias}\n`);
	}
	return members;
}

/** Without repetitions, in the order of their addresses: as the mailer gets them. */
export function sortedRecipients<N extends Name>(names: readonly N[]): N[] {
	const byAddress = new Map<string, N>();
	for (const name of names) {
		const key = foldCase(name.address);
		const known = byAddress.get(key);
		// Who is named besides being left out of a list gets the letter.
		if (known && !known.leftOut && name.leftOut) continue;
		byAddress.set(key, name);
	}
	return [...byAddress].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, name]) => name);
}

/** The original's letters know no case within ASCII only. */
function foldCase(text: string): string {
	return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Names as the user types them, for a prompt to be edited. */
export function printNames(names: readonly Name[], comma: boolean): string {
	return names.map((name) => name.full).join(comma ? ', ' : ' ');
}
