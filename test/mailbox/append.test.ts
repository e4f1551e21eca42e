import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
	chmodSync,
	closeSync,
	constants,
	existsSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { type AppendOptions, append } from '../../src/mailbox/append.js';
import { MboxFile } from '../../src/mailbox/file.js';
import type { Letter } from '../../src/mailbox/letterwriter.js';
import { splitMbox } from '../harness/spans.js';

function letter(name: string, body: string): Letter {
	return {
		postmark: `From ${name}  Tue Nov  9 17:21:36 2021`,
		content: [Buffer.from(`From: ${name}\n`), Buffer.from(`\n${body}`)],
	};
}

/** Played by a child: appends many letters, one by one. */
if (process.env.INKLOOM_TEST_APPEND) {
	const name = process.env.INKLOOM_TEST_NAME ?? '';
	for (let number = 0; number < 40; number++) {
		const body = `${name} ${number} begins\n${name.repeat(3000)}\n${name} ${number} ends\n`;
		await append(process.env.INKLOOM_TEST_APPEND, [letter(name, body)], { dot: 'attempt' });
	}
	process.exit(0);
}

const root = mkdtempSync(join(tmpdir(), 'inkloom-append-'));
after(() => rmSync(root, { recursive: true }));
let count = 0;
function make(text?: string): string {
	const path = join(mkdtempSync(join(root, `${++count}-`)), 'box');
	if (text !== undefined) writeFileSync(path, text, 'latin1');
	return path;
}
const text = (path: string) => readFileSync(path, 'latin1');
const first = 'From a  Tue Nov  9 17:21:36 2021\nFrom: a\n\nhello\n\n';

describe('appending to an mbox', () => {
	it('creates the file with its mode', async () => {
		const path = make();
		const written = await append(path, [letter('a', 'hello\n')], { mode: 0o660 });
		assert.deepEqual(written, { created: true });
		assert.equal(text(path), first);
		assert.equal(statSync(path).mode & 0o777, 0o660);
	});

	it('does not create where it must not', async () => {
		const path = make();
		await assert.rejects(append(path, [], { mustExist: true }), { code: 'ENOENT' });
		assert.equal(existsSync(path), false);
	});

	const endings: [string, string][] = [
		['', ''],
		['tail', '\n\n'],
		['tail\n', '\n'],
		['tail\n\n', ''],
		['\n', ''],
	];
	for (const [end, between] of endings) {
		it(`puts ${JSON.stringify(between)} after a file that ends in ${JSON.stringify(end)}`, async () => {
			const path = make(end);
			const { created } = await append(path, [letter('a', 'hello\n')]);
			assert.equal(text(path), end + between + first);
			assert.equal(created, false);
		});
	}

	it('leaves out what is missing when told so', async () => {
		const path = make('tail');
		await append(path, [letter('a', 'hello')], { separate: false, finish: false });
		assert.equal(text(path), `tail${first.slice(0, -2)}`);
	});

	it('ends each letter with one empty line, and adds none to those that have it', async () => {
		const path = make();
		await append(path, [letter('a', 'hello'), letter('a', 'hello\n\n'), letter('a', 'hello\n')]);
		assert.equal(text(path), first.repeat(3));
	});

	it('quotes From lines, wherever the chunks are cut', async () => {
		const content = ['To: b\n', '\nFr', 'om x\nF', 'rom: y\n'].map((chunk) => Buffer.from(chunk));
		const path = make();
		await append(path, [{ postmark: 'From a D', content }]);
		assert.equal(text(path), 'From a D\nTo: b\n\n>From x\nFrom: y\n\n');
		const plain = make();
		await append(plain, [{ postmark: 'From a D', content }], { quote: false });
		assert.equal(text(plain), 'From a D\nTo: b\n\nFrom x\nFrom: y\n\n');
	});

	it('puts letters before the others, keeping the mode', async () => {
		const path = make(first);
		chmodSync(path, 0o640);
		await append(path, [letter('b', 'news')], { place: 'start' });
		assert.equal(
			text(path),
			`${first.replace('From a', 'From b').replace(': a', ': b').replace('hello', 'news')}${first}`,
		);
		assert.equal(statSync(path).mode & 0o777, 0o640);
		assert.deepEqual(readdirSync(join(path, '..')), ['box']);
	});

	it('follows a symbolic link', async () => {
		const path = make(first);
		symlinkSync(path, `${path}.link`);
		await append(`${path}.link`, [letter('a', 'hello')]);
		assert.equal(text(path), first.repeat(2));
	});

	it('refuses one where it must not be followed', async () => {
		const path = make('one\n\n');
		symlinkSync(path, `${path}.link`);
		await assert.rejects(append(`${path}.link`, [letter('a', 'two\n')], { noLink: true }), {
			code: 'ELOOP',
		});
		assert.equal(readFileSync(path, 'latin1'), 'one\n\n');
	});

	it('takes as much as it is given', async () => {
		const path = make();
		const chunk = Buffer.alloc(1 << 16, 'x\n');
		const content = (function* () {
			for (let number = 0; number < 100; number++) yield chunk;
		})();
		await append(path, [{ postmark: 'From a D', content }]);
		assert.equal(statSync(path).size, 9 + 100 * chunk.length + 1);
	});

	for (const options of [{}, { place: 'start' }] satisfies AppendOptions[]) {
		it(`cuts back to the old length when something goes wrong (${JSON.stringify(options)})`, async () => {
			const path = make(first);
			const failing = (function* () {
				yield Buffer.alloc(1 << 20, 'x');
				throw Object.assign(new Error('disk'), { code: 'ENOSPC' });
			})();
			const letters = [letter('a', 'x'), { postmark: 'From b D', content: failing }];
			await assert.rejects(append(path, letters, options), { code: 'ENOSPC' });
			assert.equal(text(path), first);
			assert.deepEqual(readdirSync(join(path, '..')), ['box']);
		});
	}

	it('leaves no file that it has made in vain', async () => {
		const path = make();
		const failing = (function* (): Generator<Buffer> {
			yield Buffer.from('x');
			throw Object.assign(new Error('disk'), { code: 'ENOSPC' });
		})();
		await assert.rejects(append(path, [{ postmark: 'From b D', content: failing }]), {
			code: 'ENOSPC',
		});
		assert.equal(existsSync(path), false);
	});

	it('refuses a named pipe that nobody reads, and writes to one that is read', async () => {
		const pipe = join(root, 'pipe');
		execFileSync('mkfifo', [pipe]);
		await assert.rejects(append(pipe, [letter('a', 'hello\n')]), { code: 'ENXIO' });
		const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
		await append(pipe, [letter('a', 'hello\n')]);
		assert.equal(readFileSync(reader, 'latin1'), first);
		closeSync(reader);
	});

	it('says what the file system says', async () => {
		await assert.rejects(append(root, []), { code: 'EISDIR' });
		await assert.rejects(append(join(root, 'no', 'box'), []), { code: 'ENOENT' });
		await append('/dev/null', [letter('a', 'x')]);
	});
});

describe('many at once', () => {
	it('tear no letter and lose none, while a reader takes them in', async () => {
		const path = make('');
		const names = ['p', 'q', 'r', 's'];
		const children = names.map((name) =>
			spawn(process.execPath, [fileURLToPath(import.meta.url)], {
				env: { ...process.env, INKLOOM_TEST_APPEND: path, INKLOOM_TEST_NAME: name },
				stdio: 'inherit',
			}),
		);
		const reader = new MboxFile(path, { kind: 'system', readOnly: true, name: path, home: root });
		const ended = Promise.all(
			children.map((child) => new Promise((resolve) => child.on('exit', resolve))),
		);
		let running = true;
		ended.then(() => {
			running = false;
		});
		while (running) {
			reader.takeNew();
			await new Promise((resolve) => setImmediate(resolve));
		}
		assert.deepEqual(await ended, [0, 0, 0, 0]);
		reader.takeNew();
		const octets = readFileSync(path);
		const spans = splitMbox(octets);
		assert.equal(spans.length, 160);
		assert.deepEqual(
			reader.messages.map((message) => [message.start, message.octets]),
			spans.map((span) => [span.start, span.octets]),
		);
		reader.close();
		const bodies = spans.map((span) =>
			octets.toString('latin1', span.start, span.start + span.octets),
		);
		for (const name of names) {
			for (let number = 0; number < 40; number++) {
				const body = `${name} ${number} begins\n${name.repeat(3000)}\n${name} ${number} ends\n\n`;
				assert.equal(bodies.filter((whole) => whole.endsWith(`\n\n${body}`)).length, 1);
			}
		}
	});
});
