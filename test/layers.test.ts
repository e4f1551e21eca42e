/** The arrows of ARCHITECTURE.md, 2: who may import whom, read off the import lines. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

/** Folder to the folders it may import from, besides itself and the files at the top of src. */
const arrows: Record<string, readonly string[]> = {
	message: [],
	mailbox: ['message'],
	mta: ['message', 'mailbox'],
	mailx: ['message', 'mailbox', 'mta', 'terminal'],
	terminal: ['message', 'components'],
	lab: ['mta', 'mailbox', 'message'],
	components: ['message', 'terminal'],
};
const world = new Set(['src/system', 'src/complaint', 'src/release', 'src/options']);
const pure =
	/^src\/(message\/|mailbox\/mbox|mta\/(aliases|forward)|terminal\/line|mailx\/(msglist|complete))\.?/;

const files = ['src', 'components'].flatMap((top) =>
	readdirSync(top, { recursive: true })
		.map((name) => join(top, String(name)))
		.filter((name) => /\.tsx?$/.test(name)),
);

function imports(file: string): { from: string; typeOnly: boolean }[] {
	const text = readFileSync(file, 'utf8');
	return [
		...text.matchAll(/^(?:import|export)( type)?[^'";]*from '([^']+)'|import\('([^']+)'\)/gm),
	].map(([, type, name, lazy]) => ({ from: name ?? lazy ?? '', typeOnly: type !== undefined }));
}

const place = (file: string) => file.replace(/^src\//, '').split('/')[0] as string;

describe('the layers', () => {
	it('are imported downwards only', () => {
		const wrong = files.flatMap((file) => {
			const allowed = arrows[place(file)];
			if (!allowed) return [];
			return imports(file)
				.filter(({ from, typeOnly }) => from.startsWith('.') && !typeOnly)
				.map(({ from }) => join(dirname(file), from).replace(/\.jsx?$/, ''))
				.filter((to) => !world.has(to) && place(to) !== place(file) && !allowed.includes(place(to)))
				.map((to) => `${file} imports ${to}`);
		});
		assert.deepEqual(wrong, []);
	});

	it('keep Ink out of the engine', () => {
		const wrong = files.filter(
			(file) =>
				!/^components\/|^src\/terminal\//.test(file) &&
				imports(file).some(({ from }) => /^(ink|react|chalk)$/.test(from)),
		);
		assert.deepEqual(wrong, []);
	});

	it('keep files, processes and the clock out of pure modules', () => {
		const wrong = files
			.filter((file) => pure.test(file.replace(/tsx?$/, '')))
			.filter((file) => {
				const text = readFileSync(file, 'utf8');
				return /from 'node:(fs|child_process|os)|\bprocess\.|\bDate\.now\(/.test(text);
			});
		assert.deepEqual(wrong, []);
	});
});
