import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { fitsLive } from '../../src/terminal/choose.js';
import { buildDemo } from '../live/demobuild.js';

describe('the terminal of pipes and files', () => {
	let folder: string;
	let demo: string;
	before(async () => {
		folder = mkdtempSync(join(tmpdir(), 'plain-'));
		demo = await buildDemo(folder);
		// Whatever reads from a pipe must not load the live terminal.
		rmSync(join(folder, 'live.mjs'));
	});
	after(() => rmSync(folder, { recursive: true }));

	const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' };
	const run = (input: string | Buffer, more: NodeJS.ProcessEnv = {}) =>
		spawnSync(process.execPath, [demo], { input, env: { ...env, ...more } });
	const banner = 'Demo version 1.  Type ? for help.\n';

	it('reads lines, the last one without a newline too', () => {
		const { stdout, stderr } = run('one\n\ntwo');
		assert.equal(`${stdout}`, `${banner}got "one"\none\ngot ""\n\ngot "two"\ntwo\n`);
		assert.equal(`${stderr}`, '');
	});
	it('passes any octet through, and NUL', () => {
		const line = Buffer.from([0x61, 0xff, 0, 0xc3, 0xa9, 0x80]);
		const { stdout } = run(Buffer.concat([line, Buffer.from('\n')]));
		assert.ok(stdout.includes(Buffer.concat([Buffer.from('\n'), line, Buffer.from('\n')])));
	});
	it('reads a line longer than any buffer', () => {
		const { stdout } = run(`${'x'.repeat(300_000)}\nq\n`);
		assert.equal(stdout.length, banner.length + 2 * 300_000 + 'got ""\n\n'.length);
	});
	it('reads a file', () => {
		const path = join(folder, 'input');
		writeFileSync(path, 'one\nq\n');
		const out = execFileSync(process.execPath, [demo], {
			stdio: [openSync(path, 'r'), 'pipe', 'pipe'],
			env,
		});
		assert.equal(`${out}`, `${banner}got "one"\none\n`);
	});
	it('says one line and fails where its output cannot be written', {
		skip: !existsSync('/dev/full'),
	}, () => {
		const { status, stderr } = spawnSync(process.execPath, [demo], {
			input: 'one\n',
			stdio: ['pipe', openSync('/dev/full', 'w'), 'pipe'],
			env,
		});
		assert.equal(`${stderr}`, 'write error: No space left on device\n');
		assert.equal(status, 1);
	});
	it('ends with nothing said when its reader has gone', () => {
		const { status, stderr, stdout } = spawnSync(
			'sh',
			[
				'-c',
				'{ yes | head -100000 | "$0" "$1"; echo "status $?" >&2; } | head -2',
				process.execPath,
				demo,
			],
			{ env },
		);
		assert.equal(`${stdout}`, `${banner}got "y"\n`);
		assert.equal(`${stderr}`, 'status 141\n');
		assert.equal(status, 0);
	});
	it('waits for a slow writer, and answers before it reads on', async () => {
		const child = spawn(process.execPath, [demo], { env, stdio: ['pipe', 'pipe', 'inherit'] });
		let out = '';
		child.stdout.setEncoding('utf8');
		const answered = (end: string) =>
			new Promise<void>((resolve) => {
				const look = (more = '') => {
					out += more;
					if (out.endsWith(end)) {
						child.stdout.off('data', look);
						resolve();
					}
				};
				child.stdout.on('data', look);
				look();
			});
		for (const line of ['one', 'two']) {
			child.stdin.write(`${line.slice(0, 1)}`);
			child.stdin.write(`${line.slice(1)}\n`);
			await answered(`got "${line}"\n${line}\n`);
		}
		child.stdin.end();
		await new Promise((resolve) => child.on('close', resolve));
	});
	it('runs children and tells how they ended', () => {
		const { stdout } = run('!exit 3\n!kill -9 $$\n!/nowhere/at/all 2>/dev/null\n');
		assert.equal(`${stdout}`, `${banner}!3\n!137\n!127\n`);
	});
	it('keeps the order of its own output and a child’s', () => {
		const { stdout } = run('one\n!echo two\nthree\n');
		assert.equal(`${stdout}`, `${banner}got "one"\none\ntwo\n!0\ngot "three"\nthree\n`);
	});
	it('pages through the pager given, also one that is left early', () => {
		assert.match(`${run('long\n', { DEMO_PAGER: 'sed 1q' }).stdout}`, /help\.\nline 1\n$/);
	});
	it('writes a question mark for what the locale lacks', () => {
		const { stdout } = run('m\npue\ngrüße\n', { LC_ALL: 'de_DE.ISO-8859-1' });
		assert.match(stdout.toString('latin1'), /grÃ¼Ã/);
	});
});

describe('whether a terminal can be live', () => {
	const good = { TERM: 'xterm' };
	const table: [NodeJS.ProcessEnv, boolean][] = [
		[good, true],
		[{}, false],
		[{ TERM: 'dumb' }, false],
		[{ ...good, CI: 'true' }, false],
		[{ ...good, INKLOOM: 'plain' }, false],
		[{ ...good, INSIDE_EMACS: '29,comint' }, false],
		[{ ...good, INK_SCREEN_READER: 'true' }, false],
		[{ ...good, NO_COLOR: '1' }, true],
	];
	for (const [env, fits] of table) {
		it(`${JSON.stringify(env)}: ${fits}`, () => assert.equal(fitsLive(env, true), fits));
	}
	it('needs one at both ends', () => assert.equal(fitsLive(good, false), false));
});
