import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { makeOffice, type Office } from './office.js';
import { sendmailProgram } from './server.js';

let office: Office;
beforeEach(() => {
	office = makeOffice();
});
afterEach(() => office.remove());

function sendmail(words: readonly string[], input = '\nhello\n', user = 'pue') {
	const ran = spawnSync(process.execPath, [sendmailProgram, ...words], {
		env: office.env(user),
		input,
		encoding: 'latin1',
	});
	return { status: ran.status, out: ran.stdout, error: ran.stderr };
}

const mailbox = (user: string): string => {
	const path = join(office.root, 'var/spool/mail', user);
	return existsSync(path) ? readFileSync(path, 'latin1') : '';
};
const dead = '/home/pue/dead.letter... Saved message in /home/pue/dead.letter\n';

describe('the command line', () => {
	// As recorded: words, exit status, the whole output.
	const cases: [readonly string[], number, string][] = [
		[[], 64, 'Recipient names must be specified\n'],
		[['-t'], 0, 'No recipient addresses found in header\n'],
		[['-Z', 'pere'], 64, 'sendmail: illegal option -- Z\n'],
		[['-h'], 64, 'sendmail: option requires an argument -- h\n'],
		[['-f'], 64, 'sendmail: option requires an argument -- f\n'],
		[['-bz'], 64, 'Frozen configurations unsupported\n'],
		[['-BFOO', 'pere'], 64, 'Illegal body type FOO\n'],
		[['-N', 'foo', 'pere'], 64, 'Invalid -N argument\n'],
		[['-R', 'foo', 'pere'], 64, 'Invalid -R value\n'],
		[['-odx', 'pere'], 64, 'Unknown delivery mode x\n'],
		[['-q15x'], 64, "Invalid time unit `x'\n"],
		[['-ONoSuch=1', 'pere'], 70, 'readcf: unknown option name NoSuch\n'],
		[
			['-C/nonexistent', 'pere'],
			72,
			'/nonexistent: line 0: cannot open: No such file or directory\n',
		],
		[['-bh'], 0, ''],
		[['-bH'], 0, ''],
		[['-f', 'a@b@c', 'pere'], 64, 'a@b@c... Invalid route address\n'],
		[['nosuchuser'], 67, `nosuchuser... User unknown\n${dead}`],
		[['-n', 'team'], 67, `team... User unknown\n${dead}`],
		[['-bp'], 0, '/var/spool/mqueue is empty\n\t\tTotal requests: 0\n'],
		[['-bv', 'pere'], 0, 'pere... deliverable: mailer local, user pere\n'],
	];
	for (const [words, status, out] of cases) {
		it(`sendmail ${words.join(' ')} ends with ${status}`, () => {
			office.write('etc/aliases', 'team: pue\n');
			assert.deepEqual(sendmail(words), { status, out, error: '' });
		});
	}

	it("shows nothing of others' files that acts on a terminal, and leaves their letters alone", () => {
		const evil = '\x1b[2J\u009b31m\u202e\u2066\ufff9\b\r';
		office.write('home/pere/.forward', `no${evil}such caf\u00e9\n`);
		const locales: [string, RegExp][] = [
			['C.UTF-8', /[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2|\xef|\x9b/],
			['C', /[\x00-\x08\x0b-\x1f\x7f-\x9f]/],
		];
		for (const [locale, acts] of locales) {
			for (const words of [
				['-bv', 'pere'],
				['-v', 'pere'],
			]) {
				const { stdout, stderr } = spawnSync(process.execPath, [sendmailProgram, ...words], {
					env: { ...office.env('pue'), LC_ALL: locale },
					input: '\nhello\n',
					encoding: 'latin1',
				});
				assert.match(stdout, /no\?/);
				assert.doesNotMatch(stdout + stderr, acts, `${locale} ${words}`);
				if (locale === 'C.UTF-8') assert.match(stdout, /caf\xc3\xa9/);
			}
		}
	});

	it('tells its version, and then what is wrong with the rest', () => {
		const { status, out } = sendmail(['-d0.1', '-bv']);
		assert.equal(status, 64);
		assert.match(out, /^Version Inkloom \d/);
	});

	it('knows what scripts pass out of habit', () => {
		const habits = [
			...['-oi', '-oem', '-odb', '-om', '-i', '-G', '-U', '-bm', '-L', 'tag', '-Ac', '-B8BITMIME'],
			...['-N', 'failure,delay', '-R', 'hdrs', '-V', 'id1', '-h', '3', '-F', 'A B', '-f', 'pue'],
			...['-O', 'DeliveryMode=b', '-OErrorMode=m', '-O', 'LogLevel=9', '-oo', '-oT3d', '-x', 'y'],
			...['-OTimeout.queuereturn=5d', '-OTimeout.ident=0', '-OPrivacyOptions=authwarnings'],
		];
		assert.deepEqual(sendmail([...habits, '--', 'pere']), { status: 0, out: '', error: '' });
		assert.match(mailbox('pere'), /^From: A B <pue@mx\.example\.org>$/m);
	});

	it('mails errors, or keeps quiet, as -oe says', () => {
		const said = (mode: string) => sendmail([`-oe${mode}`, 'nosuchuser']);
		assert.deepEqual(said('m'), { status: 67, out: '', error: '' });
		assert.match(mailbox('pue'), /^Subject: Returned mail/m);
		assert.deepEqual(said('e'), { status: 0, out: '', error: '' });
		assert.deepEqual(said('q'), { status: 67, out: '', error: '' });
	});
});

describe('the configuration file', () => {
	it('changes the host, its names, the aliases, the queue and the mailboxes', () => {
		office.write('etc/other', 'chief: ana\n');
		office.write(
			'etc/mail/inkloom.conf',
			`# ours
host_name = post.example.net
local_names = example.net
	example.org
aliases = /etc/other
spool = /var/boxes
queue = /var/waiting
`,
		);
		office.write('var/boxes/.keep', '');
		assert.deepEqual(sendmail(['chief@example.org']), { status: 0, out: '', error: '' });
		const text = readFileSync(join(office.root, 'var/boxes/ana'), 'latin1');
		assert.match(text, /^Return-Path: <pue@post\.example\.net>$/m);
		assert.equal(sendmail(['-bp']).out, '/var/waiting is empty\n\t\tTotal requests: 0\n');
	});

	it('is the one that -C names, and -O has the last word', () => {
		office.write('etc/mail/inkloom.conf', 'queue = /var/one\n');
		office.write('etc/two.conf', 'queue = /var/two\n');
		const shown = (...words: string[]) => sendmail([...words, '-bp']).out.split(' ')[0];
		assert.equal(shown(), '/var/one');
		assert.equal(shown('-C', '/etc/two.conf'), '/var/two');
		assert.equal(shown('-C/etc/two.conf', '-OQueueDirectory=/var/three'), '/var/three');
	});

	it('is refused whole when a line of it makes no sense, and each such line is named', () => {
		const conf = `listen = 127.0.0.1:99999
relay_networks = nonsense
queue: /var/x
no_such = 1
return_after = 5
warn_after = 4h
size_limit = big
tls_key = /etc/key
`;
		office.write('etc/mail/inkloom.conf', conf);
		const { status, out } = sendmail(['pere']);
		assert.equal(status, 78);
		assert.deepEqual(out.split('\n').slice(0, -1), [
			'/etc/mail/inkloom.conf: line 1: listen: "127.0.0.1:99999" is not ADDRESS:PORT, [ADDRESS]:PORT, *:PORT or a path',
			'/etc/mail/inkloom.conf: line 2: relay_networks: "nonsense" is not an address or network',
			'/etc/mail/inkloom.conf: line 3: not "name = value"',
			'/etc/mail/inkloom.conf: line 4: no_such: no such setting',
			'/etc/mail/inkloom.conf: line 5: return_after: a duration such as 30s, 15m, 4h or 5d is wanted',
			'/etc/mail/inkloom.conf: line 7: size_limit: a size such as 500k or 50M is wanted',
			'tls_key and tls_certificate go together: one is missing',
		]);
		assert.equal(mailbox('pere'), '');
	});
});
