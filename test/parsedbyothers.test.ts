/**
 * Letters written with the built program, as other programs read them: Python's email package, which
 * lists defects, mailparser and mutt; and what RFC 5322 and RFC 2047 say of every line of them.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { type AddressObject, type Attachment, simpleParser } from 'mailparser';
import {
	type Address,
	type FileMeant,
	type Given,
	meaning,
	prepare,
	writeAll,
} from './harness/letters.js';
import { Pane, whyNoTmux } from './harness/tmux.js';
import { letters } from './lettersofours.js';
import { foreign, foreignEnv } from './mta/foreign.js';

const dir = mkdtempSync(join(tmpdir(), 'others-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const folder = prepare(dir);

const noPython = spawnSync('python3', ['-c', 'import email']).status === 0 ? false : 'no python3';

const names = Object.keys(letters);
const pathOf = (name: string) => join(dir, `letter-${names.indexOf(name)}`);

let written: ReadonlyMap<string, Buffer | Error>;
before(async () => {
	written = await writeAll(folder, letters);
	for (const name of there()) writeFileSync(pathOf(name), letter(name));
});

/** The names of those that could be written. */
const there = () => names.filter((name) => written.get(name) instanceof Buffer);

function letter(name: string): Buffer {
	const octets = written.get(name);
	if (octets instanceof Buffer) return octets;
	throw octets;
}

/** A letter as some program understood it. */
interface Seen {
	readonly subject: string | null;
	readonly from: readonly Address[];
	readonly to: readonly Address[];
	readonly cc: readonly Address[];
	readonly text: string;
	readonly files: readonly { readonly name: string; readonly octets: Buffer }[];
	readonly references: string;
	readonly inReplyTo: string;
}

/** Python 3.11 puts a blank between two encoded words of a name, and so does mutt. */
const clear = ([name, address]: Address) => [name.replace(/\s+/g, ' ').trim(), address];

/** Line ends at the end of a text count for nothing: a letter always has one there. */
const ended = (text: string) => text.replace(/[\r\n]*$/, '\n');

function compare(name: string, seen: Seen): void {
	const given = letters[name] as Given;
	const meant = meaning(folder, given);
	assert.equal(seen.subject, meant.subject);
	assert.deepEqual(seen.from.map(clear), meant.from.map(clear));
	assert.deepEqual(seen.to.map(clear), meant.to.map(clear));
	assert.deepEqual(seen.cc.map(clear), meant.cc.map(clear));
	if (typeof meant.text === 'string') assert.equal(ended(seen.text), ended(meant.text));
	else assert.match(seen.text, meant.text);
	assert.deepEqual(
		seen.files.map(({ name, octets }) => [name, octets.toString('latin1')]),
		meant.files.map(([name, content]) => [
			name,
			(typeof content === 'string' ? Buffer.from(content) : content).toString('latin1'),
		]),
	);
	if (typeof meant.references === 'string') assert.equal(seen.references, meant.references);
	else assert.match(seen.references, meant.references);
	assert.equal(seen.inReplyTo, meant.inReplyTo);
}

const reader = `
import base64, email, email.policy, json, sys
def addresses(letter, name):
    value = letter[name]
    return [] if value is None else [[a.display_name, a.addr_spec] for a in value.addresses]
def describe(path):
    letter = email.message_from_binary_file(open(path, 'rb'), policy=email.policy.default)
    defects, charsets, files, text = [], [], [], None
    for part in letter.walk():
        defects += [repr(d) for d in part.defects]
        for name, value in part.items():
            defects += [name + ': ' + repr(d) for d in getattr(value, 'defects', [])]
        if part.is_multipart(): continue
        charset = part.get_content_charset()
        if part.get_content_type() == 'text/plain': charsets.append(charset)
        if text is None and part.get_content_type() == 'text/plain' and part.get_content_disposition() != 'attachment':
            text = part.get_content()
        else:
            files.append({'name': part.get_filename() or '', 'octets': base64.b64encode(part.get_payload(decode=True) or b'').decode()})
    return {'defects': defects, 'subject': letter['subject'], 'from': addresses(letter, 'from'), 'to': addresses(letter, 'to'),
        'cc': addresses(letter, 'cc'), 'text': text or '', 'files': files, 'charsets': charsets,
        'references': ' '.join((letter['references'] or '').split()), 'inReplyTo': letter['in-reply-to'] or ''}
print(json.dumps([describe(path) for path in sys.argv[1:]]))
`;

describe("Python's email package", { skip: noPython }, () => {
	type Described = Omit<Seen, 'files'> & {
		defects: string[];
		charsets: string[];
		files: { name: string; octets: string }[];
	};
	const described = new Map<string, Described>();
	before(() => {
		const { stdout, stderr } = spawnSync('python3', ['-c', reader, ...there().map(pathOf)], {
			env: { PATH: process.env.PATH, PYTHONUTF8: '1', HOME: process.env.HOME },
			maxBuffer: 1 << 28,
		});
		assert.equal(stderr.toString(), '');
		const list: Described[] = JSON.parse(stdout.toString());
		for (const [n, name] of there().entries()) described.set(name, list[n] as Described);
	});

	for (const name of names) {
		it(`finds no defect in ${name}, and what was meant`, () => {
			letter(name);
			const seen = described.get(name) as Described;
			assert.deepEqual(seen.defects, []);
			const files = seen.files.map(({ name, octets }) => ({
				name,
				octets: Buffer.from(octets, 'base64'),
			}));
			compare(name, { ...seen, files });
			const charsets = letters[name]?.meant?.charsets;
			if (charsets) assert.deepEqual(seen.charsets, charsets);
		});
	}
});

describe('mailparser', () => {
	for (const name of names) {
		it(`reads what was meant in ${name}`, async () => {
			const read = await simpleParser(letter(name), { skipTextToHtml: true });
			const meant = meaning(folder, letters[name] as Given);
			const people = (field: Addresses, wanted: readonly Address[]) =>
				[field ?? []].flat().flatMap(({ value }) =>
					// It takes a comment for a name where there is no other.
					value.map(
						({ name, address }, at): Address => [wanted[at]?.[0] === '' ? '' : name, address ?? ''],
					),
				);
			const [text = ''] = (read.text ?? '').split(isSentOn(name) ? '\n\n\nFrom: ' : /$^/);
			compare(name, {
				subject: read.subject ?? null,
				from: people(read.from, meant.from),
				to: people(read.to, meant.to),
				cc: people(read.cc, meant.cc),
				text,
				// Of a message in the letter it makes a file, Python parts.
				files: isSentOn(name) ? meant.files.map(asRead) : read.attachments.map(fileOf),
				references: [read.references ?? []].flat().join(' '),
				inReplyTo: read.inReplyTo ?? '',
			});
		});
	}
});

type Addresses = AddressObject | AddressObject[] | undefined;
const asRead = ([name, content]: FileMeant) => ({ name, octets: Buffer.from(content) });
const fileOf = ({ filename, content }: Attachment) => ({ name: filename ?? '', octets: content });
const isSentOn = (name: string) =>
	letters[name]?.settings?.includes('forward-as-attachment') === true ||
	letters[name]?.options?.includes('@/letter.eml') === true;

const mutt = foreign('mutt');
const noMutt = mutt === undefined ? 'mutt is not installed' : (whyNoTmux() ?? false);

describe('mutt', { skip: noMutt }, () => {
	const out = (name: string, part: number | string) =>
		join(dir, `mutt-${names.indexOf(name)}-${part}`);
	/** All letters in one mailbox; mutt is told with keys to pipe each, decoded, and each of its parts. */
	before(async () => {
		const box = there().map((name) => {
			const octets = letter(name);
			const field = `From a@b Mon Jan  9 09:30:00 2023\nContent-Length: ${octets.length - octets.indexOf('\n\n') - 2}\n`;
			return Buffer.concat([Buffer.from(field), octets, Buffer.from('\n')]);
		});
		writeFileSync(join(dir, 'mutt.box'), Buffer.concat(box));
		const keys = there().map((name, at) => {
			const parts = meaning(folder, letters[name] as Given).files.length + 1;
			const pipes = Array.from(
				{ length: isSentOn(name) ? 1 : parts },
				(_, part) => `${part + 1}<enter><pipe-entry>cat > ${out(name, part)}<enter>`,
			);
			return `${at + 1}<enter><pipe-message>cat > ${out(name, 'all')}<enter><view-attachments>${pipes.join('')}<exit>`;
		});
		const done = join(dir, 'mutt-done');
		writeFileSync(
			join(dir, 'muttrc'),
			`set wait_key=no pipe_decode=yes charset=utf-8 wrap_headers=998 header_cache="" sort=mailbox-order
set move=no quit=yes collapse_unread=no read_inc=0 folder=${dir} tmpdir=${dir} history_file=""
ignore *
unignore subject
push '${keys.join('')}<shell-escape>touch ${done}<enter><exit>'
`,
		);
		const words = [
			mutt as string,
			'-n',
			'-R',
			'-F',
			join(dir, 'muttrc'),
			'-f',
			join(dir, 'mutt.box'),
		];
		const pane = await Pane.open(words, { ...foreignEnv, HOME: dir, LC_ALL: 'C.UTF-8' });
		try {
			for (let n = 0; n < 300 && !existsSync(done); n++)
				await new Promise((r) => setTimeout(r, 50));
			if (!existsSync(done)) throw new Error(`mutt stopped:\n${await pane.text()}`);
		} finally {
			await pane.close();
		}
	});

	for (const name of names) {
		it(`shows what was meant in ${name}`, () => {
			const meant = meaning(folder, letters[name] as Given);
			const all = readFileSync(out(name, 'all'), 'utf8');
			const [, subject = null] = /^Subject: (.*(?:\n[ \t].*)*)/m.exec(all) ?? [];
			// It cuts very long words.
			const shown = (text: string | null) => text?.replaceAll(/\s/g, '');
			assert.equal(shown(subject), shown(meant.subject));
			if (typeof meant.text === 'string') {
				const text = all.slice(all.indexOf('\n\n') + 2);
				if (meant.files.length > 0) assert.ok(text.includes(meant.text), text);
				else assert.equal(ended(text), ended(meant.text));
			} else assert.match(all.slice(all.indexOf('\n\n') + 2), meant.text);
			if (isSentOn(name)) return;
			const first = meant.text === '' ? 0 : 1;
			for (const [at, [file, content]] of meant.files.entries()) {
				// It gives its own line ends to text.
				const returns = file.endsWith('.txt') ? /\r(?=\n)/g : /$^/;
				const got = readFileSync(out(name, at + first), 'latin1');
				assert.equal(got, Buffer.from(content).toString('latin1').replace(returns, ''), file);
			}
		});
	}
});

describe('every letter of ours', () => {
	for (const name of names) {
		it(`is as RFC 5322 and RFC 2047 want it: ${name}`, () => {
			const text = letter(name).toString('latin1');
			const end = text.indexOf('\n\n');
			const header = text.slice(0, end);
			assert.match(header, /^[\t\n\x20-\x7e]*$/);
			assert.doesNotMatch(header, /^[ \t]*$/m);
			for (const line of text.split('\n')) assert.ok(line.length <= 998, `${line.length} octets`);
			for (const line of header.split('\n')) {
				// What is longer has no place to be cut.
				assert.ok(line.length <= 78 || !/\S[ \t]+\S/.test(line.replace(/^[\w-]+:/, '')), line);
				for (const [word] of line.matchAll(/=\?[^?\s]+\?[BQ]\?[^?\s]*\?=/gi)) {
					assert.ok(word.length <= 75, word);
				}
			}
			const fields = [...header.matchAll(/^([^:\s]+):/gm)].map(([, field]) => field);
			assert.deepEqual(
				fields.filter((field) => !known.has(field ?? '')),
				[],
			);
			const [, id] = /^Message-ID: (.*)$/m.exec(header) ?? [];
			if (id) assert.match(id, /^<[\w.%=+-]+(?:@[\w.-]+|%[\w.@-]+|@\[[\w.:]+\])>$/);
			assert.match(header, /^(?:Resent-)?Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/m);
			const wanted = letters[name]?.meant?.header;
			if (wanted) assert.match(text, wanted);
		});
	}
});

const known = new Set(
	'Date From Organization Reply-To Sender To Cc Subject Message-ID References In-Reply-To User-Agent MIME-Version Content-Type Content-Transfer-Encoding Resent-Date Resent-From Resent-To Resent-Message-ID'.split(
		' ',
	),
);
