/**
 * The command line of sendmail(8), for the programs sendmail, mailq and newaliases: takes a letter on
 * standard input, lists and runs the queue, compiles the aliases, verifies addresses. Options that
 * scripts pass out of habit are accepted and do nothing. What it does it asks of the modules here.
 */
import { isErrno, reason } from '../complaint.js';
import { openSystem, type System } from '../system.js';
import type { Filter } from './runner.js';

interface Options {
	mode: string;
	verbose: boolean;
	fromHeader: boolean;
	dotIsText: boolean;
	aliases: boolean;
	sender: string | undefined;
	fullName: string | undefined;
	hops: number | undefined;
	queueOnly: boolean;
	foreground: boolean;
	/** How errors are told: p(rint), m(ail), e (mail, status 0), w, q(uiet). */
	errors: string;
	run: boolean;
	filters: Filter[];
	recipients: string[];
}

/** Ends the program: printed as it is, on standard output as the original does. */
class Refusal extends Error {
	readonly status: number;

	constructor(text: string, status = 64) {
		super(text);
		this.status = status;
	}
}

/** Options that need a value, joined or in the next word. */
const valued = 'ABCDFfhLMNOopRrVXx';
/** Options whose value, where there is one, is joined to them. */
const joined = 'bdeq';
const bare = 'cEGImnsTtUvi';

function say(line: string): void {
	// Octets in a string, as they were in the file or argument that is cited.
	process.stdout.write(`${line.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '?')}\n`, 'latin1');
}

function parse(words: readonly string[]): Options {
	const options: Options = {
		mode: 'm',
		verbose: false,
		fromHeader: false,
		dotIsText: false,
		aliases: true,
		sender: undefined,
		fullName: undefined,
		hops: undefined,
		queueOnly: false,
		foreground: false,
		errors: 'p',
		run: false,
		filters: [],
		recipients: [],
	};
	let at = 0;
	for (; at < words.length; at++) {
		const word = words[at] as string;
		if (word === '--') {
			at++;
			break;
		}
		if (!/^-./.test(word)) break;
		for (let sign = 1; sign < word.length; sign++) {
			const letter = word[sign] as string;
			const rest = word.slice(sign + 1);
			if (bare.includes(letter)) {
				obey(options, letter, '');
				continue;
			}
			if (joined.includes(letter)) obey(options, letter, rest);
			else if (!valued.includes(letter)) throw new Refusal(`sendmail: illegal option -- ${letter}`);
			else if (rest !== '') obey(options, letter, rest);
			else {
				const value = words[++at];
				if (value === undefined) {
					throw new Refusal(`sendmail: option requires an argument -- ${letter}`);
				}
				obey(options, letter, value);
			}
			break;
		}
	}
	options.recipients = words.slice(at);
	return options;
}

function obey(options: Options, letter: string, value: string): void {
	switch (letter) {
		case 'b':
			if (/^[zZ]/.test(value)) throw new Refusal('Frozen configurations unsupported');
			if (!/^[admpviDsthH]/.test(value)) throw new Refusal(`Invalid operation mode ${value}`);
			options.mode = value[0] as string;
			return;
		case 'B':
			if (!/^(7bit|8bitmime)$/i.test(value)) throw new Refusal(`Illegal body type ${value}`);
			return;
		case 'C':
			readable(value);
			return;
		case 'F':
			options.fullName = value;
			return;
		case 'f':
		case 'r':
			options.sender = value;
			return;
		case 'h':
			options.hops = Number.parseInt(value, 10) || 0;
			return;
		case 'i':
			options.dotIsText = true;
			return;
		case 'n':
			options.aliases = false;
			return;
		case 'N':
			if (!/^(never|((success|failure|delay)(,|$))+)$/i.test(value)) {
				throw new Refusal('Invalid -N argument');
			}
			return;
		case 'R':
			if (!/^(full|hdrs)$/i.test(value)) throw new Refusal('Invalid -R value');
			return;
		case 'e':
			options.errors = value[0] ?? 'p';
			return;
		case 'o':
			short(options, value);
			return;
		case 'O':
			long(options, value);
			return;
		case 'q':
			queue(options, value);
			return;
		case 't':
			options.fromHeader = true;
			return;
		case 'v':
			options.verbose = true;
			return;
	}
}

function short(options: Options, value: string): void {
	const [letter, rest] = [value[0] ?? '', value.slice(1)];
	if (letter === 'i') options.dotIsText = !/^f/i.test(rest);
	else if (letter === 'e') options.errors = rest[0] ?? 'p';
	else if (letter === 'v') options.verbose = true;
	else if (letter === 'd') {
		if (!/^[bdiqa]?$/.test(rest)) throw new Refusal(`Unknown delivery mode ${rest}`);
		options.foreground = rest === 'i';
		options.queueOnly = rest === 'q' || rest === 'd';
	}
}

const knownOptions = [
	'IgnoreDots',
	'DeliveryMode',
	'ErrorMode',
	'Verbose',
	'CheckAliases',
	'QueueDirectory',
];

function long(options: Options, text: string): void {
	const [name = '', value = ''] = text.split('=', 2);
	const known = knownOptions.find((each) => each.toLowerCase() === name.trim().toLowerCase());
	if (known === undefined) throw new Refusal(`readcf: unknown option name ${name}`, 70);
	const letter = { IgnoreDots: 'i', DeliveryMode: 'd', ErrorMode: 'e', Verbose: 'v' }[known];
	if (letter) short(options, letter + value.trim()[0]);
}

function readable(path: string): void {
	const { accessSync } = process.getBuiltinModule('node:fs');
	try {
		accessSync(path);
	} catch (error) {
		if (!isErrno(error)) throw error;
		throw new Refusal(`${path}: line 0: cannot open: ${reason(error)}`, 72);
	}
}

function queue(options: Options, value: string): void {
	const filter = /^(!?)([IRS])(.*)$/.exec(value);
	if (filter) {
		const [, not, field, text] = filter as unknown as [string, string, Filter['field'], string];
		options.filters.push({ field, text, not: not === '!' });
	} else {
		const unit = /^[pf]?(?:\d+[smhdw])*\d*([^smhdw\d])/i.exec(value)?.[1];
		if (unit !== undefined) throw new Refusal(`Invalid time unit \`${unit}'`);
		if (/\d/.test(value))
			throw new Refusal('A queue runner that stays is not built in yet; use cron');
	}
	options.run = true;
}

/** The letter on standard input; a line with a dot alone ends it, except with `-i`. */
async function readLetter(dotIsText: boolean): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
	const octets = Buffer.concat(chunks);
	if (dotIsText) return octets;
	const text = octets.toString('latin1');
	const dot = /(^|\n)\.\r?(\n|$)/.exec(text);
	return dot ? octets.subarray(0, dot.index + (dot[1] as string).length) : octets;
}

/** Arguments may hold lists; blanks separate too where nothing else tells words apart. */
async function recipientsOf(words: readonly string[]): Promise<string[]> {
	const { splitList } = await import('./recipient.js');
	return words.flatMap((word) => {
		const octets = Buffer.from(word, 'utf8').toString('latin1');
		return /[,<("]/.test(octets) ? splitList(octets, false) : octets.split(/\s+/).filter(Boolean);
	});
}

function mayRunQueue(system: System): boolean {
	return system.root !== '' || process.geteuid?.() === 0;
}

async function listQueue(system: System, options: Options): Promise<number> {
	const { readQueue } = await import('./queue.js');
	const { printQueue } = await import('./listing.js');
	let entries = readQueue(system);
	if (options.filters.length > 0) {
		const { selects } = await import('./runner.js');
		entries = entries.filter((entry) => selects(options.filters, entry));
	}
	for (const line of printQueue(system, entries, options.verbose)) say(line);
	return 0;
}

async function buildAliases(system: System): Promise<number> {
	if (!mayRunQueue(system)) throw new Refusal('Permission denied (real uid not trusted)');
	const { rebuildAliases } = await import('./aliasdb.js');
	const { lines, status } = rebuildAliases(system);
	for (const line of lines) say(line);
	return status;
}

async function runTheQueue(system: System, options: Options): Promise<number> {
	if (!mayRunQueue(system)) {
		throw new Refusal('You do not have permission to process the queue', 77);
	}
	const { runQueue } = await import('./runner.js');
	await runQueue(system, options.filters, (line) => {
		if (options.verbose) say(line);
	});
	return 0;
}

async function verifyAddresses(system: System, options: Options): Promise<number> {
	const { resolve } = await import('./resolve.js');
	const { verify } = await import('./explain.js');
	const recipients = await recipientsOf(options.recipients);
	const trees = resolve(system, recipients, { noAliases: !options.aliases });
	const { lines, status } = verify(trees);
	for (const line of lines) say(line);
	return status;
}

/** Keeps a letter that could not be sent, in the sender's home. */
async function saveDeadLetter(system: System, letter: { header: Buffer; body: Buffer }) {
	const { append } = await import('../mailbox/append.js');
	const { printAsctime } = await import('./letter.js');
	const path = `${system.home}/dead.letter`;
	const shown = system.shown(path);
	const postmark = `From ${system.user.name} ${printAsctime(system.now())}`;
	const content = [letter.header, Buffer.from('\n'), letter.body];
	await append(path, [{ postmark, content }]);
	say(`${shown}... Saved message in ${shown}`);
}

async function submitLetter(system: System, options: Options): Promise<number> {
	const given = await recipientsOf(options.recipients);
	if (given.length === 0 && !options.fromHeader) {
		throw new Refusal('Recipient names must be specified');
	}
	const octets = await readLetter(options.dotIsText);
	if (options.fromHeader) {
		const { headerRecipients } = await import('./letter.js');
		given.push(...headerRecipients(octets));
		if (given.length === 0) {
			say('No recipient addresses found in header');
			return 0;
		}
	}
	const { copies, resolve } = await import('./resolve.js');
	const trees = resolve(system, given, { noAliases: !options.aliases });
	const { findObstacle, handOver } = await import('./embedded.js');
	const sender = options.sender === '<>' || options.sender === '' ? null : options.sender;
	const obstacle = findObstacle(system, copies(trees));
	if (obstacle !== undefined) {
		const { verbose, hops } = options;
		const envelope = { reversePath: sender, recipients: given, verbose, meToo: true, hops };
		const receipt = await handOver(system, envelope, octets, obstacle);
		for (const line of receipt.report) say(line);
		return receipt.status;
	}
	const { submit } = await import('./submit.js');
	const done = await submit(system, octets, {
		sender,
		recipients: given,
		fullName: options.fullName,
		hops: options.hops,
		queueOnly: options.queueOnly,
		foreground: options.verbose || options.foreground,
		trees,
	});
	return tell(system, options, sender, done);
}

async function tell(
	system: System,
	options: Options,
	sender: string | null | undefined,
	done: Awaited<ReturnType<typeof import('./submit.js')['submit']>>,
): Promise<number> {
	const mailed = /[mew]/.test(options.errors);
	const lines = options.verbose
		? done.story
		: mailed || options.errors === 'q'
			? []
			: done.problems;
	for (const line of lines) say(line);
	if (done.status === 0 || done.letter === undefined) return done.status;
	if (mailed) {
		const { report } = await import('./submit.js');
		const about = { id: done.id, sender: sender === undefined ? system.user.name : sender };
		await report(system, about, done.letter.header, done.lost);
	} else if (options.errors === 'p') await saveDeadLetter(system, done.letter);
	return options.errors === 'e' ? 0 : done.status;
}

const unbuilt: Record<string, string> = {
	d: '550 Permission denied (no daemon in this version)',
	D: '550 Permission denied (no daemon in this version)',
	s: '421 4.3.0 no SMTP service in this version',
	a: '421 4.3.0 no SMTP service in this version',
	t: 'Address test mode is not built in; use -bv',
};

/** Runs sendmail with these arguments; answers with its exit status. */
export async function sendmail(words: readonly string[]): Promise<number> {
	try {
		const options = parse(words);
		const system = openSystem();
		const nothing = unbuilt[options.mode];
		if (nothing !== undefined) throw new Refusal(nothing, 64);
		if (options.mode === 'p') return await listQueue(system, options);
		if (options.mode === 'i') return await buildAliases(system);
		if (options.mode === 'v') return await verifyAddresses(system, options);
		if (/[hH]/.test(options.mode)) return 0;
		if (options.run) return await runTheQueue(system, options);
		return await submitLetter(system, options);
	} catch (error) {
		if (error instanceof Refusal) {
			say(error.message);
			return error.status;
		}
		if (!isErrno(error)) throw error;
		const path = error.path === undefined ? '' : `${openSystem().shown(error.path)}: `;
		process.stderr.write(`sendmail: ${path}${reason(error)}\n`);
		return 71;
	}
}
