/** The manual says what the tables say, and formatters have nothing to complain of. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';

import { commands } from '../src/mailx/commands.js';
import { variableTable } from '../src/mailx/variabletable.js';
import { settingTable } from '../src/mta/configuration.js';

const folder = resolve('man');
const pages = readdirSync(folder);
// A page that is another one's second name has no text of its own.
const written = pages.filter((name) => name !== 'mailx.1');
const mail = readFileSync(join(folder, 'mail.1'), 'utf8');

function section(title: string): string {
	const start = mail.indexOf(`\n.Sh ${title}\n`);
	return mail.slice(start, mail.indexOf('\n.Sh ', start + 1));
}

function items(text: string, macro: string): string[] {
	return [...text.matchAll(/^\.It (.*)$/gm)].flatMap(([, head = '']) =>
		[...head.matchAll(new RegExp(`${macro} (?:\\\\&)?(\\S+)`, 'g'))].map(([, name = '']) => name),
	);
}

function missing(program: string): string | false {
	return spawnSync('which', [program]).status === 0 ? false : `${program} is not installed`;
}

describe('the manual', () => {
	it('lists every command of the table, and no other', () => {
		const told = items(section('COMMANDS'), 'Ic');
		assert.deepEqual(told.toSorted(), commands.map(({ name }) => name).toSorted());
	});

	it('lists every variable of the table, and no other', () => {
		const told = items(section('VARIABLES'), 'Va');
		assert.deepEqual(told.toSorted(), variableTable.map(({ name }) => name).toSorted());
	});

	it('lists every setting of the configuration file, and no other', () => {
		const page = readFileSync(join(folder, 'inkloom.conf.5'), 'utf8');
		const told = [...page.matchAll(/^\.It Ic (.*)$/gm)].flatMap(([, names = '']) =>
			names.split(' , '),
		);
		assert.deepEqual(told.toSorted(), Object.keys(settingTable).toSorted());
	});

	it('is installed by the package, page by page', () => {
		const { man } = JSON.parse(readFileSync('package.json', 'utf8')) as { man: string[] };
		assert.deepEqual(man.toSorted(), pages.map((name) => `./man/${name}`).toSorted());
	});

	it('has mail.1 under the name of mailx too', () => {
		assert.equal(readFileSync(join(folder, 'mailx.1'), 'utf8'), '.so man1/mail.1\n');
	});

	for (const page of written) {
		it(`${page} passes mandoc`, { skip: missing('mandoc') }, () => {
			const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', join(folder, page)]);
			assert.equal(String(stdout), '');
		});
		it(`${page} passes man`, { skip: missing('man') }, () => {
			const { stderr } = spawnSync('man', ['--warnings', '-l', join(folder, page)], {
				env: { ...process.env, MANWIDTH: '80', LC_ALL: 'C.UTF-8' },
			});
			assert.equal(String(stderr), '');
		});
	}

	it('sends nobody to a page that is not there', () => {
		const known = new Set(pages);
		const ours = /^(mail|mailx|mailq|newaliases|sendmail|aliases|forward|inkloom)$/;
		for (const page of written) {
			const text = readFileSync(join(folder, page), 'utf8');
			for (const [, name = '', number = ''] of text.matchAll(/^\.Xr (\S+) (\d)/gm)) {
				if (ours.test(name))
					assert.ok(known.has(`${name}.${number}`), `${page}: ${name}(${number})`);
			}
		}
	});
});
