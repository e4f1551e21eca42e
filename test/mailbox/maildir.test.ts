import assert from 'node:assert/strict';
import {
	chmodSync,
	closeSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { lockMailbox } from '../../src/mailbox/lock.js';
import { Flag } from '../../src/mailbox/mailbox.js';
import { Maildir } from '../../src/mailbox/maildir.js';
import { appendToMaildir } from '../../src/mailbox/maildirappend.js';
import { appendTo, formatOf, openMailbox } from '../../src/mailbox/open.js';
import { openSystem } from '../../src/system.js';

const root = mkdtempSync(join(tmpdir(), 'inkloom-maildir-'));
after(() => rmSync(root, { recursive: true }));
const system = openSystem({ HOME: root });
let count = 0;

function make(files: Record<string, string>): string {
	const path = join(root, `md${++count}`);
	for (const folder of ['', 'tmp', 'new', 'cur']) mkdirSync(join(path, folder));
	for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
	return path;
}
const open = (path: string, readOnly = false) =>
	new Maildir(path, { kind: 'file', readOnly, name: path, now: () => new Date() });
const names = (path: string, folder: string) => readdirSync(join(path, folder)).sort();

const three = {
	'cur/1000000001.a.host:2,S':
		'Received: by x;\n\tTue,  9 Nov 2021 17:21:12 +0100 (CET)\nFrom: pere@x\nSubject: a\n\nfirst\n',
	'cur/1000000002.b.host:2,':
		'From: b@x\nSubject: b\nDate: Tue, 09 Nov 2021 17:25:44 +0000\n\nFrom here',
	'new/1000000003.c.host': 'From: "C" <c@x>\nSubject: c\n\nthird\n\n',
};

describe('a maildir', () => {
	it('is in the order of Received fields, then of file names', () => {
		const mailbox = open(make(three));
		assert.deepEqual(
			mailbox.messages.map((message) => mailbox.header(message).get('subject')),
			['b', 'c', 'a'],
		);
	});

	it('has its flags in the names of its files', () => {
		const mailbox = open(
			make({ 'cur/1.x:2,DFRS': 'A: b\n\n', 'new/2.x': 'A: b\n\n', 'cur/3.x': 'A: b\n\n' }),
		);
		assert.deepEqual(
			mailbox.messages.map((message) => message.flags),
			[Flag.draft | Flag.flagged | Flag.answered | Flag.read, Flag.new, 0],
		);
	});

	it('shows its messages as an mbox would hold them, with a made-up From_ line', () => {
		const mailbox = open(make(three));
		const [b, c] = mailbox.messages;
		assert.ok(b && c);
		assert.ok(mailbox.read(b).toString().endsWith('\n\n>From here\n\n'));
		assert.equal(b.octets, mailbox.read(b).length);
		assert.equal(mailbox.lines(b), 6);
		assert.equal(mailbox.lines(c), 5);
		assert.match(mailbox.postmark(c), /^From c@x (Sat|Sun) Sep {2}[89] \d\d:\d\d:43 2001$/);
	});

	it('is written back by renaming and removing', () => {
		const path = make(three);
		const mailbox = open(path);
		const [b, c, a] = mailbox.messages;
		assert.ok(a && b && c);
		a.set(Flag.flagged);
		b.set(Flag.read);
		mailbox.writeBack([a, b], { removeEmpty: true });
		assert.deepEqual(names(path, 'cur'), ['1000000001.a.host:2,FS', '1000000002.b.host:2,S']);
		assert.deepEqual(names(path, 'new'), []);
		assert.equal(
			readFileSync(join(path, 'cur/1000000002.b.host:2,S'), 'utf8'),
			three['cur/1000000002.b.host:2,'],
		);
	});

	it('moves what was new to cur, and leaves unchanged files where they are', () => {
		const path = make(three);
		const mailbox = open(path);
		mailbox.writeBack(mailbox.messages, { removeEmpty: true });
		assert.deepEqual(names(path, 'cur'), [
			'1000000001.a.host:2,S',
			'1000000002.b.host:2,',
			'1000000003.c.host:2,',
		]);
	});

	it('takes in what has arrived, and counts it when written back', () => {
		const path = make(three);
		const mailbox = open(path);
		writeFileSync(join(path, 'new/1.d'), 'Subject: d\n\n');
		assert.equal(mailbox.hasGrown(), true);
		assert.deepEqual(
			mailbox.takeNew().map((message) => message.number),
			[4],
		);
		assert.equal(mailbox.hasGrown(), false);
		writeFileSync(join(path, 'new/2.e'), 'Subject: e\n\n');
		assert.equal(mailbox.writeBack([], { removeEmpty: true }), 1);
		assert.deepEqual([...names(path, 'cur'), ...names(path, 'new')], ['2.e']);
	});

	it('finds a message again that another reader has renamed', () => {
		const path = make(three);
		const mailbox = open(path);
		renameSync(join(path, 'new/1000000003.c.host'), join(path, 'cur/1000000003.c.host:2,S'));
		assert.ok(mailbox.read(mailbox.messages[1] as never).includes('third'));
		assert.equal(mailbox.takeNew().length, 0);
	});

	it('is not troubled by what a kill has left in tmp when it puts an edited message in place', () => {
		const path = make({ ...three, 'tmp/1000000003.c.host': 'half', 'tmp/1000000001.a.host': 'ha' });
		const mailbox = open(path);
		for (const message of mailbox.messages.slice(1)) {
			mailbox.replace(message, Buffer.from('Subject: edited\n\nnew\n'));
		}
		mailbox.writeBack(mailbox.messages, { removeEmpty: false });
		for (const file of ['1000000003.c.host:2,', '1000000001.a.host:2,S']) {
			assert.match(readFileSync(join(path, 'cur', file), 'latin1'), /^Subject: edited/);
		}
		assert.deepEqual(names(path, 'new'), []);
		assert.deepEqual(names(path, 'tmp'), ['1000000001.a.host', '1000000003.c.host']);
	});

	it('that has been removed has not grown, and has nothing new', () => {
		const path = make(three);
		const mailbox = open(path);
		rmSync(path, { recursive: true });
		assert.equal(mailbox.hasGrown(), false);
		assert.deepEqual(mailbox.takeNew(), []);
		assert.throws(() => mailbox.writeBack([], { removeEmpty: false }), { code: 'ENOENT' });
	});

	it('is read though nobody may remove what lies in tmp', {
		skip: process.getuid?.() === 0 ? false : 'only root becomes somebody else',
	}, () => {
		const path = make({ ...three, 'tmp/old': 'given up' });
		utimesSync(join(path, 'tmp/old'), 1, 1);
		chmodSync(root, 0o755);
		for (const folder of ['new', 'cur']) chmodSync(join(path, folder), 0o777);
		process.seteuid?.(65_534);
		try {
			assert.equal(open(path).messages.length, 3);
		} finally {
			process.seteuid?.(0);
		}
	});

	it('is given letters whole, under names with their flags', () => {
		const path = join(root, 'made');
		const letter = (text: string) => ({ postmark: 'From a D', content: [Buffer.from(text)] });
		const written = appendToMaildir(
			system,
			path,
			[letter('Status: RO\n\nx\n\n'), letter('A: b\n\ny\n\n')],
			{},
		);
		assert.deepEqual(written, { created: true });
		assert.deepEqual(
			names(path, 'new').map((name) => name.replace(/.*:/, '')),
			['2,S', '2,'],
		);
		assert.deepEqual(names(path, 'tmp'), []);
		assert.equal(formatOf(path), 'maildir');
	});
});

describe('the door of the mailboxes', () => {
	const letter = { postmark: 'From a  D', content: [Buffer.from('Subject: s\n\nbody\n')] };
	for (const [name, format] of [
		['box', 'mbox'],
		['box.gz', 'gzip'],
		['box.bz2', 'bzip2'],
	] as const) {
		it(`makes, fills, opens and rewrites ${name}`, async () => {
			const path = join(mkdtempSync(join(root, 'door-')), name);
			assert.equal((await appendTo(system, path, [letter])).created, true);
			assert.equal((await appendTo(system, path, [letter, letter])).created, false);
			assert.equal(formatOf(path), format);
			const mailbox = await openMailbox(system, path.replace(/\.(gz|bz2)$/, ''), {
				kind: 'file',
				readOnly: false,
			});
			assert.equal(mailbox.messages.length, 3);
			mailbox.writeBack(mailbox.messages.slice(0, 1), { removeEmpty: true });
			mailbox.close();
			const again = await openMailbox(system, path, { kind: 'file', readOnly: false });
			assert.equal(again.messages.length, 1);
			assert.equal(again.header(again.messages[0] as never).get('subject'), 's');
			again.writeBack([], { removeEmpty: true });
			again.close();
			assert.equal(formatOf(path), undefined);
		});
	}

	it('keeps what several append to a packed folder at the same time, through a link too', async () => {
		const path = join(mkdtempSync(join(root, 'door-')), 'box.gz');
		await appendTo(system, path, [letter]);
		const link = `${path}.link.gz`;
		symlinkSync(path, link);
		const paths = [path, link, path, link, path, link];
		await Promise.all(paths.map((each) => appendTo(system, each, [letter])));
		const mailbox = await openMailbox(system, link, { kind: 'file', readOnly: false });
		assert.equal(mailbox.messages.length, 7);
		mailbox.close();
	});

	it('writes no packed folder back while somebody appends to it', async () => {
		const path = join(mkdtempSync(join(root, 'door-')), 'box.gz');
		await appendTo(system, path, [letter]);
		const mailbox = await openMailbox(system, path, {
			kind: 'file',
			readOnly: false,
			patience: 0,
		});
		const fd = openSync(path, 'r+');
		const lock = lockMailbox(path, fd, { dot: 'none' });
		assert.throws(() => mailbox.writeBack([], { removeEmpty: true }), { code: 'EAGAIN' });
		lock.release();
		closeSync(fd);
		assert.equal(formatOf(path), 'gzip');
		mailbox.close();
	});

	it('tells a directory that is no maildir, and what is not there', async () => {
		await assert.rejects(openMailbox(system, root, { kind: 'file', readOnly: false }), {
			code: 'EISDIR',
		});
		await assert.rejects(
			openMailbox(system, join(root, 'none'), { kind: 'file', readOnly: false }),
			{ code: 'ENOENT' },
		);
	});

	it('makes a maildir where asked', async () => {
		const path = join(root, 'asked');
		await appendTo(system, path, [letter], { newFormat: 'maildir' });
		const mailbox = await openMailbox(system, path, { kind: 'file', readOnly: true });
		assert.equal(mailbox.format, 'maildir');
		assert.equal(mailbox.messages.length, 1);
	});
});
