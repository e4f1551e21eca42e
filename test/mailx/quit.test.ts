import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, linkSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MboxFile } from '../../src/mailbox/file.js';
import { MailboxBusy } from '../../src/mailbox/lock.js';
import { Flag } from '../../src/mailbox/mailbox.js';
import { recover } from '../../src/mailbox/overwrite.js';
import { openFolder } from '../../src/mailx/folders.js';
import { commandLoop } from '../../src/mailx/interpreter.js';
import { fateOf, leaveFolder } from '../../src/mailx/quit.js';
import { newSession } from '../../src/mailx/session.js';
import { openSystem } from '../../src/system.js';
import { contents, Desk, letter } from '../harness/desk.js';
import { RecordingTerminal } from '../harness/recording.js';

/** Played by a child: reads the first message, leaves, and dies when the letter is in mbox. */
if (process.env.INKLOOM_TEST_DESK) {
	const dir = process.env.INKLOOM_TEST_DESK;
	const system = openSystem({ HOME: join(dir, 'home'), MAIL: join(dir, 'spool'), USER: 'pue' });
	const session = newSession(system, new RecordingTerminal(['p 1', 'x']), {});
	if (process.env.INKLOOM_TEST_APPEND) session.variables.set('append', '');
	await openFolder(session, '%');
	await commandLoop(session);
	if (session.mailbox)
		session.mailbox.writeBack = () => process.kill(process.pid, 'SIGKILL') as never;
	await leaveFolder(session);
	process.exit(1);
}

const spool =
	letter(1, 'RO') + letter(2, 'O') + letter(3) + letter(4, 'RO') + letter(5, 'O') + letter(6);

const on = (names: string) =>
	Object.fromEntries(
		names
			.split(' ')
			.filter(Boolean)
			.map((name) => [name, '']),
	);

describe('the fate of a message of the system mailbox', () => {
	const rules = { hold: false, keepsave: false };
	const read = Flag.touched | Flag.read;

	it('is to stay when it was not looked at', () => {
		assert.deepEqual(fateOf(Flag.read, rules), { toMbox: false, stays: true });
	});

	it('is mbox once it was read, or to stay with hold', () => {
		assert.deepEqual(fateOf(read, rules), { toMbox: true, stays: false });
		assert.deepEqual(fateOf(read, { ...rules, hold: true }), { toMbox: false, stays: true });
	});

	it('is to go when deleted or saved; a saved one is kept as if it were read with keepsave', () => {
		const gone = { toMbox: false, stays: false };
		assert.deepEqual(fateOf(read | Flag.deleted, rules), gone);
		assert.deepEqual(fateOf(read | Flag.saved, rules), gone);
		const keepsave = { ...rules, keepsave: true };
		assert.deepEqual(fateOf(read | Flag.saved, keepsave), { toMbox: true, stays: false });
		assert.deepEqual(fateOf(read | Flag.saved | Flag.deleted, keepsave), gone);
	});

	it('is what hold and mbox asked for, whatever the variables say', () => {
		const hold = { ...rules, hold: true };
		assert.deepEqual(fateOf(read | Flag.preserved, rules), { toMbox: false, stays: true });
		assert.deepEqual(fateOf(read | Flag.toMbox, hold), { toMbox: true, stays: false });
	});

	it('is both where it was asked to mbox and made unread again', () => {
		assert.deepEqual(fateOf(Flag.toMbox, rules), { toMbox: true, stays: true });
	});
});

describe('leaving the system mailbox', () => {
	let desk: Desk;
	beforeEach(() => {
		desk = new Desk({ spool, 'home/mbox': letter(9, 'RO'), box: letter(7, 'O') + letter(8) });
	});
	afterEach(() => desk.remove());

	const touched = ['touch 1 3', 'd 2', 's 5 +out', 'mbox 6', 'hold 1', 'q'];
	const gone = ['d 1-3', 's 4-6 +out', 'q'];
	/** Recorded from the classic program. */
	const table: [string[], string, string | undefined, string, string[]][] = [
		[
			touched,
			'',
			'1:RO 4:RO',
			'3:O 6:O 9:RO',
			['Saved 2 messages in mbox', 'Held 2 messages in @/spool'],
		],
		[
			touched,
			'hold',
			'1:RO 3:O 4:RO',
			'6:O 9:RO',
			['Saved 1 message in mbox', 'Held 3 messages in @/spool'],
		],
		[
			touched,
			'keep',
			'1:RO 4:RO',
			'3:O 6:O 9:RO',
			['Saved 2 messages in mbox', 'Held 2 messages in @/spool'],
		],
		[
			touched,
			'keepsave',
			'1:RO 4:RO',
			'3:O 5:RO 6:O 9:RO',
			['Saved 3 messages in mbox', 'Held 2 messages in @/spool'],
		],
		[
			touched,
			'append',
			'1:RO 4:RO',
			'9:RO 3:O 6:O',
			['Saved 2 messages in mbox', 'Held 2 messages in @/spool'],
		],
		[
			touched,
			'hold keepsave',
			'1:RO 3:O 4:RO 5:RO',
			'6:O 9:RO',
			['Saved 1 message in mbox', 'Held 4 messages in @/spool'],
		],
		[
			touched,
			'hold append',
			'1:RO 3:O 4:RO',
			'9:RO 6:O',
			['Saved 1 message in mbox', 'Held 3 messages in @/spool'],
		],
		[
			touched,
			'keepsave append',
			'1:RO 4:RO',
			'9:RO 3:O 5:RO 6:O',
			['Saved 3 messages in mbox', 'Held 2 messages in @/spool'],
		],
		[gone, '', undefined, '9:RO', []],
		[gone, 'keep', '', '9:RO', []],
		[gone, 'emptybox', undefined, '9:RO', []],
		[gone, 'keepsave', undefined, '4:RO 5:RO 6:RO 9:RO', ['Saved 3 messages in mbox']],
		[gone, 'hold keepsave', '4:RO 5:RO 6:RO', '9:RO', ['Held 3 messages in @/spool']],
		[gone, 'keep keepsave append', '', '9:RO 4:RO 5:RO 6:RO', ['Saved 3 messages in mbox']],
	];
	for (const [lines, variables, kept, mbox, words] of table) {
		it(`${lines.join(', ')} with ${variables || 'nothing set'}`, async () => {
			const told = await desk.play(lines, on(variables));
			assert.equal(contents(desk.file('spool')), kept);
			assert.equal(contents(desk.file('home/mbox')), mbox);
			const closing = told.split('\n').filter((line) => /^(Saved|Held)/.test(line));
			assert.deepEqual(closing, words);
		});
	}

	it('changes nothing but the status of new messages when none was touched', async () => {
		assert.match(await desk.play(['q']), /^Held 6 messages in @\/spool$/m);
		assert.equal(contents(desk.file('spool')), '1:RO 2:O 3:O 4:RO 5:O 6:O');
		assert.equal(desk.file('home/mbox'), letter(9, 'RO'));
	});

	it('leaves all as it was after x, and with -R', async () => {
		await desk.play(['d *', 'x']);
		assert.equal(desk.file('spool'), spool);
		const told = await desk.play(['p 1', 'd 1', 'q'], {}, { readOnly: true });
		assert.match(told, /May not execute "delete" -- message file is read only\n$/);
		assert.equal(desk.file('spool'), spool);
	});

	it('puts the saved-in-mbox copies through saveignore', async () => {
		await desk.play(['saveignore subject', 'p 1', 'q']);
		assert.doesNotMatch(desk.file('home/mbox') ?? '', /^Subject: m1$/m);
	});

	it('keeps mail that arrives meanwhile, and says so first', async () => {
		const { session, terminal } = desk.session();
		const { openFolder } = await import('../../src/mailx/folders.js');
		const { execute } = await import('../../src/mailx/interpreter.js');
		const { leaveFolder } = await import('../../src/mailx/quit.js');
		await openFolder(session, '%');
		await execute(session, 'd *');
		await execute(session, 'u 1');
		appendFileSync(join(desk.dir, 'spool'), letter(8));
		await leaveFolder(session);
		session.mailbox?.close();
		assert.equal(terminal.output, 'New mail has arrived.\nSaved 1 message in mbox\n');
		assert.equal(contents(desk.file('spool')), '8');
	});

	it('puts nothing into mbox that does not leave it', async () => {
		const told = await desk.play([
			'p 1',
			`!cp @/spool @/x; mv @/x @/spool`,
			'file @/box',
			'file @/box',
			'x',
		]);
		assert.match(told, /nothing has been written/);
		assert.equal(contents(desk.file('home/mbox')), '9:RO');
	});

	/** As a disk that fails with the last step. */
	async function leaveInVain(variables: Record<string, string>): Promise<string[]> {
		const { session, terminal } = desk.session(variables, ['p 1', 'x']);
		await openFolder(session, '%');
		await commandLoop(session);
		const { mailbox } = session;
		assert.ok(mailbox);
		const { writeBack } = mailbox;
		mailbox.writeBack = (_keep, { ready }) => {
			ready?.();
			throw Object.assign(new Error('EIO'), { code: 'EIO' });
		};
		await leaveFolder(session);
		const after = contents(desk.file('home/mbox')) ?? '';
		mailbox.writeBack = writeBack;
		await leaveFolder(session);
		mailbox.close();
		const told = terminal.transcript.replaceAll(desk.dir, '@').split('\n').slice(-4, -1);
		return [after, contents(desk.file('home/mbox')) ?? '', ...told];
	}

	it('takes back from mbox what could not leave it in the end, where it was appended', async () => {
		assert.deepEqual(await leaveInVain({ append: '' }), [
			'9:RO',
			'9:RO 1:RO',
			'@/spool: Input/output error',
			'Saved 1 message in mbox',
			'Held 5 messages in @/spool',
		]);
		assert.deepEqual(readdirSync(join(desk.dir, 'home')).sort(), ['Mail', 'mbox']);
	});

	for (const step of ['stretched', 'half', 'cut', 'renamed']) {
		it(`leaves in mbox what has left the mailbox, though the disk fails when it is ${step}`, async () => {
			// Where there is no home for a recovery copy, the new file takes the place of the old.
			const { session } = desk.session({ append: '' }, ['p 1', 'x']);
			const home = join(desk.dir, step === 'renamed' ? 'none' : 'home');
			const mailbox = new MboxFile(join(desk.dir, 'spool'), {
				kind: 'system',
				readOnly: false,
				name: 'spool',
				home,
				step(name) {
					if (name === step) throw Object.assign(new Error('EIO'), { code: 'EIO' });
				},
			});
			session.mailbox = mailbox;
			mailbox.dot = mailbox.messages[0];
			await commandLoop(session);
			await leaveFolder(session);
			mailbox.close();
			recover(join(desk.dir, 'spool'), home, 'attempt');
			assert.equal(contents(desk.file('home/mbox')), '9:RO 1:RO');
			assert.equal(contents(desk.file('spool')), '2:O 3:O 4:RO 5:O 6:O');
		});
	}

	for (const [how, link] of [
		['is the mailbox', () => undefined],
		['leads to it', symlinkSync],
		['is another name of it', linkSync],
	] as const) {
		it(`lets stay what goes to an mbox that ${how}`, async () => {
			desk.put('home/mbox', '');
			rmSync(join(desk.dir, 'home/mbox'));
			link(join(desk.dir, 'spool'), join(desk.dir, 'home/mbox'));
			const variables = link.length === 0 ? { MBOX: join(desk.dir, 'spool') } : {};
			const told = await desk.play(['p 1', 'd 2', 'q'], variables);
			assert.ok(told.endsWith('\nSaved 1 message in mbox\nHeld 4 messages in @/spool\n'), told);
			assert.equal(contents(desk.file('spool')), '1:RO 3:O 4:RO 5:O 6:O');
		});
	}

	it('puts nothing into mbox twice where it cannot be taken back', async () => {
		assert.deepEqual(await leaveInVain({}), [
			'1:RO 9:RO',
			'1:RO 9:RO',
			'@/spool: Input/output error',
			'Saved 1 message in mbox',
			'Held 5 messages in @/spool',
		]);
	});

	for (const append of [false, true]) {
		const how = append ? 'appended' : 'put first';
		it(`killed with letters ${how} in mbox, has them in one of the two, and in no more at the next try`, async () => {
			const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
				env: {
					...process.env,
					INKLOOM_TEST_DESK: desk.dir,
					INKLOOM_TEST_APPEND: append ? '1' : '',
				},
				stdio: ['ignore', 'inherit', 'inherit'],
			});
			const signal = await new Promise((end) => child.on('exit', (_, name) => end(name)));
			assert.equal(signal, 'SIGKILL');
			assert.equal(desk.file('spool'), spool);
			await desk.play(['p 1', 'q'], append ? { append: '' } : {});
			assert.equal(contents(desk.file('home/mbox')), append ? '9:RO 1:RO' : '1:RO 9:RO');
			assert.equal(contents(desk.file('spool')), '2:O 3:O 4:RO 5:O 6:O');
			assert.deepEqual(readdirSync(join(desk.dir, 'home')).sort(), ['Mail', 'mbox']);
		});
	}

	it('waits for the lock of the mailbox before it puts anything into mbox', async () => {
		const { session } = desk.session({}, ['p 1', 'x']);
		await openFolder(session, '%');
		await commandLoop(session);
		const { mailbox } = session;
		assert.ok(mailbox?.claim);
		let before: string | undefined;
		const { claim } = mailbox;
		mailbox.claim = () => {
			before = desk.file('home/mbox');
			throw new MailboxBusy('spool');
		};
		await leaveFolder(session);
		assert.equal(desk.file('home/mbox'), before);
		assert.equal(desk.file('spool'), spool);
		mailbox.claim = claim;
		await leaveFolder(session);
		mailbox.close();
		assert.equal(contents(desk.file('home/mbox')), '1:RO 9:RO');
	});

	it('has nothing to do with what another program has taken out of a maildir', async () => {
		rmSync(join(desk.dir, 'spool'));
		for (const folder of ['tmp', 'cur', 'new'])
			mkdirSync(join(desk.dir, 'spool', folder), { recursive: true });
		for (const n of [1, 2, 3, 4]) {
			desk.put(`spool/cur/100${n}.a.h:2,`, letter(n).slice(letter(n).indexOf('\n') + 1));
		}
		const told = await desk.play([
			'p 1',
			'p 2',
			'd 3',
			'!rm @/spool/cur/1001* @/spool/cur/1004*',
			'q',
		]);
		assert.ok(told.endsWith('\nSaved 1 message in mbox\n'), told);
		assert.deepEqual(readdirSync(join(desk.dir, 'spool/cur')), []);
		assert.equal(contents(desk.file('home/mbox')), '2:RO 9:RO');
	});

	it('loses nothing when mbox cannot be written', async () => {
		rmSync(join(desk.dir, 'home/mbox'));
		desk.put('home/mbox/inside', '');
		const told = await desk.play(['p 1', 'd 2', 'q']);
		assert.ok(told.endsWith('\n@/home/mbox: Is a directory\n'), told);
		assert.equal(desk.file('spool'), spool);
	});

	it('writes it back when another folder is opened', async () => {
		const told = await desk.play(['p 1', 'd 2', 'file @/box', 'd 1', 'file %', 'file', 'q']);
		const lines = told.split('\n').slice(-8);
		assert.deepEqual(lines, [
			'Saved 1 message in mbox',
			'Held 4 messages in @/spool',
			'"@/box": 2 messages 1 new 2 unread',
			'"@/box" updated.',
			'"@/spool": 4 messages 3 unread',
			'"@/spool": 4 messages 3 unread',
			'Held 4 messages in @/spool',
			'',
		]);
	});
});

describe('leaving any other folder', () => {
	let desk: Desk;
	beforeEach(() => {
		desk = new Desk({ 'home/Mail/box': letter(7, 'O') + letter(8, 'RO') });
	});
	afterEach(() => desk.remove());

	const leave = (lines: string[], variables = '') =>
		desk.play(lines, on(variables), { folder: '+box' });

	it('removes only what was deleted', async () => {
		assert.match(await leave(['p 1', 's 2 +out', 'd 1', 'q']), /^"@\/home\/Mail\/box" updated\.$/m);
		assert.equal(contents(desk.file('home/Mail/box')), '8:RO');
	});

	it('says and does nothing when nothing has changed', async () => {
		assert.equal(await leave(['q']), '"+box": 2 messages 1 unread\n');
	});

	it('says why it could not be written, and the person is asked on', async () => {
		const box = join(desk.dir, 'home/Mail/box');
		desk.put('home/Mail/other', letter(9));
		const told = await leave(['d 1', `!rm ${box}`, 'file +other', 'file', 'x']);
		assert.match(told, /" @\S+: No such file or directory\n"\+box": 2 messages 1 deleted\n$/);
	});

	for (const [variables, words, left] of [
		['', 'removed.', undefined],
		['emptybox', 'updated.', ''],
		['bsdcompat', 'removed', undefined],
		['bsdmsgs emptybox', 'complete', ''],
	] as const) {
		it(`ends with "${words}" when it is emptied with ${variables || 'nothing set'}`, async () => {
			assert.match(await leave(['d *', 'q'], variables), new RegExp(`box" ${words}\n$`));
			assert.equal(desk.file('home/Mail/box'), left);
		});
	}
});
