/** Builds the demo as build.mjs builds the programs: a small CommonJS file, and live beside it. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

export async function buildDemo(folder: string): Promise<string> {
	// Resolved at run time: esbuild must not be bundled into the tests it builds.
	const { build } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
	const common = { bundle: true, platform: 'node', target: 'node20', minify: true } as const;
	const define = { 'process.env.NODE_ENV': '"production"' };
	const program = join(folder, 'demo.cjs');
	await build({
		...common,
		define,
		entryPoints: ['test/live/demo.ts'],
		outfile: program,
		format: 'cjs',
		plugins: [
			{
				name: 'live-apart',
				setup(builder) {
					builder.onResolve({ filter: /^\.\/live\.js$/ }, () => ({
						path: './live.mjs',
						external: true,
					}));
				},
			},
		],
	});
	await build({
		...common,
		define,
		entryPoints: ['src/terminal/live.ts'],
		outfile: join(folder, 'live.mjs'),
		format: 'esm',
		plugins: [
			{
				name: 'without-devtools',
				setup(builder) {
					builder.onLoad({ filter: /ink\/build\/devtools\.js$/ }, () => ({ contents: '' }));
				},
			},
		],
		banner: {
			js: "import{createRequire as inkloomRequire}from'node:module';const require=inkloomRequire(import.meta.url);",
		},
	});
	return program;
}
