/**
 * A message as it leaves the mailbox: on the terminal, quoted in a letter, written to files, handed to a
 * search, copied to a folder. One walk over the parts serves all; rendering.ts says how the purposes
 * differ, showheader.ts and showbody.ts what becomes of a header and a body.
 */
import type { Message } from '../mailbox/mailbox.js';
import { decodeBody, type Part, parseMime } from '../message/body.js';
import { prepareShownCharset } from '../message/charset.js';
import { withoutCr } from '../message/stored.js';
import type { Rendered } from './outflow.js';
import { savePart } from './partfiles.js';
import { type Action, Rendering, type RenderOptions } from './rendering.js';
import type { Session } from './session.js';
import { handlerOf, showAttachmentLine, showBody, showGist } from './showbody.js';
import { showHeader, showInnerPostmark, showPostmark } from './showheader.js';

/** The message for a purpose, in the charset of the terminal. Throws errno errors of the mailbox. */
export async function renderMessage(
	session: Session,
	message: Message,
	options: RenderOptions,
): Promise<Buffer> {
	return (await render(session, message, options, false)).octets;
}

/** The same with the figures that the original reports: they count an X-Status line whether there is one or not. */
export async function renderMeasured(
	session: Session,
	message: Message,
	options: RenderOptions,
): Promise<Rendered> {
	return render(session, message, options, true);
}

async function render(
	session: Session,
	message: Message,
	options: RenderOptions,
	figures: boolean,
): Promise<Rendered> {
	const { mailbox } = session;
	if (!mailbox) return { octets: Buffer.alloc(0), lines: 0, count: 0 };
	if (message === mailbox.dot && options.action !== 'search' && options.action !== 'junk') {
		session.dotShown = true;
	}
	const rendering = new Rendering(session, message, options, figures);
	await prepareShownCharset(rendering.charset);
	const { purpose, action, out } = rendering;
	const stored = mailbox.read(message);
	// A letter has lines; whether CR LF ends them is the mailbox's affair.
	const octets = session.bare ? stored : withoutCr(stored);
	const afterPostmark = mailbox.format === 'mbox' ? octets.indexOf(10) + 1 : 0;
	if (options.filter !== 'none' && !options.withoutPostmark && action !== 'rfc822') {
		showPostmark(rendering, mailbox.postmark(message));
	}
	const part = parseMime(octets.subarray(afterPostmark), !purpose.parts, session.bare);
	await showPart(rendering, part, 0);
	// The original lets what comes next begin within a last line.
	if (purpose.printable && !out.measured && !session.bare) {
		if (/^(display|displayAll|show)$/.test(action)) out.endParagraph();
		else if (action !== 'quote') out.endLine();
	}
	return out.result();
}

/** A part with all that is in it. `level`: 0 for the message itself. */
async function showPart(rendering: Rendering, part: Part, level: number): Promise<void> {
	if (part.content === 'discarded') return;
	if (rendering.isFull) return rendering.endQuotation();
	const { action, out, purpose } = rendering;
	await showHeader(rendering, part, level);
	if (!purpose.parts) return showBody(rendering, part, level);
	switch (part.content) {
		case 'plain':
		case 'html':
		case 'text':
			if (action === 'junk' && part.content === 'html') out.say('\b');
			return showBody(rendering, part, level);
		case 'rfc822':
			if (action === 'junk') out.say('\0');
			if (action !== 'search') showInnerPostmark(rendering, part.parts[0]);
			if (action === 'file') return showBody(rendering, part, level);
			return showParts(rendering, part, level);
		case 'alternative': {
			const choose =
				(action === 'display' || action === 'quote') &&
				!rendering.session.variables.has('print-alternatives');
			const plain = choose && part.parts.find((inner) => isWanted(rendering, inner));
			if (!plain) return showParts(rendering, part, level);
			await showPart(rendering, plain, level + 1);
			return showInvitation(rendering, part);
		}
		case 'multipart':
		case 'digest':
			return showParts(rendering, part, level);
		case 'other':
			return showOther(rendering, part, level);
	}
}

/** Where and when, which the plain text of an invitation often does not tell. */
async function showInvitation(rendering: Rendering, { parts }: Part): Promise<void> {
	const { action, out } = rendering;
	const calendar = parts.find(({ type }) => type === 'text/calendar');
	if (!calendar || action !== 'display' || out.measured || !rendering.summarizes) return;
	out.endParagraph();
	await showGist(rendering, calendar);
}

/** The plain text among alternatives; not one that was only put there for form's sake. */
function isWanted({ session }: Rendering, part: Part): boolean {
	if (part.content !== 'plain') return false;
	return (
		session.bare ||
		part.octets.length - part.bodyStart > 1000 ||
		!/^\s*$/.test(decodeBody(part).toString('latin1'))
	);
}

/** A part that is no text: in a few words, by the person's program for it, or as it is for files. */
async function showOther(rendering: Rendering, part: Part, level: number): Promise<void> {
	const { action, out, purpose } = rendering;
	if (!purpose.handlers || handlerOf(rendering, part) !== undefined) {
		return action === 'junk' ? undefined : showBody(rendering, part, level);
	}
	const said = await showGist(rendering, part);
	if (said && showsBeneath(action, part)) {
		out.say('\n');
		return showBody(rendering, part, level);
	}
	if (said) return;
	if (level > 0 && rendering.summarizes) return showAttachmentLine(rendering, part);
	if (level === 0 && part.octets.length > part.bodyStart) out.say('[Binary content]\n\n');
}

/** Reports are there in full for who wants to see all; a piece of a message is the message. */
function showsBeneath(action: Action, part: Part): boolean {
	if (part.type === 'message/partial') return true;
	return action === 'displayAll' && part.type.startsWith('message/');
}

async function showParts(rendering: Rendering, part: Part, level: number): Promise<void> {
	const { action, out, purpose, session } = rendering;
	const shown = action === 'display' || action === 'displayAll';
	if (shown && part.limited) {
		out.say('[Too many parts - use "show" to display the raw message]\n\n');
	} else if (!part.parts.some((inner) => inner.content !== 'discarded')) {
		return showUndivided(rendering, part, level);
	}
	for (const inner of part.parts) {
		if (inner.content === 'discarded') continue;
		if (action === 'file' && inner.number !== '1') {
			await toOwnFile(rendering, inner, level);
			continue;
		}
		if (action === 'junk') out.say('\0');
		if (purpose.numbered && part.content !== 'rfc822' && inner.number !== undefined) {
			const first = level === 0 && inner.number === '1';
			if (!first && purpose.printable && !out.measured && !session.bare) out.endLine();
			out.say(`${first ? '' : '\n'}Part ${inner.number}:\n`);
		}
		await showPart(rendering, inner, level + 1);
		if (action === 'quote') break;
		await session.terminal.checkpoint();
	}
}

/** A multipart without parts: the original shows nothing of it, and mostly says so. */
async function showUndivided(rendering: Rendering, part: Part, level: number): Promise<void> {
	const { action, out, purpose, session } = rendering;
	const shown = action === 'display' || action === 'displayAll';
	if (session.bare) {
		if (shown && part.parts.length > 0) {
			out.say('[Missing multipart boundary - use "show" to display the raw message]\n\n');
		}
		return;
	}
	if (shown) out.say('[Missing multipart boundary - the text follows as it stands]\n\n');
	if (purpose.converted) return showBody(rendering, { ...part, content: 'plain' }, level);
}

/** The part goes to a file that the person names; what it makes is no longer counted. */
async function toOwnFile(rendering: Rendering, part: Part, level: number): Promise<void> {
	const { out, session } = rendering;
	out.stopCounting();
	await savePart(session, part, () => out.divert(() => showPart(rendering, part, level + 1)));
}
