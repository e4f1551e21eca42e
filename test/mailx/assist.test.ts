import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { assistCommand } from '../../src/mailx/assist.js';
import { openFolder } from '../../src/mailx/folders.js';
import { execute } from '../../src/mailx/interpreter.js';
import type { Session } from '../../src/mailx/session.js';
import { Desk, letter } from '../harness/desk.js';

describe('hints for beginners', () => {
	let desk: Desk;
	let session: Session;
	beforeEach(async () => {
		desk = new Desk({ spool: letter(1) + letter(2), empty: '' });
		({ session } = desk.session({ coach: '' }, [], { interactive: true }));
		await openFolder(session, '%');
	});
	afterEach(() => {
		session.mailbox?.close();
		desk.remove();
	});
	const hintAfter = async (...lines: string[]) => {
		for (const line of lines) await execute(session, line);
		const { hint = '' } = await assistCommand(session, '', 0);
		assert.ok(hint.length <= 77, `fits on 80 columns: ${hint}`);
		return hint;
	};

	it('begin with how to read', async () =>
		assert.match(await hintAfter(), /^Return shows a message/));
	it('go on with what to do with a message', async () =>
		assert.match(await hintAfter('1'), /r answers +d deletes/));
	it('tell the way back after a deletion', async () =>
		assert.match(await hintAfter('d 1'), /^u brings back/));
	it('tell how to write where there is nothing to read', async () => {
		assert.match(await hintAfter(`folder ${desk.dir}/empty`), /^m pere writes/);
	});
	it('are for who wants them', async () => assert.equal(await hintAfter('unset coach'), ''));
	it('leave the flags of messages as they were', async () => {
		const before = session.mailbox?.messages.map(({ flags }) => flags);
		await assistCommand(session, 'd 1-2', 5);
		assert.deepEqual(
			session.mailbox?.messages.map(({ flags }) => flags),
			before,
		);
	});
});
