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
	faithful: false,
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

	it('refers to the first letter of the conversation and the last 20; as Heirloom, the last 21', () => {
		const ids = Array.from({ length: 30 }, (_, index) => `<${index}@x>`);
		const letter = original(`From: a@b\nMessage-ID: <last@x>\nReferences: ${ids.join('\n ')}\n`);
		assert.deepEqual(replyToAll(letter, options).references, [
			'<0@x>',
			...ids.slice(11),
			'<last@x>',
		]);
		const faithful = { ...options, faithful: true };
		assert.deepEqual(replyToAll(letter, faithful).references, [...ids.slice(10), '<last@x>']);
	});

	it('leaves out references that no line has room for', () => {
		const letter = original(
			`From: a@b\nMessage-ID: <m@x>\nReferences: <1@x> <${'a'.repeat(9999)}>\n`,
		);
		assert.deepEqual(replyToAll(letter, options).references, ['<1@x>', '<m@x>']);
	});

	it('takes over 4000 octets of a subject, whole characters, and says so', () => {
		const notes: string[] = [];
		const note = (text: string) => notes.push(text);
		const letter = original(`From: a@b\nSubject: a${'\u00e4'.repeat(50_000)}\n`);
		const { subject } = replyToAll(letter, { ...options, note });
		assert.equal(subject, `Re: a${'\u00e4'.repeat(1999)}`);
		assert.deepEqual(notes, ['Subject cut at 2000 of 50001 characters\n']);
		assert.equal(forwardSubject(letter.header, options)?.length, 2005);
		assert.equal(replyToAll(letter, { ...options, faithful: true }).subject?.length, 50_005);
	});

	it('leaves out a display name of such length, and keeps the address', () => {
		const letter = original(`From: ${'\u00e4'.repeat(50_000)} <a@b>\n`);
		const draft = replyToAll(letter, { ...options, fullNames: true });
		assert.deepEqual(draft.to, [{ address: 'a@b', full: 'a@b' }]);
	});

	it('is sent in the charset of the letter only where that can be the name of one', () => {
		const charset = (value: string) =>
			replyToAll(original(`From: a@b\nMessage-ID: <x@y>\nContent-Type: a/b; charset=${value}\n`), {
				...options,
				sameCharset: true,
			}).charset;
		assert.equal(charset('"koi8-r"'), 'koi8-r');
		assert.equal(charset('x'.repeat(300)), undefined);
		assert.equal(charset('"a\x1bb c"'), undefined);
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
		assert.equal(forwardSubject(header, options), 'Fwd: Grüße');
	});
});
