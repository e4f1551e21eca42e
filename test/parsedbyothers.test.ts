/**
 * Letters written with the built program, as other programs read them: Python's email package, which
 * lists defects, and mailparser.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { simpleParser } from 'mailparser';

import { programs } from './harness/world.js';

const dir = mkdtempSync(join(tmpdir(), 'others-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const captured = join(dir, 'captured');
const sendmail = join(dir, 'sendmail');
writeFileSync(sendmail, `#!/bin/sh\nexec cat > '${captured}'\n`);
chmodSync(sendmail, 0o755);
const attachment = join(dir, 'some octets.bin');
const foreignName = join(dir, 'Größe.txt');
writeFileSync(foreignName, 'text\n');
writeFileSync(attachment, Buffer.from(Array.from({ length: 3_000 }, (_, n) => n % 256)));

const noPython = spawnSync('python3', ['-c', 'import email']).status === 0 ? false : 'no python3';

const reader = `
import email, email.policy, json, sys
letter = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
defects = []
for part in letter.walk():
    defects += [repr(d) for d in part.defects]
    for name, value in part.items():
        defects += [name + ': ' + repr(d) for d in getattr(value, 'defects', [])]
body = letter.get_body(('plain',))
print(json.dumps({'defects': defects, 'subject': letter['subject'], 'to': letter['to'],
    'text': body.get_content() if body else None}))
`;

interface Given {
	readonly subject: string;
	readonly text: string;
	readonly options?: readonly string[];
	readonly to?: string;
}

const letters: Readonly<Record<string, Given>> = {
	'plain ASCII': { subject: 'hello', text: 'hi\n' },
	'UTF-8': { subject: 'Grüße aus Köln', text: 'Schöne Grüße\n' },
	'a long subject in another script': {
		subject: 'Ёлки и палки '.repeat(12).trim(),
		text: 'текст\n'.repeat(20),
	},
	'emoji at every fold': { subject: '👩‍🎓🎉'.repeat(20), text: '👩‍🎓\n' },
	'a line of 5 000 characters': { subject: 'long', text: `${'x'.repeat(5_000)}\n` },
	'a line of 3 000 characters of UTF-8': { subject: 'long', text: `${'ü'.repeat(3_000)}\n` },
	'From at a line start': { subject: 'from', text: 'From here\n.\nlast\n' },
	'an attachment': { subject: 'with a file', text: 'see there\n', options: ['-a', attachment] },
	'a file with a name that is not ASCII': {
		subject: 'with a file',
		text: 'see there\n',
		options: ['-a', foreignName],
	},
	'a name that needs quotes': {
		subject: 's',
		text: 't\n',
		to: '"Döe, Jané" <jane@x.example>',
	},
	'no text': { subject: 'empty', text: '' },
};

function write({ subject, text, options = [], to = 'jane@x.example' }: Given): void {
	rmSync(captured, { force: true });
	const program = join(programs, 'mail.cjs');
	const words = ['-S', `sendmail=${sendmail}`, '-S', 'sendwait', '-s', subject, ...options, to];
	const child = spawnSync(process.execPath, [program, ...words], {
		input: text,
		cwd: dir,
		env: {
			PATH: process.env.PATH,
			HOME: dir,
			USER: 'pue',
			MAILRC: '/dev/null',
			LC_ALL: 'C.UTF-8',
			TZ: 'UTC',
		},
	});
	assert.equal(child.status, 0, child.stderr.toString());
}

describe('letters of ours as others read them', () => {
	for (const [what, given] of Object.entries(letters)) {
		it(`${what}: Python finds no defect`, { skip: noPython }, () => {
			write(given);
			const { stdout, stderr } = spawnSync('python3', ['-c', reader, captured]);
			assert.equal(stderr.toString(), '');
			const read = JSON.parse(stdout.toString());
			assert.deepEqual(read.defects, []);
			assert.equal(read.subject, given.subject);
			assert.equal(read.text.trimEnd(), given.text.trimEnd());
		});

		it(`${what}: mailparser reads what was written`, async () => {
			write(given);
			const read = await simpleParser(readFileSync(captured));
			assert.equal(read.subject, given.subject);
			assert.equal((read.text ?? '').trimEnd(), given.text.trimEnd());
			const [file] = read.attachments;
			const path = given.options?.[1];
			if (path) assert.deepEqual(file?.content, readFileSync(path));
		});

		it(`${what}: no line is longer than 998 octets`, () => {
			write(given);
			for (const line of readFileSync(captured, 'latin1').split('\n')) {
				assert.ok(line.length <= 998, `${line.length}`);
			}
		});
	}
});
