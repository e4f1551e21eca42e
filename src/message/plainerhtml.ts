/**
 * HTML made plainer before it is converted to text: what a browser would hide is taken out, rows of tables
 * become lines, headings paragraphs, images their words. One pass over the tags; it knows no more of HTML
 * than their names, and leaves alone what it does not know.
 */

/** Their content is no text, whatever is in it. */
const opaque = /^(script|style|title|template)$/;
/** Elements without content. */
const empty = /^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/;
/** The next one of the same name ends them. */
const endedByNext = /^(p|li|td|th|tr|dt|dd|option)$/;
/** Of a tag, no more is looked at. */
const longestTag = 4_000;

/** Still HTML. */
export function plainerHtml(html: string): string {
	return new Plainer(html, true).run() ?? new Plainer(html, false).run() ?? html;
}

class Plainer {
	readonly #html: string;
	readonly #hides: boolean;
	readonly #lower: string;
	readonly #pieces: string[] = [];
	/** The element that is hidden, and how many of its name are open. */
	#hidden: { readonly name: string; depth: number } | undefined;
	#firstCell = true;

	constructor(html: string, hides: boolean) {
		this.#html = html;
		this.#hides = hides;
		this.#lower = html.toLowerCase();
	}

	/** Undefined where something hidden never ends: it is not to take all the rest with it. */
	run(): string | undefined {
		const html = this.#html;
		let at = 0;
		for (let open = html.indexOf('<'); open >= 0; open = html.indexOf('<', at)) {
			this.#put(html.slice(at, open));
			const comment = html.startsWith('<!--', open);
			const end = comment ? html.indexOf('-->', open + 4) + 2 : html.indexOf('>', open);
			if (end < open) {
				at = open;
				break;
			}
			at = end + 1;
			if (!comment) at = this.#tag(html.slice(open, at), at);
		}
		this.#put(html.slice(at));
		return this.#hidden ? undefined : this.#pieces.join('');
	}

	#put(text: string): void {
		if (!this.#hidden && text !== '') this.#pieces.push(text);
	}

	/** Returns where to go on. */
	#tag(tag: string, after: number): number {
		const match = /^<(\/?)([a-z][a-z\d]*)/i.exec(tag);
		const name = match?.[2]?.toLowerCase();
		if (name === undefined) {
			this.#put(tag);
			return after;
		}
		const closes = match?.[1] === '/';
		if (this.#hidden) {
			this.#withinHidden(this.#hidden, name, closes);
			return after;
		}
		if (opaque.test(name)) {
			const end = closes ? -1 : this.#lower.indexOf(`</${name}`, after);
			return end < 0 ? after : end;
		}
		if (this.#hides && !closes && !empty.test(name) && isHidden(tag)) {
			this.#hidden = { name, depth: 1 };
			return after;
		}
		this.#put(this.#plain(name, closes, tag));
		return after;
	}

	#withinHidden(
		hidden: { readonly name: string; depth: number },
		name: string,
		closes: boolean,
	): void {
		if (name !== hidden.name) return;
		hidden.depth += closes || endedByNext.test(name) ? -1 : 1;
		if (hidden.depth === 0) this.#hidden = undefined;
	}

	#plain(name: string, closes: boolean, tag: string): string {
		if (/^h[1-6]$/.test(name)) return closes ? '</p>' : '<p>';
		switch (name) {
			case 'table':
			case 'tr':
				this.#firstCell = true;
				return closes ? '</div>' : '<div>';
			case 'tbody':
			case 'thead':
			case 'tfoot':
			case 'caption':
				return closes ? '</div>' : '<div>';
			case 'td':
			case 'th': {
				const apart = !closes && !this.#firstCell;
				this.#firstCell = false;
				return apart ? ' &nbsp; ' : '';
			}
			case 'img': {
				const words = attribute(tag, 'alt')?.replace(/[<>]/g, '').trim();
				return words ? `[${words}]` : '';
			}
			case 'a':
				return closes || /^\s*(https?|ftp|mailto|tel):/i.test(attribute(tag, 'href') ?? '')
					? tag
					: '<a>';
			default:
				return tag;
		}
	}
}

function isHidden(tag: string): boolean {
	const style = attribute(tag, 'style') ?? '';
	if (/display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all/i.test(style)) return true;
	if (/font-size\s*:\s*0(?!\.?\d)/i.test(style)) return true;
	return / hidden[\s>=/]/i.test(tag.slice(0, longestTag).replace(/"[^"]*"|'[^']*'/g, ''));
}

function attribute(tag: string, name: string): string | undefined {
	const pattern = new RegExp(`[\\s"']${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>"']+))`, 'i');
	const found = pattern.exec(tag.slice(0, longestTag));
	return found?.[1] ?? found?.[2] ?? found?.[3];
}
