import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type Key, KeyDecoder } from '../../src/terminal/keyboard.js';

/** Keys in a short form: text in quotes, pastes in brackets, other keys by name. */
function short(keys: readonly Key[]): string {
	return keys.map(shortKey).join(' ');
}

function shortKey(key: Key): string {
	switch (key.kind) {
		case 'text':
			return JSON.stringify(key.text);
		case 'paste':
			return `[${key.text}]`;
		case 'key':
			return key.name;
		case 'position':
			return `${key.row},${key.column}`;
	}
}

const decode = (...chunks: (string | Buffer)[]) => {
	const decoder = new KeyDecoder('utf-8');
	const keys = chunks.flatMap((chunk) => decoder.feed(Buffer.from(chunk as string)));
	return short([...keys, ...decoder.flush()]);
};

describe('octets to keys', () => {
	const table: [string, string][] = [
		['abc', '"abc"'],
		['h\rd 1\rq\r', '"h" return "d 1" return "q" return'],
		['a\nb', '"a" return "b"'],
		['\x01\x05\x1f', 'C-a C-e C-_'],
		['\x7f\b', 'backspace backspace'],
		['\x1b[A\x1bOB\x1b[3~\x1b[H', 'up down delete home'],
		['\x1b[1;5C\x1b[1;3D', 'C-right M-left'],
		['\x1bb\x1b\x7f\x1bf', 'M-b M-backspace M-f'],
		['\x1b[12;40R', '12,40'],
		['\t', 'tab'],
		['two\twords', '"two" "\\t" "words"'],
		['\x1b[999zx', '"x"'],
	];
	for (const [octets, keys] of table) {
		it(`reads ${JSON.stringify(octets)} as ${keys}`, () => assert.equal(decode(octets), keys));
	}

	it('waits for the rest of a character', () => {
		const [first, second] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)];
		assert.equal(decode(Buffer.concat([Buffer.from('a'), first]), second), '"a" "é"');
	});
	it('waits for the rest of an escape sequence', () => {
		assert.equal(decode('\x1b', '[', '1;5', 'Cx'), 'C-right "x"');
	});
	it('takes an escape that stands alone for the key', () => {
		const decoder = new KeyDecoder('utf-8');
		assert.equal(short(decoder.feed(Buffer.from('\x1b'))), '');
		assert.equal(decoder.undecided, true);
		assert.equal(short(decoder.flush()), 'escape');
	});
	it('gathers a paste over chunks, with its control characters and ends of line', () => {
		assert.equal(
			decode('x\x1b[20', '0~one\rtw', 'o\r\nthree\x1b[A\x1b[2', '01~y'),
			'"x" [one\ntwo\nthree\x1b[A] "y"',
		);
	});
	it('keeps octets that are not UTF-8', () => {
		assert.equal(decode(Buffer.from([0xff, 0x61])), JSON.stringify('\udcffa'));
	});
	it('reads any cut of a stream alike', () => {
		const stream = Buffer.from('aé漢\x1b[1;5C\x1bb\x1b[200~p\rq\x1b[201~\r\x1b[Az');
		const joined = (keys: string) => keys.replaceAll('" "', '');
		const whole = joined(decode(stream));
		for (let cut = 1; cut < stream.length; cut++) {
			assert.equal(
				joined(decode(stream.subarray(0, cut), stream.subarray(cut))),
				whole,
				`cut at ${cut}`,
			);
		}
	});
});
