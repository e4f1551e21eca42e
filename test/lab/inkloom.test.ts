import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';

describe('the program inkloom', () => {
	let parent: string;
	let lab: string;
	before(() => {
		parent = mkdtempSync(join(tmpdir(), 'inkloom-program-'));
		lab = join(parent, 'lab');
	});
	after(() => rmSync(parent, { recursive: true }));

	const inkloom = (words: readonly string[], input = '') =>
		new Promise<{ status: number | null; out: string; err: string }>((done, reject) => {
			const child = spawn(process.execPath, [resolve('dist/inkloom.cjs'), ...words], {
				env: { PATH: process.env.PATH, HOME: parent, LC_ALL: 'C.UTF-8', SHELL: '/bin/sh' },
			});
			const got = { out: '', err: '' };
			child.stdout.on('data', (text) => {
				got.out += text;
			});
			child.stderr.on('data', (text) => {
				got.err += text;
			});
			child.on('error', reject);
			child.on('close', (status) => done({ status, ...got }));
			child.stdin.on('error', () => undefined);
			child.stdin.end(input);
		});

	it('runs one program in a lab, with its exit status, at home', async () => {
		const ended = await inkloom(['lab', lab, '--', 'sh', '-c', 'echo $USER; pwd; exit 7']);
		assert.deepEqual(ended, { status: 7, out: `pue\n${lab}/home/pue\n`, err: '' });
	});

	it('opens mail there on the two letters', async () => {
		const { out, status } = await inkloom(['lab', lab, '--', 'mail'], 'x\n');
		assert.equal(status, 0);
		assert.match(out, /^"\/var\/spool\/mail\/pue": 2 messages 1 new 2 unread$/m);
		assert.match(out, /^ U {2}1 pere@localhost\.local {2}Tue Nov {2}9 17:21 {2}24\/877 /m);
		assert.match(out, /^>N {2}2 pere@localhost\.local {2}Tue Nov {2}9 17:22 {2}23\/881 /m);
	});

	it('obeys a script, and lets it be somebody else', async () => {
		const script = "as pere sh -c 'echo $USER $PWD'\nsu - root -c 'echo $USER $PWD'\nsu profe\n";
		const { out } = await inkloom(['lab', lab], script);
		assert.equal(out, `pere ${lab}/home/pere\nroot ${lab}/root\n`);
	});

	it('is entered by many at the same moment', async () => {
		const dir = join(parent, 'many');
		const all = await Promise.all([1, 2, 3, 4].map(() => inkloom(['lab', dir, '--', 'true'])));
		assert.deepEqual(
			all.map(({ status, err }) => [status, err]),
			all.map(() => [0, '']),
		);
		assert.deepEqual(
			readdirSync(parent).filter((name) => name.startsWith('.many')),
			[],
		);
	});

	it('starts over with --reset, and puts letters back with --letters', async () => {
		const spool = join(lab, 'var/spool/mail/pue');
		rmSync(spool);
		await inkloom(['lab', lab, '--letters', '--', 'true']);
		const letters = readFileSync(spool, 'latin1');
		await inkloom(['lab', lab, '--', 'mail'], 'd *\nq\n');
		await inkloom(['lab', lab, '--reset', '--', 'true']);
		assert.equal(readFileSync(spool, 'latin1'), letters);
	});

	it('goes on after a reset from within', async () => {
		const script = 'inkloom lab --reset\ninkloom lab\ninkloom course | head -n 1\n';
		const { out, err } = await inkloom(['lab', lab], script);
		assert.equal(err, '');
		assert.match(
			out,
			/^The lab is as new\.\nYou are in this lab already, as pue\.\n {2}1 {3}a letter/,
		);
	});

	it('has its default place among the data of the person, and touches nothing else', async () => {
		await inkloom(['lab', '--', 'true']);
		assert.ok(existsSync(join(parent, '.local/share/inkloom/lab/etc/passwd')));
		assert.deepEqual(
			readdirSync(parent).filter((name) => name !== 'lab' && name !== 'many'),
			['.local'],
		);
	});

	it('explains where a letter would go', async () => {
		const { out, status } = await inkloom(['lab', lab, '--', 'inkloom', 'explain', 'abuse']);
		assert.equal(status, 0);
		assert.match(
			out,
			/abuse +alias \/etc\/aliases:\d+ +postmaster\n└─ postmaster .*\n.*\/var\/spool\/mail\/root/,
		);
		assert.equal(
			(await inkloom(['lab', lab, '--', 'inkloom', 'explain', 'nobody.here'])).status,
			67,
		);
	});

	it('ends with 64 and one clear line when it is not understood', async () => {
		for (const words of [
			['lamb'],
			['lab', '--rest'],
			['lab', lab, 'mail'],
			['lab', lab, '--'],
			['lab', lab, '--as', 'nobody', '--', 'true'],
			['course'],
			['as', 'pere'],
			['explain'],
		]) {
			const { status, out, err } = await inkloom(words);
			assert.equal(status, 64, words.join(' '));
			assert.equal(out, '');
			assert.match(err, /^inkloom: .*\n(Try .*\n)?$/);
		}
	});

	it('says its version and its usage', async () => {
		const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
		assert.equal((await inkloom(['--version'])).out, `${version}\n`);
		assert.match((await inkloom(['--help'])).out, /^Usage: inkloom /);
	});
});
