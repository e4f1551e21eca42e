/**
 * Letters made to do harm, read with the built program: nothing of them acts on the terminal, nothing
 * leaves the folder, nothing takes for ever. Those of ../shared/malformed where it is there, and our own.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Pane, whyNoTmux } from './harness/tmux.js';
import { programs } from './harness/world.js';

interface Case {
	readonly id: string;
	readonly why: string;
	readonly messages: number | null;
	readonly commands: string;
	readonly terminal_must_not_get: string | null;
}

const shared = resolve('../shared/malformed');
const list = join(shared, 'cases.json');
const cases: readonly Case[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
const absent = cases.length === 0 ? 'no ../shared/malformed here' : false;

/** Times and sizes of a machine that does other things as well. */
const mostMilliseconds = 8_000;
const mostKilobytes = 250_000;

const dir = mkdtempSync(join(tmpdir(), 'malformed-'));
const home = join(dir, 'home');
mkdirSync(home);
const measure = join(dir, 'measure.cjs');
writeFileSync(
	measure,
	"process.on('exit', () => require('node:fs').writeSync(3, String(process.resourceUsage().maxRSS)));",
);
after(() => rmSync(dir, { recursive: true, force: true }));

const env = {
	PATH: process.env.PATH,
	HOME: home,
	USER: 'pue',
	MAILRC: '/dev/null',
	MAIL: join(dir, 'spool'),
	LC_ALL: 'C.UTF-8',
	TZ: 'UTC',
	TERM: 'dumb',
};

interface Ended {
	readonly output: string;
	readonly errors: string;
	readonly milliseconds: number;
	readonly kilobytes: number;
}

/** Runs the built program; throws where it crashes or hangs. Its working directory is `home`. */
function mail(words: readonly string[], input: string, cwd = home): Ended {
	const begin = Date.now();
	const program = join(programs, 'mail.cjs');
	const child = spawnSync(process.execPath, ['-r', measure, program, ...words], {
		input,
		env,
		cwd,
		encoding: 'latin1',
		timeout: 30_000,
		maxBuffer: 1 << 29,
		stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
	});
	assert.equal(child.error, undefined, `${words.join(' ')}: hangs`);
	assert.equal(child.signal, null);
	assert.notEqual(child.status, 70, child.stderr);
	assert.doesNotMatch(child.stderr, /^ {4}at /m);
	return {
		output: child.stdout,
		errors: child.stderr,
		milliseconds: Date.now() - begin,
		kilobytes: Number(child.output[3]),
	};
}

const acting =
	// C0 save tab and line feeds, DEL, C1 in UTF-8, bidirectional overrides and isolates in UTF-8, and what
	// else is invisible and changes what stands beside it: deprecated formats, annotations, a language tag.
	/[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xaf]|\xef\xbf[\xb9-\xbb]|\xf3\xa0\x80\x81/;

function assertHarmless(output: string, what: string): void {
	const found = acting.exec(output);
	const around =
		found && JSON.stringify(output.slice(Math.max(0, found.index - 40), found.index + 20));
	assert.equal(found, null, `${what}: ${around}`);
}

/** Status lines are what reading a letter may change in its mailbox. */
function withoutStatus(octets: Buffer): string {
	return octets.toString('latin1').replace(/^(?:X-)?Status:[^\n]*\n/gm, '');
}

const next =
	'From b@b.example Tue Nov  9 17:21:36 2021\nFrom: b@b.example\nSubject: next\n\nreadable\n\n';

/** A mailbox of a letter with these fields and this body, and a harmless one behind it. */
function mailboxOf(
	name: string,
	fields: string | Buffer,
	body: string | Buffer = 'text\n',
): string {
	const path = join(dir, name);
	writeFileSync(
		path,
		Buffer.concat([
			Buffer.from('From a@a.example Tue Nov  9 17:21:36 2021\n'),
			Buffer.from(fields as string, 'latin1'),
			Buffer.from('\n'),
			Buffer.from(body as string, 'latin1'),
			Buffer.from(`\n\n${next}`),
		]),
	);
	return path;
}

describe('the collection of malformed mailboxes', { skip: absent }, () => {
	for (const { id, why, messages, commands, terminal_must_not_get: harmful } of cases) {
		for (const bare of [true, false]) {
			it(`${id}${bare ? ', -n' : ''}: ${why}`, () => {
				const given = join(shared, `${id}.mbox`);
				const path = join(dir, `${id}.mbox`);
				const cwd = mkdtempSync(join(dir, 'cwd-'));
				copyFileSync(given, path);
				const octets = readFileSync(given);
				const options = bare ? ['-n'] : [];
				const listing = mail([...options, '-H', '-f', path], '', cwd);
				if (messages !== null && bare) {
					assert.equal(listing.output.trimEnd().split('\n').length, messages);
				}
				const before = readdirSync(dir).sort();
				const read = mail([...options, '-N', '-f', path], commands, cwd);
				assertHarmless(listing.output + read.output.replaceAll('\r\n', '\n'), id);
				// Where the letter takes in the x as well, the end of the input leaves by the rules.
				if (commands.includes('set dot')) copyFileSync(given, path);
				assert.deepEqual(readFileSync(path), octets, 'x changes nothing');
				if (harmful) {
					assert.ok(!read.output.includes(Buffer.from(harmful, 'hex').toString('latin1')));
				}
				assert.doesNotMatch(read.output, /^Bcc:/m);
				for (const { milliseconds, kilobytes } of [listing, read]) {
					assert.ok(milliseconds < mostMilliseconds, `${milliseconds} ms`);
					assert.ok(kilobytes < mostKilobytes, `${kilobytes} kB`);
				}
				mail([...options, '-N', '-f', path], 'q\n', cwd);
				const after = withoutStatus(readFileSync(path));
				assert.equal(after, withoutStatus(octets), 'q changes nothing but Status');
				assert.deepEqual(readdirSync(dir).sort(), before, 'nothing beside the named folder');
				assert.deepEqual(
					readdirSync(cwd).filter((name) => name !== 'here'),
					id === 'attach-path' ? readdirSync(cwd).filter((name) => name !== 'here') : [],
				);
				if ((messages ?? 0) > 1 && commands.includes('p *')) {
					assert.match(mail(['-n', '-N', '-f', path], 'p $\nx\n', cwd).output, /^From: /m);
				}
			});
		}
	}
});

describe('a real terminal', { skip: whyNoTmux() ?? false }, () => {
	let pane: Pane;
	const kept = join(dir, 'terminal');

	before(async () => {
		writeFileSync(kept, '');
		pane = await Pane.open(['sh'], { ...env, TERM: 'tmux-256color', PS1: 'ready> ', PAGER: 'cat' });
		await pane.until((text) => text.endsWith('ready>'));
		await pane.keepOutput(kept);
	});
	after(() => pane?.close());

	/** Types lines one after the other, and then waits for the shell. Returns what the terminal got. */
	async function play(command: string, lines: readonly string[]): Promise<string> {
		writeFileSync(kept, '');
		await pane.type(`clear; ${command}; echo over`);
		await pane.press('Enter');
		for (const line of lines) {
			await pane.until((text) => /^[?&] ?$/m.test(text.split('\n').at(-1) ?? ''));
			await pane.type(line);
			await pane.press('Enter');
		}
		await pane.until(() => /^over\r?$/m.test(readFileSync(kept, 'latin1')));
		return readFileSync(kept, 'latin1');
	}

	const program = `'${process.execPath}' '${join(programs, 'mail.cjs')}'`;

	for (const { id, why, commands, terminal_must_not_get: harmful } of cases) {
		if (!harmful) continue;
		it(`does not get what acts on it: ${id}, ${why}`, async () => {
			const path = join(shared, `${id}.mbox`);
			const got = await play(
				`INKLOOM=plain ${program} -n -N -R -f '${path}'`,
				commands.trimEnd().split('\n'),
			);
			assert.ok(got.includes('second') || got.includes('From'), 'something was shown');
			assert.ok(!got.includes(Buffer.from(harmful, 'hex').toString('latin1')), JSON.stringify(got));
		});
	}

	it('gets no sequence of a letter from the hints beneath the prompt', async () => {
		const evil = '\x1b]0;owned\x07\x1b[31m\xc2\x9b31m\xe2\x80\xae';
		const path = mailboxOf('hints', `From: "${evil}" <a@a.example>\nSubject: ${evil}s\n`);
		writeFileSync(kept, '');
		await pane.type(`clear; ${program} -N -f '${path}'; echo over`);
		await pane.press('Enter');
		await pane.until((text) => /^[?&] ?$/m.test(text.split('\n').at(-1) ?? ''));
		await pane.type('d 1');
		await pane.until((text) => text.includes('1 message'));
		await pane.press('Enter');
		await pane.type('x');
		await pane.press('Enter');
		await pane.until(() => /^over\r?$/m.test(readFileSync(kept, 'latin1')));
		const got = readFileSync(kept, 'latin1');
		for (const sequence of ['\x1b]0;owned', '\x1b[31m\xc2', '\xc2\x9b31m', '\xe2\x80\xae']) {
			assert.ok(!got.includes(sequence), JSON.stringify(sequence));
		}
	});
});

/** What a terminal would obey, were it sent. */
const payloads: Readonly<Record<string, string>> = {
	'a title (OSC 0)': '\x1b]0;owned\x07',
	'a link (OSC 8)': '\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\',
	'the clipboard (OSC 52)': '\x1b]52;c;cm0gLXJm\x07',
	'a device control string': '\x1bP+q544e\x1b\\',
	'an application command': '\x1b_Gi=1;AAAA\x1b\\',
	'an answerback': '\x1b[c\x05',
	'a reset': '\x1bc',
	'another character set': '\x0e\x0f\x1b(0',
	'C1 in UTF-8': '\xc2\x9b31m\xc2\x9d0;x\xc2\x9c\xc2\x90q\xc2\x9c',
	'a raw C1': '\x9b31m\x9d0;x\x9c',
	'backspaces and returns': 'good\b\b\b\bevil\rEvil',
	'overrides and isolates': '\xe2\x80\xaeexe.\xe2\x80\xac\xe2\x81\xa6x\xe2\x81\xa9',
	'line and paragraph separators': 'a\xe2\x80\xa8b\xe2\x80\xa9c',
	'NUL and DEL': 'a\0b\x7fc',
	'annotations and deprecated formats':
		'\xef\xbf\xb9a\xef\xbf\xbab\xef\xbf\xbbc\xe2\x81\xaad\xe2\x81\xafe\xf3\xa0\x80\x81f',
	'UTF-8 that is none': '\xc0\x9b31m\xe0\x80\x9bx\xed\xb2\x9bx\xe2\x80\xc2\x9bx\xc2\x1bx\xe2',
};

describe('what a terminal would obey', () => {
	const q = (text: string) =>
		text.replace(
			/[^A-Za-z0-9]/g,
			(char) => `=${char.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
		);
	const commands =
		'h\nf *\np 1\nP 1\nshow 1\ntop 1\nsize *\nset showname\nh\nwrite 1 /dev/null\nx\n';

	for (const [what, octets] of Object.entries(payloads)) {
		it(`${what} is shown, not sent, wherever it stands`, () => {
			const base64 = Buffer.from(octets, 'latin1').toString('base64');
			const header = (octets.match(/[^\n\r]+/g) ?? []).join('');
			const charsets = ['utf-8', 'iso-8859-1', 'x-unknown'];
			const words = charsets.map((name) => `=?${name}?q?${q(octets)}?= =?${name}?b?${base64}?=`);
			const fields = [
				`From: "${header}" <a${header}@a.example>`,
				`To: (${header} ${words[0]}) b@b.example`,
				`Subject: ${header} ${words.join(' ')}`,
				`Date: Tue, 9 Nov 2021 17:21:36 +0000 (${header})`,
				'Mime-Version: 1.0',
				'Content-Type: multipart/mixed; boundary=b',
			].join('\n');
			const texts = charsets.flatMap((charset) => {
				const type = `Content-Type: text/plain; charset=${charset}`;
				return [
					`--b\n${type}\n\n${octets}\n`,
					`--b\n${type}; format=flowed\nContent-Transfer-Encoding: quoted-printable\n\n${q(octets)}\n`,
					`--b\n${type}\nContent-Transfer-Encoding: base64\n\n${base64}\n`,
					`--b\nContent-Type: text/html; charset=${charset}\n\n<p title="${octets}">${octets}<a href="http://${octets}">&#27;]0;x&#7;&#155;31m&#8238;</a></p>`,
				];
			});
			const body = [
				...texts,
				`--b\nContent-Type: image/${header}; name="${header}"\n\nx\n`,
				`--b\nContent-Type: image/png\nContent-Disposition: attachment; filename="${words[0]}"\n\nx\n`,
				`--b\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:${octets}\nEND:VEVENT\nEND:VCALENDAR\n`,
				`--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns;${header}\n\nFinal-Recipient: rfc822;${header}\nAction: ${header}\nDiagnostic-Code: ${header}\n`,
				`--b\nContent-Type: message/rfc822\n\nFrom: ${header}\nSubject: ${header}\n\n${octets}\n--b--\n`,
			].join('\n');
			const path = mailboxOf('payload', `${fields}\n`, body);
			for (const options of [['-n'], []]) {
				const { output, errors } = mail([...options, '-N', '-f', path], commands);
				assertHarmless(output.replaceAll('\r\n', '\n'), `${what} ${options}`);
				assertHarmless(errors, what);
				assert.match(output, /next/);
			}
		});
	}
});

describe('what is said of a letter', () => {
	for (const [what, octets] of Object.entries(payloads)) {
		it(`${what} in an address or the name of a folder is shown, not sent`, () => {
			const header = octets.replace(/[\r\n]/g, '');
			const path = mailboxOf(
				'said',
				`From: a${header}z@a.example\nCc: c${header}z@c.example\nReply-To: d${header}z@d.example, <x(y${header}z@e>\nSubject: s\n`,
			);
			for (const options of [['-n'], []]) {
				const cwd = mkdtempSync(join(dir, 'said-'));
				const { output, errors } = mail(
					[...options, '-S', 'sendmail=/bin/true', '-N', '-f', path],
					'S 1\nu 1\nC 1\nexplain 1\nsave 1 /nowhere/x\nset debug\nr 1\n',
					cwd,
				);
				assertHarmless(output.replaceAll('\r\n', '\n'), what);
				assertHarmless(errors.replaceAll('\r\n', '\n'), what);
				assert.match(output, /\[(New file|Appended)\]/);
			}
		});
	}
});

describe('letters without measure, answered', () => {
	const mega = 1_000_000;
	const bodies: Readonly<Record<string, () => readonly [string, string]>> = {
		'20 million empty lines': () => ['', '\n'.repeat(20 * mega)],
		'10 million line ends of CR LF': () => ['', '\r\n'.repeat(10 * mega)],
		'20 million octets of NUL': () => ['', '\0'.repeat(20 * mega)],
		'20 million octets of text': () => ['', 'a line of text that goes on\n'.repeat(700_000)],
		'10 million octets of GB18030': () => [
			'Content-Type: text/plain; charset=gb18030\n',
			'\xd6\xd0\xce\xc4\n'.repeat(2 * mega),
		],
		'10 million octets of UTF-16': () => [
			'Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n',
			`${'YQBiAAoA'.repeat(9)}\n`.repeat(130_000),
		],
	};
	for (const [what, make] of Object.entries(bodies)) {
		it(`${what}: quoted in bounded time and memory, and the limit is said`, () => {
			const [fields, body] = make();
			const path = mailboxOf('answered', `From: a@a.example\nSubject: s\n${fields}`, body);
			const kept = join(dir, 'answer');
			const mailer = join(dir, 'mailer');
			writeFileSync(mailer, `#!/bin/sh\ncat >'${kept}'\n`, { mode: 0o755 });
			for (const options of [['-n'], []]) {
				const { milliseconds, kilobytes } = mail(
					[...options, '-~', '-S', `sendmail=${mailer}`, '-N', '-f', path],
					'r 1\n~m 1\nanswer\n~.\nx\n',
				);
				const sent = readFileSync(kept, 'latin1');
				const [header = '', coded = ''] = sent.split(/\n\n(.*)/s);
				const letter = /: base64$/m.test(header)
					? Buffer.from(coded, 'base64').toString('latin1')
					: coded;
				assert.match(letter, /\[(More than|Line of more than) \d+ octets - the rest is not=?/);
				assert.match(letter, /^answer$/m);
				assert.ok(milliseconds < mostMilliseconds, `${milliseconds} ms`);
				assert.ok(kilobytes < mostKilobytes, `${kilobytes} kB`);
			}
		});
	}
});

describe('a header whose first name has no ASCII', () => {
	it('gets a Status line and no empty one, whatever octets the name has', () => {
		for (const name of ['X-\xc3\xa0', '\xed\xa0\x9bx', '\xa0', '\x85x', 'x\xa0y']) {
			const path = mailboxOf('name', `${name}: y\nFrom: a@a.example\nSubject: s\n`);
			const before = readFileSync(path);
			for (const options of [['-n'], []]) {
				mail([...options, '-N', '-f', path], 'q\n');
				assert.notDeepEqual(readFileSync(path), before);
				assert.equal(withoutStatus(readFileSync(path)), withoutStatus(before));
				writeFileSync(path, before);
			}
		}
	});
});

describe('letters without measure', () => {
	const mega = 1_000_000;
	const nested = (count: number) => {
		let body = '';
		for (let n = 0; n < count; n++) {
			body += `--b${n}\nContent-Type: multipart/mixed; boundary=b${n + 1}\n\n`;
		}
		return body;
	};
	const mixed = 'Subject: s\nContent-Type: multipart/mixed; boundary=b\n';
	/** Fields, body, and what is said of a limit. */
	const letters: Readonly<Record<string, () => readonly [string, string, RegExp | undefined]>> = {
		'a line of 20 million octets': () => [
			'Subject: s\n',
			'x'.repeat(20 * mega),
			/\[Line of more than/,
		],
		'10 million octets of UTF-8 without a line end': () => [
			'Subject: s\nContent-Type: text/plain; charset=utf-8\n',
			'\xc3\xa9'.repeat(10 * mega),
			/\[Line of more than/,
		],
		'10 million escapes': () => ['Subject: s\n', '\x1b'.repeat(10 * mega), /\[Line of more than/],
		'a subject of 10 million octets': () => [
			`Subject: ${'x'.repeat(10 * mega)}\n`,
			'text',
			/\[Line of more than/,
		],
		'a subject of a million blanks': () => [`Subject: x${' '.repeat(mega)}y\n`, 'text', undefined],
		'a subject folded 300 000 times': () => [
			`Subject: ${'x\n '.repeat(300_000)}\n`,
			'text',
			/\[More than \d+ header lines/,
		],
		'100 000 header fields': () => [
			Array.from({ length: 100_000 }, (_, n) => `X-${n}: y\n`).join(''),
			'text',
			/\[More than \d+ header lines/,
		],
		'300 000 encoded words': () => [
			`Subject: ${'=?utf-8?q?=1Bc?= '.repeat(300_000)}\n`,
			'text',
			/\[Line of more than/,
		],
		'10 000 multiparts in one another': () => [
			'Subject: s\nContent-Type: multipart/mixed; boundary=b0\n',
			nested(10_000),
			/\[Too many parts/,
		],
		'10 000 messages in one another': () => [
			'Subject: s\nContent-Type: message/rfc822\n',
			'Content-Type: message/rfc822\n\n'.repeat(10_000),
			/\[Too many parts/,
		],
		'100 000 parts': () => [mixed, '--b\n\nx\n'.repeat(100_000), /\[Too many parts/],
		'a boundary of 3 000 dashes': () => [
			`Subject: s\nContent-Type: multipart/mixed; boundary="${'-'.repeat(3_000)}"\n`,
			'-'.repeat(10 * mega),
			undefined,
		],
		'a base64 bomb': () => [
			'Subject: s\nContent-Transfer-Encoding: base64\n',
			'G1szMW0b'.repeat(2 * mega),
			/\[Line of more than/,
		],
		'a quoted-printable bomb': () => [
			'Subject: s\nContent-Transfer-Encoding: quoted-printable\n',
			'=1B'.repeat(4 * mega),
			/\[Line of more than/,
		],
		'a million recipients': () => [`Subject: s\nTo: ${'a@b, '.repeat(mega)}c\n`, 'text', undefined],
		'a million parentheses': () => [
			`From: ${'('.repeat(mega)}\nSubject: s\nDate: ${'('.repeat(mega)}\n`,
			'text',
			undefined,
		],
		'10 million line ends': () => ['Subject: s\n', '\n'.repeat(10 * mega), undefined],
		'a million tags': () => [
			'Subject: s\nContent-Type: text/html\n',
			'<div>\n'.repeat(mega),
			undefined,
		],
		'a deep table': () => [
			'Subject: s\nContent-Type: text/html\n',
			'<table><tr><td>\n'.repeat(50_000),
			undefined,
		],
		'a million flowed lines': () => [
			'Subject: s\nContent-Type: text/plain; format=flowed\n',
			'word \n'.repeat(mega),
			undefined,
		],
	};

	for (const [what, make] of Object.entries(letters)) {
		it(`${what}: shown in bounded time and memory, and the limit is said`, () => {
			const [fields, body, said] = make();
			const path = mailboxOf('large', fields, body);
			for (const options of [['-n'], []]) {
				const { output, milliseconds, kilobytes } = mail(
					[...options, '-N', '-f', path],
					'h\np 1\np 2\nx\n',
				);
				assertHarmless(output, what);
				assert.match(output, /^readable$/m);
				if (said) assert.match(output, said);
				assert.ok(milliseconds < mostMilliseconds, `${milliseconds} ms`);
				assert.ok(kilobytes < mostKilobytes, `${kilobytes} kB`);
			}
		});
	}

	it('a From_ line of five million octets', () => {
		const path = join(dir, 'postmark');
		writeFileSync(path, `From ${'x'.repeat(5 * mega)}\nSubject: s\n\ntext\n\n${next}`);
		assert.match(mail(['-n', '-N', '-f', path], 'h\np 2\nx\n').output, /^readable$/m);
	});
});

describe('what is no mailbox', () => {
	it('a FIFO, a device and a directory are refused at once', () => {
		const fifo = join(dir, 'fifo');
		execFileSync('mkfifo', [fifo]);
		for (const path of [fifo, '/dev/zero', '/dev/tty', dir]) {
			for (const options of [['-n'], []]) {
				const { output, errors, milliseconds } = mail([...options, '-N', '-f', path], 'x\n');
				assert.ok(output + errors !== '', `${path}: nothing is said`);
				assert.ok(milliseconds < mostMilliseconds);
			}
		}
	});
});

describe('the names of attachments', () => {
	const names: readonly string[] = [
		'|touch pwned',
		'../up',
		'../../home/up',
		`${dir}/absolute`,
		'~/tilde',
		'+folder',
		'.profile',
		'..',
		'-rf',
		'a/b',
		'a\\b',
		'`touch pwned`',
		'$(touch pwned)',
		'=?utf-8?q?=2E=2E=2Fup?=',
		'=?utf-8?q?=7Ctouch_pwned?=',
		'x\0y',
		'n'.repeat(3_000),
		'',
		' ',
		'caf\xc3\xa9.txt',
	];

	it('lead nowhere but into the working directory, and to no shell', () => {
		const parts = names.map(
			(name) =>
				`--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename="${name}"\n\ndata\n`,
		);
		const extended = ["utf-8''..%2Fup", "utf-8''%7Ctouch%20pwned", "''%2Ftmp%2Fmalformed"].map(
			(name) =>
				`--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename*=${name}\n\ndata\n`,
		);
		const path = mailboxOf(
			'names',
			'Subject: s\nMime-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n',
			`--b\n\ntext\n${parts.join('')}${extended.join('')}--b--\n`,
		);
		for (const options of [['-n'], [], ['-S', 'interactive']]) {
			const outer = mkdtempSync(join(dir, 'outer-'));
			const cwd = join(outer, 'inner');
			mkdirSync(cwd);
			const before = [readdirSync(dir).sort(), readdirSync(home).sort()];
			mail([...options, '-N', '-f', path], `write 1 out\n${'\n'.repeat(40)}x\n`, cwd);
			assert.deepEqual(readdirSync(outer), ['inner']);
			assert.deepEqual([readdirSync(dir).sort(), readdirSync(home).sort()], before);
			const made = readdirSync(cwd);
			assert.ok(!made.includes('pwned'), made.join(' '));
			assert.deepEqual(
				made.filter((name) => name.startsWith('.')),
				[],
			);
		}
	});
});

describe('a Reply-To that is no address', () => {
	for (const target of ['/tmp/x', './x', '+x', '|touch pwned', '~/x']) {
		it(`writes no file and runs nothing: ${target}`, () => {
			const cwd = mkdtempSync(join(dir, 'reply-'));
			const victim = target.replace('/tmp', cwd);
			const path = mailboxOf('reply', `From: a@a.example\nReply-To: ${victim}\nSubject: s\n`);
			const before = readdirSync(home).sort();
			mail(
				['-S', 'sendmail=/bin/true', '-S', `folder=${cwd}`, '-N', '-f', path],
				'r 1\nhi\n~.\nx\n',
				cwd,
			);
			assert.deepEqual(
				readdirSync(cwd).filter((name) => name !== 'dead.letter'),
				[],
			);
			assert.deepEqual(
				readdirSync(home)
					.sort()
					.filter((name) => !before.includes(name) && name !== 'dead.letter'),
				[],
			);
		});
	}
});
