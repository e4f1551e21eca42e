import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { quoteFrom } from '../../src/mailbox/fromlines.js';
import { Kept } from '../../src/mailbox/status.js';
import { countLines } from '../../src/message/octets.js';
import { splitMbox } from '../harness/spans.js';

const split = (text: string) => splitMbox(Buffer.from(text, 'latin1'));
const starts = (text: string) => split(text).map((span) => span.start);

const sample =
	'From a b\nTo: c\nStatus: RO\n\nbody\nFrom the middle\n\nFrom d e\nX-Status: F\nstatus: O\n\n' +
	'From f g\nFrom inside\n\n\nFrom h i\nno end';

describe('splitting an mbox', () => {
	it('begins a message at the start or after an empty line, whatever follows `From `', () => {
		assert.deepEqual(starts('From a\n\nx\n\nFrom now on\n'), [0, 11]);
		assert.deepEqual(starts('From a\n\nx\nFrom b\n\n'), [0]);
		assert.deepEqual(starts('\nFrom a\n\n'), [1]);
		assert.deepEqual(starts('text\n\nFrom a\n'), [6]);
		assert.deepEqual(starts(''), []);
		assert.deepEqual(starts('From'), []);
		assert.deepEqual(starts('From a\n\nFrom b\n\nFrom c\n'), [0, 8, 16]);
	});

	it('does not take a line with only CR for an empty one', () => {
		assert.equal(split('From a\r\n\r\nx\r\n\r\nFrom b\r\n').length, 1);
	});

	it('takes it for one, if asked to, in messages whose From_ line ends with CR LF', () => {
		const found = (text: string) =>
			splitMbox(Buffer.from(text), { crlf: true }).map((span) => span.start);
		const text = 'From a\r\nStatus: O\r\n\r\nx\r\n\r\nFrom b\r\n\r\nFrom c\r\n';
		assert.deepEqual(found(text), [0, 26, 36]);
		assert.equal(
			(splitMbox(Buffer.from(text), { crlf: true })[0]?.kept ?? 0) & ~Kept.odd,
			Kept.old,
		);
		assert.deepEqual(found('From a\n\nx\r\n\r\nFrom b\r\n'), [0]);
	});

	it('finds the same messages with CR LF however the octets are cut', () => {
		const octets = Buffer.from(sample.replaceAll('\n', '\r\n'), 'latin1');
		const expected = splitMbox(octets, { crlf: true });
		assert.equal(expected.length, split(sample).length);
		for (let size = 1; size < 40; size++) {
			const found = splitMbox(octets, { crlf: true }, size);
			assert.deepEqual(found, expected, `cut every ${size} octets`);
		}
	});

	it('finds the status fields of headers only', () => {
		const [first, second] = split(
			'From a\nStatus: RO\n\nFrom x\nStatus: O\nx-status: FA\n\nStatus: R\n',
		);
		assert.equal(first?.kept, Kept.read | Kept.old);
		assert.equal((second?.kept ?? 0) & ~Kept.odd, Kept.old | Kept.flagged | Kept.answered);
	});

	it('tells which messages hold a line that should have been quoted', () => {
		assert.deepEqual(
			split(sample).map((span) => span.bare),
			[true, false, true, false],
		);
	});

	it('finds the same however the octets are cut', () => {
		const octets = Buffer.from(sample, 'latin1');
		for (let size = 1; size < 40; size++) {
			assert.deepEqual(splitMbox(octets, {}, size), split(sample), `cut every ${size} octets`);
		}
	});

	it('is not confused by a line longer than it cares to keep', () => {
		const long = `Subject: ${'x'.repeat(20_000)}\n`;
		const text = `From a\n${long}Status: R\n\nFrom b\n\n`;
		const octets = Buffer.from(text);
		const found = splitMbox(octets, {}, 1000);
		assert.deepEqual(
			found.map((span) => span.start),
			[0, text.indexOf('From b')],
		);
		assert.equal(found[0]?.kept ?? 0, Kept.read);
	});
});

describe('counting lines', () => {
	it('counts a last one without newline', () => {
		assert.equal(countLines(Buffer.from('a\nb')), 2);
		assert.equal(countLines(Buffer.from('a\nb\n')), 2);
		assert.equal(countLines(Buffer.from('')), 0);
	});
});

describe('From-quoting', () => {
	const text = 'From x\nFrom\nFroma\n>From y\n From z\n\nFrom \nFrom';
	const quoted = '>From x\nFrom\nFroma\n>From y\n From z\n\n>From \nFrom';
	for (const size of [1, 2, 3, 4, 5, 6, 7, 100]) {
		it(`is the same in chunks of ${size}`, () => {
			const chunks: Buffer[] = [];
			for (let at = 0; at < text.length; at += size)
				chunks.push(Buffer.from(text.slice(at, at + size)));
			assert.equal(Buffer.concat([...quoteFrom(chunks)]).toString(), quoted);
		});
	}
});
