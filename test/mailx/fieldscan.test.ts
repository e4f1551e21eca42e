import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { MboxFile } from '../../src/mailbox/file.js';
import { Flag, type Message } from '../../src/mailbox/mailbox.js';
import { fieldOf } from '../../src/mailx/fieldscan.js';

const dir = mkdtempSync(join(tmpdir(), 'fieldscan-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function open(text: string, chunk?: number): MboxFile {
	const path = join(dir, 'box');
	writeFileSync(path, text, 'latin1');
	return new MboxFile(path, {
		kind: 'file',
		readOnly: true,
		name: path,
		home: dir,
		...(chunk !== undefined && { chunk }),
	});
}

const postmark = 'From a@x.example Tue Nov  9 17:21:36 2021\n';
const headers = [
	'Subject: plain\nFrom: a@x.example\nDate: Tue, 09 Nov 2021 17:21:36 +0000\n',
	'Received: from here\n\tby there\nSUBJECT :  in capitals  \nX-Other: 1\nto: b@x.example\n',
	'Subject: folded\n  over\n\tmany\n \n lines\nReferences: <1@x>\n <2@x>\n\t<3@x>\n',
	'Subject: first\nStatus: RO\nsubject: second\nMessage-ID: <a@b>\nIn-Reply-To: <c@d>\n',
	'no field at all\n_Odd: yes\nSubject: after it\nFrom someone\nSender: s@x.example\n',
	' begins with a blank\nSubj: short\nFrom:\n',
	`Subject: far\n${'X-Filler: 0123456789\n'.repeat(200)}From: away@x.example\n`,
	'Subject: before\n\rSubject: a CR begins this line\nTo: c@x.example\n',
	'To\t: tab@x.example\nDate : obsolete\nfrom\n : no field\n',
	'',
	`References: ${'<0123456789@x.example>\n '.repeat(400)}<end@x.example>\nSubject: long\n`,
	'Subject: stray\n\r\nFrom: after@x.example\n',
];
const box = headers.map((header) => `${postmark}${header}\nbody\nSubject: none\n\n`).join('');
const names = ['subject', 'from', 'references', 'x-other', '_odd', 'no.such[field'];

describe('a field of a message', () => {
	it('is the same whatever its lines end with, and wherever reading is cut', () => {
		const read = (text: string, chunk?: number) => {
			const mailbox = open(text, chunk);
			const values = mailbox.messages.map((message) =>
				names.map((name) => fieldOf(mailbox, message, name)),
			);
			mailbox.close();
			return values;
		};
		const expected = read(box);
		for (const text of [box, box.replaceAll(/\r?\n/g, '\r\n')]) {
			for (const chunk of [100, 257, 1000, 5000]) assert.deepEqual(read(text, chunk), expected);
		}
	});

	it('is unfolded, and those of a name are put together', () => {
		const mailbox = open(box);
		const subjects = mailbox.messages.map((message) => fieldOf(mailbox, message, 'subject'));
		assert.equal(fieldOf(mailbox, mailbox.messages[4] as Message, '_odd'), 'yes');
		assert.deepEqual(subjects, [
			'plain',
			'in capitals',
			'folded over many lines',
			'first second',
			'after it',
			undefined,
			'far',
			'before',
			undefined,
			undefined,
			'long',
			'stray',
		]);
		mailbox.close();
	});

	it('is that of the new text once a message has been replaced', () => {
		const mailbox = open(box);
		const [first] = mailbox.messages;
		assert.ok(first);
		mailbox.replace(first, Buffer.from(`${postmark}Subject: new\n\nbody\n\n`));
		assert.equal(fieldOf(mailbox, first, 'subject'), 'new');
		assert.ok(first.has(Flag.modified));
		mailbox.close();
	});
});
