import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';

import { toSevenBit } from '../../src/mta/sevenbit.js';

/** Text as UTF-8, line by line. */
const octets = (...lines: string[]) => Buffer.from(`${lines.join('\n')}\n`);
const converted = (...lines: string[]) => toSevenBit(octets(...lines))?.toString('latin1');
const lines = (text: string | undefined) => text?.split('\n').slice(0, -1);

describe('a letter for a server of seven bits', () => {
	it('that has no eighth one stays as it is', () => {
		const letter = octets('Subject: ü', 'Content-Transfer-Encoding: 8bit', '', 'plain = plain');
		assert.equal(toSevenBit(letter), letter);
	});

	it('of text goes quoted-printable; its other fields stay as they stand', () => {
		const head = ['MIME-Version: 1.0', 'Content-type:  text/plain;', '  charset="utf-8"'];
		assert.deepEqual(
			lines(converted(...head, 'Content-Transfer-Encoding: 8bit', 'Subject: ü', '', 'ü = u', '.')),
			[
				...head,
				Buffer.from('Subject: ü').toString('latin1'),
				'Content-Transfer-Encoding: quoted-printable',
				'',
				'=C3=BC =3D u',
				'=2E',
			],
		);
	});

	it('that says nothing of itself is text of unknown kind', () => {
		assert.deepEqual(lines(converted('Subject: s', '', 'ü')), [
			'Subject: s',
			'MIME-Version: 1.0',
			'Content-Type: text/plain; charset=unknown-8bit',
			'Content-Transfer-Encoding: quoted-printable',
			'',
			'=C3=BC',
		]);
	});

	it('has only those parts changed that need it, however deep they are', () => {
		const letter = (text: string[], image: string[], encoding: string, inner: string[]) => [
			'MIME-Version: 1.0',
			'Content-Type: multipart/mixed; boundary="a b"',
			...inner,
			'',
			'--a b',
			'',
			'plain',
			'--a b',
			'Content-Type: message/rfc822',
			...inner,
			'',
			'Subject: inner',
			'Content-Type: multipart/alternative; boundary=in',
			...inner,
			'',
			'--in',
			'Content-Type: text/html; charset=utf-8',
			...text,
			'--in--',
			'',
			'--a b',
			'Content-Type: image/svg+xml',
			...(encoding ? [encoding] : []),
			'',
			...image,
			'--a b--',
			'the end',
		];
		const eight = 'Content-Transfer-Encoding: 8bit';
		const quoted = 'Content-Transfer-Encoding: quoted-printable';
		assert.deepEqual(
			lines(converted(...letter([eight, '', '<b>ü</b>'], ['<ü/>', ''], eight, [eight]))),
			letter(
				[quoted, '', '<b>=C3=BC</b>'],
				[Buffer.from('<ü/>\r\n').toString('base64'), ''],
				'Content-Transfer-Encoding: base64',
				[],
			),
		);
	});

	it('that is signed, or in a form of its own, cannot be sent there', () => {
		for (const type of [
			'multipart/signed; boundary=b',
			'multipart/encrypted; boundary=b',
			'multipart/mixed',
			'message/partial; id=1; number=1',
		]) {
			assert.equal(converted(`Content-Type: ${type}`, '', '--b', '', 'ü', '--b--'), undefined);
		}
		assert.equal(converted('Content-Transfer-Encoding: x-uuencode', '', 'ü'), undefined);
		const nested = Array.from({ length: 60 }, () => ['Content-Type: message/rfc822', '']).flat();
		assert.equal(converted(...nested, 'Subject: s', '', 'ü'), undefined);
	});

	it('keeps what encodings mean where octets have slipped into them', () => {
		const head = (name: string) => ['A: b', `Content-Transfer-Encoding: ${name}`, ''];
		assert.deepEqual(lines(converted(...head('quoted-printable'), 'a=20ü')), [
			...head('quoted-printable'),
			'a=20=C3=BC',
		]);
		assert.deepEqual(lines(converted(...head('base64'), 'YWJj', 'üYWJj')), [
			...head('base64'),
			'YWJj',
			'YWJj',
		]);
	});

	const python = spawnSync('python3', ['--version']).status === 0;
	it('says the same to another reader', { skip: python ? false : 'no python3 here' }, () => {
		const letter = octets(
			'MIME-Version: 1.0',
			'Content-Type: multipart/mixed; boundary=x',
			'',
			'--x',
			'Content-Type: text/plain; charset=utf-8',
			'Content-Transfer-Encoding: 8bit',
			'',
			`${'grüße '.repeat(40)}  `,
			'From Zürich',
			'',
			'--x',
			'Content-Type: text/plain; charset=iso-8859-1',
			'',
			'ÿÿ',
			'--x--',
		);
		const script = `import sys, email, email.policy
letter = email.message_from_bytes(sys.stdin.buffer.read())
for part in letter.walk():
    assert not part.defects, part.defects
    if not part.is_multipart(): sys.stdout.buffer.write(part.get_payload(decode=True) + b'|')`;
		const read = (input: Buffer) => {
			const { stdout, stderr } = spawnSync('python3', ['-c', script], { input });
			assert.equal(stderr.toString(), '');
			return stdout;
		};
		const seven = toSevenBit(letter);
		assert.ok(seven);
		assert.ok(seven.every((octet) => octet < 128));
		assert.deepEqual(read(seven), read(letter));
	});
});
