import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { openFolder } from '../../src/mailx/folders.js';
import { execute } from '../../src/mailx/interpreter.js';
import { variableTable } from '../../src/mailx/variabletable.js';
import { Desk, letter } from '../harness/desk.js';

const ann = `From ann@x.example Sat Jan  1 10:00:00 2022
From: Ann Bell <ann@x.example>
To: Bob <bob@y.example>
Subject: plans
Date: Sun, 2 Jan 2022 08:00:00 +0000
Message-ID: <1@x>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

plain =3D \xc3\xa9
--b
Content-Type: text/html; charset=utf-8

<p>rich</p>
--b--

`;
const own = `From pue@here Sun Jan  2 10:00:00 2022
From: pue@here
To: Ann <ann@x.example>
Subject: Re: plans
Date: Sat, 1 Jan 2022 08:00:00 +0000
In-Reply-To: <1@x>
References: <1@x>
Status: RO

one
two
three
\x01four
From five
six

`;
const files = {
	spool: ann + own,
	'home/Mail/work': own + letter(3),
	'home/Mail/none': '',
	late: letter(4),
	alone: letter(5),
	rc: 'echo extra\n',
};

interface Case {
	/** After `name=`; nothing for a flag. */
	readonly value?: string;
	/** What it is compared with, where not with nothing. */
	readonly otherwise?: string;
	readonly lines: readonly string[];
	readonly interactive?: boolean;
	readonly folder?: string;
	/** Unset instead of set: it is set from the start. */
	readonly unset?: true;
}

const readAll = ['type *'];
const edit = '@/edit';

/** What shows that a variable does something: with it the lines come to another end than without. */
const cases: Readonly<Record<string, Case>> = {
	allnet: { lines: ['from ann@elsewhere'] },
	append: { lines: ['copy 2 &', 'touch 1'] },
	attrlist: { value: 'abcdefghijklmn', lines: ['from *'] },
	autocollapse: { lines: ['thread', 'from *'] },
	autoinc: { lines: ['!cat @/late >>@/spool', 'from *'], interactive: true },
	autoprint: { lines: ['delete 1'] },
	autosort: { value: 'subject', lines: ['folder %', 'from *'] },
	autothread: { lines: ['folder %', 'sort'] },
	bang: { lines: ['!echo one', '!!'] },
	'broken-mbox': { lines: ['folder %', 'from *'] },
	bsdannounce: { lines: ['folder +work'] },
	bsdcompat: { lines: ['from *'], interactive: true },
	bsdflags: { lines: ['save 1 @/out', 'from *'] },
	bsdheadline: { lines: ['from *'] },
	bsdmsgs: { lines: ['!false'] },
	bsdset: { lines: ['set x=1', 'set'] },
	'chained-junk-tokens': { lines: ['set junkdb=@/junk', 'junk 1', 'good 2'] },
	cmd: { value: 'cat', lines: ['pipe'] },
	crt: { value: '3', lines: ['type 2'], interactive: true },
	datefield: { lines: ['from *'] },
	EDITOR: { value: edit, otherwise: 'true', lines: ['edit 1'], interactive: true },
	emptybox: { lines: ['delete *'], folder: '+work' },
	emptystart: { lines: ['delete *', 'folder +none', 'set keep', 'folder %'] },
	folder: { value: '@/elsewhere', lines: ['folder +work'] },
	'folder-hook': { value: 'm', lines: ['define m {', 'echo hooked', '}', 'folder +work'] },
	from: { value: 'ann@x.example', lines: ['set showto', 'from *'] },
	header: { unset: true, lines: ['set bsdannounce', 'folder +work'] },
	headline: { value: '%m %s', lines: ['from *'] },
	hold: { lines: readAll },
	ignoreeof: { lines: [], interactive: true },
	junkdb: { value: '@/junk', lines: ['junk 1'] },
	keep: { lines: ['delete *'] },
	keepsave: { lines: ['save * @/out'] },
	LISTER: { value: 'echo listed', lines: ['folders'] },
	MAIL: { value: '@/alone', lines: ['folder %'] },
	MBOX: { value: '@/out', lines: ['touch 1'] },
	newfolders: { value: 'maildir', lines: ['copy 1 @/out'] },
	newmail: { lines: ['!cat @/late >>@/spool', 'from *'], interactive: true },
	outfolder: { lines: ['Save 1'] },
	page: { lines: ['pipe 1 cat'] },
	piperaw: { lines: ['pipe 1 cat'] },
	'print-all-chars': { lines: ['type 2'] },
	'print-alternatives': { lines: ['type 1'] },
	prompt: { value: 'what now?', lines: ['from'], interactive: true },
	screen: { value: '1', lines: ['headers'] },
	searchheaders: { lines: ['from /to:ann'] },
	SHELL: { value: '/bin/echo', lines: ['!x'] },
	'show-rcpt': { lines: ['from *'] },
	showlast: { lines: ['new 1', 'seen *', 'folder +work', 'seen *', 'folder #', '='] },
	showname: { lines: ['from *'] },
	showto: { lines: ['from *'] },
	toplines: { value: '1', lines: ['top 2'] },
	ttycharset: { value: 'us-ascii', lines: ['type 1'] },
	VISUAL: { value: edit, otherwise: 'true', lines: ['visual 1'], interactive: true },
	writebackedited: { lines: [`set EDITOR=${edit}`, 'edit 1', 'save 1 @/out'], interactive: true },
};

/** Those that matter when a letter is written, when the program starts, or to the live prompt. */
const elsewhere = new Set([
	...['ask', 'askatend', 'askattach', 'askbcc', 'askcc', 'asksign', 'asksub', 'autobcc', 'autocc'],
	...[
		'bsdorder',
		'DEAD',
		'debug',
		'dot',
		'editheaders',
		'encoding',
		'escape',
		'flipr',
		'fullnames',
	],
	...['forward-as-attachment', 'fwdheading', 'hostname', 'ignore', 'indentprefix', 'markanswered'],
	...[
		'maximum-unencoded-line-length',
		'metoo',
		'MAILX_HEAD',
		'MAILX_TAIL',
		'ORGANIZATION',
		'quote',
	],
	...[
		'record',
		'record-resent',
		'reply-in-same-charset',
		'Replyall',
		'replyto',
		'save',
		'sendcharsets',
	],
	...['sender', 'sendmail', 'sendwait', 'Sign', 'sign', 'signature', 'skipemptybody', 'stealthmua'],
	...['verbose', 'NAIL_EXTRA_RC', 'quiet', 'disconnected', 'PAGER'],
	...variableTable.filter(({ added }) => added).map(({ name }) => name),
]);

async function outcome(name: string, given: Case, set: boolean): Promise<string> {
	const desk = new Desk({ ...files, edit: '#!/bin/sh\nsed -i "s/plain/edited/;\\$d" "$1"\n' });
	after(() => desk.remove());
	const { chmodSync, readdirSync, utimesSync } = await import('node:fs');
	chmodSync(`${desk.dir}/edit`, 0o700);
	utimesSync(`${desk.dir}/spool`, 1, 1);
	const word = given.value === undefined ? name : `${name}='${given.value}'`;
	const first = given.unset ? `unset ${name}` : `set ${word}`;
	const nothing = given.otherwise === undefined ? 'set nothing' : `set ${name}=${given.otherwise}`;
	process.chdir(desk.dir);
	const told = await desk.play(
		[set ? first : nothing, ...given.lines],
		{},
		{
			...(given.interactive && { interactive: true }),
			...(given.folder && { folder: given.folder }),
		},
	);
	const shown = told.replace(first.replaceAll('@', desk.dir), '').replace(nothing, '');
	const rest = ['spool', 'out', 'home/mbox', 'home/Mail/work', 'home/Mail/ann', 'junk'].map(
		(path) => {
			const text = desk.file(path);
			return `${path}: ${text ?? '-'}\n`;
		},
	);
	const names = readdirSync(desk.dir).join(' ');
	return [shown.replaceAll(/desk-\w+/g, ''), ...rest, names].join('\n');
}

describe('every variable that counts when mail is read', () => {
	for (const [name, given] of Object.entries(cases)) {
		it(`${name} makes a difference`, async () => {
			const without = await outcome(name, given, false);
			assert.notEqual(await outcome(name, given, true), without);
			assert.equal(await outcome(name, given, false), without, 'the same each time');
		});
	}

	it('PAGER is the pager that is asked for', async () => {
		const desk = new Desk(files);
		after(() => desk.remove());
		const { session, terminal } = desk.session({ PAGER: 'less' }, [], { interactive: true });
		await openFolder(session, '%');
		await execute(session, 'page 1');
		session.mailbox?.close();
		assert.deepEqual(terminal.pagers, ['less']);
	});

	it('is here, or known to belong elsewhere', () => {
		const missing = variableTable
			.map(({ name }) => name)
			.filter((name) => cases[name] === undefined && !elsewhere.has(name));
		assert.deepEqual(missing, []);
	});
});
