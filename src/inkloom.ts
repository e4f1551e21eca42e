/**
 * `inkloom`: what the classic programs have no name for. The lab and its course, who one is in it, and
 * where a letter to an address would go, what waits in the queue. `as` and `su` are the short names the lab's shell has for
 * changing person.
 */

import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';

import { Complaint } from './complaint.js';
import { release } from './release.js';

const help = `Usage: inkloom COMMAND
  lab [DIR] [--reset] [--letters] [--as NAME] [-- PROGRAM ARGUMENT ...]
                        enter the lab, a small post office to learn in; or run one program in it
  as NAME [PROGRAM ...] in the lab: be somebody else
  course [N [ANSWER]]   in the lab: the exercises, or one of them
  explain ADDRESS ...   where a letter to these addresses would go
  queue [list|show|hold|release|remove|run] [ID ...]
                        the letters that wait
  --help, --version
See inkloom(1).
`;

const EX_USAGE = 64;

function misuse(text: string): Complaint {
	return new Complaint(`inkloom: ${text}\nTry "inkloom --help".`, 'stderr', EX_USAGE);
}

type Run = (words: string[]) => Promise<number> | number;

const commands: Record<string, Run> = {
	lab,
	as: become,
	su: switchUser,
	course: tellCourse,
	explain: explainAddresses,
	queue: manageQueue,
	'--help': () => print(help),
	'-h': () => print(help),
	help: () => print(help),
	'--version': () => print(`${release}\n`),
	'-V': () => print(`${release}\n`),
};

function print(text: string): number {
	process.stdout.write(text);
	return 0;
}

/** A folder of the person outside, with `~` for their home. */
function shortened(path: string): string {
	const home = homedir();
	return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

interface LabOptions {
	readonly dir: string | undefined;
	readonly reset: boolean;
	readonly letters: boolean;
	readonly as: string;
	/** The program to run and its arguments; none: a shell. */
	readonly words: readonly string[];
}

function readLabOptions(words: readonly string[]): LabOptions {
	const end = words.indexOf('--');
	const before = end < 0 ? words : words.slice(0, end);
	let dir: string | undefined;
	let as = 'pue';
	const flags = new Set<string>();
	for (let at = 0; at < before.length; at++) {
		const word = before[at] as string;
		if (word === '--as') {
			const name = before[++at];
			if (name === undefined) throw misuse('--as wants a name');
			as = name;
		} else if (word === '--reset' || word === '--letters') flags.add(word);
		else if (word.startsWith('-')) throw misuse(`lab knows no ${word}`);
		else if (dir === undefined) dir = word;
		else throw misuse(`one folder at a time; to run a program: inkloom lab ${dir} -- ${word}`);
	}
	if (end >= 0 && words[end + 1] === undefined) throw misuse('no program is named after --');
	return {
		dir,
		as,
		reset: flags.has('--reset'),
		letters: flags.has('--letters'),
		words: end < 0 ? [] : words.slice(end + 1),
	};
}

const programs = () => dirname(realpathSync(process.argv[1] as string));

async function lab(words: string[]): Promise<number> {
	const options = readLabOptions(words);
	const { defaultLab, openLab, hasMail, isLab, putLetters } = await import('./lab/lab.js');
	const { enter, personNamed, prepare } = await import('./lab/enter.js');
	const { env } = process;
	const dir = options.dir ? resolve(options.dir) : defaultLab(env, homedir());
	const inside = env.INKLOOM_ROOT === dir && isLab(dir);
	const fresh = !isLab(dir) || options.reset;
	openLab(dir, options.reset);
	if (options.letters && !hasMail(dir)) putLetters(dir);
	const visit = { dir, programs: programs(), env };
	if (fresh) {
		prepare(visit);
		await buildAliases(dir);
	}
	const wantsShell = options.words.length === 0;
	if (wantsShell && inside) {
		return print(
			options.reset ? 'The lab is as new.\n' : `You are in this lab already, as ${env.USER}.\n`,
		);
	}
	if (wantsShell && process.stdin.isTTY) {
		const other = options.as === 'pere' ? 'pue' : 'pere';
		process.stdout.write(
			`A small post office in ${shortened(dir)}. You are ${options.as}.\n` +
				`"as ${other}" changes who you are, "inkloom course" lists the exercises,\n` +
				'"inkloom lab --reset" starts over, "exit" leaves.\n' +
				'In the shell its / is $LAB: the aliases are in $LAB/etc/aliases.\n',
		);
	}
	return enter(visit, personNamed(dir, options.as), options.words);
}

/** A new lab has its table of aliases built, as an installed system has. */
async function buildAliases(dir: string): Promise<void> {
	const { openSystem } = await import('./system.js');
	const { rebuildAliases } = await import('./mta/aliasdb.js');
	rebuildAliases(openSystem({ INKLOOM_ROOT: dir }));
}

/** The lab we are in. Throws a Complaint outside of one. */
async function here(): Promise<string> {
	const { isLab } = await import('./lab/lab.js');
	const root = process.env.INKLOOM_ROOT;
	if (root !== undefined && isLab(root)) return resolve(root);
	throw new Complaint('inkloom: not in a lab; "inkloom lab" enters it', 'stderr', EX_USAGE);
}

async function become(words: string[]): Promise<number> {
	const [name, ...program] = words;
	if (name === undefined || name.startsWith('-')) throw misuse('as whom? as NAME [PROGRAM ...]');
	const dir = await here();
	const { enter, personNamed } = await import('./lab/enter.js');
	const user = personNamed(dir, name);
	return enter({ dir, programs: programs(), env: process.env }, user, program);
}

/** `su [-] [NAME] [-c COMMAND]`, as far as a lab needs it; nobody is asked for a password. */
async function switchUser(words: string[]): Promise<number> {
	let login = false;
	let command: string | undefined;
	const names: string[] = [];
	for (let at = 0; at < words.length; at++) {
		const word = words[at] as string;
		if (word === '-' || word === '-l' || word === '--login') login = true;
		else if (word === '-c') command = words[++at] ?? '';
		else if (word.startsWith('-')) throw misuse(`su here knows -, -l and -c only, not ${word}`);
		else names.push(word);
	}
	const [name = 'root'] = names;
	const dir = await here();
	const { enter, personNamed } = await import('./lab/enter.js');
	const user = personNamed(dir, name);
	const visit = { dir, programs: programs(), env: process.env };
	const program = command === undefined ? [] : ['/bin/sh', '-c', command];
	return enter(visit, user, program, login ? undefined : process.cwd());
}

async function tellCourse(words: string[]): Promise<number> {
	const dir = await here();
	const { course } = await import('./lab/course.js');
	return print(course(dir, words, speaksUtf8() ? ['✓', ' '] : ['x', ' ']));
}

function speaksUtf8(): boolean {
	const { env } = process;
	return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}

async function explainAddresses(words: string[]): Promise<number> {
	if (words.length === 0) throw misuse('explain which address?');
	const { openSystem } = await import('./system.js');
	const { openAliases } = await import('./mta/aliasdb.js');
	const { resolve: resolveAll } = await import('./mta/resolve.js');
	const { explain, verify } = await import('./mta/explain.js');
	const system = openSystem();
	const book = openAliases(system);
	const trees = resolveAll(system, words, { book });
	const lines = explain(system, trees, { ascii: !speaksUtf8() });
	book.close();
	// What others have written into a .forward of theirs stands there, too.
	const { makeSayable } = await import('./message/text.js');
	const charset = speaksUtf8() ? 'utf-8' : 'us-ascii';
	print(makeSayable(lines.map((line) => `${line}\n`).join(''), charset));
	return verify(trees).status;
}

async function manageQueue(words: string[]): Promise<number> {
	const { openSystem } = await import('./system.js');
	const { configure } = await import('./mta/configuration.js');
	const { queueCommand } = await import('./mta/queuecommand.js');
	return queueCommand(configure(openSystem()).system, words, print);
}

async function main([name, ...words]: string[]): Promise<number> {
	if (name === undefined) {
		process.stderr.write(help);
		return EX_USAGE;
	}
	const run = Object.hasOwn(commands, name) ? commands[name] : undefined;
	if (!run) throw misuse(`there is no command ${name}`);
	return run(words);
}

main(process.argv.slice(2)).then(
	(status) => {
		process.exitCode = status;
	},
	(error: unknown) => {
		if (!(error instanceof Complaint)) throw error;
		process.stderr.write(`${error.message}\n`);
		process.exitCode = error.status;
	},
);
