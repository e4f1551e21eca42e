/**
 * The body of a part as it is put out: decoded, in the charset of the terminal, put into a form that reads
 * well, or given to the person's own program for its type. Long ones go by in pieces. Knows nothing of
 * headers, nor of how parts follow one another.
 */
import { decodeBody, encodedLines, isText, type Part, parameter } from '../message/body.js';
import { decodeOctets, prepareCharset } from '../message/charset.js';
import { footerStart } from '../message/decoding.js';
import { layOut } from '../message/flowed.js';
import { longestLine, rawPieces, textPieces } from '../message/pieces.js';
import { masked, unmask } from '../message/stored.js';
import { prepareWords, showWords } from '../message/words.js';
import { cutHere, longestQuotation, type Rendering } from './rendering.js';

/** Octets of a body that is not taken line by line. */
const longBody = 1 << 22;

/** Octets of a line, and of a piece, that are quoted: less than what is shown, for it goes out again. */
const longestQuoted = 100_000;
const mostQuoted = longestQuotation / 2;
const quotedShort = `[Line of more than ${longestQuoted} octets - the rest is not quoted]\n`;

/** The command of `pipe-TYPE` for a part, where the person has set one. */
export function handlerOf({ session, purpose }: Rendering, part: Part): string | undefined {
	return purpose.handlers ? session.variables.get(`pipe-${part.type}`) : undefined;
}

/** The body, whatever is in it. `level`: 0 for the message itself. */
export async function showBody(rendering: Rendering, part: Part, level: number): Promise<void> {
	const { purpose, action, out } = rendering;
	const whole = unmask(part.octets.subarray(part.bodyStart));
	const raw = rendering.filter === 'none' && level === 0 ? whole.subarray(0, -1) : whole;
	if (part.encoding === 'binary') out.isBinary();
	const text = purpose.converted && isText(part);
	const charset = text ? part.charset : undefined;
	if (charset !== undefined) await prepareCharset(charset);
	const handler = handlerOf(rendering, part);
	if (handler !== undefined) {
		const decoded = decodeBody(part, raw);
		const input = text ? rendering.converted(decoded, charset) : decoded;
		return throughHandler(rendering, handler, input);
	}
	if (purpose.printable && !out.measured) return shown(rendering, part, raw, charset);
	for (const [line, decoded] of pieces(rendering, part, raw)) {
		if (purpose.printable) out.put(rendering.visible(decoded, charset), line);
		else if (text) out.put(rendering.converted(decoded, charset), line);
		else if (action === 'junk') out.put(withoutControls(decoded), line);
		else if (action === 'mbox') for (const piece of masked(decoded)) out.put(piece, piece);
		else out.put(decoded, line);
	}
}

/**
 * A body encoded and decoded, line by line where it is counted as the original counts. Of what is long,
 * pieces: its figures are those of what is put out.
 */
function* pieces(
	{ purpose, out }: Rendering,
	part: Part,
	raw: Buffer,
): Generator<readonly [encoded: Buffer, decoded: Buffer]> {
	if (!purpose.parts) yield [raw, raw];
	else if (!out.measured) yield [raw, decodeBody(part, raw)];
	else if (raw.length > longBody) {
		const whole = Number.POSITIVE_INFINITY;
		for (const { octets } of textPieces(part, raw, whole)) yield [octets, octets];
	} else for (const line of encodedLines(part, raw)) yield [line, decodeBody(part, line)];
}

/** Bit by bit, so that ^C is heard within a long one. */
async function shown(
	rendering: Rendering,
	part: Part,
	raw: Buffer,
	charset: string | undefined,
): Promise<void> {
	const { dresses, purpose, out, session } = rendering;
	if (dresses && part.content === 'html' && (await showHtml(rendering, part, raw, charset))) return;
	if (rendering.summarizes && part.type === 'text/calendar' && (await showGist(rendering, part))) {
		if (dresses) return;
		out.say('\n');
	}
	if (dresses && isEnriched(part) && (await showEnriched(rendering, part, raw, charset))) return;
	if (purpose.parts) {
		const flow = dresses && part.content === 'plain' ? flowOf(rendering, part) : undefined;
		let reshape = session.bare ? flow : withoutMark(flow);
		const listed = part.encoding === 'base64' && isText(part) && !session.bare;
		const end = listed ? footerStart(raw) : raw.length;
		const quotes = rendering.action === 'quote' || rendering.action === 'quoteAll';
		const longest = quotes ? longestQuoted : longestLine;
		for (const { octets: piece, cut } of textPieces(part, raw.subarray(0, end), longest)) {
			const octets = quotes ? piece.subarray(0, mostQuoted) : piece;
			out.put(rendering.visible(octets, charset, reshape), octets);
			if (octets.length < piece.length) return rendering.endQuotation();
			if (cut) out.say(`\n${quotes ? quotedShort : cutHere}`);
			reshape = flow;
			await session.terminal.checkpoint();
			if (rendering.isFull) return rendering.endQuotation();
		}
		if (end < raw.length) {
			out.endLine();
			out.put(rendering.visible(raw.subarray(end)), raw.subarray(end));
		}
		return;
	}
	for (const piece of rawPieces(raw)) {
		out.put(rendering.visible(piece), piece);
		await session.terminal.checkpoint();
	}
}

/** A mark of the order of octets at the start of a text is no part of it. */
function withoutMark(flow: ((text: string) => string) | undefined): (text: string) => string {
	return (text) => {
		const plain = text.replace(/^\ufeff/, '');
		return flow ? flow(plain) : plain;
	};
}

/** Paragraphs laid out anew, where the sender says that there are any. */
function flowOf({ session }: Rendering, part: Part): ((text: string) => string) | undefined {
	const field = part.header.get('content-type') ?? '';
	if (parameter(field, 'format')?.toLowerCase() !== 'flowed') return undefined;
	const delSp = parameter(field, 'delsp')?.toLowerCase() === 'yes';
	const { columns, fashion } = session.terminal;
	return (text) => layOut(text, columns - 1, delSp, fashion);
}

/** Octets of HTML that are read; converting takes ten times the room. */
const longestHtml = 2_000_000;

/** What HTML says of its own charset, where the letter says nothing. */
function metaCharset(octets: Buffer): string | undefined {
	const head = octets.toString('latin1', 0, 4000);
	return /<meta\s[^>]{0,500}charset\s*=\s*["']?\s*([\w:.-]{1,40})/i.exec(head)?.[1];
}

/** False where the HTML is too long or too odd to be read, which is said: it has to be shown as it stands. */
async function showHtml(
	rendering: Rendering,
	part: Part,
	raw: Buffer,
	charset: string | undefined,
): Promise<boolean> {
	const { out } = rendering;
	if (raw.length > longestHtml) {
		out.say(`[HTML of more than ${longestHtml} octets - shown as it stands]\n\n`);
		return false;
	}
	const { htmlToText } = await import('../message/html.js');
	const octets = decodeBody(part, raw);
	const named = charset ?? metaCharset(octets);
	if (named !== undefined) await prepareCharset(named);
	const html = decodeOctets(octets, named, rendering.charset, true);
	const { columns, fashion } = rendering.session.terminal;
	// Not into the last column, as many a pager cuts there.
	const text = await htmlToText(html, columns - 1, fashion);
	if (text === undefined) {
		out.say('[HTML that cannot be read - shown as it stands]\n\n');
		return false;
	}
	out.put(rendering.shown(text), text);
	return true;
}

const isEnriched = ({ type }: Part) => type === 'text/enriched' || type === 'text/richtext';

/** False where it is too long to be read. */
async function showEnriched(
	rendering: Rendering,
	part: Part,
	raw: Buffer,
	charset: string | undefined,
): Promise<boolean> {
	if (raw.length > longestHtml) return false;
	const { enrichedToText } = await import('../message/enriched.js');
	const text = decodeOctets(decodeBody(part, raw), charset, rendering.charset, true);
	const plain = enrichedToText(text, part.type);
	rendering.out.put(rendering.shown(plain), plain);
	return true;
}

/** What a part made for programs says, in a few lines; false where it says nothing. */
export async function showGist(rendering: Rendering, part: Part): Promise<boolean> {
	if (!rendering.summarizes) return false;
	const { gistOf } = await import('../message/gist.js');
	if (part.charset !== undefined) await prepareCharset(part.charset);
	const body = () => decodeOctets(decodeBody(part), part.charset, rendering.charset, true);
	const gist = await gistOf(part, body);
	if (gist === undefined) return false;
	rendering.out.put(rendering.shown(gist), gist);
	return true;
}

/** What an attachment is called and how large it is. */
export async function showAttachmentLine(rendering: Rendering, part: Part): Promise<void> {
	const { out, charset } = rendering;
	const { attachmentLine } = await import('../message/gist.js');
	const given = part.extendedName ?? part.filename;
	if (given !== undefined) await prepareWords(given);
	const name = given === undefined ? undefined : showWords(given.slice(0, 2000), charset);
	const encoded = part.octets.length - part.bodyStart;
	const octets =
		encoded > longBody
			? Math.round(part.encoding === 'base64' ? encoded * 0.74 : encoded)
			: decodeBody(part).length;
	const line = attachmentLine(part, name?.replace(/\s+/g, ' '), octets);
	out.put(rendering.shown(line), line);
}

/** What the person's command makes of a part; it stands for the part, so it is filtered as the part. */
async function throughHandler(rendering: Rendering, command: string, input: Buffer): Promise<void> {
	const { out, session } = rendering;
	const { terminal, variables } = session;
	const shell = variables.get('SHELL');
	const end = await terminal.lend({ command, input, capture: true, ...(shell ? { shell } : {}) });
	if (end.error !== undefined) terminal.complain(`${command}: ${end.error}\n`);
	const output = rendering.visible(Buffer.from(end.output));
	// What a command has made of a part is not counted, as in the original.
	if (out.measured) out.add(output);
	else out.put(output, output);
}

function withoutControls(octets: Buffer): Buffer {
	return Buffer.from(octets.toString('latin1').replace(/[\x00-\x08\x0e-\x1f\x7f]/g, ''), 'latin1');
}
