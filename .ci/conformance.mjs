// Plays the shared recorded sessions, where they are, against dist/mail.cjs. Those named in
// conformance.txt must pass; of the others it is only told how many do. Writes `PASSED FAILED` of the
// named ones to the file given, and ends with 1 when one of them failed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';

const [resultFile] = process.argv.slice(2);
const runner = resolve('../shared/conformance/run');

function finish(passed, failed) {
	if (resultFile) writeFileSync(resultFile, `${passed} ${failed}\n`);
	process.exitCode = failed === 0 ? 0 : 1;
}

function python(...words) {
	return spawnSync('python3', [runner, ...words], { encoding: 'utf8', maxBuffer: 1 << 28 });
}

if (!existsSync(runner) || spawnSync('tmux', ['-V']).status !== 0) {
	console.log('conformance: skipped, the recorded sessions or tmux are not here');
	finish(0, 0);
} else {
	const patterns = readFileSync(new URL('conformance.txt', import.meta.url), 'utf8')
		.split('\n')
		.map((line) => line.replace(/#.*/, '').trim())
		.filter((line) => line !== '')
		.map((line) => new RegExp(`^${line.replaceAll('*', '.*')}$`));
	const mail = `${process.execPath} ${resolve('dist/mail.cjs')}`;
	const names = python('--mail', mail, '--list')
		.stdout.split('\n')
		.map((line) => line.split(/\s/, 1)[0])
		.filter((name) => /^\d\d-/.test(name));
	const jobs = String(Math.max(1, Math.min(4, cpus().length)));
	const { stdout, stderr } = python('--mail', mail, '-j', jobs);
	const failures = new Map(
		[...stdout.matchAll(/^FAIL (\S+): (.*)$/gm)].map(([, name, why]) => [name, why]),
	);
	if (!/\d+ passed, \d+ failed/.test(stdout)) throw new Error(`the runner broke:\n${stdout}${stderr}`);

	const isNamed = (name) => patterns.some((pattern) => pattern.test(name));
	const named = names.filter(isNamed);
	// A busy machine may have been too slow for a terminal: once more, alone.
	const broken = named
		.filter((name) => failures.has(name))
		.filter((name) => python('--mail', mail, '-j', '1', '-k', name).status !== 0);
	const others = names.filter((name) => !isNamed(name));
	const passing = others.filter((name) => !failures.has(name));
	for (const name of broken) console.log(`conformance: ${name} must pass: ${failures.get(name)}`);
	if (passing.length > 0) console.log(`conformance: not named, yet passing: ${passing.join(' ')}`);
	console.log(
		`conformance: ${named.length - broken.length} of ${named.length} named, ` +
			`${passing.length} of ${others.length} others pass`,
	);
	finish(named.length - broken.length, broken.length);
}
