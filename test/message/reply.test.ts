import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Name } from '../../src/message/draft.js';
import { parseHeader } from '../../src/message/header.js';
import { forwardSubject, replyToAll, replyToSenders } from '../../src/message/reply.js';

const options = {
	charset: 'utf-8',
	fullNames: false,
	isOneself: (address: string) => address === 'pue@x.example',
	sorted: (names: readonly Name[]) =>
		[...names].sort((one, other) => (one.address < other.address ? -1 : 1)),
	sameCharset: false,
};
const original = (header: string) => ({
	header: parseHeader(Buffer.from(`${header}\n`)),
	envelopeSender: 'envelope@x.example',
});
const addresses = (names: readonly Name[]) => names.map((name) => name.address);

describe('a reply', () => {
	it('goes to the sender and all recipients but oneself', () => {
		const draft = replyToAll(
			original(
				'From: Ann <ann@a.example>\nTo: pue@x.example, team@a.example\nCc: boss@a.example\n',
			),
			options,
		);
		assert.deepEqual(addresses(draft.to), ['ann@a.example', 'team@a.example']);
		assert.deepEqual(addresses(draft.cc), ['boss@a.example']);
	});

	it('goes to Reply-To rather than From', () => {
		const draft = replyToSenders([original('From: a@b\nReply-To: list@b\n')], options);
		assert.deepEqual(addresses(draft.to), ['list@b']);
	});

	it('goes to oneself where nobody else is left', () => {
		const draft = replyToAll(original('From: pue@x.example\n'), options);
		assert.deepEqual(addresses(draft.to), ['pue@x.example']);
	});

	it('goes to the envelope sender where there is no From', () => {
		assert.deepEqual(addresses(replyToAll(original('To: a@b\n'), options).to), [
			'a@b',
			'envelope@x.example',
		]);
	});

	it('never goes to a program or a file that the letter names', () => {
		const draft = replyToAll(
			original('From: |touch>evil\nTo: /etc/passwd, +folder, a@b\nCc: ./x\n'),
			options,
		);
		assert.deepEqual([addresses(draft.to), addresses(draft.cc)], [['a@b'], []]);
	});

	it('has one Re: and no line break in its subject', () => {
		const subject = (value: string) =>
			replyToAll(original(`Subject: ${value}\nFrom: a@b\n`), options).subject;
		assert.equal(subject('hello'), 'Re: hello');
		assert.equal(subject('RE: hello'), 'RE: hello');
		assert.doesNotMatch(subject('=?utf-8?Q?x=0ABcc:_y@z?=') ?? '', /\n/);
	});

	it('refers to the last 21 letters of the conversation', () => {
		const ids = Array.from({ length: 30 }, (_, index) => `<${index}@x>`);
		const header = `From: a@b\nMessage-ID: <last@x>\nReferences: ${ids.join(' ')}\n`;
		const { references } = replyToAll(original(header), options);
		assert.equal(references.length, 21);
		assert.equal(references.at(-1), '<last@x>');
	});

	it('refers to nothing where the letter has no Message-ID', () => {
		assert.deepEqual(
			replyToAll(original('From: a@b\nReferences: <x@y>\n'), options).references,
			[],
		);
	});
});

describe('a forwarded letter', () => {
	it('has Fwd: in front of the subject', () => {
		const { header } = original('Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n');
		assert.equal(forwardSubject(header, 'utf-8'), 'Fwd: Grüße');
	});
});
