// Builds dist/ (and, with --tests, dist-test/).
//
// Each program is one CommonJS bundle: Node 20 starts it some 10 ms sooner than ES modules, and one file
// sooner than many. Modules behind a dynamic import are in the bundle too, but run only when asked for.
// Big libraries and the live terminal are bundles of their own. Beside each bundle lies the code V8
// compiled for it (see src/loader.cjs), made by running it once here.
import { spawnSync } from 'node:child_process';
import {
	chmodSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const programs = ['mail', 'sendmail', 'mailq', 'newaliases', 'inkloom'];
/** What gets a bundle of its own, by the module that is asked for. */
const apart = {
	'./live.js': { name: 'live', entry: 'src/terminal/live.ts' },
	'iconv-lite': { name: 'iconv-lite', entry: 'iconv-lite' },
	'../message/html.js': { name: 'html', entry: 'src/message/html.ts' },
	'date-fns/format': { name: 'date-format', entry: 'date-fns/format' },
	'nodemailer/lib/smtp-connection': {
		name: 'smtp-connection',
		entry: 'nodemailer/lib/smtp-connection',
	},
};

const common = {
	bundle: true,
	platform: 'node',
	target: 'node20',
	logLevel: 'warning',
	legalComments: 'none',
	define: {
		'process.env.INKLOOM_VERSION': JSON.stringify(version),
		'process.env.NODE_ENV': '"production"',
	},
};

/** Names the bundle that a dynamic import means, as seen from a program in dist/. */
const intoBundles = {
	name: 'into-bundles',
	setup({ onResolve }) {
		onResolve({ filter: /./ }, ({ path, kind }) => {
			const bundle = kind === 'dynamic-import' ? apart[path] : undefined;
			return bundle && { path: `./core/${bundle.name}.cjs`, external: true };
		});
	},
};

/**
 * Ink's layout engine is WebAssembly behind a top-level await, which CommonJS has not. Here it is
 * empty until a promise under a global symbol has resolved; live.ts waits for that before it draws.
 */
const inkAsCommonJs = {
	name: 'ink-as-commonjs',
	setup({ onResolve, onLoad }) {
		onResolve({ filter: /^yoga-layout$/ }, ({ resolveDir }) => ({
			path: 'yoga-layout',
			namespace: 'late',
			pluginData: resolveDir,
		}));
		onLoad({ filter: /./, namespace: 'late' }, ({ pluginData }) => ({
			contents: `
				import { loadYoga } from 'yoga-layout/load';
				export * from 'yoga-layout/load';
				const yoga = {};
				globalThis[Symbol.for('inkloom.yoga')] = loadYoga().then((it) => Object.assign(yoga, it));
				export default yoga;`,
			resolveDir: pluginData,
		}));
		// What else it awaits is for its devtools.
		onLoad({ filter: /ink\/build\/reconciler\.js$/ }, ({ path }) => ({
			contents: readFileSync(path, 'utf8')
				.replace("await import('./devtools.js')", 'undefined')
				.replace('await loadPackageJson()', 'undefined'),
			resolveDir: dirname(path),
		}));
	},
};

function bundle(entry, outfile, plugins) {
	return build({
		...common,
		entryPoints: [entry],
		outfile,
		format: 'cjs',
		minify: true,
		charset: 'ascii',
		external: ['fs-native-extensions'],
		supported: { 'dynamic-import': false },
		// Asked for only where there is no __filename, that is in the tests.
		define: { ...common.define, 'import.meta.url': 'undefined' },
		plugins,
	});
}

/** Writes the file that starts `dist/core/NAME.js`. */
function writeLoader(path, bundleFile, isProgram) {
	const loader = readFileSync('src/loader.cjs', 'utf8').replace('/BUNDLE`', `/${bundleFile}\``);
	writeFileSync(path, isProgram ? `#!/usr/bin/env node\n${loader}` : loader);
	if (isProgram) chmodSync(path, 0o755);
}

async function buildPrograms() {
	rmSync('dist', { recursive: true, force: true });
	mkdirSync('dist/core', { recursive: true });
	await Promise.all([
		...programs.map((name) => bundle(`src/${name}.ts`, `dist/core/${name}.js`, [intoBundles])),
		...Object.values(apart).map(({ name, entry }) =>
			bundle(entry, `dist/core/${name}.js`, [inkAsCommonJs]),
		),
	]);
	for (const name of programs) writeLoader(`dist/${name}.cjs`, `core/${name}.js`, true);
	for (const { name } of Object.values(apart)) {
		writeLoader(`dist/core/${name}.cjs`, `${name}.js`, false);
	}
}

/** Loaded before a program: keeps the code of each bundle that ran, as it was compiled by then. */
const recorder = `
	const vm = require('node:vm');
	const { writeFileSync } = require('node:fs');
	const made = [];
	vm.Script = class extends vm.Script {
		constructor(source, options) {
			super(source, options);
			made.push([options.filename, this]);
		}
	};
	process.on('exit', () => {
		for (const [file, script] of made) writeFileSync(file + '.cache', script.createCachedData());
	});`;

const letter = `From pere@localhost.localdomain  Tue Nov  9 17:21:36 2021
From: pere@localhost.localdomain
To: pue@localhost.localdomain
Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=
Date: Tue, 09 Nov 2021 17:21:36 +0000

hi

`;

/** Runs what people run most, so that just those functions are in the cache. */
function compileAhead() {
	const home = mkdtempSync(join(tmpdir(), 'inkloom-build-'));
	const record = join(home, 'record.cjs');
	const etc = join(home, 'etc');
	mkdirSync(etc);
	mkdirSync(join(home, 'var/spool/mail'), { recursive: true });
	mkdirSync(join(home, 'var/spool/mqueue'), { recursive: true });
	mkdirSync(join(home, 'home/pue'), { recursive: true });
	writeFileSync(record, recorder);
	writeFileSync(join(home, 'box'), letter);
	writeFileSync(join(etc, 'passwd'), 'pue:x:1000:1000:Pue:/home/pue:/bin/sh\n');
	writeFileSync(join(etc, 'aliases'), 'root: pue\n');
	const dist = join(process.cwd(), 'dist');
	const run = (program, args, input) =>
		spawnSync(process.execPath, ['-r', record, join(dist, program), ...args], {
			input,
			cwd: home,
			env: { PATH: process.env.PATH, INKLOOM_ROOT: home, USER: 'pue', LC_ALL: 'C.UTF-8' },
		});
	run('core/iconv-lite.cjs', []);
	run('core/html.cjs', []);
	run('core/date-format.cjs', []);
	run('core/smtp-connection.cjs', []);
	run('core/live.cjs', []);
	run('inkloom.cjs', ['explain', 'root']);
	run('newaliases.cjs', []);
	run('mailq.cjs', []);
	run('sendmail.cjs', ['pue'], letter);
	run('mail.cjs', ['-f', 'box'], 'h\n1\nmail root\nhello\n.\nd 1\nu 1\nx\n');
	rmSync(home, { recursive: true, force: true });
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
compileAhead();
if (process.argv.includes('--tests')) await buildTests();
