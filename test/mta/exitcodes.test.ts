import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { makeOffice, type Office } from './office.js';

const dist = resolve(process.env.INKLOOM_DIST ?? 'dist');
const recorded = resolve('../shared/delivery/fixtures/exit-codes.tsv');

/** What Debian's arrangement of two programs prints, or an unprivileged caller may not do there. */
const otherwise: readonly RegExp[] = [
	/^sendmail (-Am )?-bp/,
	/^mailq$/,
	/^sendmail -oZ/,
	/^sendmail -b[dihH]/,
	/^newaliases$/,
	/^sendmail -bv/,
	/^sendmail -d0\.1/,
	/^sendmail -t -v$/,
	// There the submission side has no words for it; ours says who is unknown before it saves the letter.
	/^sendmail (-v )?nosuchuser$/,
	/^sendmail pere nosuchuser$/,
	/^sendmail -h 200/,
	// What stood behind it did not get into the record.
	/^sendmail $/,
];

describe('exit codes as recorded', { skip: !existsSync(recorded) }, () => {
	if (!existsSync(recorded)) return;
	let office: Office;
	beforeEach(() => {
		office = makeOffice();
		office.write('etc/aliases', 'team: pue, pere\n');
	});
	afterEach(() => office.remove());

	const rows = readFileSync(recorded, 'utf8').trimEnd().split('\n').slice(1);
	const seen = new Set<string>();
	for (const row of rows) {
		const [user = '', command = '', exit = '', line = ''] = row.split('\t');
		if (otherwise.some((pattern) => pattern.test(command)) || seen.has(`${user} ${command}`))
			continue;
		seen.add(`${user} ${command}`);
		it(`${user}: ${command}: ${exit}`, () => {
			const words = command
				.replace('Someone Else', 'Someone_Else')
				.split(' ')
				.slice(1)
				.filter(Boolean);
			const args = words.map((word) => word.replace('Someone_Else', 'Someone Else'));
			const input = args.includes('-t') && args.includes('pere') ? 'To: pere\n\nx\n' : '\nx\n';
			const { status, stdout } = spawnSync(
				process.execPath,
				[join(dist, 'sendmail.cjs'), ...args],
				{
					env: office.env(user),
					input: args.length === 0 ? '' : input,
					encoding: 'latin1',
				},
			);
			assert.equal(status, Number(exit), stdout);
			assert.equal(stdout.split('\n')[0], line);
		});
	}
});
