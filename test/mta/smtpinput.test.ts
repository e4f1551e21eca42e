import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { SmtpInput } from '../../src/mta/smtpinput.js';

/** Reads one letter, handed over in chunks of `size` octets; what is left is the next line. */
function read(text: string, size = text.length, limit = 0) {
	const input = new SmtpInput(512);
	const octets = Buffer.from(text, 'latin1');
	let letter: ReturnType<SmtpInput['letter']>;
	for (let at = 0; at < octets.length; at += size) {
		input.push(octets.subarray(at, at + size));
		letter ??= input.letter(limit);
	}
	return { text: letter?.octets.toString('latin1'), fault: letter?.fault, rest: input.held };
}

describe('a letter from the wire', () => {
	const wire = 'Subject: x\r\n\r\n..dot\r\n. text\r\n.\r\nQUIT\r\n';
	it('ends at CR LF . CR LF, has LF line ends and no dots of transparency', () => {
		assert.deepEqual(read(wire), {
			text: 'Subject: x\n\n.dot\n text\n',
			fault: undefined,
			rest: 6,
		});
	});
	for (const size of [1, 2, 3, 7]) {
		it(`is the same in chunks of ${size}`, () => {
			assert.deepEqual(read(wire, size), read(wire));
		});
	}
	it('may be empty', () => {
		assert.deepEqual(read('.\r\n'), { text: '', fault: undefined, rest: 0 });
	});
	it('goes on where a dot is not alone', () => {
		assert.equal(read('a\r\n.b\r\n').text, undefined);
	});

	// What some servers have taken for the end of a letter, so that another could follow unseen.
	const smuggled = 'MAIL FROM:<a@b>\r\n';
	for (const [name, end] of [
		['LF . LF', '\n.\n'],
		['LF . CR LF', '\n.\r\n'],
		['CR LF . LF', '\r\n.\n'],
	] as const) {
		it(`with ${name} in it is refused, and nothing after it is read as its text`, () => {
			const { fault, text } = read(`hi${end}${smuggled}`);
			assert.deepEqual([fault, text], ['bare LF', '']);
		});
	}
	for (const [name, inside] of [
		['CR . CR', 'hi\r.\r'],
		['CR LF . CR', 'hi\r\n.\rx'],
		['CR CR LF . CR LF', 'hi\r\r\n.\rx'],
		['a CR within a line', 'a\rb'],
	] as const) {
		it(`does not end at ${name}, and is refused`, () => {
			const { fault, rest } = read(`${inside}${smuggled}\r\n.\r\nNOOP\r\n`);
			assert.deepEqual([fault, rest], ['bare CR', 6]);
		});
	}
	it('with one bare LF is refused at its proper end', () => {
		assert.deepEqual(read('a\nb\r\n.\r\n'), { text: '', fault: 'bare LF', rest: 0 });
	});
	it('that is too big is read to its end and not kept', () => {
		const { fault, rest } = read(`${'x'.repeat(2000)}\r\n.\r\nQUIT\r\n`, 100, 1000);
		assert.deepEqual([fault, rest], ['too big', 6]);
	});
	it('keeps every octet above 127', () => {
		const all = Array.from({ length: 128 }, (_, at) => String.fromCharCode(128 + at)).join('');
		assert.equal(read(`${all}\r\n.\r\n`).text, `${all}\n`);
	});
});

describe('a command line', () => {
	it('may end in LF alone, and comes whole however it was cut', () => {
		const input = new SmtpInput(512);
		input.push(Buffer.from('NO'));
		assert.equal(input.line(), undefined);
		input.push(Buffer.from('OP\nRSET\r\n'));
		assert.deepEqual([input.line(), input.line()], [{ text: 'NOOP' }, { text: 'RSET' }]);
	});
	it('that is too long is skipped, however long, and the next one is read', () => {
		const input = new SmtpInput(512);
		for (let at = 0; at < 100; at++) {
			input.push(Buffer.alloc(600, 'x'));
			assert.equal(input.line(), undefined);
			assert.ok(input.held <= 600);
		}
		input.push(Buffer.from('\r\nNOOP\r\n'));
		assert.deepEqual([input.line(), input.line()], [{ text: undefined }, { text: 'NOOP' }]);
	});
});
