/** What the build makes is read as Latin 1 (src/loader.cjs): a sign beyond ASCII would become another one. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const folder = 'dist/core';

describe('the bundles', { skip: !existsSync(folder) && 'nothing was built' }, () => {
	it('are ASCII: esbuild escapes strings, but no regular expressions', () => {
		for (const name of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
			const text = readFileSync(join(folder, name), 'utf8');
			assert.doesNotMatch(text, /[^\0-\x7f]/, name);
		}
	});
});
