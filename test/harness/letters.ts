/**
 * Writes letters with the built program, each as a table asks for it (lettersofours.ts), and knows what a
 * reader of one is to see.
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { programs } from './world.js';

/** A letter to be written. `@` in words and text stands for the folder that all files are in. */
export interface Given {
	/** Options of `mail`; its last word is the recipient, `jane@x.example`, where `words` has none. */
	readonly options?: readonly string[];
	readonly to?: readonly string[];
	readonly subject?: string;
	/** Latin-1 strings stand for octets. */
	readonly text?: string | Buffer;
	/** Answers or sends on the only letter of this mailbox; `text` begins with the command. */
	readonly box?: string | Buffer;
	readonly settings?: readonly string[];
	readonly env?: NodeJS.ProcessEnv;
	readonly meant?: Meant;
}

/** What a reader is to see where that is not what was given. */
export interface Meant {
	readonly subject?: string | null;
	readonly text?: string | RegExp;
	readonly from?: readonly Address[];
	readonly to?: readonly Address[];
	readonly cc?: readonly Address[];
	/** Names of files in the folder; or a name and what is in it. */
	readonly files?: readonly (string | FileMeant)[];
	/** The charsets of the parts that are text, in order. */
	readonly charsets?: readonly string[];
	readonly references?: string | RegExp;
	readonly inReplyTo?: string;
	/** In the header as it stands. */
	readonly header?: RegExp;
}

export type FileMeant = readonly [name: string, octets: string | Buffer];

export type Address = readonly [name: string, address: string];

/** Every octet there is, many times. */
const octets = Buffer.from(Array.from({ length: 3_000 }, (_, n) => (n * 7) % 256));

const files: Readonly<Record<string, string | Buffer>> = {
	'some octets.bin': octets,
	'Gr\u00f6\u00dfe.txt': 'text\n',
	'\u{1f389} \u65e5\u672c\u8a9e\u306e\u6dfb\u4ed8.txt': 'party\n',
	[`${'\u65e5\u672c\u8a9e'.repeat(24)}.txt`]: 'long name\n',
	[`${'long name '.repeat(20)}.txt`]: 'long name\n',
	'a "quoted" \\name; x=y.txt': 'quotes\n',
	"100% it's (a) *name*'.txt": 'signs\n',
	'two\nlines: x.txt': 'line\n',
	'empty.txt': '',
	'empty.bin': '',
	'unended.txt': 'no line end',
	'dos.txt': 'one\r\ntwo\r\n',
	'umlaut.txt': 'Gr\u00fc\u00dfe\n',
	'latin1.txt': Buffer.from('Gr\xfc\xdfe\n', 'latin1'),
	'long.txt': `${'x'.repeat(3000)}\n.\nFrom me\n`,
	'nul.txt': 'a\0b\n',
	'page.html': '<p>gr\u00fc\u00df</p>\n',
	'data.odd': '{}\n',
	'letter.eml': 'From: x@y.example\nSubject: inner\n\nFrom the inside\n',
	signature: '-- \nJane D\u00f6e\n',
};

export interface Folder {
	readonly path: string;
}

/** Fills a folder with the files that letters take along. */
export function prepare(path: string): Folder {
	for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
	mkdirSync(join(path, 'home'));
	writeFileSync(
		join(path, 'home/.mime.types'),
		'application/x-odd odd\ntext/html html\nmessage/rfc822 eml\n',
	);
	return { path };
}

/** Writes a letter; resolves to its octets as a mailer program is given them. */
export async function write(folder: Folder, name: string, given: Given): Promise<Buffer> {
	const { path } = folder;
	const place = (word: string) => word.replaceAll('@/', `${path}/`);
	const captured = join(path, `sent-${name.replaceAll(/[^\w]/g, '-')}`);
	writeFileSync(captured, '');
	const sendmail = `${captured}.sh`;
	writeFileSync(sendmail, `#!/bin/sh\nexec cat > '${captured}'\n`);
	chmodSync(sendmail, 0o755);
	const { text = 't\n', box, settings = [], options = [], to = ['jane@x.example'] } = given;
	const all = [`sendmail=${sendmail}`, 'sendwait', 'from=me@y.example', ...settings].map(place);
	const rc = `${captured}.rc`;
	// A start-up file comes after the built-in settings, -S before them.
	const simple = (setting: string) => !/['\n]/.test(setting);
	const lines = all.filter(simple).map((setting) => `set '${setting}'\n`);
	writeFileSync(rc, lines.join(''));
	const words = all.filter((setting) => !simple(setting)).flatMap((setting) => ['-S', setting]);
	if (box === undefined) {
		if (given.subject !== undefined || !options.includes('-t')) {
			words.push('-s', given.subject ?? 's');
		}
		words.push(...options.map(place), ...to);
	} else {
		writeFileSync(`${captured}.box`, box);
		words.push('-N', '-~', ...options.map(place), '-f', `${captured}.box`);
	}
	const child = spawn(process.execPath, [join(programs, 'mail.cjs'), ...words], {
		cwd: path,
		env: {
			PATH: process.env.PATH,
			HOME: join(path, 'home'),
			USER: 'pue',
			MAILRC: rc,
			LC_ALL: 'C.UTF-8',
			TZ: 'UTC',
			...given.env,
		},
	});
	let complaints = '';
	child.stderr.on('data', (some: Buffer) => {
		complaints += some.toString();
	});
	child.stdout.resume();
	child.stdin.on('error', () => undefined);
	child.stdin.end(typeof text === 'string' ? place(text) : text);
	const status = await new Promise((done) => child.once('close', done));
	const letter = readFileSync(captured);
	if (status !== 0 || letter.length === 0) throw new Error(`${name}: ${status} ${complaints}`);
	return letter;
}

/** All letters, some written at a time: the octets of each, or why there are none. */
export async function writeAll(
	folder: Folder,
	letters: Readonly<Record<string, Given>>,
): Promise<Map<string, Buffer | Error>> {
	const found = new Map<string, Buffer | Error>();
	const waiting = Object.entries(letters);
	const worker = async () => {
		for (let next = waiting.shift(); next; next = waiting.shift()) {
			const [name, given] = next;
			const failed = (error: unknown) =>
				error instanceof Error ? error : new Error(String(error));
			found.set(name, await write(folder, name, given).catch(failed));
		}
	};
	await Promise.all([worker(), worker(), worker()]);
	return found;
}

/** What a reader should see, with everything that goes without saying. */
export function meaning(folder: Folder, given: Given) {
	const { meant = {}, text = 't\n', to = ['jane@x.example'] } = given;
	const content = (name: string) => {
		const path = join(folder.path, name);
		return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
	};
	return {
		subject: meant.subject === undefined ? (given.subject ?? 's') : meant.subject,
		text: meant.text ?? (typeof text === 'string' ? text : text.toString()),
		from: meant.from ?? [['', 'me@y.example']],
		to: meant.to ?? to.map((address) => ['', address] as const).toReversed(),
		cc: meant.cc ?? [],
		files: (meant.files ?? []).map(
			(file): FileMeant => (typeof file === 'string' ? [basename(file), content(file)] : file),
		),
		charsets: meant.charsets ?? [],
		references: meant.references ?? '',
		inReplyTo: meant.inReplyTo ?? '',
	};
}
