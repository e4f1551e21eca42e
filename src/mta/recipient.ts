/**
 * One recipient as people, aliases(5) and .forward files write it: names, comments, quotes and angle
 * brackets cut away, and what is left told apart: a local name, an address elsewhere, a file, a
 * program, a list. Pure; texts are octets in a string (latin1). It knows the local host names, but not
 * who exists. RFC 5322 3.4 as the sendmail programs read it.
 */

export interface Flaw {
	readonly reason: string;
	/** RFC 3463. */
	readonly status: string;
	/** sysexits(3). */
	readonly exit: number;
}

export type Target =
	| {
			readonly kind: 'local';
			readonly user: string;
			readonly detail: string | undefined;
			/** A backslash in front: neither alias nor .forward applies. */
			readonly escaped: boolean;
	  }
	| { readonly kind: 'relay'; readonly address: string; readonly host: string }
	| { readonly kind: 'file'; readonly path: string }
	| { readonly kind: 'program'; readonly command: string }
	| { readonly kind: 'include'; readonly path: string };

export interface Recipient {
	/** As it was written, without surrounding blanks. */
	readonly text: string;
	/** Undefined where nothing usable is left. */
	readonly target: Target | undefined;
	/** Unbalanced signs are a flaw even where a usable address remains. */
	readonly flaw: Flaw | undefined;
}

const closing: Record<string, string> = { '"': '"', '(': '(', '<': '<' };

function flaw(reason: string, status = '5.1.3'): Flaw {
	return { reason, status, exit: 64 };
}

/**
 * Cuts a list at its commas, and where `semicolons` is set at its semicolons too (postfix does,
 * sendmail does not), outside quotes, comments and angle brackets. An unquoted command keeps its
 * semicolons. Empty items are dropped.
 */
export function splitList(text: string, semicolons: boolean): string[] {
	const items: string[] = [];
	let start = 0;
	let quoted = false;
	let comments = 0;
	let angle = false;
	for (let at = 0; at < text.length; at++) {
		const sign = text[at];
		if (sign === '\\') at++;
		else if (sign === '"' && comments === 0) quoted = !quoted;
		else if (quoted) continue;
		else if (sign === '(') comments++;
		else if (sign === ')' && comments > 0) comments--;
		else if (comments > 0) continue;
		else if (sign === '<') angle = true;
		else if (sign === '>') angle = false;
		else if (angle) continue;
		else if (
			sign === ',' ||
			(sign === ';' && semicolons && !text.slice(start, at).trimStart().startsWith('|'))
		) {
			items.push(text.slice(start, at));
			start = at + 1;
		}
	}
	items.push(text.slice(start));
	return items.map((item) => item.trim()).filter((item) => item !== '');
}

/** The address a letter is to come from, bare: without name, comments and line ends. */
export function parseSender(text: string, local: ReadonlySet<string>): string | Flaw {
	const { target, flaw: wrong } = parseRecipient(text, local);
	if (wrong) return wrong;
	if (/[\x00-\x1f\x7f]/.test(text.trim())) return flaw('Invalid route address');
	if (target?.kind === 'relay') return target.address;
	if (target?.kind !== 'local' || target.user === '') return flaw('User address required');
	const { user, detail } = target;
	return quoteName(detail === undefined ? user : `${user}+${detail}`);
}

/** The names by which this host calls itself; `more` in lower case. */
export function localNames(host: string, more: readonly string[] = []): ReadonlySet<string> {
	const full = host.toLowerCase();
	const short = full.split('.', 1)[0] as string;
	return new Set([
		full,
		short,
		'localhost',
		'localhost.localdomain',
		`[127.0.0.1]`,
		'[::1]',
		...more,
	]);
}

/** The address alone: without display name, comments and the blanks around its parts. */
interface Bare {
	readonly text: string;
	readonly flaw: Flaw | undefined;
}

function bare(item: string): Bare {
	let outside = '';
	let inside: string | undefined;
	let place: 'outside' | 'inside' | 'after' = 'outside';
	let quoted = false;
	let comments = 0;
	let stray: string | undefined;
	for (let at = 0; at < item.length; at++) {
		let sign = item[at] as string;
		if (sign === '\\' && at + 1 < item.length) {
			at++;
			sign += item[at];
		} else if (sign === '"' && comments === 0) quoted = !quoted;
		else if (!quoted && sign === '(') {
			comments++;
			continue;
		} else if (!quoted && sign === ')') {
			if (comments > 0) comments--;
			else stray ??= ')';
			continue;
		} else if (comments === 0 && !quoted && sign === '<' && place === 'outside') {
			place = 'inside';
			inside = '';
			continue;
		} else if (comments === 0 && !quoted && sign === '>') {
			if (place === 'inside') place = 'after';
			else stray ??= '>';
			continue;
		}
		if (comments > 0) continue;
		if (place === 'inside') inside += sign;
		else if (place === 'outside') outside += sign;
	}
	const open = quoted ? '"' : comments > 0 ? '(' : place === 'inside' ? '<' : undefined;
	const sign = open === undefined ? stray : closing[open];
	const text = (inside ?? outside).trim().replace(/[ \t\r\n]*([@.])[ \t\r\n]*/g, '$1');
	return { text, flaw: sign === undefined ? undefined : flaw(`Unbalanced '${sign}'`) };
}

/** A quoted string without its quotes (closed or not), anything else as it is. */
export function unquote(text: string): string {
	if (!text.startsWith('"')) return text;
	return text.replace(/^"|(?<!\\)"$/g, '').replace(/\\(.)/g, '$1');
}

/** A local name with the quotes it needs (RFC 5322 3.2.4), and no others. */
export function quoteName(name: string): string {
	return /[\s()<>@,;:\\"[\]]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
}

function signAt(text: string): number[] {
	const found: number[] = [];
	let quoted = false;
	for (let at = 0; at < text.length; at++) {
		if (text[at] === '\\') at++;
		else if (text[at] === '"') quoted = !quoted;
		else if (text[at] === '@' && !quoted) found.push(at);
	}
	return found;
}

/** Reads one item of a list. Throws nothing: what is wrong is in the answer. */
export function parseRecipient(item: string, local: ReadonlySet<string>): Recipient {
	const text = item.trim();
	const plain = unquote(text);
	if (plain.startsWith('|')) {
		// An unquoted command goes through the address reader elsewhere, which mangles it: refused instead.
		const damage = text.startsWith('"') ? undefined : bare(text).flaw;
		if (damage) return { text, target: undefined, flaw: damage };
		return { text, target: { kind: 'program', command: plain.slice(1).trim() }, flaw: undefined };
	}
	if (/^:include:/i.test(plain)) {
		return { text, target: { kind: 'include', path: plain.slice(9).trim() }, flaw: undefined };
	}
	const address = bare(text);
	const signs = signAt(address.text);
	if (plain.startsWith('/') && signs.length === 0 && !text.startsWith('<')) {
		return { text, target: { kind: 'file', path: plain }, flaw: undefined };
	}
	if (address.text === '' && address.flaw) return { text, target: undefined, flaw: address.flaw };
	return readAddress(text, address, signs, local);
}

function readAddress(
	text: string,
	address: Bare,
	signs: readonly number[],
	local: ReadonlySet<string>,
): Recipient {
	const refuse = (reason: string): Recipient => ({ text, target: undefined, flaw: flaw(reason) });
	const at = signs[0];
	if (signs.length > 1 || splitList(address.text, false).length > 1) {
		return refuse('Invalid route address');
	}
	if (at === 0) return refuse('User address required');
	if (at === address.text.length - 1) return refuse('Hostname required');

	const host = at === undefined ? undefined : address.text.slice(at + 1).replace(/\.$/, '');
	let name = at === undefined ? address.text : address.text.slice(0, at);
	const escaped = name.startsWith('\\');
	if (escaped) name = name.slice(1);
	if (host !== undefined && !local.has(host.toLowerCase())) {
		const relay = `${name.startsWith('"') ? name : name.replace(/\s+/g, '.')}@${host}`;
		return {
			text,
			target: { kind: 'relay', address: relay, host: host.toLowerCase() },
			flaw: address.flaw,
		};
	}
	// Words side by side are one name: `Jane Roe` is Jane.Roe.
	const joined = name.startsWith('"') ? unquote(name) : name.replace(/[ \t\r\n]+/g, '.');
	const plus = joined.indexOf('+');
	const user = plus > 0 ? joined.slice(0, plus) : joined;
	const detail = plus > 0 ? joined.slice(plus + 1) : undefined;
	return { text, target: { kind: 'local', user, detail, escaped }, flaw: address.flaw };
}
