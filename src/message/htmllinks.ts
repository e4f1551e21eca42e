/**
 * The links of HTML that becomes text: behind the words of each its number, where the words do not say
 * themselves where it leads; links without words vanish, save pictures that lead where no words do. Takes
 * text and tags as they come, gives HTML without links; knows nothing of what tags mean.
 */

interface Link {
	readonly target: string;
	/** Where its words begin among the pieces. */
	readonly start: number;
	pictured: boolean;
}

/** Words with the number of a link behind them. */
interface Numbered {
	/** Undefined: a picture stands for them. */
	readonly words: string | undefined;
	readonly target: string;
	readonly rest: string;
}

export class Links {
	readonly #pieces: (string | Numbered)[] = [];
	#open: Link | undefined;
	/** Links that have words. */
	readonly #worded = new Set<string>();

	text(text: string): void {
		this.#pieces.push(text);
	}

	/** Begins with `<`, which text does not. */
	tag(tag: string): void {
		this.#pieces.push(tag);
	}

	/** A picture that says nothing. */
	picture(): void {
		if (this.#open) this.#open.pictured = true;
	}

	/** `reference`: as it is written, in HTML. One that is for programs is no link. */
	begin(reference: string): void {
		this.end();
		const target = unescaped(reference).replace(/\s/g, '');
		if (!/^(https?|ftp|mailto|tel):/i.test(target)) return;
		this.#open = { target, start: this.#pieces.length, pictured: false };
	}

	end(): void {
		const link = this.#open;
		this.#open = undefined;
		if (!link) return;
		const { target, start } = link;
		// A link ends before the next begins: nothing is numbered here yet.
		const pieces = this.#pieces.slice(start).filter((piece) => typeof piece === 'string');
		if (says(unescaped(pieces.filter((piece) => !isTag(piece)).join('')), target)) return;
		const last = pieces.findLastIndex((piece) => !isTag(piece) && !isBlank(piece));
		const piece = pieces[last];
		if (piece !== undefined) {
			const end = piece.trimEnd();
			this.#pieces[start + last] = { words: end, target, rest: piece.slice(end.length) };
			this.#worded.add(target);
		} else if (link.pictured) {
			this.#pieces.push({ words: undefined, target, rest: ' ' });
		}
	}

	result(): { html: string; targets: string[] } {
		this.end();
		const numbers = new Map<string, number>();
		const html = this.#pieces.map((piece) => {
			if (typeof piece === 'string') return piece;
			const { target, rest } = piece;
			if (piece.words === undefined && this.#worded.has(target)) return '';
			const number = numbers.get(target) ?? numbers.size + 1;
			numbers.set(target, number);
			// The space that does not break keeps the number on the line of the words.
			return `${piece.words ?? '[image]'}&nbsp;[${number}]${rest}`;
		});
		return { html: html.join(''), targets: [...numbers.keys()] };
	}
}

const isTag = (piece: string) => piece.startsWith('<');

/** Nothing to be seen, in HTML. */
export const isBlank = (text: string) => !/\S/.test(text.replace(/&nbsp;|&#160;/gi, ''));

/** Whether the words are, or end in, where the link leads; `www.bank.example` does not say `http://x.example`. */
function says(words: string, target: string): boolean {
	const bare = (text: string) =>
		text
			.trim()
			.replace(/\/$/, '')
			.replace(/^(https?:\/\/|mailto:([^?]*).*|tel:)/i, '$2');
	const last = /\S*$/.exec(words.trim())?.[0] ?? '';
	return bare(last.replace(/^[<("']/, '').replace(/[>)"'.,]$/, '')) === bare(target);
}

const named: Readonly<Record<string, string>> = {
	amp: '&',
	quot: '"',
	lt: '<',
	gt: '>',
	nbsp: ' ',
};

/** The character references that are found in addresses. */
function unescaped(html: string): string {
	return html.replace(
		/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|quot|lt|gt|nbsp));?/gi,
		(all, decimal, hex, name) => {
			if (name !== undefined) return named[name.toLowerCase()] ?? all;
			const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
			return code > 0 && code < 0x110000 ? String.fromCodePoint(code) : all;
		},
	);
}
