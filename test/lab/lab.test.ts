import assert from 'node:assert/strict';
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { Complaint } from '../../src/complaint.js';
import { labEnvironment, personNamed } from '../../src/lab/enter.js';
import { defaultLab, isLab, openLab } from '../../src/lab/lab.js';
import { rebuildAliases } from '../../src/mta/aliasdb.js';
import { openSystem } from '../../src/system.js';

describe('a lab', () => {
	let parent: string;
	let dir: string;
	beforeEach(() => {
		parent = mkdtempSync(join(tmpdir(), 'inkloom-lab-'));
		dir = join(parent, 'lab');
	});
	afterEach(() => rmSync(parent, { recursive: true }));

	it('has people with homes, a host name, aliases, mail folders and a queue', () => {
		openLab(dir);
		const system = openSystem({ INKLOOM_ROOT: dir, USER: 'pue' });
		assert.equal(system.host, 'localhost.localdomain');
		for (const name of ['root', 'pue', 'pere', 'profe']) {
			const user = system.userNamed(name);
			assert.ok(user, name);
			assert.ok(existsSync(system.real(user.home)), user.home);
		}
		for (const path of ['/etc/aliases', '/etc/mail', '/var/spool/mail/pue', '/var/spool/mqueue']) {
			assert.ok(existsSync(system.real(path)), path);
		}
	});

	it('has hints for beginners, which everybody can take away', () => {
		openLab(dir);
		for (const home of ['root', 'home/pue', 'home/pere', 'home/profe']) {
			assert.match(readFileSync(join(dir, home, '.mailrc'), 'utf8'), /^set coach$/m, home);
		}
	});

	it('has two letters of the sizes the textbook shows', () => {
		openLab(dir);
		const text = readFileSync(join(dir, 'var/spool/mail/pue'), 'latin1');
		const letters = text.split(/(?<=\n\n)(?=From )/);
		assert.deepEqual(
			letters.map((letter) => [letter.split('\n').length - 1, letter.length]),
			[
				[24, 877],
				[23, 881],
			],
		);
	});

	it('has 78 aliases once totis is among them', () => {
		openLab(dir);
		const file = join(dir, 'etc/aliases');
		writeFileSync(file, `${readFileSync(file, 'utf8')}totis: pue, pere\n`);
		assert.deepEqual(rebuildAliases(openSystem({ INKLOOM_ROOT: dir })).lines, [
			'/etc/aliases: 78 aliases, longest 10 bytes, 792 bytes total',
		]);
	});

	it('is left alone when it is opened again', () => {
		openLab(dir);
		writeFileSync(join(dir, 'home/pue/note'), 'mine');
		openLab(dir);
		assert.equal(readFileSync(join(dir, 'home/pue/note'), 'utf8'), 'mine');
	});

	it('is as new after a reset, and its folders are the same ones', () => {
		openLab(dir);
		const home = readdirSync(join(dir, 'home'), { withFileTypes: true }).length;
		writeFileSync(join(dir, 'home/pue/note'), 'mine');
		writeFileSync(join(dir, 'var/spool/mail/pere'), 'From x\n');
		rmSync(join(dir, 'var/spool/mail/pue'));
		openLab(dir, true);
		assert.equal(existsSync(join(dir, 'home/pue/note')), false);
		assert.equal(existsSync(join(dir, 'var/spool/mail/pere')), false);
		assert.equal(existsSync(join(dir, 'var/spool/mail/pue')), true);
		assert.equal(readdirSync(join(dir, 'home')).length, home);
	});

	it('reset follows no link out of the lab', () => {
		openLab(dir);
		const outside = join(parent, 'outside');
		mkdirSync(outside);
		writeFileSync(join(outside, 'precious'), 'keep');
		rmSync(join(dir, 'home'), { recursive: true });
		symlinkSync(outside, join(dir, 'home'));
		openLab(dir, true);
		assert.deepEqual(readdirSync(outside), ['precious']);
		assert.ok(existsSync(join(dir, 'home/pue')));
	});

	it('is never made of a folder that holds something else', () => {
		mkdirSync(dir);
		writeFileSync(join(dir, 'thesis'), 'text');
		for (const reset of [false, true]) {
			assert.throws(
				() => openLab(dir, reset),
				(error) => error instanceof Complaint && error.status === 64,
			);
		}
		assert.deepEqual(readdirSync(dir), ['thesis']);
		assert.equal(isLab(dir), false);
	});

	it('leaves nothing half made beside it', () => {
		openLab(dir);
		assert.deepEqual(readdirSync(parent), ['lab']);
	});

	it('is the one we are in, unless we are in none', () => {
		openLab(dir);
		assert.equal(defaultLab({ INKLOOM_ROOT: dir }, '/home/x'), dir);
		assert.equal(defaultLab({}, '/home/x'), '/home/x/.local/share/inkloom/lab');
		assert.equal(defaultLab({ XDG_DATA_HOME: '/data' }, '/home/x'), '/data/inkloom/lab');
	});

	it('gives its people an environment that does not lead out of it', () => {
		openLab(dir);
		const outside = {
			PATH: '/usr/bin',
			HOME: '/home/x',
			MAIL: '/var/mail/x',
			MAILRC: '/home/x/.mailrc',
			XDG_STATE_HOME: '/home/x/state',
			LANG: 'C.UTF-8',
		};
		const visit = { dir, programs: parent, env: outside };
		const env = labEnvironment(visit, personNamed(dir, 'pere'));
		assert.equal(env.USER, 'pere');
		assert.equal(env.HOME, join(dir, 'home/pere'));
		assert.equal(env.PATH, `${join(dir, '.lab/bin')}:/usr/bin`);
		assert.equal(env.LANG, 'C.UTF-8');
		for (const name of ['MAIL', 'MAILRC', 'XDG_STATE_HOME'])
			assert.equal(env[name], undefined, name);
	});

	it('knows no strangers', () => {
		openLab(dir);
		assert.throws(() => personNamed(dir, 'nobody'), /nobody here is called nobody/);
	});
});
