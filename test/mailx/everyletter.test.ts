import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { commands, fullName } from '../../src/mailx/commands.js';
import { escapes } from '../../src/mailx/escapes.js';
import { Desk } from '../harness/desk.js';

/** A letter from ann to pue and bob, with a copy to cy. */
const spool = `From ann@x.example Sat Jan  1 10:00:00 2022
From: Ann Bell <ann@x.example>
To: pue, bob@y.example
Cc: cy@z.example
Subject: plans
Message-ID: <1@x.example>

the plan

`;

/** Keeps the arguments and the letter of every call, one behind the other. */
const mailer = `#!/bin/sh
{ printf 'to'; for a; do printf ' %s' "$a"; done; echo; cat; echo ---; } >> "$HOME_OF_TEST/sent"
`;

interface Play {
	readonly variables?: Readonly<Record<string, string>>;
	/** Asks and edits as for a person. */
	readonly interactive?: true;
}

/** What lines at the prompt lead to: all that was told, then all that was sent. `@` is the folder. */
async function play(
	lines: readonly string[],
	{ variables, interactive }: Play = {},
): Promise<string> {
	const desk = new Desk({
		spool,
		note: 'a note\n',
		editor: '#!/bin/sh\necho edited >> "$1"\n',
		'home/dead.letter': 'once dead\n',
	});
	after(() => desk.remove());
	desk.put('mailer', mailer.replace('$HOME_OF_TEST', desk.dir));
	for (const name of ['mailer', 'editor']) chmodSync(join(desk.dir, name), 0o700);
	process.chdir(desk.dir);
	const given = Object.entries(variables ?? {}).map(([name, value]) => [
		name,
		value.replaceAll('@', desk.dir),
	]);
	const told = await desk.play(
		[...lines, 'x'],
		{ sendmail: join(desk.dir, 'mailer'), sendwait: '', ...Object.fromEntries(given) },
		{ tildeEscapes: true, ...(interactive && { interactive }) },
	);
	const files = ['sent', 'record', 'ann', 'home/dead.letter', 'dead', 'copy'].map(
		(name) => `[${name}]\n${desk.file(name) ?? ''}`,
	);
	return [told, ...files].join('\n').replaceAll(desk.dir, '@');
}

/** The command, and what must be told or sent. */
const writing: Readonly<Record<string, readonly [line: string, result: RegExp]>> = {
	mail: ['mail dan', /^to -i dan$/m],
	Mail: ['Mail dan', /\[sent\]\nto -i dan/],
	reply: ['reply 1', /^to -i ann@x\.example bob@y\.example cy@z\.example/m],
	replyall: ['replyall 1', /^to -i ann@x\.example bob@y\.example cy@z\.example/m],
	replysender: ['replysender 1', /^to -i ann@x\.example$/m],
	respond: ['respond 1', /^to -i ann@x\.example bob@y\.example cy@z\.example/m],
	respondall: ['respondall 1', /^to -i ann@x\.example bob@y\.example cy@z\.example/m],
	respondsender: ['respondsender 1', /^to -i ann@x\.example$/m],
	Reply: ['Reply 1', /^to -i ann@x\.example$/m],
	Respond: ['Respond 1', /^to -i ann@x\.example$/m],
	followup: ['followup 1', /\[ann\]\nFrom pue[\s\S]*text of it/],
	followupall: ['followupall 1', /\[ann\]\nFrom pue[\s\S]*text of it/],
	followupsender: ['followupsender 1', /^to -i ann@x\.example$[\s\S]*\[ann\]\nFrom pue/m],
	Followup: ['Followup 1', /^to -i ann@x\.example$[\s\S]*\[ann\]\nFrom pue/m],
	forward: ['forward 1 dan', /Original Message[\s\S]*the plan/],
	fwd: ['fwd 1 dan', /Original Message[\s\S]*the plan/],
	Forward: ['Forward 1 dan', /Original Message[\s\S]*the plan/],
	Fwd: ['Fwd 1 dan', /Original Message[\s\S]*the plan/],
	resend: ['resend 1 dan', /^to -i dan$[\s\S]*^Resent-To: dan/m],
	redirect: ['redirect 1 dan', /^to -i dan$[\s\S]*^Resent-To: dan/m],
	Resend: ['Resend 1 dan', /\[sent\]\nto -i dan\nFrom: Ann Bell/],
	Redirect: ['Redirect 1 dan', /\[sent\]\nto -i dan\nFrom: Ann Bell/],
};

describe('every command that writes a letter', () => {
	const named = (command: (typeof commands)[number]) => writing[fullName(command)];
	for (const command of commands.filter(named)) {
		const [line, result] = named(command) as readonly [string, RegExp];
		it(`${fullName(command)}: ${command.summary}`, async () => {
			assert.match(await play([line, 'text of it', '~.']), result);
		});
	}

	it('is in the table', () => {
		const names = new Set(commands.map(fullName));
		assert.deepEqual(
			Object.keys(writing).filter((name) => !names.has(name)),
			[],
		);
	});
});

/** Lines of a letter, and what must be told or sent. */
const inLetters: Readonly<Record<string, readonly [lines: string, result: RegExp, play?: Play]>> = {
	'.': ['words;~.', /^words\n---$/m],
	'!': ['~!echo from the shell;~.', /from the shell\n!\n/],
	':': ['~:echo mail command;~.', /mail command\n/],
	_: ['~_echo mail command;~.', /mail command\n/],
	'?': ['~?;~.', /~s text/],
	'@': ['~@ note;~.', /filename="note"/],
	a: ['~a;~.', /^signed\n---$/m, { variables: { sign: 'signed' } }],
	A: ['~A;~.', /^Signed\n---$/m, { variables: { Sign: 'Signed' } }],
	b: ['~b bea;~.', /^to -i bea dan$/m],
	c: ['~c carl;~.', /^Cc: carl$/m],
	d: ['~d;~.', /^once dead\n---$/m],
	e: ['words;~e;~.', /^words\nedited\n---$/m, { variables: { EDITOR: '@/editor' } }],
	v: ['words;~v;~.', /^words\nedited\n---$/m, { variables: { VISUAL: '@/editor' } }],
	f: ['~f 1;~.', /^the plan\n\n---$/m],
	F: ['~F 1;~.', /^Message-ID: <1@x\.example>\nStatus: /m],
	m: ['~m 1;~.', /^\tthe plan$/m],
	M: ['~M 1;~.', /^\tMessage-ID: <1@x\.example>$/m],
	h: ['~h;tom;;;new subject;~.', /^Subject: new subject$/m, { interactive: true }],
	H: ['~H;me;;;;~.', /^From: me$/m, { interactive: true }],
	i: ['~i greeting;~.', /^hello\n---$/m, { variables: { greeting: 'hello' } }],
	p: ['words;~p;~.', /-------\nMessage contains:\n[\s\S]*words/],
	q: ['words;~q', /\[home\/dead\.letter\]\n[\s\S]*words/],
	r: ['~r note;~.', /^a note\n---$/m],
	'<': ['~< note;~.', /^a note\n---$/m],
	s: ['~s another;~.', /^Subject: another$/m],
	t: ['~t tom;~.', /^to -i dan tom$/m],
	w: ['words;~w copy;~.', /\[copy\]\nwords/],
	x: ['words;~x', /\[sent\]\n\n/],
	'|': ['words;~|tr a-z A-Z;~.', /^WORDS\n---$/m],
};

describe('every escape of a letter', () => {
	for (const { names, summary } of escapes) {
		for (const name of names) {
			it(`~${name}: ${summary}`, async () => {
				const [lines, result, how = {}] = inLetters[name] ?? assert.fail(`no letter for ~${name}`);
				assert.match(await play(['mail dan', ...lines.split(';')], how), result);
			});
		}
	}

	it('is in the table', () => {
		const names = new Set(escapes.flatMap((row) => [...row.names]));
		assert.deepEqual(
			Object.keys(inLetters).filter((name) => !names.has(name)),
			[],
		);
	});
});
