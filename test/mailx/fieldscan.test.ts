import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { Extracts } from '../../src/mailbox/extracts.js';
import { MboxFile } from '../../src/mailbox/file.js';
import { Flag, type Mailbox } from '../../src/mailbox/mailbox.js';
import { extractedFields } from '../../src/mailbox/mbox.js';
import { fieldOf, scanFields } from '../../src/mailx/fieldscan.js';

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

/** The same, with nothing extracted: fields are looked for in the file. */
function unextracted(mailbox: MboxFile): Mailbox {
	return new Proxy(mailbox as Mailbox, {
		get: (target, name) => {
			if (name === 'extract') return undefined;
			const value: unknown = Reflect.get(target, name, target);
			return typeof value === 'function' ? value.bind(target) : value;
		},
	});
}

const postmark = 'From a@x.example Tue Nov  9 17:21:36 2021\n';
const headers = [
	'Subject: plain\nFrom: a@x.example\nDate: Tue, 09 Nov 2021 17:21:36 +0000\n',
	'Received: from here\n\tby there\nSUBJECT :  in capitals  \nX-Other: 1\nto: b@x.example\n',
	'Subject: folded\n  over\n\tmany\n \n lines\nReferences: <1@x>\n <2@x>\n\t<3@x>\n',
	'Subject: first\nStatus: RO\nsubject: second\nMessage-ID: <a@b>\nIn-Reply-To: <c@d>\n',
	'no field at all\nSubject: after it\nFrom someone\nSender: s@x.example\n',
	' begins with a blank\nSubj: short\nFrom:\n',
	`Subject: far\n${'X-Filler: 0123456789\n'.repeat(200)}From: away@x.example\n`,
	'Subject: before\n\rSubject: a CR begins this line\nTo: c@x.example\n',
	'To\t: tab@x.example\nDate : obsolete\nfrom\n : no field\n',
	'',
	`References: ${'<0123456789@x.example>\n '.repeat(400)}<end@x.example>\nSubject: long\n`,
	'Subject: stray\n\r\nFrom: after@x.example\n',
];
const box = headers.map((header) => `${postmark}${header}\nbody\nSubject: none\n\n`).join('');
const names = [...extractedFields, 'received', 'status', 'x-other', 'no.such[field'];

describe('a field of a message', () => {
	for (const [name, text] of [
		['LF', box],
		['CR LF', box.replaceAll(/\r?\n/g, '\r\n')],
	] as const) {
		it(`is the same from what was extracted as from the file, wherever that is cut (${name})`, () => {
			for (const chunk of [100, 257, 1000, 5000, 1 << 20]) {
				const mailbox = open(text, chunk);
				assert.equal(mailbox.messages.length, headers.length);
				for (const message of mailbox.messages) {
					for (const name of names) {
						const found = scanFields(mailbox, message).get(name);
						const place = `${message.number} ${name} in chunks of ${chunk}`;
						assert.equal(found, scanFields(unextracted(mailbox), message).get(name), place);
						assert.equal(found, fieldOf(mailbox, message, name), place);
					}
				}
				mailbox.close();
			}
		});
	}

	it('is unfolded, and those of a name are put together', () => {
		const mailbox = open(box);
		const subjects = mailbox.messages.map((message) => fieldOf(mailbox, message, 'subject'));
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

	it('is extracted of ordinary messages, as a look into the file for each would take long', () => {
		const mailbox = open(box);
		const [first] = mailbox.messages;
		assert.ok(first);
		assert.match(mailbox.extract(first) ?? '', /^Subject: plain\nFrom: a@x.example\n/);
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

describe('what is extracted', () => {
	it('is searched as a whole for messages that may contain a text', () => {
		for (const chunk of [257, 1 << 20]) {
			const mailbox = open(box, chunk);
			for (const sought of ['plain', 'MANY', 'second', 'away@', 'stray', 'nowhere', 'c@x']) {
				const pattern = new RegExp(sought.toLowerCase(), 'gi');
				const found = mailbox.extractsMatching(pattern);
				for (const message of mailbox.messages) {
					const extract = mailbox.extract(message)?.toLowerCase();
					const may = extract?.includes(sought.toLowerCase()) ?? true;
					assert.equal(found[message.number - 1] === 1, may, `${sought} in ${message.number}`);
				}
			}
			mailbox.close();
		}
	});

	it('never takes more than its limit; of the rest nothing is kept', () => {
		const extracts = new Extracts(2 << 20);
		const octets = Buffer.alloc(700_000, 'x');
		for (let index = 0; index < 200; index++) extracts.put(index, octets, 0, octets.length);
		const kept = Array.from({ length: 200 }, (_, index) => extracts.get(index) !== undefined);
		assert.deepEqual(
			kept.flatMap((isKept, index) => (isKept ? [index] : [])),
			[0, 1],
		);
	});
});
