import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
	chmodSync,
	closeSync,
	existsSync,
	linkSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
	writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { isErrno } from '../../src/complaint.js';
import { syncDirectory } from '../../src/mailbox/disk.js';
import { MboxFile } from '../../src/mailbox/file.js';
import { recover } from '../../src/mailbox/overwrite.js';

const letter = (name: string, octets = 6000) =>
	`From ${name}  Tue Nov  9 17:21:36 2021\nSubject: ${name}\n\n${'x'.repeat(octets)}\n\n`;

function open(path: string, home: string, step?: (name: string) => void): MboxFile {
	const options = { kind: 'system', readOnly: false, name: path, home } as const;
	return new MboxFile(path, { ...options, ...(step ? { step } : {}) });
}

/** Played by a child: deletes the first message, and dies half-way through writing in place. */
if (process.env.INKLOOM_TEST_HALF) {
	const mailbox = open(
		process.env.INKLOOM_TEST_HALF,
		process.env.INKLOOM_TEST_HOME ?? '',
		(name) => {
			if (name === 'half') process.kill(process.pid, 'SIGKILL');
		},
	);
	mailbox.writeBack(mailbox.messages.slice(1), { removeEmpty: true });
}

/** Played by a child on a disk of its own that is full: deletes messages, says what came of it. */
if (process.env.INKLOOM_TEST_FULL) {
	const disk = process.env.INKLOOM_TEST_FULL;
	const path = join(disk, 'box');
	writeFileSync(path, letter('a') + letter('b') + letter('c'));
	const filler = openSync(join(disk, 'filler'), 'w');
	try {
		for (;;) writeSync(filler, Buffer.alloc(4096));
	} catch (error) {
		if (!isErrno(error)) throw error;
	}
	closeSync(filler);
	try {
		for (let name = 0; ; name++) writeFileSync(join(disk, `x${name}`), '');
	} catch (error) {
		if (!isErrno(error)) throw error;
	}
	const mailbox = open(path, process.env.INKLOOM_TEST_HOME ?? '');
	const claim = mailbox.claim();
	process.stdout.write(`noRoom ${claim.lock.noRoom} recordLocked ${claim.lock.recordLocked}\n`);
	const keep = mailbox.messages.slice(
		...(JSON.parse(process.env.INKLOOM_TEST_KEEP ?? '') as [number]),
	);
	mailbox.writeBack(keep, { removeEmpty: false, claim });
	claim.release();
	mailbox.close();
	const subjects = readFileSync(path, 'latin1').matchAll(/^Subject: (.*)$/gm);
	process.stdout.write([...subjects].map(([, subject]) => `${subject} `).join(''));
	process.exit(0);
}

const root = mkdtempSync(join(tmpdir(), 'inkloom-rewrite-'));
after(() => rmSync(root, { recursive: true }));
const text = (path: string) => readFileSync(path, 'latin1');

/** A mailbox called `box` in a folder of that name, half written over. */
async function half(folder: string, home: string): Promise<string> {
	mkdirSync(folder, { recursive: true });
	const path = join(folder, 'box');
	writeFileSync(path, ['a', 'b', 'c'].map((name) => letter(name + folder)).join(''));
	const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
		env: { ...process.env, INKLOOM_TEST_HALF: path, INKLOOM_TEST_HOME: home },
		stdio: ['ignore', 'inherit', 'inherit'],
	});
	const signal = await new Promise((end) => child.on('exit', (_, name) => end(name)));
	assert.equal(signal, 'SIGKILL');
	return path;
}
const whole = (folder: string) => letter(`b${folder}`) + letter(`c${folder}`);

describe('a recovery copy', () => {
	it('is of one mailbox, though another has the same name', async () => {
		const home = mkdtempSync(join(root, 'home-'));
		const [one, other] = [join(home, 'one'), join(home, 'other')];
		const paths = [await half(one, home), await half(other, home)];
		for (const path of paths) recover(path, home, 'attempt');
		assert.deepEqual(paths.map(text), [whole(one), whole(other)]);
		assert.deepEqual(readdirSync(home).sort(), ['one', 'other']);
	});

	const changes: [string, (path: string) => void][] = [
		[
			'was put in its place',
			(path) => {
				writeFileSync(`${path}.new`, letter('z'));
				renameSync(`${path}.new`, path);
			},
		],
		['was written into its file', (path) => writeFileSync(path, letter('z'))],
	];
	for (const [what, change] of changes) {
		it(`is not applied to a mailbox that ${what}, and not thrown away either`, async () => {
			const home = mkdtempSync(join(root, 'home-'));
			const path = await half(join(home, 'one'), home);
			// So that no new file can have the number of the old.
			linkSync(path, `${path}.old`);
			change(path);
			recover(path, home, 'attempt');
			assert.equal(text(path), letter('z'));
			assert.deepEqual(readdirSync(home).sort(), ['one', 'recovered-box-1']);
			assert.ok(text(join(home, 'recovered-box-1')).endsWith(whole(join(home, 'one'))));
		});
	}

	it('that is cut short itself changes nothing', async () => {
		const home = mkdtempSync(join(root, 'home-'));
		const path = await half(join(home, 'one'), home);
		const [copy = ''] = readdirSync(home).filter((name) => name.startsWith('.inkloom'));
		writeFileSync(join(home, copy), text(join(home, copy)).slice(0, -100));
		const before = text(path);
		recover(path, home, 'attempt');
		assert.equal(text(path), before);
	});
});

const separate = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', root]);
describe('on a full disk', {
	skip: separate.status === 0 ? false : 'no disk of its own can be mounted here',
}, () => {
	function deleteOn(keep: string): string {
		const disk = mkdtempSync(join(root, 'disk-'));
		const home = mkdtempSync(join(root, 'home-'));
		const mount = `mount -t tmpfs -o size=64k,nr_inodes=30 none ${disk} && exec "$0" "$@"`;
		const args = ['-m', 'sh', '-c', mount, process.execPath, fileURLToPath(import.meta.url)];
		const { stdout, stderr } = spawnSync('unshare', args, {
			env: {
				...process.env,
				INKLOOM_TEST_FULL: disk,
				INKLOOM_TEST_HOME: home,
				INKLOOM_TEST_KEEP: keep,
			},
			encoding: 'latin1',
		});
		assert.equal(stderr, '');
		return stdout;
	}
	const locked = 'noRoom true recordLocked true\n';

	it('the last messages can be deleted', () => {
		assert.equal(deleteOn('[0, 1]'), `${locked}a `);
	});

	it('any others can be where the home has room', () => {
		assert.equal(deleteOn('[1]'), `${locked}b c `);
	});

	it('all can be', () => {
		assert.equal(deleteOn('[3]'), locked);
	});
});

describe('bringing a directory to disk', () => {
	it('is no trouble where it cannot be read, as a spool of mode 1733', {
		skip: process.getuid?.() === 0 ? false : 'only root becomes somebody else',
	}, () => {
		const place = mkdtempSync(join(root, 'spool-'));
		chmodSync(root, 0o755);
		chmodSync(place, 0o1733);
		process.seteuid?.(65_534);
		try {
			assert.throws(() => readdirSync(place), { code: 'EACCES' });
			syncDirectory(place);
		} finally {
			process.seteuid?.(0);
		}
		assert.equal(existsSync(place), true);
		assert.throws(() => syncDirectory(join(place, 'none')), { code: 'ENOENT' });
	});
});
