// Builds dist/ (and, with --tests, dist-test/).
//
// The programs are CommonJS: Node 20 starts a .cjs file about 10 ms sooner than an ES module. esbuild
// splits code only for ES modules, so the first pass bundles and splits, and the second turns each
// piece into CommonJS, where a dynamic import becomes a require at the moment of use. The live
// terminal stays an ES module of its own: Ink's layout engine needs a top-level await.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transform } from 'esbuild';

const production = !process.argv.includes('--dev');
const version = JSON.parse(readFileSync('package.json', 'utf8')).version;
const common = {
	bundle: true,
	platform: 'node',
	target: 'node20',
	logLevel: 'warning',
	legalComments: 'none',
	define: {
		'process.env.INKLOOM_VERSION': JSON.stringify(version),
		...(production ? { 'process.env.NODE_ENV': '"production"' } : {}),
	},
};

/** What Node must find in node_modules: native code, and what only some chunk loads. */
const external = ['fs-native-extensions'];
const programs = ['mail', 'sendmail', 'mailq', 'newaliases', 'inkloom'];
const live = './live.mjs';

/** `import('./terminal/live.js')` anywhere in the engine names the file the other build makes. */
const liveApart = {
	name: 'live-apart',
	setup(build) {
		build.onResolve({ filter: /terminal\/live\.js$|^\.\/live\.js$/ }, () => ({
			path: live,
			external: true,
		}));
	},
};

async function buildPrograms() {
	const result = await build({
		...common,
		entryPoints: programs.map((name) => `src/${name}.ts`),
		outdir: 'dist',
		outExtension: { '.js': '.cjs' },
		chunkNames: 'lib/[name]-[hash]',
		format: 'esm',
		splitting: true,
		minify: production,
		external,
		write: false,
		plugins: [liveApart],
		banner: { js: '' },
	});
	rmSync('dist', { recursive: true, force: true });
	mkdirSync('dist/lib', { recursive: true });
	for (const file of result.outputFiles) {
		const isProgram = !file.path.includes('/lib/');
		// The live module is the one import that must stay an import.
		const text = file.text.replaceAll(/import\("\.\/live\.mjs"\)/g, 'importLive()');
		const cjs = await transform(text, {
			format: 'cjs',
			platform: 'node',
			target: 'node20',
			supported: { 'dynamic-import': false },
			minify: production,
		});
		const liveHere = isProgram ? './live.mjs' : '../live.mjs';
		const helper = cjs.code.includes('importLive')
			? `function importLive(){return import(${JSON.stringify(liveHere)})}\n`
			: '';
		writeFileSync(
			file.path,
			`${isProgram ? '#!/usr/bin/env node\n' : ''}"use strict";${helper}${cjs.code}`,
		);
		if (isProgram) chmodSync(file.path, 0o755);
	}
}

/** Ink's devtools need a package that nobody installs; an import in the bundle would ask for it. */
const withoutDevtools = {
	name: 'without-devtools',
	setup(build) {
		build.onLoad({ filter: /ink\/build\/devtools\.js$/ }, () => ({ contents: '' }));
	},
};

async function buildLive() {
	await build({
		...common,
		entryPoints: ['src/terminal/live.ts'],
		outfile: 'dist/live.mjs',
		format: 'esm',
		minify: production,
		external,
		plugins: [withoutDevtools],
		banner: {
			// Bundled CommonJS (react, signal-exit) still calls require for Node's own modules.
			js: "import{createRequire as inkloomRequire}from'node:module';const require=inkloomRequire(import.meta.url);",
		},
	});
}

async function buildTests() {
	rmSync('dist-test', { recursive: true, force: true });
	const entryPoints = readdirSync('test', { recursive: true })
		.map(String)
		.filter((name) => /\.test\.tsx?$/.test(name))
		.map((name) => join('test', name));
	await build({
		...common,
		define: { 'process.env.INKLOOM_VERSION': JSON.stringify(version) },
		entryPoints,
		outdir: 'dist-test',
		outbase: 'test',
		outExtension: { '.js': '.mjs' },
		format: 'esm',
		packages: 'external',
		splitting: true,
		sourcemap: 'inline',
	});
}

await buildPrograms();
await buildLive();
if (process.argv.includes('--tests')) await buildTests();
