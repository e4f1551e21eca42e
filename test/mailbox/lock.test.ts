import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
	closeSync,
	existsSync,
	mkdtempSync,
	openSync,
	readdirSync,
	rmSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { lockMailbox, MailboxBusy, waitForMailbox } from '../../src/mailbox/lock.js';

/** Played by a child: takes the locks, says so, and keeps them until its input ends. */
if (process.env.INKLOOM_TEST_LOCK) {
	const path = process.env.INKLOOM_TEST_LOCK;
	const dot = process.env.INKLOOM_TEST_DOT === 'none' ? 'none' : 'attempt';
	const shared = process.env.INKLOOM_TEST_SHARED === '1';
	lockMailbox(path, openSync(path, 'r+'), { dot, shared });
	process.stdout.write('locked\n');
	process.stdin.resume();
	await new Promise((resolve) => process.stdin.on('end', resolve));
	process.exit(0);
}

const root = mkdtempSync(join(tmpdir(), 'inkloom-lock-'));
after(() => rmSync(root, { recursive: true }));
let count = 0;
function make(): { path: string; fd: number } {
	const path = join(mkdtempSync(join(root, `${++count}-`)), 'box');
	writeFileSync(path, 'x');
	return { path, fd: openSync(path, 'r+') };
}
const once = { dot: 'attempt', patience: 0 } as const;

/** A program that prints a line once it holds its lock, and lets go at the end of its input. */
async function holder(
	command: string,
	args: string[],
	env: NodeJS.ProcessEnv = {},
): Promise<ChildProcess> {
	const child = spawn(command, args, {
		env: { ...process.env, ...env },
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	await new Promise((resolve) => child.stdout.once('data', resolve));
	return child;
}
async function letGo(child: ChildProcess): Promise<void> {
	const ended = new Promise((resolve) => child.on('exit', resolve));
	child.stdin?.end();
	await ended;
}
const ours = (path: string, env: NodeJS.ProcessEnv = {}) =>
	holder(process.execPath, [fileURLToPath(import.meta.url)], { INKLOOM_TEST_LOCK: path, ...env });

describe('locking a mailbox', () => {
	it('makes a dot lock, and takes it away', () => {
		const { path, fd } = make();
		const lock = lockMailbox(path, fd, once);
		assert.equal(lock.dotLocked, true);
		assert.deepEqual(readdirSync(join(path, '..')), ['box', 'box.lock']);
		lock.release();
		lock.release();
		assert.deepEqual(readdirSync(join(path, '..')), ['box']);
		closeSync(fd);
	});

	it('excludes another process of ours until it lets go', async () => {
		const { path, fd } = make();
		const other = await ours(path);
		assert.throws(() => lockMailbox(path, fd, once), MailboxBusy);
		await assert.rejects(waitForMailbox(path, fd, { ...once, patience: 30 }), { code: 'EAGAIN' });
		const waiting = waitForMailbox(path, fd, { dot: 'attempt' });
		await letGo(other);
		(await waiting).release();
		closeSync(fd);
	});

	it('leaves no dot lock behind when the record lock is another’s', async (t) => {
		const { path, fd } = make();
		const other = await ours(path, { INKLOOM_TEST_DOT: 'none' });
		if (existsSync(`${path}.lock`)) t.skip('no record locks here');
		else {
			assert.throws(() => lockMailbox(path, fd, once), MailboxBusy);
			assert.deepEqual(readdirSync(join(path, '..')), ['box']);
		}
		await letGo(other);
		closeSync(fd);
	});

	it('lets readers share', async () => {
		const { path, fd } = make();
		const other = await ours(path, { INKLOOM_TEST_SHARED: '1', INKLOOM_TEST_DOT: 'none' });
		const lock = lockMailbox(path, fd, { dot: 'none', shared: true, patience: 0 });
		lock.release();
		await letGo(other);
		closeSync(fd);
	});

	it('takes a dot lock, too, where the file system knows no record locks', (t) => {
		const addon = `fs-native-extensions/prebuilds/${process.platform}-${process.arch}/fs-native-extensions.node`;
		let native: { tryLock(...of: unknown[]): void };
		try {
			native = createRequire(import.meta.url)(addon);
		} catch {
			t.skip('no record locks on this system');
			return;
		}
		t.mock.method(native, 'tryLock', () => {
			throw Object.assign(new Error('ENOLCK'), { code: 'ENOLCK' });
		});
		const { path, fd } = make();
		const dot = { dot: 'none', patience: 0 } as const;
		const lock = lockMailbox(path, fd, dot);
		assert.deepEqual([lock.dotLocked, lock.recordLocked], [true, false]);
		assert.throws(() => lockMailbox(path, fd, dot), MailboxBusy);
		lock.release();
		lockMailbox(path, fd, dot).release();
		assert.equal(existsSync(`${path}.lock`), false);
		closeSync(fd);
	});

	it('does with the dot lock alone where record locks are missing', async () => {
		const { path, fd } = make();
		const other = await ours(path, { INKLOOM_NO_RECORD_LOCKS: '1', INKLOOM_TEST_DOT: 'none' });
		assert.equal(existsSync(`${path}.lock`), true);
		assert.throws(() => lockMailbox(path, fd, once), MailboxBusy);
		await letGo(other);
		closeSync(fd);
	});
});

describe('a dot lock left behind', () => {
	it('is broken when its process is gone from this machine', () => {
		const { path, fd } = make();
		const { pid } = spawnSync(process.execPath, ['-e', '0']);
		writeFileSync(`${path}.lock`, `${pid} ${hostname()}\n`);
		lockMailbox(path, fd, { dot: 'attempt', patience: 1000 }).release();
		assert.deepEqual(readdirSync(join(path, '..')), ['box']);
		closeSync(fd);
	});

	it('is broken when it is old, and respected when it is not', () => {
		const { path, fd } = make();
		writeFileSync(`${path}.lock`, '0');
		assert.throws(() => lockMailbox(path, fd, once), MailboxBusy);
		const long = Date.now() / 1000 - 1100;
		utimesSync(`${path}.lock`, long, long);
		lockMailbox(path, fd, { dot: 'attempt', patience: 1000 }).release();
		closeSync(fd);
	});
});

const python = spawnSync('python3', ['-c', 'import fcntl']).status === 0;
describe('record locks of other programs', { skip: python ? false : 'no python3 here' }, () => {
	const hold =
		'import fcntl,sys;f=open(sys.argv[1],"r+");fcntl.lockf(f,fcntl.LOCK_EX);print("locked",flush=True);sys.stdin.read()';
	const attempt =
		'import fcntl,sys\nf=open(sys.argv[1],"r+")\ntry:\n fcntl.lockf(f,fcntl.LOCK_EX|fcntl.LOCK_NB)\n print("free")\nexcept OSError: print("locked")';

	it('exclude us, and ours exclude them', async (t) => {
		const { path, fd } = make();
		const lock = lockMailbox(path, fd, { dot: 'none', patience: 0 });
		if (!lock.recordLocked) return t.skip('no record locks here');
		const seen = () => execFileSync('python3', ['-c', attempt, path], { encoding: 'utf8' }).trim();
		// Closing another descriptor of the file must not let go of it.
		closeSync(openSync(path, 'r'));
		assert.equal(seen(), 'locked');
		lock.release();
		assert.equal(seen(), 'free');
		const other = await holder('python3', ['-c', hold, path]);
		assert.throws(() => lockMailbox(path, fd, once), MailboxBusy);
		await letGo(other);
		lockMailbox(path, fd, once).release();
		closeSync(fd);
	});
});
