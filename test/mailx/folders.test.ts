import assert from 'node:assert/strict';
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { folderLine } from '../../src/mailx/announce.js';
import { deadLetter, expandFolder, systemMailbox } from '../../src/mailx/foldernames.js';
import { checkNewMail, openFolder } from '../../src/mailx/folders.js';
import { mailboxPath } from '../../src/mta/spool.js';
import { contents, Desk, letter } from '../harness/desk.js';

const spool = letter(1, 'RO') + letter(2, 'O') + letter(3);
const work = letter(7, 'RO');

describe('folders', () => {
	let desk: Desk;
	beforeEach(() => {
		desk = new Desk({ spool, 'home/Mail/work': work, 'home/Mail/wolf': letter(8), empty: '' });
	});
	afterEach(() => desk.remove());

	describe('names', () => {
		const table: [string, string][] = [
			['box', 'box'],
			['/a/box', '/a/box'],
			['%', '@/spool'],
			['%:box', 'box'],
			['+work', '@/home/Mail/work'],
			['+', '@/home/Mail/'],
			['+wol*', '@/home/Mail/wolf'],
			['&', '@/home/mbox'],
			['#', '/before'],
			['#x', '#x'],
			['~/x', '@/home/x'],
			['$HOME/x', '@/home/x'],
			['"a b"', 'a b'],
			['w', '@/home/Mail/work'],
			['m', '@/spool'],
		];
		for (const [name, path] of table) {
			it(`${name} is ${path}`, () => {
				const { session } = desk.session();
				session.previousFolder = '/before';
				session.shortcuts.set('w', '+work').set('m', '%');
				assert.equal(expandFolder(session, name)?.replaceAll(desk.dir, '@'), path);
			});
		}

		it('follow MBOX, an absolute folder, and no folder', () => {
			const expand = (name: string, variables: Record<string, string>) =>
				expandFolder(desk.session(variables).session, name)?.replaceAll(desk.dir, '@');
			assert.equal(expand('&', { MBOX: '+mbox' }), '@/home/Mail/mbox');
			assert.equal(expand('+x', { folder: '/mail' }), '/mail/x');
			const { session } = desk.session();
			session.variables.unset('folder');
			assert.equal(expandFolder(session, '+x'), '+x');
		});

		it('tell why they stand for nothing', () => {
			for (const [name, told] of [
				['#', 'No previous file\n'],
				['+wo*', '"@/home/Mail/wo*": Ambiguous.\n'],
				['$NOTSET', '"$NOTSET": No match.\n'],
				['a|b', 'Syntax error in "a|b"\n'],
			] as const) {
				const { session, terminal } = desk.session();
				assert.equal(expandFolder(session, name), undefined);
				assert.equal(terminal.transcript.replaceAll(desk.dir, '@'), told);
			}
		});

		it('of another user, given with -u, are in the spool whatever MAIL says', () => {
			const { session } = desk.session({}, [], { login: 'anna' });
			assert.equal(systemMailbox(session, undefined), mailboxPath(session.system, 'anna'));
			assert.equal(expandFolder(session, '%pere'), mailboxPath(session.system, 'pere'));
		});

		it('DEAD names dead.letter, relative to home', () => {
			const dead = (variables: Record<string, string>) =>
				deadLetter(desk.session(variables).session).replaceAll(desk.dir, '@');
			assert.equal(dead({}), '@/home/dead.letter');
			assert.equal(dead({ DEAD: 'gone' }), '@/home/gone');
			assert.equal(dead({ DEAD: '+gone' }), '@/home/Mail/gone');
		});
	});

	describe('opening', () => {
		it('tells the name, short where it is in the folder directory, and the counts', async () => {
			assert.equal(await desk.play(['x']), '"@/spool": 3 messages 1 new 2 unread\n');
			assert.equal(await desk.play(['x'], {}, { folder: '+work' }), '"+work": 1 message\n');
			const told = await desk.play(
				['d 1', 's 2 +o', 'mv 3 +o', 'file', 'x'],
				{},
				{ readOnly: false },
			);
			assert.match(
				told,
				/"@\/spool": 3 messages 1 new 1 unread 1 deleted 1 saved 1 moved\n$|moved\n$/,
			);
		});

		it('says [Read only] with -R', async () => {
			const told = await desk.play(['x'], {}, { folder: '+work', readOnly: true });
			assert.equal(told, '"+work": 1 message [Read only]\n');
		});

		for (const [name, variables, text, dot] of [
			['the first new message', {}, spool, 3],
			[
				'a flagged one where none is new',
				{},
				`${letter(1, 'O')}${letter(2, 'RO').replace('Status', 'X-Status: F\nStatus')}`,
				2,
			],
			['an unread one where none is flagged', {}, letter(1, 'RO') + letter(2, 'O'), 2],
			['the first', {}, letter(1, 'RO') + letter(2, 'RO'), 1],
			['the last with showlast', { showlast: '' }, letter(1, 'RO') + letter(2, 'RO'), 2],
		] as const) {
			it(`puts the dot on ${name}`, async () => {
				desk.put('spool', text);
				assert.match(await desk.play(['=', 'x'], variables), new RegExp(`^${dot}$`, 'm'));
			});
		}

		it('stays with the open folder when the other cannot be opened', async () => {
			const told = await desk.play([
				'd 1',
				'file @/nosuch',
				'file @/home',
				'file /dev/null',
				'file',
				'x',
			]);
			assert.equal(
				told,
				'"@/spool": 3 messages 1 new 2 unread\n@/nosuch: No such file or directory\n@/home: Is a directory\n/dev/null: Invalid argument\n"@/spool": 3 messages 1 new 2 unread 1 deleted\n',
			);
			assert.equal(desk.file('spool'), spool);
		});

		it('says that there is no mail, unless emptystart is set', async () => {
			desk.put('spool', '');
			const { session, terminal } = desk.session();
			assert.equal(await openFolder(session, '%'), 'empty');
			assert.equal(terminal.errors, 'No mail for pue\n');
			assert.equal(await openFolder(desk.session({ emptystart: '' }).session, '%'), 'empty');
			const other = desk.session();
			assert.equal(await openFolder(other.session, '%:/nosuch/x'), 'empty');
			assert.equal(other.terminal.errors, 'No mail for :/nosuch/x\n');
		});

		it('tells an empty folder that is no system mailbox like any other', async () => {
			assert.equal(
				await desk.play(['q'], {}, { folder: join(desk.dir, 'empty') }),
				'"@/empty": 0 messages\n',
			);
		});

		it('remembers the folder before', async () => {
			const told = await desk.play(['file +work', 'file #', 'file #', 'x']);
			assert.deepEqual(
				told.split('\n').filter((line) => line.startsWith('"')),
				[
					'"@/spool": 3 messages 1 new 2 unread',
					'"+work": 1 message',
					'"@/spool": 3 messages 2 unread',
					'"+work": 1 message',
				],
			);
		});

		it('runs the folder hook, which may not change the folder', async () => {
			const hook = ['define h {', 'echo hook', 'file +work', '}', 'set folder-hook=h'];
			const told = await desk.play([...hook, 'file +wolf', 'x']);
			assert.match(told, /^hook\nCannot change folder from within a hook\.\n"\+wolf"/m);
		});

		it('refuses what is on another machine', async () => {
			const told = await desk.play(['file imap://host/x', 'x']);
			assert.match(told, /^Cannot handle protocol: imap:\/\/host\/x$/m);
		});
	});

	describe('new mail', () => {
		it('is taken in by inc, told, listed, and becomes the dot', async () => {
			const lines = [`!cat ${join(desk.dir, 'home/Mail/wolf')} >>@/spool`, 'inc', '=', 'inc', 'x'];
			const told = await desk.play(lines);
			assert.match(
				told,
				/New mail has arrived\.\nLoaded 1 new message\n N {2}4 s8@x\.example .*\n4\n$/,
			);
		});

		it('is noticed before a prompt without moving the dot', async () => {
			const { session, terminal } = desk.session({ newmail: '' });
			await openFolder(session, '%');
			const dot = session.mailbox?.dot;
			appendFileSync(join(desk.dir, 'spool'), letter(4) + letter(5));
			await checkNewMail(session);
			assert.match(terminal.output, /^New mail has arrived\.\nLoaded 2 new messages\n/);
			assert.equal(session.mailbox?.dot, dot);
			assert.match(folderLine(session), /5 messages 3 new 4 unread/);
			terminal.output = '';
			await checkNewMail(session);
			assert.equal(terminal.output, '');
			session.mailbox?.close();
		});
	});

	describe('commands', () => {
		it('rename moves a folder, but not over another', async () => {
			const told = await desk.play(['rename +work +job', 'rename +job +wolf', 'rename +job', 'x']);
			assert.match(told, /^@\/home\/Mail\/wolf: File exists\nSyntax: rename old new$/m);
			assert.equal(desk.file('home/Mail/job'), work);
			assert.equal(contents(desk.file('home/Mail/wolf')), '8');
			assert.equal(existsSync(join(desk.dir, 'home/Mail/work')), false);
		});

		it('rename and remove leave the open folder alone', async () => {
			const told = await desk.play(['rename % +x', 'remove %', 'x']);
			assert.match(
				told,
				/^Cannot rename current mailbox "@\/spool"\.\nCannot remove current mailbox "@\/spool"\.$/m,
			);
			assert.equal(desk.file('spool'), spool);
		});

		it('remove asks until it is answered, and removes after y', async () => {
			const lines = ['remove +work +wolf', 'what', 'no', 'yes', 'x'];
			const told = await desk.play(lines, {}, { interactive: true });
			assert.equal(told.split('(y/n) ? ').length, 4);
			assert.equal(desk.file('home/Mail/work'), work);
			assert.equal(desk.file('home/Mail/wolf'), undefined);
		});

		it('remove removes a maildir with what is in it', async () => {
			for (const part of ['tmp/1', 'new/1', 'cur/2:2,S']) desk.put(`md/${part}`, '\n');
			assert.match(await desk.play(['remove @/md', 'x']), /unread\n$/);
			assert.equal(existsSync(join(desk.dir, 'md')), false);
		});

		it('folders lists the directory with LISTER, or says that there is none', async () => {
			assert.match(await desk.play(['folders', 'x']), /^wolf\nwork$/m);
			assert.match(
				await desk.play(['folders +', 'x'], { LISTER: 'echo dir' }),
				/^dir @\/home\/Mail\/$/m,
			);
			const told = await desk.play(['unset folder', 'folders', 'x']);
			assert.match(told, /^No value set for "folder"$/m);
		});
	});
});
