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
	lab: ['mta'],
	components: ['message', 'terminal'],
};
const world = new Set(['src/system', 'src/complaint', 'src/release', 'src/options']);
const pure =
	/^src\/(message\/.*|mailbox\/(mbox|fromlines|headersieve|contentlength|status)|mta\/(aliases|forward|recipient|letter|sevenbit|smtpauth|smtpgrammar|smtpinput)|terminal\/(line|layout|pager)|mailx\/(specification|msglist|complete|savedcopy|junkwords))\.$/;

const files = ['src', 'components'].flatMap((top) =>
	readdirSync(top, { recursive: true })
		.map((name) => join(top, String(name)))
		.filter((name) => /\.tsx?$/.test(name)),
);

/** All there are: of values and types, passed on, without a name, and those that wait until they are needed. */
function imports(file: string): { from: string }[] {
	const text = readFileSync(file, 'utf8');
	return [
		...text.matchAll(
			/^(?:import|export)\b[^'";]*from '([^']+)'|^import '([^']+)'|import\('([^']+)'\)/gm,
		),
	].map(([, name, bare, lazy]) => ({ from: name ?? bare ?? lazy ?? '' }));
}

/** What it imports of ours, without the endings. */
const targets = (file: string) =>
	imports(file)
		.filter(({ from }) => from.startsWith('.'))
		.map(({ from }) => join(dirname(file), from).replace(/\.jsx?$/, ''));

const place = (file: string) => file.replace(/^src\//, '').split('/')[0] as string;

describe('the layers', () => {
	it('are all there are: every folder has its place in this table', () => {
		const places = new Set(files.map(place).filter((name) => !/\.tsx?$/.test(name)));
		assert.deepEqual([...places].sort(), Object.keys(arrows).sort());
	});

	it('rest on a world that knows none of them', () => {
		const wrong = [...world].flatMap((file) =>
			imports(`${file}.ts`)
				.map(({ from }) => from)
				.filter(
					(from) => from.startsWith('.') && !world.has(join('src', from.replace(/\.js$/, ''))),
				)
				.map((from) => `${file} imports ${from}`),
		);
		assert.deepEqual(wrong, []);
	});

	it('show the engine no more of a terminal than its interface and its character set', () => {
		const faces = ['terminal', 'charset', 'isterminal'].map((name) => `src/terminal/${name}`);
		const wrong = files
			.filter((file) => place(file) === 'mailx')
			.flatMap((file) =>
				targets(file)
					.filter((to) => place(to) === 'terminal' && !faces.includes(to))
					.map((to) => `${file} imports ${to}`),
			);
		assert.deepEqual(wrong, []);
	});

	it('let the live terminal alone draw', () => {
		const drawing = files.filter((file) =>
			targets(file).some((to) => place(to) === 'components' && place(file) !== 'components'),
		);
		assert.deepEqual(drawing, ['src/terminal/live.ts']);
	});

	it('are imported downwards only, types included', () => {
		const wrong = files.flatMap((file) => {
			const allowed = arrows[place(file)];
			if (!allowed) return [];
			return targets(file)
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
				return /'node:|\bprocess\.|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/.test(text);
			});
		assert.deepEqual(wrong, []);
	});
});
