import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Message } from '../../src/mailbox/mailbox.js';
import { sortMessages, threadMessages } from '../../src/mailx/ordering.js';

type Fields = Readonly<Record<string, string>>;

/** Messages with these fields, and how to look for them. */
function box(all: readonly Fields[]) {
	const messages = all.map((_, index) => new Message(index + 1, index * 100, 100, 0));
	const fieldOf = (message: Message, name: string) => all[message.number - 1]?.[name];
	return { messages, fieldOf };
}

/** Numbers of messages, with the level behind a colon where they answer one. */
function threaded(all: readonly Fields[]): string {
	const { messages, fieldOf } = box(all);
	const places = threadMessages(messages, fieldOf);
	return places
		.map(({ message, level }) => (level > 0 ? `${message.number}:${level}` : `${message.number}`))
		.join(' ');
}

describe('conversations', () => {
	it('put replies beneath what they answer, by In-Reply-To, else by the last of References there is', () => {
		assert.equal(
			threaded([
				{ 'message-id': '<a@x>' },
				{ 'message-id': '<b@x>' },
				{ 'message-id': '<c@x>', 'in-reply-to': '<a@x>', references: '<b@x>' },
				{ 'message-id': '<d@x>', references: '<a@x> <b@x> <missing@x>' },
			]),
			'1 3:1 2 4:2',
		);
	});

	it('know an identifier whatever the case of its domain, in quotes, or in a comment', () => {
		assert.equal(
			threaded([
				{ 'message-id': '<Ann.1@X.Example>' },
				{ 'in-reply-to': '<Ann.1@x.example>' },
				{ 'in-reply-to': 'Your letter of today <"Ann.1"@x.example>' },
				{ 'in-reply-to': '<ann.1@x.example>' },
				{ 'in-reply-to': '(see <Ann.1@x.example>)' },
			]),
			'1 2:1 3:1 4 5',
		);
	});

	it('leave out one link of a circle', () => {
		const circle = [
			{ 'message-id': '<1@x>', 'in-reply-to': '<3@x>' },
			{ 'message-id': '<2@x>', 'in-reply-to': '<1@x>' },
			{ 'message-id': '<3@x>', 'in-reply-to': '<2@x>' },
		];
		assert.equal(threaded(circle), '1 2:1 3:2');
	});

	it('may be as long as a mailbox, in whatever order it lies in the file', () => {
		const count = 50_000;
		const link = (n: number): Fields => ({
			'message-id': `<${n}@x.example>`,
			'in-reply-to': `<${n - 1}@x.example>`,
		});
		const chain = Array.from({ length: count }, (_, n) => link(n));
		for (const all of [chain, chain.toReversed()]) {
			const { messages, fieldOf } = box(all);
			const started = process.cpuUsage();
			const places = threadMessages(messages, fieldOf);
			const { user } = process.cpuUsage(started);
			assert.equal(places.at(-1)?.level, count - 1);
			// Microseconds; a walk up to the top for each of them takes many times as long.
			assert.ok(user < 5_000_000, `${user} microseconds`);
		}
	});
});

describe('sorting', () => {
	it('leaves equal ones in their order, whatever the key', () => {
		const fields = {
			subject: 'same',
			from: 'ann@x',
			to: 'bob@x',
			date: 'Tue, 09 Nov 2021 17:21:36 +0000',
		};
		const { messages, fieldOf } = box(Array.from({ length: 40 }, () => fields));
		for (const key of ['date', 'from', 'to', 'subject', 'size', 'status', 'score'] as const) {
			const places = sortMessages(messages, key, { fieldOf, showName: false, charset: 'utf-8' });
			assert.deepEqual(
				places.map(({ message }) => message),
				messages,
				key,
			);
		}
	});

	it('puts minus infinity before every other score', () => {
		const { messages, fieldOf } = box([{}, {}, {}]);
		const [one, two, three] = messages as [Message, Message, Message];
		one.score = 5;
		two.score = Number.NEGATIVE_INFINITY;
		three.score = -7;
		const places = sortMessages(messages, 'score', { fieldOf, showName: false, charset: 'utf-8' });
		assert.deepEqual(
			places.map(({ message }) => message.number),
			[2, 3, 1],
		);
	});
});
