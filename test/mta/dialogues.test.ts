/** SMTP on standard input, word for word; and the recorded dialogues of sendmail, where they are. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { makeOffice, type Office } from './office.js';
import { sendmailProgram } from './server.js';

let office: Office;
beforeEach(() => {
	office = makeOffice();
});
afterEach(() => office.remove());

function talk(words: readonly string[], lines: readonly string[], end = '\r\n') {
	const ran = spawnSync(process.execPath, [sendmailProgram, ...words, '-bs'], {
		env: office.env('root'),
		input: Buffer.from(lines.map((line) => line + end).join(''), 'latin1'),
		encoding: 'latin1',
	});
	return { status: ran.status, said: ran.stdout.split('\r\n').slice(0, -1) };
}

const mailbox = (user: string): string => {
	const path = join(office.root, 'var/spool/mail', user);
	return existsSync(path) ? readFileSync(path, 'latin1') : '';
};

/** The aliases that the recordings were made with, as far as they are asked for. */
const aliases = `team: pue, pere
badalias: nosuchuser
user1: user1@a.example;user1@b.example
loopa: loopb
loopb: loopa
`;

/** What is the program's own, and what varies, made the same; EXPN lists in no order. */
function settled(lines: readonly string[]): string[] {
	const own = /^220 |^214-2\.0\.0 (This is|For more|To report|\thttp)/;
	return lines
		.filter((line) => !own.test(line))
		.map((line) =>
			line.replace(/\b[0-9A-Za-z]{8}\d{6}\b/, 'ID').replace(/^250-(2\.1\.5)/, '250 $1'),
		)
		.reduce<string[][]>((groups, line) => {
			const group = groups.at(-1);
			if (group?.[0]?.startsWith('250 2.1.5 P') && line.startsWith('250 2.1.5 P')) group.push(line);
			else groups.push([line]);
			return groups;
		}, [])
		.flatMap((group) => group.toSorted());
}

describe('SMTP on standard input', () => {
	const fixtures = resolve('../shared/delivery/fixtures/dialogue');
	const recorded = existsSync(fixtures)
		? readdirSync(fixtures).filter((name) => /^bs-/.test(name))
		: [];
	if (recorded.length === 0) it('is as recorded', { skip: 'no recordings here' });
	for (const name of recorded) {
		it(`is as recorded: ${name}`, () => {
			office.write('etc/aliases', aliases);
			const lines = readFileSync(join(fixtures, name), 'latin1').split('\n');
			const of = (sign: string) =>
				lines.filter((line) => line.startsWith(sign)).map((line) => line.slice(sign.length));
			const words = /sendmail (.*) -bs/.exec(lines[0] ?? '')?.[1]?.split(' ') ?? [];
			const { status, said } = talk(words, of('C: '));
			assert.deepEqual(settled(said), settled(of('S: ')));
			// 67 after VRFY of an unknown name follows no rule that was found.
			assert.equal(status, 0);
		});
	}

	it('delivers as recorded', () => {
		talk(
			[],
			[
				'HELO client.example',
				'MAIL FROM:<pue@mx.example.org>',
				'RCPT TO:<pere>',
				'RCPT TO:<nosuchuser>',
				'DATA',
				'Subject: via bs',
				'',
				'..dotted',
				'From here',
				'.',
				'QUIT',
			],
		);
		const text = mailbox('pere')
			.replace(/\w{3}, .* GMT/g, 'DATE')
			.replace(/ {2}\w{3} \w{3} .*/, '  TIME')
			.replace(/\w{8}\d{6}/g, 'ID')
			.replace(/\d{12}\./, '')
			.replace(/\(Inkloom .*\)/, '(SOFTWARE)');
		assert.equal(
			text,
			`From pue@mx.example.org  TIME
Return-Path: <pue@mx.example.org>
Received: from client.example (root@localhost)
	by mx.example.org (SOFTWARE) with SMTP id ID;
	DATE
Date: DATE
From: Pue Test <pue@mx.example.org>
Message-Id: <ID@mx.example.org>
Subject: via bs

.dotted
>From here

`,
		);
	});

	it('takes command lines that end in LF, and no letter that does', () => {
		const { said } = talk(
			[],
			['HELO c', 'MAIL FROM:<a>', 'RCPT TO:<pere>', 'DATA', '', 'x', '.', 'QUIT'],
			'\n',
		);
		assert.deepEqual(said.slice(-2), [
			'354 End data with <CR><LF>.<CR><LF>',
			'421 4.5.0 Bare linefeed (LF) not allowed',
		]);
		assert.equal(mailbox('pere'), '');
	});

	it('answers for a letter that has to wait for a mailbox, though its client says no more', () => {
		office.write('var/spool/mail/pere', '');
		const lock = office.write('var/spool/mail/pere.lock', '');
		const ran = spawnSync(
			'sh',
			['-c', `(sleep 1; rm ${lock}) & exec node ${sendmailProgram} -bs`],
			{
				env: office.env('root'),
				input: 'HELO c\r\nMAIL FROM:<a>\r\nRCPT TO:<pere>\r\nDATA\r\n\r\nx\r\n.\r\nQUIT\r\n',
				encoding: 'latin1',
			},
		);
		assert.match(ran.stdout, /\r\n250 2\.0\.0 \w+ Message accepted.*\r\n221 .*\r\n$/);
		assert.match(mailbox('pere'), /\nx\n/);
	});

	it('leaves a letter alone whose end does not come', () => {
		const { status } = talk([], ['HELO c', 'MAIL FROM:<a>', 'RCPT TO:<pere>', 'DATA', '', 'x']);
		assert.equal(status, 0);
		assert.equal(mailbox('pere'), '');
	});

	it('names what is wrong with an address or a parameter', () => {
		const { said } = talk(
			[],
			[
				'EHLO c',
				'MAIL FROM:<a@b@c>',
				'MAIL FROM:<a> SIZE=x',
				'MAIL FROM:<a> RET=SOME',
				'MAIL FROM:<a> BY=0;R',
				'MAIL FROM:<a b@c.example> BODY=8BITMIME',
				'RCPT TO:<pere> ORCPT=nonsense',
				'RCPT TO:<pere> NOTIFY=NEVER,DELAY',
				'RCPT TO:<"pere">',
				'RCPT TO:pere@localhost junk',
				'DATA now',
			],
		);
		assert.deepEqual(said.slice(12), [
			'553 5.1.3 <a@b@c>... Invalid route address',
			'501 5.5.4 Illegal SIZE value x',
			'501 5.5.4 Bad argument "SOME" to RET',
			'501 5.5.4 Syntax error in BY parameter value',
			'250 2.1.0 <a b@c.example>... Sender ok',
			'501 5.5.4 Syntax error in ORCPT parameter value',
			'501 5.5.4 Bad argument "NEVER"  to NOTIFY',
			'250 2.1.5 <"pere">... Recipient ok',
			'555 5.5.4 JUNK parameter unrecognized',
			'354 End data with <CR><LF>.<CR><LF>',
		]);
	});

	it('writes down what is said with -X', () => {
		const traffic = join(office.root, 'traffic');
		talk(['-X', traffic], ['NOOP']);
		assert.match(
			readFileSync(traffic, 'latin1'),
			/^\s*\d+ >>> 220 .*\n\s*\d+ <<< NOOP\n\s*\d+ >>> 250 2\.0\.0 OK\n$/,
		);
	});
});
