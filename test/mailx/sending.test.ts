import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
	checkNames,
	expandRecipients,
	isOneself,
	sortedRecipients,
} from '../../src/mailx/names.js';
import { sendFromArguments } from '../../src/mailx/sending.js';
import { newDraft, typedNames } from '../../src/message/draft.js';
import type { Line } from '../../src/terminal/terminal.js';
import { Desk } from '../harness/desk.js';

/** A mailer that keeps its arguments and the letter. */
const mailer = (dir: string) =>
	`#!/bin/sh\n{ for a; do printf '[%s]' "$a"; done; echo; cat; } > '${dir}/sent'\n`;

const noArguments = {
	cc: [],
	bcc: [],
	subject: undefined,
	attachments: [],
	quoteFile: undefined,
	fromHeader: false,
	recordByRecipient: false,
	reversePath: undefined,
	hops: undefined,
};

let desk: Desk;
beforeEach(() => {
	desk = new Desk();
	desk.put('mailer', mailer(desk.dir));
	chmodSync(join(desk.dir, 'mailer'), 0o755);
});
afterEach(() => desk.remove());

interface Setting {
	readonly variables?: Record<string, string>;
	readonly interactive?: boolean;
	readonly lines?: readonly (string | Line)[];
	readonly aliases?: Record<string, string[]>;
}

function open({ variables = {}, interactive = false, lines = [], aliases = {} }: Setting) {
	const given = {
		sendmail: join(desk.dir, 'mailer'),
		sendwait: '',
		TMPDIR: desk.dir,
		from: 'Pue <pue@x.example>',
		...variables,
	};
	const options = { interactive, receiving: false };
	const { session, terminal } = desk.session(given, [], options);
	terminal.lines.push(...lines);
	for (const [name, members] of Object.entries(aliases)) session.aliases.set(name, members);
	return { session, terminal };
}

async function send(to: string[], setting: Setting = {}, more: object = {}) {
	const { session, terminal } = open(setting);
	await sendFromArguments(session, { ...noArguments, to, subject: 'hello', ...more });
	const [args, ...letter] = (desk.file('sent') ?? '').split('\n');
	return { args, letter: letter.join('\n'), terminal, status: session.status };
}

const interrupt: Line = { kind: 'interrupt' };

describe('a letter from the command line', () => {
	it('goes to sorted recipients without repetitions; the header has them the latest first', async () => {
		const { args, letter } = await send(['b@b', 'a@a', 'B@b'], { lines: ['text'] });
		assert.equal(args, '[-i][a@a][b@b]');
		assert.match(letter, /^To: B@b, a@a, b@b$/m);
		assert.match(letter, /\n\ntext\n$/);
	});

	it('goes to one person where a word has a name and an address, without -n', async () => {
		const { args, letter } = await send(['Jörg Müller <joerg@k.example>'], { lines: ['text'] });
		assert.equal(args, '[-i][joerg@k.example]');
		assert.match(letter, /^To: =\?.*\?= <joerg@k\.example>$/m);
	});

	it('never lets an address pass for an option of the mailer', async () => {
		const { args } = await send(['-bs'], { lines: ['text'] });
		assert.equal(args, '[-i][--][-bs]');
	});

	it('lets no line break into the header', async () => {
		const { letter } = await send(['a@b'], { lines: ['x'] }, { subject: 'one\nBcc: evil@x' });
		assert.match(letter, /^Subject: one Bcc: evil@x$/m);
		assert.doesNotMatch(letter, /^Bcc/m);
	});

	it('is kept in dead.letter, and ends with status 1, where the mailer cannot be started', async () => {
		const variables = { sendmail: '/nonexistent/mailer' };
		const { status, terminal } = await send(['a@b'], { variables, lines: ['text'] });
		assert.equal(status, 1);
		assert.match(terminal.errors, /No such file or directory\n\. \. \. message not sent\.\n$/);
		assert.match(
			desk.file('home/dead.letter') ?? '',
			/^Date: [\s\S]*Subject: hello[\s\S]*\n\ntext\n$/,
		);
	});

	it('leaves nothing behind in the folder for temporary files', async () => {
		await send(['a@b'], { lines: ['text'] });
		assert.deepEqual(
			readdirSync(desk.dir).filter((name) => name.startsWith('mail-')),
			[],
		);
	});

	it('goes to a file among the recipients, which the others are not told', async () => {
		const path = join(desk.dir, 'copy');
		const { args, letter } = await send([path, 'a@b'], { lines: ['From me'] });
		assert.equal(args, '[-i][a@b]');
		assert.match(letter, /^To: a@b$/m);
		assert.match(readFileSync(path, 'latin1'), /^From pue .*\nDate: [\s\S]*\n\n>From me\n\n$/);
	});

	it('is kept where there is no place for what the mailer is to read', async () => {
		const { session, terminal } = open({ lines: ['kept'] });
		session.variables.set('TMPDIR', '/nonexistent');
		await sendFromArguments(session, { ...noArguments, to: ['a@b'], subject: 's' });
		assert.equal(session.status, 1);
		assert.match(terminal.errors, /No such file or directory\n.*message not sent/);
		assert.match(desk.file('home/dead.letter') ?? '', /^kept$/m);
	});
	it('is kept where its record turns out to be damaged', async () => {
		desk.put('home/sent.gz', 'no gzip');
		const record = join(desk.dir, 'home/sent.gz');
		const { args, terminal } = await send(['a@b'], { variables: { record }, lines: ['kept'] });
		assert.equal(args, '');
		assert.match(terminal.errors, /incorrect header check\n.*message not sent/);
		assert.match(desk.file('home/dead.letter') ?? '', /^kept$/m);
	});
	it('is recorded below folder with outfolder, or not sent at all', async () => {
		const variables = { record: 'sent', outfolder: '' };
		await send(['a@b'], { variables, lines: ['text'] });
		assert.match(desk.file('home/Mail/sent') ?? '', /\n\ntext\n\n$/);
		const failing = { variables: { record: '/nonexistent/x' }, lines: ['lost'] };
		const { terminal } = await send(['a@b'], failing);
		assert.match(
			terminal.errors,
			/Error while saving message to \/nonexistent\/x - message not sent/,
		);
		assert.match(desk.file('home/dead.letter') ?? '', /lost/);
		assert.doesNotMatch(desk.file('sent') ?? '', /lost/);
	});

	it('takes its header from the text with -t', async () => {
		const lines = ['To: ann@a', 'Subject: typed', 'X-Other: y', '', 'body'];
		const { args, letter, terminal } = await send([], { lines }, { fromHeader: true });
		assert.equal(args, '[-i][ann@a]');
		assert.match(letter, /^Subject: typed$/m);
		assert.match(letter, /\n\nbody\n$/);
		assert.equal(terminal.errors, 'Ignoring header field "X-Other: y"\n');
	});

	it('carries a file as an attachment', async () => {
		desk.put('notes.txt', 'noted\n');
		const attachments = [join(desk.dir, 'notes.txt')];
		const { letter } = await send(['a@b'], { lines: ['see'] }, { attachments });
		const boundary = /boundary="([^"]+)"/.exec(letter)?.[1];
		assert.ok(boundary);
		assert.equal(letter.split(`--${boundary}`).length, 4);
		assert.match(letter, /filename="notes.txt"\n\nnoted\n/);
	});
});

describe('a letter being typed', () => {
	const typed = (lines: readonly (string | Line)[], variables = {}) =>
		send(['a@b'], { interactive: true, lines, variables });

	it('ends with a dot where `dot` is set, and says EOT', async () => {
		const { letter, terminal } = await typed(['one', '.', 'never'], { dot: '' });
		assert.match(letter, /\n\none\n$/);
		assert.match(terminal.output, /EOT\n$/);
	});

	it('is given up after two interrupts, its text kept', async () => {
		const { terminal, args } = await typed(['half', interrupt, interrupt]);
		assert.equal(terminal.errors, '\n(Interrupt -- one more to kill letter)\n');
		assert.equal(desk.file('home/dead.letter'), 'half\n');
		assert.equal(args, '');
	});

	it('goes on after one interrupt', async () => {
		const { letter } = await typed(['half', interrupt, 'whole', interrupt, '~.']);
		assert.match(letter, /\n\nhalf\nwhole\n$/);
	});

	it('is not kept without `save`, nor after ~x', async () => {
		await typed(['half', '~x']);
		const { session, terminal } = open({ interactive: true, lines: ['x', interrupt, interrupt] });
		session.variables.unset('save');
		await sendFromArguments(session, { ...noArguments, to: ['a@b'] });
		assert.equal(terminal.errors, '\n(Interrupt -- one more to kill letter)\n');
		assert.equal(existsSync(join(desk.dir, 'home/dead.letter')), false);
	});

	it('obeys escapes', async () => {
		const lines = ['~s other', '~t c@d', '~c e@f', '~~ tilde', '~z', '~| tr a-z A-Z', '~.'];
		const { letter, terminal, args } = await typed(lines);
		assert.equal(args, '[-i][a@b][c@d][e@f]');
		assert.match(letter, /^To: c@d, a@b\nCc: e@f\nSubject: other\n/m);
		assert.match(letter, /\n\n~ TILDE\n$/);
		assert.match(terminal.output, /Unknown tilde escape\.\n/);
	});

	it('takes a file without asking for its charset; asked for, one that there is', async () => {
		desk.put('note', 'gr\xc3\xbcn\n');
		const lines = ['~@', `${desk.dir}/note`, '', '~.'];
		const { letter, terminal } = await typed(lines, { sendcharsets: 'us-ascii,utf-8' });
		assert.doesNotMatch(terminal.output + terminal.errors, /charset/);
		assert.match(letter, /filename="note"/);
		const asked = ['~@', `${desk.dir}/note`, 'no such', 'utf-16', 'koi-99', '', '', '~.'];
		const strict = await typed(asked, { 'attachment-ask-charset': '' });
		assert.deepEqual(strict.terminal.errors.split('\n'), [
			'no such: unknown charset',
			'utf-16: unknown charset',
			'koi-99: unknown charset',
			'',
		]);
		assert.match(strict.letter, /filename="note"/);
	});
});

describe('names', () => {
	it('stand for what their aliases say, oneself left out of lists', () => {
		const aliases = { team: ['ann@a', 'boss', 'pue'], boss: ['The Boss <boss@b>'] };
		const { session } = open({ aliases });
		const names = expandRecipients(session, newDraft({ to: typedNames('team x@y', 'words') }));
		assert.deepEqual(
			names.map((name) => [name.full, name.leftOut ?? false]),
			[
				['x@y', false],
				['ann@a', false],
				['The Boss <boss@b>', false],
				['pue', true],
			],
		);
	});

	it('survive aliases that go in circles', () => {
		const { session, terminal } = open({ aliases: { a: ['b', 'x@y'], b: ['a', 'b'] } });
		const names = expandRecipients(session, newDraft({ to: typedNames('a') }));
		assert.deepEqual(
			sortedRecipients(names).map((name) => name.address),
			['b', 'x@y'],
		);
		assert.equal(terminal.output, 'Expanding alias to depth larger than 25\n');
	});

	it('that cannot be addresses are told and left out', () => {
		const { session, terminal } = open({});
		assert.deepEqual(checkNames(session, typedNames('a@@b Jörg c@d', 'words')), [
			{ address: 'c@d', full: 'c@d' },
		]);
		assert.equal(
			terminal.errors,
			"a@@b contains invalid @@ sequence\nJörg contains invalid character '\\303'\n",
		);
	});

	it('are one’s own by login, alternates and from', () => {
		const { session } = open({});
		session.alternates = ['p@other'];
		const own = ['PUE', 'p@other', 'pue@x.example', 'ann@x'].map((name) =>
			isOneself(session, name),
		);
		assert.deepEqual(own, [true, true, true, false]);
	});
});
