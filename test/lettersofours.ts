/**
 * Letters by every way there is of writing one, and what each should say to whoever reads it. Other
 * programs read them in parsedbyothers.test.ts, and carry them in mta/foreignpassage.test.ts.
 */
import type { Address, Given, Meant } from './harness/letters.js';

/** A received letter to be answered or sent on. */
function received(fields: string, body = 'their text\n'): Buffer {
	const letter = `From ann@x.example Mon Jan  9 09:30:00 2023\n${fields}\n${body}\n`;
	return Buffer.from(letter, 'latin1');
}

const utf8 = (text: string) => Buffer.from(text).toString('latin1');
const plainFields = 'From: ann@x.example\nSubject: news\nMessage-ID: <1@x.example>\n';
const toAnn: readonly Address[] = [['', 'ann@x.example']];

/** An answer to a letter with these fields. */
function answer(fields: string, meant: Meant, more: Partial<Given> = {}): Given {
	return {
		box: received(fields),
		text: 'reply 1\nanswer\n~.\nx\n',
		settings: ['noquote'],
		meant: { subject: 'Re: news', to: toAnn, text: 'answer\n', ...meant },
		...more,
	};
}

const attached = (name: string, meant: Meant = {}): Given => ({
	options: ['-a', `@/${name}`],
	text: 'see there\n',
	meant: { files: [name], ...meant },
});

const manyNames = Array.from({ length: 300 }, (_, n) => `person${n}@host${n % 7}.example`);

export const letters: Readonly<Record<string, Given>> = {
	// The text.
	'plain ASCII': {
		meant: { charsets: ['us-ascii'], header: /^Content-Transfer-Encoding: 7bit$/m },
	},
	'UTF-8': {
		subject: 'Gr\u00fc\u00dfe aus K\u00f6ln',
		text: 'Sch\u00f6ne Gr\u00fc\u00dfe\n',
		meant: { charsets: ['utf-8'] },
	},
	'no text': { text: '' },
	'a line of 998 octets': { text: `${'x'.repeat(998)}\n` },
	'a line of 999 octets': { text: `${'x'.repeat(999)}\n` },
	'a line of 5 000 characters': { text: `${'x'.repeat(5_000)}\n` },
	'a line of 3 000 characters of UTF-8': { text: `${'\u00fc'.repeat(3_000)}\n` },
	'blanks at line ends': { text: 'a  \nb\t\n \n\t\nc', meant: { text: 'a  \nb\t\n \n\t\nc' } },
	'From and dots at line starts': {
		text: 'From here\n>From there\n.\n..\n.x\nFrom\nlast\n.\n',
	},
	'From and dots in quoted-printable': {
		text: `From here\n.\n${'x'.repeat(2000)}\n.\nFrom there\n`,
	},
	'line ends of DOS': { text: 'one\r\ntwo\r\n', meant: { text: 'one\ntwo\n' } },
	'carriage returns in the text': { text: 'one\rtwo\n\rthree\r\n' },
	'control characters': { text: 'bell \x07, escape \x1b[1m, delete \x7f, page \f\n' },
	'a NUL in the text': {
		text: 'a\0b\n',
		meant: { text: '', files: [['', 'a\0b\n']] },
	},
	'octets that are no UTF-8': {
		text: Buffer.from('Gr\xfc\xdfe\n', 'latin1'),
		meant: { text: 'Gr\u00fc\u00dfe\n', charsets: ['utf-8'] },
	},
	'UTF-8 from a place without locale': {
		subject: 'K\u00f6ln',
		text: 'Gr\u00fc\u00dfe\n',
		env: { LC_ALL: 'C' },
		meant: { charsets: ['utf-8'] },
	},
	'a text that does not end in a line end': { text: 'unended' },
	'only quoted-printable': { text: 'ein =3D \u00fc\n', settings: ['encoding=quoted-printable'] },
	'a signature': {
		text: 'x\n~A\n~.\n',
		options: ['-~'],
		settings: ['Sign=-- \\nJ\u00f6'],
		meant: { text: 'x\n-- \nJ\u00f6\n' },
	},
	'a file as signature': {
		text: 'x\n',
		settings: ['signature=@/signature'],
		meant: { text: 'x\n-- \nJane D\u00f6e\n' },
	},

	// Charsets.
	'the first charset that will do': {
		subject: 'Gr\u00fc\u00dfe',
		text: 'Gr\u00fc\u00dfe\n',
		settings: ['sendcharsets=us-ascii,iso-8859-1,utf-8'],
		meant: { charsets: ['iso-8859-1'], header: /^Subject: =\?iso-8859-1\?/m },
	},
	'a charset that will not do': {
		subject: 'caf\u00e9',
		text: '\u043f\u0438\u0441\u044c\u043c\u043e\n',
		settings: ['sendcharsets=iso-8859-1,koi8-r,utf-8'],
		meant: { charsets: ['utf-8'] },
	},
	'KOI8-R': {
		subject: '\u041f\u0438\u0441\u044c\u043c\u043e',
		text: '\u0442\u0435\u043a\u0441\u0442\n',
		settings: ['sendcharsets=koi8-r'],
		meant: { charsets: ['koi8-r'] },
	},
	'Windows-1252': {
		subject: '5 \u20ac',
		text: '\u201e\u20ac\u201c\n',
		settings: ['sendcharsets=windows-1252'],
		meant: { charsets: ['windows-1252'] },
	},
	Shift_JIS: {
		subject: '\u8868\u793a',
		text: '\u8868\u793a\u30bd\n',
		to: ['"\u8868" <jane@x.example>'],
		settings: ['sendcharsets=shift_jis'],
		meant: { charsets: ['shift_jis'], to: [['\u8868', 'jane@x.example']] },
	},
	GB18030: {
		subject: '\u4f60\u597d',
		text: '\u4f60\u597d\n',
		settings: ['sendcharsets=gb18030'],
		meant: { charsets: ['gb18030'] },
	},
	'UTF-16, which no letter is in': {
		subject: '\u4f60\u597d',
		text: '\u4f60\u597d\n',
		settings: ['sendcharsets=utf-16,utf-16le,utf-8'],
		meant: { charsets: ['utf-8'] },
	},

	// Subjects.
	'no subject': {
		options: ['-t'],
		to: [],
		text: 'To: jane@x.example\n\nt\n',
		meant: { subject: null, text: 't\n', to: [['', 'jane@x.example']] },
	},
	'a long subject': { subject: 'many words in a row '.repeat(20).trim() },
	'a long word as subject': { subject: 'x'.repeat(300) },
	'a long word after others': { subject: `see ${'y'.repeat(1200)} there` },
	'a long subject in another script': {
		subject: '\u0401\u043b\u043a\u0438 \u0438 \u043f\u0430\u043b\u043a\u0438 '.repeat(12).trim(),
		text: '\u0442\u0435\u043a\u0441\u0442\n'.repeat(20),
	},
	'a subject of Han characters': { subject: '\u65e5\u672c\u8a9e\u306e\u4ef6\u540d'.repeat(15) },
	'emoji at every fold': { subject: '\u{1f469}\u200d\u{1f393}\u{1f389}'.repeat(20) },
	'words that look encoded': { subject: 'what is =?utf-8?q and ?= there' },
	'blanks in a subject': { subject: 'a  b \u00fc  \u00fc c' },
	'an umlaut among many words': {
		subject: `${'some words '.repeat(9)}\u00fc${' and words'.repeat(9)}`,
	},

	// Addresses.
	'many recipients': { to: manyNames },
	'a display name': {
		to: ['Jane Doe <jane@x.example>'],
		meant: { to: [['Jane Doe', 'jane@x.example']] },
	},
	'a display name that needs quotes': {
		to: ['"D\u00f6e, Jan\u00e9" <jane@x.example>'],
		meant: { to: [['D\u00f6e, Jan\u00e9', 'jane@x.example']] },
	},
	'a quoted ASCII name': {
		to: ['"Doe, \\"J\\" Jane" <jane@x.example>'],
		meant: { to: [['Doe, J Jane', 'jane@x.example']] },
	},
	'a long display name': {
		to: [`${'\u00d6rtlich '.repeat(15)}<jane@x.example>`],
		meant: { to: [['\u00d6rtlich '.repeat(15).trim(), 'jane@x.example']] },
	},
	'a display name with a dot': {
		to: ['Jane Q. Doe <jane@x.example>'],
		meant: { to: [['Jane Q. Doe', 'jane@x.example']] },
	},
	'a comment': {
		options: ['-c', 'jane@x.example (J\u00f6rg)'],
		meant: { cc: [['', 'jane@x.example']] },
	},
	'a quoted local part': { to: ['"jane doe"@x.example'] },
	'a signed local part': { to: ["o'neill+tag=x/y@x.example"] },
	copies: {
		options: ['-c', 'carl@x.example', '-c', 'cora@x.example', '-b', 'bob@x.example'],
		meant: {
			cc: [
				['', 'cora@x.example'],
				['', 'carl@x.example'],
			],
		},
	},
	'a sender': { options: ['-r', 'other@y.example'], meant: { from: [['', 'other@y.example']] } },
	'a sender with a name': {
		settings: [
			'from=Pu\u00e9 "P" Test <pue@y.example>',
			'replyto=a@b.example',
			'sender=s@y.example',
			'ORGANIZATION=\u00dcbung, Inc.',
		],
		meant: { from: [['Pu\u00e9 P Test', 'pue@y.example']], header: /^Organization: =\?/m },
	},

	// Files.
	'a binary file': attached('some octets.bin', { header: /^Content-Type: multipart\/mixed;/m }),
	'a file name of Latin letters': attached('Gr\u00f6\u00dfe.txt'),
	'a file name of emoji and kana': attached('\u{1f389} \u65e5\u672c\u8a9e\u306e\u6dfb\u4ed8.txt'),
	'a long file name of Han characters': attached(`${'\u65e5\u672c\u8a9e'.repeat(24)}.txt`),
	'a long file name': attached(`${'long name '.repeat(20)}.txt`),
	'a file name with quotes': attached('a "quoted" \\name; x=y.txt'),
	'a file name with signs': attached("100% it's (a) *name*'.txt"),
	'a file name of two lines': attached('two\nlines: x.txt', {
		files: [['two_lines: x.txt', 'line\n']],
	}),
	'an empty text file': attached('empty.txt'),
	'an empty file': attached('empty.bin'),
	'a file without a last line end': attached('unended.txt'),
	'a text file of DOS': attached('dos.txt'),
	'a text file of UTF-8': attached('umlaut.txt', { charsets: ['us-ascii', 'utf-8'] }),
	'a text file of Latin 1': attached('latin1.txt'),
	'a text file of long lines': attached('long.txt'),
	'a text file with a NUL': attached('nul.txt'),
	'a type of one\u2019s own': attached('data.odd', {
		header: /^Content-Type: application\/x-odd$/m,
	}),
	'a page': attached('page.html', { header: /^Content-Type: text\/html;\n charset=utf-8$/m }),
	'a letter as a file': attached('letter.eml', {
		files: [['', 'From the inside\n']],
		header: /^Content-Type: message\/rfc822\nContent-Transfer-Encoding: 7bit$/m,
	}),
	'files alone': {
		options: ['-a', '@/some octets.bin', '-a', '@/empty.txt', '-a', '@/umlaut.txt'],
		text: '',
		meant: { files: ['some octets.bin', 'empty.txt', 'umlaut.txt'] },
	},

	// Escapes.
	escapes: {
		options: ['-~'],
		text: '~s a new subject\n~t tom@x.example\n~c carl@x.example\n~b bob@x.example\n~~ tilde\n~r @/umlaut.txt\n~@ @/empty.bin\n~i words\nend\n~.\n',
		settings: ['words=noted \u00fc'],
		meant: {
			subject: 'a new subject',
			text: '~ tilde\nGr\u00fc\u00dfe\nnoted \u00fc\nend\n',
			to: [
				['', 'tom@x.example'],
				['', 'jane@x.example'],
			],
			cc: [['', 'carl@x.example']],
			files: ['empty.bin'],
		},
	},
	'a header in the text': {
		options: ['-t'],
		to: [],
		text: 'To: J\u00f6rg <jane@x.example>\nCc: carl@x.example,\n cora@x.example\nBcc: bob@x.example\nSubject: long\n er\n\ntext\n',
		meant: {
			subject: 'long er',
			text: 'text\n',
			to: [['J\u00f6rg', 'jane@x.example']],
			cc: [
				['', 'cora@x.example'],
				['', 'carl@x.example'],
			],
		},
	},

	// Answers.
	'an answer': answer(plainFields, { references: '<1@x.example>', inReplyTo: '<1@x.example>' }),
	'an answer with a quotation': answer(
		plainFields,
		{
			references: '<1@x.example>',
			inReplyTo: '<1@x.example>',
			text: 'ann@x.example wrote:\n\n> their text\nanswer\n',
		},
		{ settings: [] },
	),
	'a letter with another in it': {
		box: received(plainFields, '>From ann\nk\xfc\n'),
		text: 'mail jane@x.example\n~s see\nx\n~m 1\n~f 1\n~.\nx\n',
		meant: { subject: 'see', text: /^x\n> From ann[\s\S]*> From ann\n> k[\s\S]*\nFrom ann\nk/ },
	},
	'an answer to many references': answer(
		`${plainFields}References: ${Array.from({ length: 60 }, (_, n) => `<${n}.${'x'.repeat(40)}@x.example>`).join('\n ')}\n`,
		{ references: / <59\.x+@x\.example> <1@x\.example>$/, inReplyTo: '<1@x.example>' },
	),
	'an answer to a very long Message-ID': answer(
		`From: ann@x.example\nSubject: news\nMessage-ID: <${'x'.repeat(900)}@x.example>\n`,
		{},
	),
	'an answer to references that are none': answer(
		`${plainFields}References: hello, "x" <a b@c>;<\x01@x> <ok@x.example> (note) <broken\n`,
		{ references: '<ok@x.example> <1@x.example>', inReplyTo: '<1@x.example>' },
	),
	'an answer to a Message-ID that is none': answer(
		'From: ann@x.example\nSubject: news\nMessage-ID: no id at all\n',
		{},
	),
	'an answer to a bare Message-ID': answer(
		'From: ann@x.example\nSubject: news\nMessage-ID: 1@x.example\n',
		{},
	),
	'an answer to raw Latin 1': answer(
		'From: "J\xf6rg" <ann@x.example>\nSubject: news \xfc\nMessage-ID: <1@x.example>\n',
		{ subject: 'Re: news \u00fc', references: '<1@x.example>', inReplyTo: '<1@x.example>' },
	),
	'an answer to raw UTF-8': answer(
		`From: ${utf8('J\u00f6rg')} <ann@x.example>\nSubject: ${utf8('n\u00fcws')}\n`,
		{ subject: 'Re: n\u00fcws', to: [['J\u00f6rg', 'ann@x.example']] },
		{ settings: ['noquote', 'fullnames'] },
	),
	'an answer to encoded names': answer(
		`From: =?utf-8?q?J=C3=B6rg=2C?= "D." <ann@x.example>\nTo: "=?iso-8859-1?q?M=FC?=" <m@x.example>, me@y.example\nCc: c@x.example (=?utf-8?q?C=C3=A4?=)\nSubject: =?utf-8?b?bsO8d3M=?=\n`,
		{
			subject: 'Re: n\u00fcws',
			to: [
				['M\u00fc', 'm@x.example'],
				['J\u00f6rg, D.', 'ann@x.example'],
			],
			cc: [['', 'c@x.example']],
		},
		{ settings: ['noquote', 'fullnames'] },
	),
	'an answer to a hidden line break': answer(
		'From: =?utf-8?q?a=0aBcc:_x@z.example=0a?= <ann@x.example>\nSubject: =?utf-8?q?news=0d=0aBcc:_x@z.example?=\nMessage-ID: <1@x.example>\n',
		{
			subject: 'Re: news Bcc: x@z.example',
			to: [['a Bcc: x@z.example '.trim(), 'ann@x.example']],
			references: '<1@x.example>',
			inReplyTo: '<1@x.example>',
		},
		{ settings: ['noquote', 'fullnames'] },
	),
	'an answer to a comment as name': answer(
		'From: ann@x.example (Ann (the "first") B.)\nSubject: news\n',
		{},
		{ settings: ['noquote', 'fullnames'] },
	),
	'an answer to groups': answer(
		'From: ann@x.example\nTo: Friends: bob@x.example, "Carl, C" <carl@x.example>;, undisclosed-recipients:;\nSubject: news\n',
		{
			to: [
				['', 'carl@x.example'],
				['', 'bob@x.example'],
				['', 'ann@x.example'],
			],
		},
	),
	'an answer to routes and old ways': answer(
		'From: <@h1.example,@h2.example:ann@x.example>\nTo: bob at x.example\nSubject: news\n',
		{
			to: [
				['', 'bob@x.example'],
				['', 'ann@x.example'],
			],
		},
	),
	'an answer to no subject': answer('From: ann@x.example\n', { subject: null }),
	'an answer in the same charset': answer(
		`${plainFields}MIME-Version: 1.0\nContent-Type: text/plain; charset="iso-8859-15"\n`,
		{
			text: '5 \u20ac\n',
			charsets: ['iso-8859-15'],
			references: '<1@x.example>',
			inReplyTo: '<1@x.example>',
		},
		{ settings: ['noquote', 'reply-in-same-charset'], text: 'reply 1\n5 \u20ac\n~.\nx\n' },
	),
	'an answer to ISO-2022-JP': answer(
		'From: =?ISO-2022-JP?B?GyRCRnxLXBsoQg==?= <ann@x.example>\nSubject: =?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=ISO-2022-JP\n',
		{
			subject: 'Re: \u65e5\u672c',
			to: [['\u65e5\u672c', 'ann@x.example']],
			text: '\u65e5\u672c\n',
		},
		{
			settings: ['noquote', 'fullnames', 'reply-in-same-charset'],
			text: 'reply 1\n\u65e5\u672c\n~.\nx\n',
		},
	),
	'an answer in a charset that is none': answer(
		`${plainFields}MIME-Version: 1.0\nContent-Type: text/plain; charset="x\n y: z"\n`,
		{
			text: '5 \u20ac\n',
			charsets: ['utf-8'],
			references: '<1@x.example>',
			inReplyTo: '<1@x.example>',
		},
		{ settings: ['noquote', 'reply-in-same-charset'], text: 'reply 1\n5 \u20ac\n~.\nx\n' },
	),

	// Sending on.
	'sent on in the text': {
		box: received(plainFields, '>From ann\nk\xfcss\n'),
		text: 'forward 1 jane@x.example\nsee there\n~.\nx\n',
		meant: { subject: 'Fwd: news', text: /^-+ Original Message -+\n[\s\S]*\nFrom ann\nk/ },
	},
	'sent on as it is': {
		box: received(plainFields),
		text: 'forward 1 jane@x.example\nsee there\n~.\nx\n',
		settings: ['forward-as-attachment'],
		meant: {
			subject: 'Fwd: news',
			text: 'see there\n',
			files: [['', 'their text\n']],
			header: /^Content-Type: message\/rfc822$/m,
		},
	},
	'sent on with octets above 127': {
		box: received(
			`${plainFields}MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n`,
			'>From k\xfcss\n',
		),
		text: 'forward 1 jane@x.example\nsee there\n~.\nx\n',
		settings: ['forward-as-attachment'],
		meant: {
			subject: 'Fwd: news',
			text: 'see there\n',
			files: [['', Buffer.from('From k\xfcss\n', 'latin1')]],
			header: /^Content-Transfer-Encoding: 8bit$/m,
		},
	},
	'sent on with long lines': {
		box: received(plainFields, `${'x'.repeat(2000)}\nl\xfcst\n`),
		text: 'forward 1 jane@x.example\nsee there\n~.\nx\n',
		settings: ['forward-as-attachment'],
		meant: {
			subject: 'Fwd: news',
			text: 'see there\n',
			files: [
				['message.eml', Buffer.from(`${plainFields}\n${'x'.repeat(2000)}\nl\xfcst\n`, 'latin1')],
			],
		},
	},
	'sent on without a change': {
		box: received(plainFields),
		text: 'resend 1 jane@x.example\nx\n',
		meant: { subject: 'news', from: toAnn, text: 'their text\n', to: [] },
	},

	// Hostile.
	'line breaks in everything': {
		subject: 'a\nBcc: x@z.example\r\n\r\nbody\u0085\u2028X: y',
		options: [
			'-c',
			'Carl\nX-Bad: 1 <carl@x.example>',
			'-b',
			'Bob\rX-Bad: 2 <bob@x.example>',
			'-a',
			'@/two\nlines: x.txt',
		],
		settings: [
			'replyto=A\nX-Bad: 4 <a@b.example>',
			'ORGANIZATION=o\nX-Bad: 5',
			'hostname=h\nX-Bad: 6',
			'charset7=us-ascii\nX-Bad: 7',
			'charset=utf-8\nX-Bad: 8',
		],
		meant: {
			subject: 'a Bcc: x@z.example body\u2426\u2426X: y',
			cc: [['Carl X-Bad: 1', 'carl@x.example']],
			files: [['two_lines: x.txt', 'line\n']],
		},
	},
	'line breaks in the environment': {
		env: { ORGANIZATION: 'o\nX-Bad: 1', USER: 'pue', REPLYTO: 'a\nX-Bad: 2' },
	},
	'an odd host': { settings: ['hostname=m\u00fcnchen d\u00f6rf'] },
	'an empty host': { settings: ['hostname='] },
	'a host that is a number': { settings: ['hostname=[::1]'] },
	'an odd sender': {
		settings: ['from="jane doe"@y.example'],
		meant: { from: [['', '"jane doe"@y.example']] },
	},
};
