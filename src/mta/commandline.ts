/**
 * The command line of sendmail(8), for the programs sendmail, mailq and newaliases: takes a letter on
 * standard input, lists and runs the queue, compiles the aliases, verifies addresses. Options that
 * scripts pass out of habit are accepted and do nothing. What it does it asks of the modules here.
 */
import { Complaint, isErrno, reason } from '../complaint.js';
import { openSystem, type System } from '../system.js';
import { type Configured, configure } from './configuration.js';
import { Exit } from './envelope.js';
import { type Options, parseOptions, refusal } from './sendmailoptions.js';

/** Octets in a string, as they were in the file, argument or reply that is cited, and harmless to a terminal. */
function harmless(octets: string): string {
	const { env } = process;
	const wide = /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
	// Where UTF-8 is shown, what makes up a character of it is no control character of eight bits.
	return octets.replace(wide ? acting : /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (found) =>
		wide && character.test(found) ? found : '?',
	);
}

/** Control characters of seven and eight bits, what turns the direction of text, and, to be let through, characters. */
const acting =
	/[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2(?:\x80[\xa8-\xae]|\x81[\xa6-\xaf])|\xef\xbf[\xb9-\xbb]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[\x80-\x9f]/g;
const character =
	/^(?!\xc2[\x80-\x9f]|\xe2(?:\x80[\xa8-\xae]|\x81[\xa6-\xaf])|\xef\xbf[\xb9-\xbb])[\xc2-\xf4][\x80-\xbf]+$/;

function say(line: string): void {
	process.stdout.write(`${harmless(line)}\n`, 'latin1');
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
	if (!mayRunQueue(system)) throw refusal('Permission denied (real uid not trusted)');
	const { rebuildAliases } = await import('./aliasdb.js');
	const { lines, status } = rebuildAliases(system);
	for (const line of lines) say(line);
	return status;
}

function requireQueueRights(system: System): void {
	if (mayRunQueue(system)) return;
	throw refusal('You do not have permission to process the queue', 77);
}

async function runTheQueue(system: System, options: Options): Promise<number> {
	requireQueueRights(system);
	const { runQueue } = await import('./runner.js');
	const tell = (line: string): void => {
		if (options.verbose) say(line);
	};
	await runQueue(system, options.filters, tell, { oneByOne: options.verbose });
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
	try {
		await append(path, [{ postmark, content }]);
	} catch (error) {
		if (!isErrno(error)) throw error;
		// What became of the letter is what the status tells, not what became of its copy.
		say(`${shown}... ${reason(error)}`);
		return;
	}
	say(`${shown}... Saved message in ${shown}`);
}

async function submitLetter(system: System, options: Options): Promise<number> {
	const given = await recipientsOf(options.recipients);
	if (given.length === 0 && !options.fromHeader) {
		throw refusal('Recipient names must be specified');
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
		options: { returned: options.returned, envelopeId: options.envelopeId },
		wishesOfAll: options.notify && { notify: options.notify },
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

/** What nobody but the keeper of the system may start. */
function requireTrust(system: System): void {
	if (!mayRunQueue(system)) throw refusal('550 Permission denied (real uid not trusted)');
}

/** What is better in a while: whoever called us may try again. */
const passing = ['ENOSPC', 'EDQUOT', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'];

/** Runs sendmail with these arguments; answers with its exit status. */
export async function sendmail(words: readonly string[]): Promise<number> {
	try {
		const options = parseOptions(words);
		const configured = configure(openSystem(), options.configuration, options.settings);
		return await dispatch(configured, options, words);
	} catch (error) {
		if (error instanceof Complaint) {
			if (error.stream === 'stdout') say(error.message);
			else process.stderr.write(`${error.message}\n`);
			return error.status;
		}
		if (!isErrno(error)) throw error;
		const path = error.path === undefined ? '' : `${openSystem().shown(error.path)}: `;
		process.stderr.write(`sendmail: ${path}${reason(error)}\n`);
		return passing.includes(error.code ?? '') ? Exit.temporary : Exit.osError;
	}
}

async function dispatch(
	configured: Configured,
	options: Options,
	words: readonly string[],
): Promise<number> {
	const { system } = configured;
	const { mode } = options;
	if (options.version) {
		const { release } = await import('../release.js');
		say(`Version Inkloom ${release}`);
	}
	if (mode === 'p') return listQueue(system, options);
	if (mode === 'i') return buildAliases(system);
	if (mode === 'v') {
		if (options.recipients.length === 0) throw refusal('Recipient names must be specified');
		return verifyAddresses(system, options);
	}
	if (mode === 'h' || mode === 'H') return 0;
	if (mode === 't') throw refusal('Address test mode is not built in; use -bv');
	if (mode === 'w') {
		requireTrust(system);
		const { work } = await import('./workers.js');
		await work(system);
		return 0;
	}
	if (mode === 's' || mode === 'a') {
		const { converse } = await import('./service.js');
		return converse(configured, options);
	}
	if (mode === 'd' || mode === 'D') {
		requireTrust(system);
		const { serve, startServer } = await import('./service.js');
		return mode === 'd' ? startServer(system, words) : serve(configured, options);
	}
	if (options.every !== undefined) {
		requireQueueRights(system);
		const { keepRunning } = await import('./service.js');
		return keepRunning(system, words, options.every);
	}
	if (options.run) return runTheQueue(system, options);
	return submitLetter(system, options);
}
