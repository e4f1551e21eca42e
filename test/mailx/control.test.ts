import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { readStartupFiles } from '../../src/mailx/startup.js';
import { Desk, letter } from '../harness/desk.js';

describe('the command language', () => {
	let desk: Desk;
	beforeEach(() => {
		desk = new Desk({
			spool: letter(1) + letter(2),
			'home/Mail/work': letter(3),
			good: '# a comment\necho one\n\nset x=1\necho two \\\nlines\n',
			bad: 'echo one\nfoo\necho two\n',
			open: 'if r\necho yes\n',
			person: 'visual 1\n',
			bang: '!echo\n',
			quits: 'quit\necho no\n',
		});
		desk.put('inner', `source ${desk.dir}/good\necho after\n`);
	});
	afterEach(() => desk.remove());

	const told = async (lines: string[], options = {}) =>
		(await desk.play([...lines, 'x'], {}, options)).split('\n').slice(1).join('\n');

	const table: [rule: string, lines: string[], output: string][] = [
		['knows no other commands', ['foo 1'], 'Unknown command: "foo"\n'],
		['passes over comments and leading blanks', ['# foo', '   echo x'], 'x\n'],
		['goes on after a backslash', ['echo a \\', 'b'], 'a b\n'],
		[
			'counts words',
			['unset', 'source a b', 'if', 'cd a b'],
			'unset requires at least 1 arg(s)\nsource takes no more than 1 arg(s)\nif requires at least 1 arg(s)\ncd takes no more than 1 arg(s)\n',
		],
		[
			'ends a name at a digit or a mark',
			['echo1', 'f2', '='],
			'1\n N  2 s2@x.example       Sat Jan  2 10:00    6/83    m2\n2\n',
		],
		[
			'obeys if r when receiving',
			['if r', 'echo yes', 'else', 'echo no', 'endif', 'echo end'],
			'yes\nend\n',
		],
		['does not obey if s then', ['if s', 'echo yes', 'else', 'echo no', 'endif'], 'no\n'],
		['tells a terminal from a pipe', ['if t', 'echo yes', 'else', 'echo no', 'endif'], 'no\n'],
		[
			'refuses odd conditions',
			['else', 'endif', 'if x', 'if r', 'if r', 'endif'],
			'"Else" without matching "if"\n"Endif" without matching "if"\nUnrecognized if-keyword: "x"\nIllegal nested "if"\n',
		],
		[
			'reads commands from a file',
			['source @/good', 'unset x x'],
			'one\ntwo lines\n"x": undefined variable\n',
		],
		['reads files within files', ['source @/inner'], 'one\ntwo lines\nafter\n'],
		[
			'ends a file at its first mistake',
			['source @/bad', 'echo on'],
			'one\nUnknown command: "foo"\non\n',
		],
		['tells an if left open in a file', ['source @/open', 'echo on'], 'yes\nUnmatched "if"\non\n'],
		['says which file is not there', ['source @/nope'], '@/nope: No such file or directory\n'],
		[
			'refuses what needs a person in a file',
			['source @/person', 'source @/bang'],
			'May not execute "visual" while sourcing\nCan\'t "!" while sourcing\n',
		],
		[
			'echoes as echo(1)',
			['echo a\\\\tb "c  d"', 'echo x\\\\c', 'echo \\\\0101'],
			'a\tb c  d\nxA\n',
		],
		[
			'runs macros to their end',
			['define m {', 'echo one', 'foo', 'echo two', '}', 'call m'],
			'one\nUnknown command: "foo"\ntwo\n',
		],
		['lists macros', ['define m {', 'echo one', '}', 'defines'], 'define m {\necho one\n}\n'],
		[
			'keeps the first macro of a name',
			['define m {', 'echo one', '}', 'define m {', '}', 'call m'],
			'A macro named "m" already exists.\none\n',
		],
		[
			'forgets macros',
			['define m {', '}', 'undef m', 'call m', 'undef'],
			'Undefined macro called: "m"\nMissing macro name to undef.\n',
		],
		[
			'wants a name and a brace',
			['define', 'define m', 'call'],
			'Missing macro name to define.\nSyntax is: define <name> {\nSyntax is: call <name>\n',
		],
		[
			'says which macro does not end',
			['define m {', 'echo'],
			'Unterminated macro definition: "m".\n',
		],
		[
			'knows accounts',
			['account a {', 'set x=1', '}', 'account', 'account b'],
			'account a {\nset x=1\n}\nAccount b does not exist.\n',
		],
		['does nothing for noop', ['noop', 'noop 1'], 'noop takes no more than 0 arg(s)\n'],
		['leaves nothing of quit in a file', ['source @/quits', 'echo on'], 'on\n'],
	];
	for (const [rule, lines, output] of table) {
		it(rule, async () => {
			// What has no newline at the end of the session stays as it is.
			const text = await told(lines);
			assert.equal(text.replace(/Held.*\n/, ''), output);
		});
	}

	it('switches to an account, and to its mailbox', async () => {
		const output = await told(['account a {', 'set hold', '}', 'account a', 'set']);
		assert.match(output, /hold\n/);
		assert.match(output, /"@\/spool": 2 messages/);
	});

	it('runs the hook of a folder', async () => {
		const output = await told([
			'define h {',
			'echo hooked',
			'}',
			'set folder-hook=h',
			'folder +work',
		]);
		assert.match(output, /hooked\n"\+work": 1 message/);
	});

	it('quits, or exits and changes nothing', async () => {
		await desk.play(['d 1', 'x']);
		assert.equal(desk.file('spool'), letter(1) + letter(2));
		await desk.play(['d 1', 'q']);
		assert.doesNotMatch(desk.file('spool') as string, /Subject: m1/);
	});

	it('takes end of file for quit', async () => {
		await desk.play(['d 1']);
		assert.doesNotMatch(desk.file('spool') as string, /Subject: m1/);
	});

	it('asks for quit itself with ignoreeof, for a while', async () => {
		const { session, terminal } = desk.session({ ignoreeof: '', interactive: '' });
		const { commandLoop } = await import('../../src/mailx/interpreter.js');
		assert.equal(await commandLoop(session), 'leave');
		assert.equal(terminal.output.match(/Use "quit" to quit\.\n/g)?.length, 24);
	});
});

describe('start-up files', () => {
	let desk: Desk;
	beforeEach(() => {
		desk = new Desk({ spool: letter(1) });
	});
	afterEach(() => desk.remove());

	it('make the textbook session where the system has none of its own', async () => {
		const { session } = desk.session();
		await readStartupFiles(session, true);
		for (const name of ['hold', 'append', 'ask', 'dot', 'keep', 'bsdcompat', 'markanswered']) {
			assert.ok(session.variables.has(name), name);
		}
		assert.equal(session.variables.get('indentprefix'), '> ');
		assert.ok(session.fields.display.hides('Received'));
		assert.ok(!session.fields.display.hides('Subject'));
	});

	it('leave plain Heirloom with -n', async () => {
		const { session } = desk.session();
		await readStartupFiles(session, false);
		assert.ok(!session.variables.has('bsdcompat'));
		assert.ok(!session.fields.display.hides('Received'));
	});

	it('end with their first mistake', async () => {
		desk.put('home/.mailrc', 'set a=1\nfoo\nset b=2\n');
		const { session, terminal } = desk.session();
		await readStartupFiles(session, false);
		assert.equal(session.variables.get('a'), '1');
		assert.equal(session.variables.get('b'), undefined);
		assert.equal(terminal.output, 'Unknown command: "foo"\n');
	});

	it('may name another', async () => {
		desk.put('home/.mailrc', 'set NAIL_EXTRA_RC=~/extra\n');
		desk.put('home/extra', 'set b=2\n');
		const { session } = desk.session();
		await readStartupFiles(session, false);
		assert.equal(session.variables.get('b'), '2');
	});
});

describe('the shell', () => {
	let desk: Desk;
	beforeEach(() => {
		desk = new Desk({ spool: letter(1) });
	});
	afterEach(() => desk.remove());

	const told = async (lines: string[]) =>
		(await desk.play([...lines, 'x'])).split('\n').slice(1).join('\n');

	it('runs a command and marks its end', async () => {
		assert.equal(await told(['!echo hi']), 'hi\n!\n');
	});

	it('repeats the last command with bang, and knows a plain mark', async () => {
		const output = await told(['set bang', '!echo a', '!! b', '!echo \\!']);
		assert.equal(output, 'a\n!\n!echo a b\na b\n!\n!echo !\n!\n!\n');
	});

	it('is the one that SHELL names', async () => {
		desk.put('sh', '#!/bin/sh\necho "mine: $2"\n');
		assert.equal(await told(['!chmod +x @/sh', 'set SHELL=@/sh', '!x']), '!\nmine: x\n!\n');
	});

	it('complains of a directory that is not there', async () => {
		assert.equal(await told(['cd @/nope']), '@/nope: No such file or directory\n');
	});
});
