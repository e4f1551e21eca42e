import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { chooseType, encodeBody, inspect, quotedPrintable } from '../../src/message/encoding.js';

const choice = {
	contentType: undefined,
	charset: 'utf-8',
	charset7: 'us-ascii',
	preferred: () => undefined,
	asData: false,
	controlType: undefined,
};
const typeOf = (text: string, more = {}) =>
	chooseType(inspect(Buffer.from(text), 950), { ...choice, ...more });

describe('the type of a body', () => {
	const cases: [what: string, text: string, encoding: string, type: string, charset?: string][] = [
		['ASCII is sent as it is', 'text\n', '7bit', 'text/plain', 'us-ascii'],
		['umlauts are sent as they are', 'Grüße\n', '8bit', 'text/plain', 'utf-8'],
		['nothing at all is quoted', '', 'quoted-printable', 'text/plain', 'us-ascii'],
		['a last line without end is quoted', 'x', 'quoted-printable', 'text/plain', 'us-ascii'],
		['948 octets in a line pass', `${'x'.repeat(948)}\n`, '7bit', 'text/plain', 'us-ascii'],
		['949 do not', `${'x'.repeat(949)}\n`, 'quoted-printable', 'text/plain', 'us-ascii'],
		['control characters make it data', 'a\x07\n', 'base64', 'application/octet-stream'],
		['so does NUL', 'a\0\n', 'base64', 'application/octet-stream'],
	];
	for (const [what, text, encoding, contentType, charset] of cases) {
		it(what, () => assert.deepEqual(typeOf(text), { encoding, contentType, charset }));
	}

	it('quotes umlauts where `encoding` says so', () => {
		assert.equal(
			typeOf('ä\n', { preferred: () => 'quoted-printable' }).encoding,
			'quoted-printable',
		);
	});

	it('encodes what mime.types calls no text in base64', () => {
		assert.deepEqual(typeOf('x\n', { contentType: 'image/png' }), {
			encoding: 'base64',
			contentType: 'image/png',
			charset: undefined,
		});
	});
});

describe('quoted-printable', () => {
	const cases: [what: string, text: string, quoted: string][] = [
		['blanks at the end of a line are quoted', 'a \nb\t\n', 'a=20\nb=09\n'],
		['a line that reads as a postmark is quoted', 'From me\n', '=46rom me\n'],
		['so is a dot alone', '.\n..\n', '=2E\n..\n'],
		['a long line is cut at 71', 'x'.repeat(80), `${'x'.repeat(71)}=\n${'x'.repeat(9)}`],
		['an equals sign is quoted', 'a=b\n', 'a=3Db\n'],
	];
	for (const [what, text, quoted] of cases) {
		it(what, () => assert.equal(quotedPrintable(text), quoted));
	}
});

describe('base64', () => {
	it('has lines of 72 characters', () => {
		const lines = encodeBody(Buffer.alloc(100), 'base64').toString().split('\n');
		assert.deepEqual(
			lines.map((line) => line.length),
			[72, 64, 0],
		);
	});
});
