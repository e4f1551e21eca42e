/**
 * Mailboxes as programs write and leave them: of each dialect, which letters we find, and that each can be
 * taken out while all others stay octet for octet.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { MboxFile, type MboxOptions } from '../../src/mailbox/file.js';
import { Flag } from '../../src/mailbox/mailbox.js';

const dir = mkdtempSync(join(tmpdir(), 'inkloom-dialects-'));
after(() => rmSync(dir, { recursive: true }));
const path = join(dir, 'box');

function open(options: Partial<MboxOptions> = {}): MboxFile {
	return new MboxFile(path, { kind: 'file', readOnly: false, name: path, home: dir, ...options });
}

const withoutStatus = (text: string) => text.replace(/^Status: O\r?\n/gm, '');

/**
 * A file of these pieces: what stands before the first message, and the messages. Checks that they are
 * found, in chunks of any size, and what is written back with none, each, and all of them listed.
 */
function check(pieces: readonly string[], options: Partial<MboxOptions> = {}): void {
	const [preamble = '', ...letters] = pieces;
	const whole = pieces.join('');
	for (const chunk of [1 << 18, 1, 7]) {
		writeFileSync(path, whole, 'latin1');
		const mailbox = open({ ...options, chunk });
		const found = mailbox.messages.map((message) => mailbox.read(message).toString('latin1'));
		assert.deepEqual(found, letters, `in chunks of ${chunk}`);
		mailbox.writeBack(mailbox.messages, { removeEmpty: false });
		assert.equal(readFileSync(path, 'latin1'), whole, 'nothing done, nothing changed');
		for (const message of mailbox.messages) message.clear(Flag.new);
		mailbox.writeBack(mailbox.messages, { removeEmpty: false });
		assert.equal(withoutStatus(readFileSync(path, 'latin1')), withoutStatus(whole));
		mailbox.close();
	}
	// Where Heirloom writes, it quotes every `From `, and texts without header lose a line.
	if (options.faithful) return;
	letters.forEach((_, index) => {
		writeFileSync(path, whole, 'latin1');
		const mailbox = open(options);
		mailbox.messages[index]?.set(Flag.deleted | Flag.touched);
		const kept = mailbox.messages.filter((message) => !message.has(Flag.deleted));
		mailbox.writeBack(kept, { removeEmpty: false });
		mailbox.close();
		const expected = preamble + letters.filter((_letter, place) => place !== index).join('');
		assert.equal(readFileSync(path, 'latin1'), expected, `without message ${index + 1}`);
	});
}

const time = 'Tue Nov  9 17:21:36 2021';
const fields = (n: number, more = '') => `From: a${n}@b.example\nSubject: number ${n}\n${more}\n`;
const letter = (n: number, body = `body ${n}\n`, more = '') =>
	`From a${n}@b.example ${time}\n${fields(n, more)}${body}\n`;
const crlf = (text: string) => text.replaceAll('\n', '\r\n');

describe('From_ lines', () => {
	const postmarks: Readonly<Record<string, string>> = {
		'of POSIX': `From a@b.example ${time}`,
		'of Postfix and of qmail': `From a@b.example  ${time}`,
		'without seconds': 'From a@b.example Tue Nov  9 17:21 2021',
		'with a zone before the year': 'From a@b.example Tue Nov  9 17:21:36 MET DST 2021',
		'with an offset before the year': 'From a@b.example Tue Nov  9 17:21:36 +0100 2021',
		'with an offset after the year': `From a@b.example ${time} +0100`,
		'with another station': `From a@b.example ${time} remote from moon`,
		'with a terminal': `From pue ttyp0 ${time}`,
		'with a year of two digits': 'From a@b.example Tue Nov  9 17:21:36 21',
		'with a date of RFC 5322': 'From a@b.example Tue, 9 Nov 2021 17:21:36 +0000',
		'with the half of the day': 'From a@b.example Tue Nov 9 05:21:36 PM 2021',
		'with a date of ISO 8601': 'From a@b.example 2021-11-09T17:21:36Z',
		'with a path of UUCP': `From mars!venus!pue ${time}`,
		'with blanks in quotes': `From "ann b. c"@b.example ${time}`,
		'with blanks and no quotes': `From Ann Onym ${time}`,
		'with an address in brackets': `From <a@b.example> ${time}`,
		'with a tab': `From a@b.example\t${time}`,
		'without sender': `From  ${time}`,
		'without date': 'From a@b.example',
		'of Eudora': 'From ???@??? Tue Nov 09 17:21:36 2021',
		'of Mozilla': `From - ${time}`,
		'of Pine': `From MAILER-DAEMON ${time}`,
		'of which there are two': `From a@b.example ${time}\n>From c@d.example ${time} remote from moon`,
		'of many octets': `From ${'x'.repeat(9_000)} ${time}`,
		'with a NUL': `From a\0b@c.example ${time}`,
		'with octets above 127': `From j\xf6rg@b.example ${time}`,
		'with nothing in them': 'From ',
	};
	for (const [what, postmark] of Object.entries(postmarks)) {
		const one = `${postmark}\n${fields(1)}body\n\n`;
		it(`${what} begin a message`, () => {
			check(['', one, letter(2), one]);
			check(['', crlf(one), crlf(letter(2)), crlf(one)]);
			check(['', one, letter(2), one], { faithful: true });
		});
	}

	it('of several stations are no header missing', () => {
		const stations = `From a@b.example ${time}\n>From c@d.example ${time} remote from moon\n`;
		for (const end of ['\n', '\r\n']) {
			writeFileSync(path, `${stations}${fields(1)}x\n\n`.replaceAll('\n', end));
			const mailbox = open();
			mailbox.messages[0]?.set(Flag.read | Flag.touched);
			mailbox.writeBack(mailbox.messages, { removeEmpty: false });
			mailbox.close();
			const status = `${stations}${fields(1, 'Status: R\n')}x\n\n`;
			assert.equal(readFileSync(path, 'latin1'), status.replaceAll('\n', end));
		}
	});

	it('are no such lines without the blank, or in other letters', () => {
		check(['', letter(1, 'x\n\nFrom\n\nFroma b\n\nFrom\ta\n\nfrom a\n\n>From a\n\n From a\n')]);
	});
});

describe('between messages', () => {
	it('an empty line is needed, unless broken-mbox is set', () => {
		const glued = [letter(1).slice(0, -1), letter(2)];
		check(['', glued.join('')]);
		check(['', ...glued], { everyFrom: true });
		check(['', ...glued], { everyFrom: true, faithful: true });
		check(['', ...glued.map(crlf)], { everyFrom: true });
		check(['', `From a b\nSubject: s\n`, letter(1)], { everyFrom: true });
	});

	it('there may be more of them', () => {
		check(['', `${letter(1)}\n\n`, letter(2)]);
		check(['', `${crlf(letter(1))}\r\n\r\n`, crlf(letter(2))]);
	});

	it('line ends may change, where files of two programs were put together', () => {
		check(['', letter(1), crlf(letter(2)), letter(3), crlf(letter(4)), crlf(letter(5))]);
		check(['', `${crlf(letter(1))}\n`, letter(2)]);
	});

	it('a stray CR is no empty line in a message that has none', () => {
		check(['', letter(1, 'x\n\r\nFrom a b\n')]);
	});

	it('the separators of MMDF are text', () => {
		check(['', `${letter(1)}\x01\x01\x01\x01\n${letter(2)}`]);
	});
});

describe('the ends of a file', () => {
	it('may lack the last empty line, and the last newline', () => {
		for (const cut of [1, 2]) {
			check(['', letter(1), letter(2).slice(0, -cut)]);
			check(['', crlf(letter(1)), crlf(letter(2)).slice(0, -cut)]);
		}
		check(['', letter(1), 'From a']);
		check(['', letter(1), 'From ']);
		check(['', `${letter(1)}From`]);
		check(['', letter(1), 'From a b\nSubject: cut']);
	});

	it('may have anything before the first message, which stays', () => {
		for (const preamble of ['\n', '\n\n', '\r\n', 'garbage\n\n', '\0\xff\n\n', 'Subject: x\n\n']) {
			check([preamble, letter(1), letter(2)]);
			check([preamble, crlf(letter(1)), crlf(letter(2))]);
		}
		check(['garbage\r\n\r\n', crlf(letter(1))]);
	});

	it('hold no message where no From_ line is, and are let alone', () => {
		for (const text of [
			'',
			'\n',
			'text\n',
			fields(1),
			`x${letter(1).slice(0, 20)}`,
			'\0'.repeat(99),
		]) {
			check([text]);
		}
		check([`garbage\n${letter(1).trimEnd()}`]);
		check([letter(1).replaceAll('\n', '\r').replace('From ', 'x')]);
	});
});

describe('texts', () => {
	it('are quoted more than once by mboxrd, and stay so', () => {
		check(['', letter(1, '>From a\n\n>>From b\n\n>>>From c\n'), letter(2)]);
	});
	it('may hold NULs', () => {
		check(['', letter(1, 'a\0b\n\0\n\n\0From a\n'), letter(2)]);
		check(['', `From a b\n\0: x\n\n\0\n\n`, letter(2)]);
	});
	it('may stand without a header', () => {
		check(['', 'From a b\ntext\nmore text\n\n', letter(2), 'From c d\n\ntext\n\n', letter(4)]);
	});
});

describe('Content-Length', () => {
	const text = 'one\n\nFrom now on no quotes\nare needed\n\nFrom here\n';
	const of = (length: number | string) => `Content-Length: ${length}\n`;
	const next = letter(2);
	/** The same, of a reader who does not believe it. */
	const split = (more: string) => {
		const whole = letter(1, text, more);
		const places = [0, whole.indexOf('From now'), whole.indexOf('From here'), whole.length];
		return places.slice(1).map((end, index) => whole.slice(places[index], end));
	};

	it('is believed where it leads to the next message or the end', () => {
		for (const octets of [text.length - 1, text.length, text.length + 1]) {
			check(['', letter(1, text, of(octets)), next]);
			check(['', next, letter(1, text, of(octets))]);
		}
		check(['', letter(1, text, of(text.length)), letter(2, text, of(text.length)), next]);
		const long = crlf(text).length;
		check(['', crlf(letter(1, text, of(long))), crlf(next)]);
		check(['', letter(1, text, of(text.length) + of(text.length)), next]);
		check(['', letter(1, text, `content-length:${text.length}\n`), next]);
	});

	it('is not believed where it is anything else', () => {
		const { length } = text;
		for (const value of [0, 1, length - 2, length + 2, length + 10, -1, -length, 999_999_999]) {
			check(['', ...split(of(value)), next]);
		}
		for (const value of [
			'',
			'x',
			'1e3',
			`${length}x`,
			'99999999999999999999',
			'0x20',
			'9'.repeat(5_000),
		]) {
			check(['', ...split(of(value)), next]);
		}
		check(['', ...split(of(length) + of(1)), next]);
		check(['', ...split(''), next]);
	});

	it('may be short of a text that starts like a message', () => {
		const first = text.indexOf('From here') - 1;
		const [one = '', two = '', three = ''] = split(of(first));
		check(['', one + two, three, next]);
	});

	it('hides no letter, even where it leads to the beginning of one', () => {
		const body = `x\n\n${letter(7)}`.slice(0, -1);
		const cut = letter(1, body, of(body.length));
		const place = cut.indexOf('From a7');
		check(['', cut.slice(0, place), cut.slice(place), next]);
		const both = letter(1, 'x\n', of(`x\n\n${next}`.length - 1));
		check(['', both, next, letter(3)]);
	});

	it('is of no account with -n, as in the original', () => {
		check(['', ...split(of(text.length)), next], { faithful: true });
	});

	it('is right where there are very many such lines, too', () => {
		const many = 'From now\nx\n\n'.repeat(200_000);
		for (const octets of [many.length, many.length + 7]) {
			writeFileSync(path, letter(1, many, of(octets)) + next, 'latin1');
			const mailbox = open();
			assert.equal(mailbox.messages.length, octets === many.length ? 2 : 200_002);
			mailbox.close();
		}
	});

	it('is heard of what arrives, too', () => {
		writeFileSync(path, next);
		const mailbox = open();
		writeFileSync(path, next + letter(1, text, of(text.length)));
		assert.equal(mailbox.takeNew().length, 1);
		mailbox.close();
	});
});
