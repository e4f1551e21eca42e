import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Flag } from '../../src/mailbox/mailbox.js';
import {
	flagsOfKept,
	headerEnd,
	Kept,
	keptOfFlags,
	keptOfLine,
	restateStatus,
} from '../../src/mailbox/status.js';

const restate = (header: string, kept: number) =>
	restateStatus(Buffer.from(header, 'latin1'), kept).toString('latin1');

describe('the status fields', () => {
	it('say read and old, flagged, answered and draft, whatever the case of the name', () => {
		assert.equal(keptOfLine('Status: RO\n'), Kept.read | Kept.old);
		assert.equal(keptOfLine('X-Status: FAT\n'), Kept.flagged | Kept.answered | Kept.draft);
		assert.equal(keptOfLine('STATUS : R\n'), Kept.read | Kept.odd);
		assert.equal(keptOfLine('Status-Foo: R\n'), 0);
		assert.equal(keptOfLine('Subject: RO\n'), 0);
	});

	it('survive the way to flags and back', () => {
		for (let kept = 0; kept < Kept.odd; kept++) assert.equal(keptOfFlags(flagsOfKept(kept)), kept);
		assert.equal(flagsOfKept(0), Flag.new);
	});

	it('are replaced where they stand, and duplicates go', () => {
		assert.equal(
			restate(
				'From a b\nSTATUS: O\nX-status : A\nStatus: R\nX-Foo: b\n folded\n\n',
				Kept.read | Kept.old | Kept.answered,
			),
			'From a b\nStatus: RO\nX-Status: A\nX-Foo: b\n folded\n\n',
		);
	});

	it('are put at the end of the header when they were missing', () => {
		assert.equal(
			restate('From a b\nTo: c\n\n', Kept.old | Kept.flagged),
			'From a b\nTo: c\nStatus: O\nX-Status: F\n\n',
		);
		assert.equal(restate('From a b\n\n', Kept.old), 'From a b\nStatus: O\n\n');
	});

	it('vanish when there is nothing to say', () => {
		assert.equal(restate('From a b\nStatus: RO\n more\nTo: c\n\n', 0), 'From a b\nTo: c\n\n');
	});

	it('make a header of their own for a message that has none, and lose no line of it', () => {
		assert.equal(
			restate('From a b\nno header here\n\n', Kept.old),
			'From a b\nStatus: O\n\nno header here\n\n',
		);
		assert.equal(restate('From a b\nno header here\n\n', 0), 'From a b\nno header here\n\n');
	});

	it('are not added to a header that is cut off', () => {
		assert.equal(restate('From a b\nTo: c\n', Kept.old), 'From a b\nTo: c\n');
	});

	it('keep every other octet', () => {
		assert.equal(
			restate('From a b\nSubject: \xff\x00\xe4\n\n', Kept.old),
			'From a b\nSubject: \xff\x00\xe4\nStatus: O\n\n',
		);
	});

	it('end with the empty line', () => {
		assert.equal(headerEnd(Buffer.from('From a\nTo: b\n\nx')), 14);
		assert.equal(headerEnd(Buffer.from('From a\nTo: b\n')), 13);
	});
});

describe('a message without header', () => {
	const text = Buffer.from('From a Sat Jan  1 10:00:00 2022\nno field\nmore\n\n');

	it('gets one before its first line', () => {
		const restated = restateStatus(text, Kept.old).toString();
		assert.equal(restated, 'From a Sat Jan  1 10:00:00 2022\nStatus: O\n\nno field\nmore\n\n');
	});

	it('loses that line where Heirloom is to be followed', () => {
		const restated = restateStatus(text, Kept.old, true).toString();
		assert.equal(restated, 'From a Sat Jan  1 10:00:00 2022\nStatus: O\n\nmore\n\n');
	});
});

describe('a header whose lines end with CR LF', () => {
	const header = Buffer.from('From a\r\nTo: b\r\nStatus: O\r\n\r\n');

	it('ends with its empty line, save where Heirloom is to be followed', () => {
		const whole = Buffer.concat([header, Buffer.from('x\r\n\n\ny')]);
		assert.equal(headerEnd(whole), header.length);
		assert.equal(headerEnd(whole, true), header.length + 4);
	});

	it('gets status fields that end so too', () => {
		assert.equal(
			restateStatus(header, Kept.read | Kept.old | Kept.flagged).toString(),
			'From a\r\nTo: b\r\nStatus: RO\r\nX-Status: F\r\n\r\n',
		);
	});
});
