import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { FieldFilter } from '../../src/mailx/fields.js';
import { openFolder } from '../../src/mailx/folders.js';
import { safeFilename } from '../../src/mailx/partfiles.js';
import type { RenderOptions } from '../../src/mailx/rendering.js';
import { renderMeasured } from '../../src/mailx/show.js';
import { Desk } from '../harness/desk.js';

const postmark = 'From a@b.example Sat Jan  1 10:00:00 2022\n';

let desk: Desk;
afterEach(() => desk.remove());

async function render(
	message: string,
	options: RenderOptions,
	variables: Readonly<Record<string, string>> = {},
	lines: readonly string[] = [],
): Promise<{ text: string; told: string; lines: number; count: number }> {
	desk = new Desk({ spool: postmark + message });
	const interactive = 'interactive' in variables;
	const { session, terminal } = desk.session(variables, lines, { interactive });
	await openFolder(session, '%');
	const first = session.mailbox?.messages[0];
	assert.ok(first);
	const rendered = await renderMeasured(session, first, options);
	const { output } = terminal;
	return { ...rendered, text: rendered.octets.toString(), told: output };
}

const display: RenderOptions = { action: 'display' };
const shown = async (message: string, variables: Readonly<Record<string, string>> = {}) =>
	(await render(message, display, variables)).text;

const fields = (type: string) => `Status: RO\nContent-Type: ${type}\n`;
const subject = () => {
	const filter = new FieldFilter();
	filter.retained.add('subject');
	return filter;
};

describe('a message on the terminal', () => {
	it('has its words and its text read', async () => {
		const head = 'Subject: =?iso-8859-1?q?Gr=FC=DFe?=\n =?utf-8?q?=2C_du?=\n';
		const text = await shown(
			`${head}${fields('text/plain; charset=koi8-r')}Content-Transfer-Encoding: base64\n\n8NLJ18XU\n\n`,
		);
		assert.ok(text.includes('Subject: Grüße, du\n'));
		assert.ok(text.endsWith('\n\nПривет'));
	});
	it('shows no octet that acts on a terminal', async () => {
		const nasty = 'x\x1b]2;t\x07 \xc2\x9b31m \xe2\x80\xae a\rb c\bd\0';
		const coded = Buffer.from(nasty, 'latin1').toString('base64');
		const message = `Subject: ${nasty}\n =?utf-8?b?${coded}?=\n${fields('text/plain; charset=utf-8')}\n${nasty}\n\n`;
		for (const action of ['display', 'displayAll', 'show', 'quote'] as const) {
			const { text } = await render(message, { action });
			assert.doesNotMatch(text, /[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u202e]/);
			desk.remove();
		}
	});
	it('shows the text of alternatives, or all with print-alternatives', async () => {
		const part = (type: string, text: string) => `--b\nContent-Type: text/${type}\n\n${text}\n`;
		const message = `${fields('multipart/alternative; boundary=b')}\n${part('html', '<p>')}${part('plain', 'plain')}--b--\n\n`;
		assert.doesNotMatch(await shown(message), /<p>|Part/);
		desk.remove();
		assert.match(await shown(message, { 'print-alternatives': '' }), /Part 1:\n.*<p>.*Part 2:/s);
	});
	it('leaves out what is no text, or shows what a handler makes of it', async () => {
		const message = `${fields('application/x')}\nabc\n\n`;
		assert.match(await shown(message), /\n\n\[Binary content\]\n\n$/);
		desk.remove();
		const made = await shown(message, { 'pipe-application/x': 'tr a-z A-Z; printf "\\033c"' });
		assert.match(made, /\n\nABC\n\n␛c$/);
	});
	it('shows the text where a boundary is missing; with -n nothing of it', async () => {
		for (const head of ['multipart/mixed', 'multipart/mixed; boundary=x']) {
			const text = await shown(`${fields(head)}\ntext\n\n`);
			assert.match(
				text,
				/\[Missing multipart boundary - the text follows as it stands\]\n\ntext\n/,
			);
			desk.remove();
		}
		assert.match(
			await shown(`${fields('multipart/mixed; boundary=a b')}\n--a b\n\ntext\n--a b--\n\n`),
			/Part 1:\n\ntext$/,
		);
	});
	it('reads HTML in the charset it names itself, where the letter names none', async () => {
		desk = new Desk({
			spool: `${postmark}${fields('text/html')}\n<meta charset="koi8-r"><p>\xf0\xd2\xc9</p>\n\n`,
		});
		assert.match(await desk.play(['type 1'], { quiet: '' }), /\n\nПри\n/);
	});
	it('says that a boundary is missing, or that there are too many parts', async () => {
		assert.match(
			await shown(`${fields('multipart/mixed; boundary=x')}\ntext\n\n`),
			/Missing multipart/,
		);
		desk.remove();
		const many = '--x\n\n\ny\n'.repeat(6000);
		assert.match(
			await shown(`${fields('multipart/mixed; boundary=x')}\n${many}\n`),
			/Too many parts/,
		);
	});
	it('shows a header of very many lines up to a limit, and the body; a quotation is silent about it', async () => {
		const head = Array.from({ length: 20_005 }, (_, n) => `X-${n}: y\n`).join('');
		const text = await shown(`${head}${fields('text/plain')}\nbody\n`);
		assert.match(
			text,
			/X-19999: y\n\[More than 20000 header lines - [^\n]*\]\n(Status[^\n]*\n)?\nbody\n$/,
		);
		desk.remove();
		const quoted = await render(`${head}\nbody\n\n`, { action: 'quote', filter: 'none' });
		assert.equal(quoted.text, 'body\n');
	});
	it('shows the other alternative where the text is empty', async () => {
		const part = (type: string, text: string) => `--b\nContent-Type: text/${type}\n\n${text}\n`;
		const message = `${fields('multipart/alternative; boundary=b')}\n${part('plain', ' \n')}${part('html', '<p>seen</p>')}--b--\n\n`;
		assert.match(await shown(message), /seen/);
	});
	it('names attachments, and shows reports in full with Type', async () => {
		const pdf =
			'Content-Type: application/pdf; name="=?utf-8?q?=C3=A4?=\x1b[.pdf"\nContent-Transfer-Encoding: base64\n\nAAEC';
		const report =
			'Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: failed\n';
		const message = `${fields('multipart/report; boundary=b')}\n--b\n\ntext\n--b\n${pdf}\n--b\n${report}\n--b--\n\n`;
		const text = await shown(message);
		assert.match(
			text,
			/Part 2:\n.*\n.*\n\n\[application\/pdf "ä␛\[.pdf", 3 octets - "write FILE" saves it\]\n/,
		);
		assert.match(text, /\[a@b: failed\]\n$/);
		desk.remove();
		const { text: all } = await render(message, { action: 'displayAll' });
		assert.match(all, /\[a@b: failed\]\n\nReporting-MTA: dns; mx\n/);
	});
	it('reads text beneath a body of base64, and uuencoded bodies', async () => {
		const head = (encoding: string) =>
			`${fields('text/plain; charset=utf-8')}Content-Transfer-Encoding: ${encoding}\n\n`;
		const message = `${head('base64')}aGVsbG8=\n\n-- \nthe list\n\n`;
		const onTerminal = async (text: string) => {
			desk = new Desk({ spool: postmark + text });
			return desk.play(['type 1'], { quiet: '' });
		};
		assert.match(await onTerminal(message), /\n\nhello\n\n-- \nthe list\n/);
		desk.remove();
		assert.match(
			await onTerminal(`${head('x-uuencode')}begin 644 x\n%:&5L;&\\*\n\`\nend\n\n`),
			/\n\nhello\n/,
		);
	});
	it('begins the next message behind an empty line, but with -n', async () => {
		desk = new Desk({
			spool: `${postmark}${fields('text/plain')}Content-Transfer-Encoding: base64\n\naGVsbG8=\n\n${postmark}Subject: two\n\nx\n\n`,
		});
		assert.match(await desk.play(['type *', 'x'], { quiet: '' }), /\n\nhello\n\nFrom a@b/);
		assert.match(
			await desk.play(['type *', 'x'], { quiet: '' }, { bare: true }),
			/\n\nhelloFrom a@b/,
		);
		const nested = `--i\nContent-Type: message/rfc822\n\nSubject: in\n\nnested\n--i--\n\n`;
		desk.remove();
		desk = new Desk({
			spool: `${postmark}Content-Type: multipart/mixed; boundary=i\n\n${nested}${postmark}Subject: two\n\nx`,
		});
		assert.match(
			await desk.play(['type *', 'x'], {}),
			/\n\nnested\n\nMessage {2}2:[\s\S]*\n\nx\n\n/,
		);
	});
	it('keeps parts apart, and tells of an invitation that has a plain text', async () => {
		const event =
			'BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Exam\nLOCATION:Room 1\nEND:VEVENT\nEND:VCALENDAR\n';
		const choice = `Content-Type: multipart/alternative; boundary=a\n\n--a\n\nCome!\n--a\nContent-Type: text/calendar\n\n${event}--a--\n`;
		const mixed = `Content-Type: multipart/mixed; boundary=m\n\n--m\n${choice}\n--m\n\nsecond\n--m--\n\n`;
		desk = new Desk({ spool: `${postmark}${mixed}` });
		const text = await desk.play(['type 1', 'x'], {});
		assert.match(text, /\n\nCome!\n\n\[Event: Exam\]\n\[Where: Room 1\]\n\nPart 2:\n\nsecond\n\n/);
		const bare = await desk.play(['type 1', 'x'], {}, { bare: true });
		assert.match(bare, /\n\nCome!\nPart 2:\n\nsecond/);
	});
	it('lets control characters pass with print-all-chars into a pipe, on a terminal with -n alone', async () => {
		const letter = `${fields('text/plain')}\nx\x1b[31m\n\n`;
		for (const [onTerminal, bare, passes] of [
			[true, false, false],
			[false, false, true],
			[true, true, true],
		] as const) {
			desk = new Desk({ spool: postmark + letter });
			const { session, terminal } = desk.session({ 'print-all-chars': '' }, [], { bare });
			Object.defineProperty(terminal, 'outputIsTerminal', { value: onTerminal });
			await openFolder(session, '%');
			const first = session.mailbox?.messages[0];
			assert.ok(first);
			const { octets } = await renderMeasured(session, first, display);
			assert.equal(octets.includes('\x1b'), passes);
			desk.remove();
		}
	});
	it('takes one > off quoted From lines', async () => {
		assert.match(
			await shown(`${fields('text/plain')}\n>From a\n>>From b\n> From c\n\n`),
			/\nFrom a\n>From b\n> From c\n/,
		);
	});
	it('ends as the message ends', async () => {
		assert.match(await shown(`${fields('text/plain')}\nno newline`), /no newline$/);
	});
});

describe('other purposes', () => {
	const message = `Subject: =?utf-8?q?a?=\n${fields('text/plain; charset=utf-8')}Content-Transfer-Encoding: quoted-printable\n\n>From =C3=A9\n\nb =\nc\n\n`;
	it('show: as it stands', async () => {
		const { text } = await render(message, { action: 'show' });
		assert.ok(text.includes('=?utf-8?q?a?=') && text.includes('From =C3=A9\n\nb =\nc\n'));
	});
	it('quote: with a prefix, without blanks before empty lines', async () => {
		const { text } = await render(message, { action: 'quote', filter: subject(), prefix: '> ' });
		assert.equal(text, `> ${postmark}> Subject: a\n>\n> From é\n>\n> b c\n>\n`);
	});
	it('quote: nothing but the text with filter none', async () => {
		const { text } = await render(message, { action: 'quote', filter: 'none' });
		assert.equal(text, 'From é\n\nb c\n');
	});
	it('mbox: quoted again, with its status', async () => {
		const { text } = await render(message, { action: 'mbox' });
		assert.equal(text, postmark + message);
	});
	it('rfc822: without the From_ line', async () => {
		const { text } = await render(message, { action: 'rfc822' });
		assert.equal(text, message.replace('>From', 'From'));
	});
	it('file: the decoded body, with the figures of the original', async () => {
		const { text, lines, count } = await render(message, { action: 'file', filter: 'none' });
		assert.deepEqual([text, lines, count], ['From é\n\nb c\n', 2, 13]);
	});
	it('search: decoded fields and text', async () => {
		const { text } = await render(message, { action: 'search' });
		assert.ok(text.includes('Subject: a\n') && text.includes('From é\n'));
	});
	it('shows nothing twice: the dot counts as shown', async () => {
		desk = new Desk({ spool: postmark + message });
		const { session } = desk.session();
		await openFolder(session, '%');
		const first = session.mailbox?.messages[0];
		assert.ok(first);
		await renderMeasured(session, first, { action: 'search' });
		assert.equal(session.dotShown, false);
		await renderMeasured(session, first, display);
		assert.equal(session.dotShown, true);
	});
});

describe('attachments', () => {
	const attached = (name: string) =>
		`${fields('multipart/mixed; boundary=b')}\n--b\n\ntext\n--b\nContent-Type: x/y; name="${name}"\nContent-Transfer-Encoding: base64\n\nAAEC\n--b--\n\n`;
	const file: RenderOptions = { action: 'file', filter: 'none' };

	it('go to the file a person names', async () => {
		desk = new Desk();
		const path = join(desk.dir, 'named');
		const { text } = await render(attached('x.bin'), file, { interactive: '' }, [path]);
		assert.equal(text, 'text');
		assert.deepEqual([...readFileSync(path)], [0, 1, 2]);
	});
	it('go nowhere for an empty answer', async () => {
		const { text } = await render(attached('x.bin'), file, { interactive: '' }, ['']);
		assert.equal(text, 'text');
		assert.ok(!existsSync('x.bin'));
	});
	// biome-ignore format: a table
	const names = [
		['plan.csv', 'plan.csv'],
		['../../etc/passwd', 'passwd'],
		['C:\\x\\y.doc', 'y.doc'],
		['|sh', 'sh'],
		['.bashrc', 'bashrc'],
		['=?utf-8?q?a=1Bb?=', 'a_b'],
		['=?utf-8?q?a=0Ab=00c?=', 'a_b_c'],
		['=?utf-8?q?-=0A-rf x?=', 'rf x'],
		['_x.txt', '_x.txt'],
		['../', undefined],
	] as const;
	for (const [proposed, expected] of names) {
		it(`are offered as ${expected} when the sender says ${proposed}`, () => {
			assert.equal(safeFilename(proposed, 'utf-8'), expected);
		});
	}
});
