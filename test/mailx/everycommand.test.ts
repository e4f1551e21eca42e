import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { commands, fullName } from '../../src/mailx/commands.js';
import { Desk, letter } from '../harness/desk.js';

const spool = letter(1) + letter(2) + letter(3, 'RO');

/** A line or several, and what must be told; the full name of the command stands in them. */
const says: Readonly<Record<string, readonly [lines: string, told: RegExp]>> = {
	next: ['next', /body 1/],
	alias: ['alias a b;alias', /^a\t b$/m],
	print: ['print 2', /body 2/],
	type: ['type 2', /body 2/],
	Type: ['ignore subject;Type 2', /Subject: m2/],
	Print: ['ignore subject;Print 2', /Subject: m2/],
	visual: ['visual 2;echo after', /^after$/m],
	top: ['set toplines=1;top 2', /Message {2}2:\nFrom s2/],
	touch: ['touch 3;quit', /Saved 1 message in mbox/],
	preserve: ['preserve 3;from 3', /P {2}3/],
	delete: ['delete 2;type 2', /Inappropriate/],
	dp: ['dp 1', /body 2/],
	dt: ['dt 1', /body 2/],
	undelete: ['delete 2;undelete 2;type 2', /body 2/],
	unset: ['set x=1;unset x;set', /^ttycharset|^save$/m],
	mbox: ['mbox 3;from 3', /M {2}3/],
	more: ['more 2', /body 2/],
	page: ['page 2', /body 2/],
	More: ['ignore subject;More 2', /Subject: m2/],
	Page: ['ignore subject;Page 2', /Subject: m2/],
	unread: ['unread 3;from 3', /U {2}3/],
	Unread: ['Unread 3;from 3', /U {2}3/],
	new: ['new 3;from 3', /U {2}3/],
	New: ['New 3;from 3', /U {2}3/],
	'!': ['!echo shell', /shell\n!/],
	copy: ['copy 2 @/out', /out" \[New file\]/],
	Copy: ['Copy 2', /"s2" \[New file\]/],
	chdir: ['chdir home;!pwd', /home\n!/],
	cd: ['cd home;!pwd', /home\n!/],
	save: ['save 2 @/out;from 2', /\[New file\][\s\S]* S {2}2/],
	Save: ['Save 2;from 2', /"s2" \[New file\][\s\S]* S {2}2/],
	source: ['source @/rc', /from the file/],
	set: ['set x=1;set', /^x="1"$/m],
	shell: ['set SHELL=/bin/true;shell;echo after', /\nafter/],
	version: ['version', /\d\.\d/],
	group: ['group a b;group', /^a\t b$/m],
	ungroup: ['group a b;ungroup a;group;echo none', /^none$/m],
	unalias: ['alias a b;unalias a;alias;echo none', /^none$/m],
	write: ['write 2 @/out', /out" \[New file\] \d/],
	from: ['from 2', /> ?N {2}2|N {2}2/],
	file: ['file', /"@\/spool": 3 messages/],
	folder: ['folder', /"@\/spool": 3 messages/],
	folders: ['folders', /inFolder/],
	'?': ['?', /type|next/],
	help: ['help', /type|next/],
	z: ['set screen=1;z', /N {2}2/],
	Z: ['set screen=1;Z', /N {2}2/],
	headers: ['headers', /O {2}3/],
	'=': ['=', /^1$/m],
	echo: ['echo word', /^word$/m],
	quit: ['quit;echo never', /^(?![\s\S]*never)/],
	list: ['list', /Commands are:/],
	xit: ['xit;echo never', /^(?![\s\S]*never)/],
	exit: ['exit;echo never', /^(?![\s\S]*never)/],
	pipe: ['pipe 2 cat', /body 2/],
	'|': ['| 2 cat', /body 2/],
	Pipe: ['ignore subject;Pipe 2 cat', /Subject: m2/],
	size: ['size 2', /^2: \d+\/\d+$/m],
	hold: ['hold 3;from 3', /P {2}3/],
	if: ['if s;echo no;endif;echo done', /^(?![\s\S]*\nno\n)[\s\S]*\ndone\n/],
	else: ['if s;else;echo yes;endif', /^yes$/m],
	endif: ['if s;endif;echo yes', /^yes$/m],
	alternates: ['alternates x;alternates', /x/],
	ignore: ['ignore subject;type 2', /^(?![\s\S]*Subject: m2)[\s\S]*body 2/],
	discard: ['discard subject;type 2', /^(?![\s\S]*Subject: m2)[\s\S]*body 2/],
	retain: ['retain from;type 2', /^(?![\s\S]*Subject: m2)[\s\S]*body 2/],
	unignore: ['ignore subject;unignore subject;type 2', /Subject: m2/],
	unretain: ['retain from;unretain from;type 2', /Subject: m2/],
	account: ['account a x=1;account', /account a \{/],
	undef: ['define m {;echo in;};undef m;call m', /Undefined macro/],
	define: ['define m {;echo in;};call m', /^in$/m],
	defines: ['define m {;echo in;};defines', /define m \{/],
	call: ['define m {;echo in;};call m', /^in$/m],
	shortcut: ['shortcut q +inFolder;folder q', /inFolder/],
	unshortcut: ['shortcut q +inFolder;unshortcut q;folder q', /q: No such file/],
	move: ['move 2 @/out;type 2', /\[New file\][\s\S]*Inappropriate/],
	mv: ['mv 2 @/out;type 2', /\[New file\][\s\S]*Inappropriate/],
	Move: ['Move 2;type 2', /"s2" \[New file\][\s\S]*Inappropriate/],
	Mv: ['Mv 2;type 2', /"s2" \[New file\][\s\S]*Inappropriate/],
	flag: ['flag 3;from 3', /F {2}3/],
	unflag: ['flag 3;unflag 3;from 3', /O {2}3/],
	answered: ['answered 3;from 3', /A {2}3/],
	unanswered: ['answered 3;unanswered 3;from 3', /O {2}3/],
	draft: ['draft 3;from 3', /T {2}3/],
	undraft: ['draft 3;undraft 3;from 3', /O {2}3/],
	kill: ['kill 2;headers', /^(?![\s\S]*N {2}2)/],
	unkill: ['kill 2;unkill 2;headers', /N {2}2/],
	score: ['set headline="%c %m";score 2 5;from 2', /5.* 2/],
	seen: ['seen 2;from 2', /R {2}2/],
	Seen: ['Seen 2;from 2', /R {2}2/],
	show: ['show 2', /body 2/],
	Show: ['Show 2', /body 2/],
	sort: ['sort subject;sort', /subject/],
	unsort: ['sort subject;unsort;sort', /unsorted/],
	thread: ['thread;sort', /thread/],
	unthread: ['thread;unthread;sort', /unsorted/],
	collapse: ['collapse 1', /Not in threaded mode/],
	uncollapse: ['uncollapse 1', /Not in threaded mode/],
	noop: ['noop;echo after', /^after$/m],
	newmail: ['!cat rc >/dev/null;newmail;echo after', /^after$/m],
	inc: ['inc;echo after', /^after$/m],
	verify: ['verify 1', /No S\/MIME/],
	certsave: ['certsave 1 x', /No S\/MIME/],
	decrypt: ['decrypt 2 @/out', /\[New file\]/],
	Decrypt: ['Decrypt 2', /"s2" \[New file\]/],
	rename: ['rename +inFolder +other;folder +other', /other/],
	remove: ['remove +inFolder;folder +inFolder', /No such file/],
	imap: ['imap x', /Not operating on an IMAP/],
	cache: ['cache 1', /Not connected/],
	connect: ['connect;echo after', /^after$/m],
	disconnect: ['disconnect;echo after', /^after$/m],
	online: ['online;echo after', /^after$/m],
	classify: ['classify 1', /[Jj]unk/],
	junk: ['junk 1', /[Jj]unk/],
	bad: ['bad 1', /[Jj]unk/],
	good: ['good 1', /[Jj]unk/],
	unjunk: ['unjunk 1', /[Jj]unk/],
	ungood: ['ungood 1', /[Jj]unk/],
	probability: ['probability x', /[Jj]unk/],
	edit: ['set EDITOR=/bin/true;edit 2;echo after', /^after$/m],
	...fieldLists('saveignore', 'savediscard', 'saveretain', 'fwdignore', 'fwddiscard', 'fwdretain'),
	...unFieldLists('unsaveignore', 'unsaveretain', 'unfwdignore', 'unfwdretain'),
};

function fieldLists(...names: string[]) {
	return Object.fromEntries(names.map((name) => [name, [`${name} x-y;${name}`, /x-y/] as const]));
}

function unFieldLists(...names: string[]) {
	const lines = (name: string) => `${name.slice(2)} x-y;${name} x-y;${name.slice(2)}`;
	const told = /^No fields currently being/m;
	return Object.fromEntries(names.map((name) => [name, [lines(name), told] as const]));
}

/** Those that write letters have their dialogues in the tests of composing; `explain` and `hint` in their own. */
const writes =
	/^(explain|hint|[mM]ail|[rR]e(ply|spond)(all|sender)?|[fF]ollowup(all|sender)?|[rR]esend|[rR]edirect|[fF]orward|[fF]wd)$/;

async function told(lines: string): Promise<string> {
	const desk = new Desk({ spool, rc: 'echo from the file\n', 'home/Mail/inFolder': letter(4) });
	after(() => desk.remove());
	process.chdir(desk.dir);
	return desk.play(['set VISUAL=/bin/true', ...lines.split(';')]);
}

describe('every command of the table', () => {
	for (const command of commands) {
		const name = fullName(command);
		if (writes.test(name)) continue;
		it(`${name}: ${command.summary}`, async () => {
			const entry = says[name];
			assert.ok(entry, `no dialogue for ${name}`);
			const [lines, expected] = entry;
			assert.ok(lines.includes(name), 'the dialogue gives the command');
			const transcript = await told(lines);
			assert.doesNotMatch(transcript, /Unknown command/);
			assert.match(transcript, expected);
		});
	}

	it('has no dialogue for what is no command', () => {
		const names = new Set(commands.map(fullName));
		const unknown = Object.keys(says).filter((name) => !names.has(name));
		assert.deepEqual(unknown, []);
	});
});
