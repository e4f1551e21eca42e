/**
 * HTML made plainer before it is converted to text: what a browser would hide is taken out, rows of tables
 * become lines, headings paragraphs, images their words, links their words and a number. One pass over the
 * tags; it knows no more of HTML than their names, and leaves alone what it does not know.
 */
import { isBlank, Links } from './htmllinks.js';

/** Their content is no text, whatever is in it. */
const opaque = /^(script|style|title|template)$/;
/** Elements without content. */
const empty = /^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/;
/** The next one of the same name ends them. */
const endedByNext = /^(p|li|td|th|tr|dt|dd|option)$/;
/** Of a tag, no more is looked at. */
const longestTag = 4_000;

/** They begin lines of their own. */
const block = /^(blockquote|br|center|div|dl|dt|dd|hr|li|ol|p|pre|table|tr|ul)$/;

export interface PlainerHtml {
	/** Still HTML, without links. */
	readonly html: string;
	/** Where link 1, 2 ... lead. */
	readonly targets: readonly string[];
}

export function plainerHtml(html: string): PlainerHtml {
	const plainer = new Plainer(html, true).run() ?? new Plainer(html, false).run();
	return plainer ?? { html, targets: [] };
}

class Plainer {
	readonly #html: string;
	readonly #hides: boolean;
	readonly #lower: string;
	readonly #links = new Links();
	/** The element that is hidden, and how many of its name are open. */
	#hidden: { readonly name: string; depth: number } | undefined;
	/** What stands in this row, and whether the cell that has begun is to be kept apart from it. */
	#row: 'empty' | 'begun' | 'apart' = 'empty';

	constructor(html: string, hides: boolean) {
		this.#html = html;
		this.#hides = hides;
		this.#lower = html.toLowerCase();
	}

	/** Undefined where something hidden never ends: it is not to take all the rest with it. */
	run(): PlainerHtml | undefined {
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
		return this.#hidden ? undefined : this.#links.result();
	}

	#put(text: string): void {
		if (this.#hidden || text === '') return;
		if (!isBlank(text)) {
			if (this.#row === 'apart') this.#links.text(' &nbsp; ');
			this.#row = 'begun';
		}
		// Senders fill empty cells with spaces that do not break.
		const fills = this.#row !== 'begun' && text.includes('&') && isBlank(text);
		this.#links.text(fills ? ' ' : text);
	}

	/** Returns where to go on. */
	#tag(tag: string, after: number): number {
		const match = /^<(\/?)([a-z][a-z\d]*)/i.exec(tag);
		const name = match?.[2]?.toLowerCase();
		if (name === undefined) {
			this.#links.tag(tag);
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
		this.#plain(name, closes, tag);
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

	#plain(name: string, closes: boolean, tag: string): void {
		if (/^(h[1-6]|table|tr|t(body|head|foot)|caption)$/.test(name)) {
			this.#row = 'empty';
			const line = name.startsWith('h') ? 'p' : 'div';
			this.#links.tag(closes ? `</${line}>` : `<${line}>`);
			return;
		}
		switch (name) {
			case 'td':
			case 'th':
				if (!closes && this.#row === 'begun') this.#row = 'apart';
				return;
			case 'img': {
				const words = imageWords(tag);
				if (words !== '') this.#put(`[${words}]`);
				else if (!isSpacer(tag)) this.#links.picture();
				return;
			}
			case 'a':
				if (closes) this.#links.end();
				else this.#links.begin(attribute(tag, 'href') ?? '');
				return;
			default:
				if (this.#row === 'apart' && block.test(name)) this.#row = 'begun';
				this.#links.tag(tag);
		}
	}
}

/** What an image says; there are senders who write what it is for. */
function imageWords(tag: string): string {
	const words = attribute(tag, 'alt')?.replace(/[<>]/g, '').trim() ?? '';
	return /^(spacer|blank|pixel|image|img|\W)?$/i.test(words) ? '' : words;
}

/** It keeps things apart, or tells the sender that the letter is read. */
function isSpacer(tag: string): boolean {
	return ['width', 'height'].some((name) => /^[0-3](px)?$/.test(attribute(tag, name) ?? ''));
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
