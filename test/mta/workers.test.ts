import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { Workers } from '../../src/mta/workers.js';
import { makeOffice, type Office } from './office.js';
import { until } from './server.js';

let office: Office;
let node: string;
beforeEach(() => {
	office = makeOffice();
	node = process.execPath;
});
let workers: Workers;
afterEach(async () => {
	await workers.stop();
	process.execPath = node;
	office.remove();
});

const lines = (name: string): string[] => {
	const path = join(office.root, name);
	return existsSync(path) ? readFileSync(path, 'latin1').trim().split('\n') : [];
};
/** Each start of a worker leaves a line. */
function interpreter(rest: string): string {
	const path = join(office.root, 'node');
	writeFileSync(path, `#!/bin/sh\necho started >>${office.root}/starts\n${rest}\n`);
	chmodSync(path, 0o755);
	return path;
}
const report = () => workers.report({ id: 'x', sender: null }, Buffer.from('Subject: s\n'), []);

describe('delivery processes', () => {
	it('that end at once are not hired again at once', async () => {
		process.execPath = interpreter('exit 1');
		workers = new Workers(office.system, 'program');
		for (let letter = 0; letter < 50; letter++) workers.run(`letter${letter}`);
		await until(() => lines('starts').length > 0, 'the first');
		await assert.rejects(report());
		// Long enough for hundreds.
		await new Promise((later) => setTimeout(later, 300));
		assert.ok(lines('starts').length <= 4, `${lines('starts').length} starts`);
	});

	it('that cannot be started fail who waits, and get the letters when they can be', async () => {
		process.execPath = join(office.root, 'missing');
		workers = new Workers(office.system, 'program');
		workers.run('one');
		await assert.rejects(report(), { code: 'ECHILD' });
		workers.run('two');
		process.execPath = interpreter(
			`while read task; do echo "$task" >>${office.root}/tasks; echo; done`,
		);
		await until(() => lines('tasks').length > 0, 'the letters');
		const ids = () => lines('tasks').flatMap((task) => JSON.parse(task).letters as string[]);
		await until(() => ids().length === 2, 'both letters');
		assert.deepEqual(ids().sort(), ['one', 'two']);
	});
});
