import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeBody, encodedLines, parameter, parseMime } from '../../src/message/body.js';
import { footerStart } from '../../src/message/decoding.js';

const parse = (text: string) => parseMime(Buffer.from(text, 'latin1'));
const body = (text: string) => decodeBody(parse(text)).toString('latin1');
const structure = (text: string) =>
	parse(text).parts.map((part) =>
		part.content === 'discarded' ? `(${part.octets})` : `${part.number} ${part.content}`,
	);

const mixed = (tail: string) =>
	`Content-Type: multipart/mixed; boundary=b\n\nbefore\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n${tail}`;

describe('parseMime', () => {
	it('takes a message without a type for plain text', () => {
		const part = parse('From: a\n\nhello\n');
		assert.deepEqual([part.content, part.type, part.charset], ['plain', 'text/plain', undefined]);
		assert.equal(part.octets.subarray(part.bodyStart).toString(), 'hello\n');
	});
	it('cuts parts to the octet, preamble and epilogue apart', () => {
		assert.deepEqual(structure(mixed('\n--b--\nafter\n')), [
			'(before\n)',
			'1 plain',
			'2 html',
			'(after\n)',
		]);
		assert.equal(parse(mixed('\n--b--\n')).parts[1]?.octets.toString(), '\none');
		assert.equal(parse(mixed('\n--b--\n')).parts[2]?.octets.toString().endsWith('two\n'), true);
	});
	it('takes blanks and comments in a type for what they are; as Heirloom, for a part of it', () => {
		const letter = Buffer.from('Content-Type: text / HTML (x); charset=a\n\n');
		assert.equal(parseMime(letter).type, 'text/html');
		assert.equal(parseMime(letter, false, true).type, 'text / html (x)');
	});
	it('reads the name of an encoding up to what does not belong to it', () => {
		assert.equal(body('Content-Transfer-Encoding: quoted-printable; x\n\na=20b'), 'a b');
		assert.equal(body('Content-Transfer-Encoding: BASE64 (x)\n\nYQ=='), 'a');
		assert.equal(
			body('Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n%:&5L;&\\*\n`\nend\n'),
			'hello\n'.slice(0, 5),
		);
	});
	it('finds parts by what looks like a boundary where none is named', () => {
		const text = 'Content-Type: multipart/mixed\n\n--x y\n\none\n--x y\n\ntwo\n--x y--\n';
		assert.deepEqual(structure(text), ['()', '1 plain', '2 plain', '()']);
		assert.deepEqual(parseMime(Buffer.from(text), false, true).parts, []);
	});
	it('opens an empty part for a boundary right after another one; as Heirloom, none', () => {
		const text = 'Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\nx\n--b--\n';
		assert.equal(parse(text).parts[1]?.octets.toString(), '\nx');
		assert.match(
			parseMime(Buffer.from(text), false, true).parts[1]?.octets.toString() ?? '',
			/^--b/,
		);
	});
	it('reads a message that is encoded, though none may be', () => {
		const inner = Buffer.from('Subject: inner\n\ntext\n').toString('base64');
		const part = parse(
			`Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n${inner}\n`,
		);
		assert.equal(part.parts[0]?.header.get('subject'), 'inner');
	});
	it('takes a quotation mark after a backslash for a part of a name', () => {
		assert.equal(parameter('a/b; name="a\\"b;c"; x=y', 'name'), 'a"b;c');
		assert.equal(parameter('a/b; name="C:\\dir\\x"', 'name'), 'C:\\dir\\x');
	});
	it('sees where text begins beneath base64', () => {
		const at = (text: string) => footerStart(Buffer.from(text));
		assert.equal(at('YQ==\n'), 5);
		assert.equal(at('YQ==\nYWI=\n'), 10);
		assert.equal(at('YQ==\n-- \nlist\n'), 5);
		assert.equal(at('YWJj\n\n-- \nlist\n'), 6);
		assert.equal(at('YW!Jj\n?!\n'), 9);
	});
	it('lets the last part run to the end where nothing closes it', () => {
		assert.deepEqual(structure(mixed('')), ['(before\n)', '1 plain', '2 html']);
	});
	it('sees boundaries with blanks and carriage returns after them', () => {
		const text = mixed('--b-- \n').replaceAll('--b\n', '--b \t\n').replaceAll('\n', '\r\n');
		assert.deepEqual(structure(text), ['(before\r\n)', '1 plain', '2 html', '()']);
	});
	it('finds one discarded part where the boundary never comes, none where it has no name', () => {
		const head = 'Content-Type: multipart/mixed';
		assert.deepEqual(structure(`${head}; boundary=x\n\ntext\n`), ['(text\n)']);
		assert.deepEqual(structure(`${head}\n\ntext\n`), []);
	});
	it('numbers the parts of a message within a message after its own number', () => {
		const inner = mixed('--b--\n').replaceAll('--b', '--c').replace('=b', '=c');
		const text = `Content-Type: multipart/digest; boundary=b\n\n--b\n\n${inner}\n--b--\n`;
		const message = parse(text).parts[1]?.parts[0];
		assert.deepEqual(
			message?.parts.map((part) => part.number),
			[undefined, '1.1', '1.2', undefined],
		);
	});
	it('gives up on endless nesting and says so', () => {
		let text = '';
		for (let n = 0; n < 300; n++) {
			text += `Content-Type: multipart/mixed; boundary=b${n}\n\n--b${n}\n`;
		}
		let part = parse(`${text}\ndeep\n`);
		let depth = 0;
		while (part.parts[1]) {
			part = part.parts[1];
			depth++;
		}
		assert.ok(depth < 100 && part.limited);
	});
	it('gives up on endless parts and says so', () => {
		const part = parse(`Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\nx\n'.repeat(9000)}`);
		assert.ok(part.limited && part.parts.length < 9000);
	});
});

describe('parameter', () => {
	// biome-ignore format: a table
	const rows = [
		['text/plain; charset=utf-8', 'charset', 'utf-8'],
		['text/plain; CHARSET = "utf-8"; x=y', 'charset', 'utf-8'],
		['a/b; boundary==_alt0', 'boundary', '=_alt0'],
		['a/b; boundary="a;b"', 'boundary', 'a;b'],
		['a/b; name="x; charset=no"; charset=yes', 'charset', 'yes'],
		['attachment; filename=a.txt', 'filename', 'a.txt'],
		['attachment', 'filename', undefined],
		['a/b; boundary="open', 'boundary', undefined],
	] as const;
	for (const [field, name, expected] of rows) {
		it(`finds ${expected} in ${field}`, () => assert.equal(parameter(field, name), expected));
	}
});

describe('decodeBody', () => {
	const qp = 'Content-Transfer-Encoding: quoted-printable\n\n';
	const base64 = 'Content-Transfer-Encoding: base64\n\n';
	it('reads quoted-printable and leaves what is damaged', () => {
		assert.equal(body(`${qp}a=C3=A9 =\nb=3D=zz ==\n`), 'a\xc3\xa9 b==zz =');
	});
	it('reads base64 with stray characters, without padding, beyond padding', () => {
		assert.equal(body(`${base64}aG V\nsbG8*`), 'hello');
		assert.equal(body(`${base64}YQ==Yg==`), 'ab');
	});
	it('makes line feeds of CRLF in text alone', () => {
		const coded = Buffer.from('a\r\nb').toString('base64');
		assert.equal(body(base64 + coded), 'a\nb');
		assert.equal(body(`Content-Type: image/x\n${base64}${coded}`), 'a\r\nb');
	});
	it('cuts encoded text where decoded lines end', () => {
		const lines = (text: string) => {
			const part = parse(text);
			return encodedLines(part, part.octets.subarray(part.bodyStart)).map(String);
		};
		assert.deepEqual(lines(`${qp}a=\nb\nc\n`), ['a=\nb\n', 'c\n']);
		const coded = (text: string) => `${Buffer.from(text).toString('base64')}\n`;
		const [one, two] = [coded('first lin'), coded('e\nsecond\n')];
		assert.deepEqual(lines(base64 + one + two + one), [one + two, one]);
	});
});
