import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { watchFolder } from '../../src/mailx/arrivals.js';
import { openFolder } from '../../src/mailx/folders.js';
import type { Session } from '../../src/mailx/session.js';
import { Desk, letter } from '../harness/desk.js';

describe('mail that arrives while somebody is waited for', () => {
	let desk: Desk;
	let session: Session;
	beforeEach(async () => {
		desk = new Desk({ spool: letter(1) });
		({ session } = desk.session());
		await openFolder(session, '%');
	});
	afterEach(() => {
		session.mailbox?.close();
		desk.remove();
	});
	const arrive = (text: string) => appendFileSync(join(desk.dir, 'spool'), text, 'latin1');

	it('is counted, and left where it is', { timeout: 10_000 }, async () => {
		const notice = await new Promise<string>((resolve) => {
			const stop = watchFolder(session, (text) => {
				stop();
				resolve(text);
			});
			arrive(letter(2) + letter(3));
		});
		assert.equal(notice, 'New mail: 2 messages (type inc)');
		assert.equal(session.mailbox?.messages.length, 1);
		assert.equal(session.mailbox?.takeNew().length, 2);
	});
	it('is told of at once when it came before we looked', () => {
		arrive(letter(2));
		const told: string[] = [];
		watchFolder(session, (text) => told.push(text))();
		assert.deepEqual(told, ['New mail: 1 message (type inc)']);
	});
	it('is no reason to say anything where nothing arrived', () => {
		watchFolder(session, (text) => assert.fail(text))();
	});
});
