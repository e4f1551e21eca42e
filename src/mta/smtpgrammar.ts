/**
 * What stands behind MAIL and RCPT: the path and the parameters of the extensions. Pure; texts are
 * octets in a string. RFC 5321 4.1.2, RFC 1870, RFC 2852, RFC 3461, RFC 6152.
 */

export interface Parameter {
	readonly name: string;
	readonly value: string | undefined;
}

export interface Path {
	/** As it was given, brackets and all, fit to be printed. */
	readonly shown: string;
	/** Without brackets and source route. */
	readonly address: string;
	/** Why it cannot be read. */
	readonly wrong: string | undefined;
	readonly parameters: readonly Parameter[];
}

/** A parameter that cannot be used, as it is answered. */
export interface Wrong {
	readonly reply: string;
}

/** Without what a terminal or a log would obey. */
export function clean(text: string): string {
	return text.replace(/[\x00-\x1f\x7f]/g, '?').slice(0, 512);
}

/** `FROM:<path> parameters`, brackets optional; undefined where the keyword is not there. */
export function parsePath(text: string, keyword: 'FROM' | 'TO'): Path | undefined {
	const start = new RegExp(`^${keyword}\\s*:\\s*`, 'i').exec(text)?.[0];
	if (start === undefined) return undefined;
	const rest = text.slice(start.length);
	if (rest === '') return undefined;
	const end = endOfPath(rest);
	const shown = clean(rest.slice(0, end));
	const closed = shown.startsWith('<') && shown.endsWith('>');
	const wrong = /[\x00-\x1f\x7f]/.test(rest.slice(0, end))
		? 'Illegal character in address'
		: shown.startsWith('<') && !closed
			? "Unbalanced '<'"
			: !shown.startsWith('<') && shown.endsWith('>')
				? "Unbalanced '>'"
				: undefined;
	// RFC 5321 4.1.1.3: a source route is read and ignored.
	const address = (closed ? shown.slice(1, -1) : shown).trim().replace(/^@[^:"]+:/, '');
	const parameters = rest
		.slice(end)
		.split(/\s+/)
		.filter(Boolean)
		.map((item) => {
			const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(item) ?? [];
			return { name: clean(name.toUpperCase()), value };
		});
	return { shown, address, wrong, parameters };
}

/** Where the path ends: at its bracket or the first blank, but not within quotes. */
function endOfPath(text: string): number {
	const bracketed = text.startsWith('<');
	let quoted = false;
	for (let at = 0; at < text.length; at++) {
		const sign = text[at] as string;
		if (sign === '\\') at++;
		else if (sign === '"') quoted = !quoted;
		else if (quoted) continue;
		else if (bracketed && sign === '>') return at + 1;
		else if (!bracketed && /\s/.test(sign)) return at;
	}
	// Never closed: what stands before the first blank is named as wrong.
	const blank = text.search(/\s/);
	return blank < 0 ? text.length : blank;
}

/** xtext (RFC 3461 4), decoded; undefined where it is none. */
function fromXtext(text: string): string | undefined {
	if (!/^([!-*,-<>-~]|\+[0-9A-F]{2})*$/.test(text)) return undefined;
	return text.replace(/\+([0-9A-F]{2})/g, (_, code: string) =>
		String.fromCharCode(Number.parseInt(code, 16)),
	);
}

function printable(text: string): boolean {
	return /^[\x20-\x7e]*$/.test(text);
}

export interface SenderOptions {
	/** 0: not said. */
	size: number;
	returned: 'full' | 'hdrs' | undefined;
	envelopeId: string | undefined;
	/** RFC 2852. */
	by: { readonly seconds: number; readonly otherwise: 'return' | 'notify' } | undefined;
}

function unrecognized(name: string): Wrong {
	return { reply: `555 5.5.4 ${name} parameter unrecognized` };
}

/** The parameters of MAIL. */
export function senderOptions(parameters: readonly Parameter[]): SenderOptions | Wrong {
	const options: SenderOptions = {
		size: 0,
		returned: undefined,
		envelopeId: undefined,
		by: undefined,
	};
	for (const { name, value = '' } of parameters) {
		const wrong = (what: string): Wrong => ({ reply: `501 5.5.4 ${what}` });
		if (name === 'SIZE') {
			if (!/^\d{1,20}$/.test(value)) return wrong(`Illegal SIZE value ${clean(value)}`);
			options.size = Number(value);
		} else if (name === 'BODY') {
			if (!/^(7BIT|8BITMIME)$/i.test(value)) return wrong(`Unknown BODY type ${clean(value)}`);
		} else if (name === 'RET') {
			if (!/^(FULL|HDRS)$/i.test(value)) return wrong(`Bad argument "${clean(value)}" to RET`);
			options.returned = value.toLowerCase() as 'full' | 'hdrs';
		} else if (name === 'ENVID') {
			const id = fromXtext(value);
			if (!id || !printable(id) || id.length > 100) {
				return wrong('Syntax error in ENVID parameter value');
			}
			options.envelopeId = id;
		} else if (name === 'BY') {
			const by = /^(-?\d{1,9});([NR])T?$/i.exec(value);
			const seconds = Number(by?.[1]);
			const returns = by?.[2]?.toUpperCase() === 'R';
			if (!by || (returns && seconds <= 0)) return wrong('Syntax error in BY parameter value');
			options.by = { seconds, otherwise: returns ? 'return' : 'notify' };
		} else if (name === 'AUTH') {
			if (fromXtext(value) === undefined) return wrong('Syntax error in AUTH parameter value');
		} else return unrecognized(name);
	}
	return options;
}

/** The parameters of RCPT. */
export function recipientOptions(
	parameters: readonly Parameter[],
): { notify?: readonly string[]; original?: string } | Wrong {
	const options: { notify?: readonly string[]; original?: string } = {};
	for (const { name, value = '' } of parameters) {
		if (name === 'NOTIFY') {
			const words = value.toLowerCase().split(',');
			const bad = words.find((word) => !/^(never|success|failure|delay)$/.test(word));
			if (bad !== undefined || (words.includes('never') && words.length > 1)) {
				const shown = clean(bad?.toUpperCase() ?? 'NEVER');
				return { reply: `501 5.5.4 Bad argument "${shown}"  to NOTIFY` };
			}
			options.notify = words;
		} else if (name === 'ORCPT') {
			const [, type = '', address = ''] = /^([\w-]+);(.+)$/.exec(value) ?? [];
			const decoded = fromXtext(address);
			if (type === '' || !decoded || !printable(decoded) || decoded.length > 500) {
				return { reply: '501 5.5.4 Syntax error in ORCPT parameter value' };
			}
			options.original = `${type};${decoded}`;
		} else return unrecognized(name);
	}
	return options;
}
