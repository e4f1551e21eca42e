import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Flag } from '../../src/mailbox/mailbox.js';
import { FieldFilter } from '../../src/mailx/fields.js';
import { savedCopy } from '../../src/mailx/savedcopy.js';
import { contents, Desk, letter } from '../harness/desk.js';

const spool = letter(1, 'RO') + letter(2, 'O') + letter(3);

describe('a saved copy', () => {
	const copy = (text: string, flags: number, change?: (filter: FieldFilter) => void) => {
		const filter = new FieldFilter();
		change?.(filter);
		const { postmark, content, lines, octets } = savedCopy(Buffer.from(text), flags, filter);
		return { text: `${postmark}\n${Buffer.concat(content)}`, lines, octets };
	};

	it('is the message itself, and counts the fields that say nothing', () => {
		const text = letter(1, 'O');
		const { octets, lines } = copy(text, 0);
		assert.equal(copy(text, 0).text, text);
		assert.equal(octets, text.length + 'X-Status: \n'.length);
		assert.equal(lines, text.split('\n').length - 1 + 1);
		const fresh = copy(letter(3), Flag.new);
		assert.equal(fresh.octets, letter(3).length + 'Status: \nX-Status: \n'.length);
	});

	it('counts what will be quoted, and is content with less than a line', () => {
		const text = letter(1, 'RO');
		const head = text.slice(0, text.indexOf('\n\n') + 2);
		const octets = (body: string) => copy(head + body, Flag.read).octets - head.length;
		const phantom = 'X-Status: \n'.length;
		for (const body of ['', 'F', 'x\nF', 'x\nFrom', 'From']) {
			assert.equal(octets(body), body.length + phantom, body);
		}
		for (const body of ['From ', 'x\nFrom ']) {
			assert.equal(octets(body), body.length + 1 + phantom, body);
		}
	});

	it('has its flags as they are now', () => {
		assert.match(copy(letter(3), Flag.read | Flag.flagged).text, /^Status: RO\nX-Status: F\n\n/m);
		assert.match(copy(letter(1, 'RO'), Flag.new | Flag.read).text, /^Status: R\n\n/m);
	});

	it('leaves out ignored fields with their continuation, or all that are not retained', () => {
		const text = letter(1, 'RO').replace('Subject: m1', 'Received: a\n\tb\nSubject: m1');
		const ignored = copy(text, Flag.read, ({ ignored }) => ignored.add('received'));
		assert.equal(ignored.text, letter(1, 'RO'));
		const retained = copy(text, Flag.read, ({ retained }) => retained.add('subject'));
		assert.match(retained.text, /^From s1@.*\nSubject: m1\n\nbody 1\n\n$/);
		assert.equal(retained.octets, retained.text.length);
	});

	it('counts the quotes that From lines of the body will get', () => {
		const text =
			'From a Sat Jan  1 10:00:00 2022\nStatus: RO\nX-Status: F\n\nFrom x\n>From y\nFrom z\n\n';
		assert.equal(copy(text, Flag.read | Flag.flagged).octets, text.length + 2);
	});
});

describe('filing', () => {
	let desk: Desk;
	beforeEach(() => {
		desk = new Desk({ spool, 'home/Mail/old': letter(9, 'RO') });
	});
	afterEach(() => desk.remove());

	/** What is told after the line of the folder. */
	const told = async (lines: string[], variables: Record<string, string> = {}) =>
		(await desk.play(lines, variables)).split('\n').slice(1).join('\n');

	it('appends to a folder or makes one, and tells lines and octets', async () => {
		assert.equal(
			await told(['s 1 +new', 'c 2-3 +old', 'x']),
			'"@/home/Mail/new" [New file] 8/105\n"@/home/Mail/old" [Appended] 16/207\n',
		);
		assert.equal(desk.file('home/Mail/new'), letter(1, 'RO'));
		assert.equal(desk.file('home/Mail/old'), letter(9, 'RO') + letter(2, 'O') + letter(3));
	});

	it('takes the dot without a list, and mbox without a folder', async () => {
		assert.equal(await told(['s', 'x']), '"@/home/mbox" [New file] 8/103\n');
		assert.equal(contents(desk.file('home/mbox')), '3');
	});

	it('lets saved messages go on quit, moved ones at once, copied ones never', async () => {
		await desk.play(['s 1 +o', 'mv 2 +o', 'file', 'q']);
		assert.equal(contents(desk.file('spool')), '3:O');
		desk.put('spool', spool);
		await desk.play(['c * +p', 'q'], { hold: '' });
		assert.equal(contents(desk.file('spool')), '1:RO 2:RO 3:RO');
	});

	it('puts the dot on the next message after move', async () => {
		assert.match(await told(['mv 1 +o', '=', 'x']), /\n2\n$/);
		assert.match(await told(['mv 3 +o', '=', 'x']), /\n2\n$/);
	});

	it('names the folder after the sender, in the folder directory with outfolder', async () => {
		assert.match(await told(['S 1', 'x'], { outfolder: '' }), /^"@\/home\/Mail\/s1" \[New file\]/);
	});

	it('takes the name as it is with outfolder and no folder directory', async () => {
		const lines = ['unset folder', 'set outfolder', 'cd @', 'S 1', 'x'];
		const here = process.cwd();
		try {
			assert.match(await told(lines), /^"\+s1" \[New file\]/m);
			assert.equal(contents(desk.file('+s1')), '1:RO');
		} finally {
			process.chdir(here);
		}
	});

	it('does not let a sender choose a file elsewhere', async () => {
		desk.put('spool', letter(1).replace('From: s1@', 'From: ../../../etc/x@'));
		const name = await told(['S 1', 'x'], { outfolder: '' });
		assert.match(name, /^"@\/home\/Mail\/_\.\._\.\._etc_x" /);
	});

	it('marks nothing when the folder cannot be written', async () => {
		assert.equal(
			await told(['s 1 @/home', 's 1 @/no/where', 'file', 'x']),
			'@/home: File exists\n@/no/where: No such file or directory\n"@/spool": 3 messages 1 new 2 unread\n',
		);
	});

	it('refuses without messages', async () => {
		assert.equal(
			await told(['d *', 's', 'C', 'w', 's 9 +x', 'x']),
			'No messages to save.\nNo messages to copy.\nNo file specified.\n9: Invalid message number\n',
		);
	});

	it('tells a person how to write', async () => {
		const spool = letter(1);
		for (const bare of [false, true]) {
			desk.put('spool', spool);
			const text = await desk.play(['w', 'x'], {}, { interactive: true, bare });
			assert.match(text, bare ? /No file specified\.\n/ : /No file specified\. {2}"write FILE" /);
		}
	});

	it('writes bodies alone', async () => {
		assert.equal(
			await told(['w 1-2 +body', 'w 3 +body', 'x']),
			'"@/home/Mail/body" [New file] 2/14\n"@/home/Mail/body" [Appended] 1/7\n',
		);
		assert.equal(desk.file('home/Mail/body'), 'body 1\nbody 2\nbody 3\n');
	});

	it('makes a maildir of a new folder where newfolders says so', async () => {
		assert.match(
			await told(['s 1 +md', 'file +md', 'x'], { newfolders: 'maildir' }),
			/"\+md": 1 message 1 new$/m,
		);
	});
});
