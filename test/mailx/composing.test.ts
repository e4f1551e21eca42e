import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { askAttachments, askFields } from '../../src/mailx/asking.js';
import { sendFromArguments } from '../../src/mailx/sending.js';
import { newDraft } from '../../src/message/draft.js';
import type { Line } from '../../src/terminal/terminal.js';
import { Desk, letter } from '../harness/desk.js';

const noArguments = {
	cc: [],
	bcc: [],
	subject: 'hello',
	attachments: [],
	quoteFile: undefined,
	fromHeader: false,
	recordByRecipient: false,
	reversePath: undefined,
	hops: undefined,
};

let desk: Desk;
beforeEach(() => {
	desk = new Desk({ note: 'noted\n', spool: letter(1) + letter(2) });
	desk.put('mailer', `#!/bin/sh\n{ echo "$@"; cat; } >> '${desk.dir}/sent'\n`);
	chmodSync(join(desk.dir, 'mailer'), 0o755);
});
afterEach(() => desk.remove());

interface Setting {
	readonly to?: readonly string[];
	readonly lines?: readonly (string | Line)[];
	readonly variables?: Record<string, string>;
	readonly interactive?: boolean;
	/** `-n`; the default here. */
	readonly bare?: boolean;
	readonly escapes?: boolean;
	readonly arguments?: object;
}

const mailerOf = () => ({ sendmail: join(desk.dir, 'mailer'), sendwait: '', TMPDIR: desk.dir });

async function send(setting: Setting) {
	const { interactive = false, bare = true, escapes = true, lines = [] } = setting;
	const { session, terminal } = desk.session({ ...mailerOf(), ...setting.variables }, [], {
		interactive,
		receiving: false,
		bare,
		tildeEscapes: escapes,
	});
	terminal.lines.push(...lines);
	const to = (setting.to ?? ['a@b']).map((name) => name.replace('@/', `${desk.dir}/`));
	await sendFromArguments(session, { ...noArguments, to, ...setting.arguments });
	const { output, errors } = terminal;
	return { output, errors, sent: desk.file('sent') ?? '', status: session.status };
}

const interrupt: Line = { kind: 'interrupt' };
const end: Line = { kind: 'end' };

describe('with -n a letter', () => {
	it('goes into a file among the recipients as it is', async () => {
		await send({ to: ['@/copy'], lines: ['From here', '>From there'] });
		assert.match(desk.file('copy') ?? '', /\n\nFrom here\n>From there\n\n$/);
	});

	it('has no comma before a file in its header', async () => {
		const { sent } = await send({ to: ['c@d', '@/copy', 'a@b'] });
		assert.match(sent, /^To: a@b c@d$/m);
		const { sent: both } = await send({ to: ['c@d', '@/copy', 'a@b'], bare: false });
		assert.match(both, /^To: a@b, c@d$/m);
	});

	it('that cannot be made is refused with the errno that was left over', async () => {
		const { errors } = await send({ variables: { from: 'a@b, c@d' }, lines: ['text'] });
		assert.match(errors, /addresses in From: field\.\nInappropriate ioctl for device\n\. \. \. /);
	});

	it('is signed with the octets of the signature, whatever its charset is called', async () => {
		desk.put('sig', '\xfc\n');
		const variables = { signature: join(desk.dir, 'sig') };
		const { sent } = await send({ variables, lines: ['text'] });
		assert.match(sent, /charset=us-ascii\n[^\n]*7bit\n\ntext\n\xfc\n$/);
	});
});

describe('a letter with a header in its text', () => {
	const typed = (lines: readonly string[], bare = true) =>
		send({ to: [], lines, bare, arguments: { fromHeader: true, subject: undefined } });

	it('has the later of two subjects first', async () => {
		const { sent } = await typed(['To: a@b', 'Subject: one', 'subj: two', '', 'text']);
		assert.match(sent, /^Subject: two one$/m);
	});

	it('keeps a line that is no field, but for -n', async () => {
		const lines = ['To: a@b', 'no field', 'Subject: x', '', 'text'];
		assert.match((await typed(lines, false)).sent, /\n\nno field\ntext\n$/);
		assert.match((await typed(lines)).sent, /7bit\n\ntext\n$/);
	});

	it('means encoded words in a subject, but for -n', async () => {
		const lines = ['To: a@b', 'Subject: =?utf-8?Q?=C3=BC?=', '', 'text'];
		assert.match((await typed(lines, false)).sent, /^Subject: =\?utf-8\?B\?w7w=\?=$/m);
		desk.put('sent', '');
		assert.match((await typed(lines)).sent, /^Subject: =\?us-ascii\?Q\?=3D=3Futf/m);
	});
});

describe('questions', () => {
	it('that nobody can answer are refused, and the letter goes on', async () => {
		const { errors, output, sent } = await send({ lines: ['~h', '~H', 'text'] });
		assert.equal(errors, 'tcgetattr: Inappropriate ioctl for device\n'.repeat(2));
		assert.equal(output, '(continue)\n(continue)\n');
		assert.match(sent, /\n\ntext\n$/);
	});

	it('about attachments take away those that nobody confirms, with -n only', async () => {
		const lines = ['~@', 'text'];
		const given = { attachments: [join(desk.dir, 'note')] };
		assert.match((await send({ lines, bare: false, arguments: given })).sent, /^noted$/m);
		desk.put('sent', '');
		assert.doesNotMatch((await send({ lines, arguments: given })).sent, /^noted$/m);
	});

	it('about attachments end when the last is taken away', async () => {
		const given = { attachments: [join(desk.dir, 'note')] };
		const lines = ['~@', '', 'text', end];
		const { sent } = await send({ interactive: true, lines, arguments: given });
		assert.match(sent, /7bit\n\ntext\n$/);
	});

	it('complete addresses behind a comma, and the names of files', async () => {
		const { session, terminal } = desk.session({}, ['', '', ''], { interactive: true });
		session.aliases.set('team', ['a@b']);
		const draft = newDraft();
		await askFields(session, draft, ['cc'], false);
		await askAttachments(session, draft);
		const [copies, file] = terminal.requests;
		assert.deepEqual(await copies?.assist?.('x@y, te', 7), {
			candidates: [{ text: 'team', note: 'alias: a@b' }],
			from: 5,
		});
		const path = join(desk.dir, 'not');
		assert.deepEqual(await file?.assist?.(path, path.length), {
			candidates: [{ text: `${path}e` }],
			from: 0,
		});
	});

	it('with two answers are asked again after anything else', async () => {
		const lines = ['text', end, interrupt, 'maybe', 'n'];
		const { sent } = await send({ interactive: true, lines, variables: { asksign: '' } });
		assert.match(sent, /\n\ntext\n$/);
	});
});

describe('a mailer program', () => {
	it('gets -r and -h in the order they were given', async () => {
		const given = { mailerOptions: ['-h', '3', '-r', 'x@y'], reversePath: 'x@y', hops: '3' };
		assert.match((await send({ arguments: given })).sent, /^-i -h 3 -r x@y a@b\n/);
	});

	it('that is not started because the copy cannot be kept leaves status 0, or 1 after other trouble', async () => {
		const variables = { record: '/nonexistent/record' };
		assert.equal((await send({ variables })).status, 0);
		assert.equal((await send({ variables, to: ['/nonexistent/x', 'a@b'] })).status, 1);
	});
});

describe('a record under the name of the first recipient', () => {
	it('is the file itself where that comes first', async () => {
		await send({ to: ['a@b', '@/copy'], arguments: { recordByRecipient: true } });
		assert.equal(desk.file('copy')?.match(/^From pue /gm)?.length, 2);
	});
});

describe('a letter passed on', () => {
	const resend = (command: string, options: object, variables = {}) =>
		desk.play([command, 'x'], { ...mailerOf(), ...variables }, options);

	it('keeps its From unless -n asks for the fault of the original', async () => {
		await resend('resend 1 <pere>', { bare: false });
		assert.match(
			desk.file('sent') ?? '',
			/^-i <pere>\nResent-Date: .*\nResent-To: <pere>\nFrom: s1@/,
		);
		desk.put('sent', '');
		await resend('resend 1 <pere>', { bare: true });
		assert.match(desk.file('sent') ?? '', /\nResent-To: <pere>\nResent-From: s1@/);
		desk.put('sent', '');
		await resend('resend 1 <pere>', { bare: true }, { hostname: 'h' });
		assert.match(desk.file('sent') ?? '', /\nResent-Message-ID: .*@h>\nFrom: s1@/);
	});

	it('keeps what stands in a line behind a CR', async () => {
		const odd = letter(1).replace('Subject: m1', 'X-Odd: a\rFrom b\rStatus: c\nSubject: m1');
		desk.put('spool', odd);
		await resend('resend 1 <pere>', { bare: false });
		assert.match(desk.file('sent') ?? '', /\nX-Odd: a\rFrom b\rStatus: c\nSubject: m1\n/);
	});

	it('with quotes round the address is a list to -n', async () => {
		const quoted = 'fwd 2 "pere"';
		assert.match(await resend(quoted, { bare: true }), /No applicable messages from \{pere\}/);
		await resend(quoted, { bare: false });
		assert.match(desk.file('sent') ?? '', /^-i pere\n/);
	});
});

describe('attachcheck', () => {
	const attached = 'the table is attached';
	const type = (lines: readonly (string | Line)[], more: Partial<Setting> = {}) =>
		send({ interactive: true, bare: false, lines, variables: { attachcheck: '' }, ...more });

	it('takes the end of a text that speaks of an attachment for one only the second time', async () => {
		const { output, sent } = await type([attached, end, 'below', end]);
		assert.match(output, /^\(The text speaks of an attachment/m);
		assert.match(sent, /\n\nthe table is attached\nbelow\n$/);
	});

	it('is content with an attachment, with quoted words and with -n', async () => {
		const quoted = await type([`> ${attached}`, end], {
			variables: { attachcheck: '', indentprefix: '> ' },
		});
		const given = { attachments: [join(desk.dir, 'note')] };
		const outputs = [
			quoted,
			await type([attached, end], { arguments: given }),
			await type([attached, end], { bare: true }),
		];
		for (const { output } of outputs) assert.doesNotMatch(output, /speaks of/);
	});
});
