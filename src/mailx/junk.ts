/**
 * The junk filter: learns from messages, and judges others by what it has learned. The probabilities are
 * those of Paul Graham's "A Plan for Spam" and "Better Bayesian Filtering", and where they are kept is
 * the variable `junkdb`.
 */
import { Complaint, isErrno, reason } from '../complaint.js';
import { Flag, type Message } from '../mailbox/mailbox.js';
import { makePrintable } from '../message/text.js';
import type { Outcome } from './commands.js';
import { expandFolder } from './foldernames.js';
import { type Counts, JunkDatabase } from './junkdb.js';
import { type JunkWord, junkWords } from './junkwords.js';
import type { Session } from './session.js';
import { renderMessage } from './show.js';
import { setDot } from './threads.js';

/** Of a word that was never met. */
const unknown = 0.4;
/** A message is judged by so many words: those that say most. */
const deciding = 15;
/** From this probability on a message is junk. */
const threshold = 0.9;

function openDatabase(session: Session): JunkDatabase {
	const name = session.variables.get('junkdb');
	if (name === undefined) {
		throw new Complaint('No junk mail database specified. Set the junkdb variable.', 'stderr');
	}
	const path = expandFolder(session, name);
	if (path === undefined) throw new Complaint('');
	try {
		return new JunkDatabase(session.system.real(path), session.system.random(4));
	} catch (error) {
		if (!isErrno(error)) throw error;
		throw new Complaint(`${path}: ${reason(error)}`, 'stderr');
	}
}

/** The words of a message and, with `chained-junk-tokens`, each pair of neighbours. */
async function wordsOf(session: Session, message: Message): Promise<JunkWord[]> {
	const rendered = await renderMessage(session, message, { action: 'junk' });
	const single = [...junkWords(rendered.toString('latin1'))];
	if (!session.variables.has('chained-junk-tokens')) return single;
	return single.flatMap((word, at) => {
		const before = single[at - 1];
		if (!before || word.first) return [word];
		return [word, { ...word, word: `${before.word} ${word.word}` }];
	});
}

/** Learns from messages, or forgets them, and marks them for what they are said to be. */
async function learn(
	session: Session,
	messages: readonly Message[],
	kind: 'good' | 'bad',
	by: 1 | -1,
): Promise<Outcome> {
	const database = openDatabase(session);
	let underflow = false;
	for (const message of messages) {
		setDot(session, message);
		underflow = database[kind] + by < 0;
		if (underflow) break;
		database[kind] += by;
		if ((kind === 'bad') === by > 0) message.set(Flag.junk);
		else message.clear(Flag.junk);
		for (const { word } of await wordsOf(session, message)) database.add(word, kind, by);
		await session.terminal.checkpoint();
	}
	if (underflow) session.terminal.complain('Junk mail database underflow.\n');
	try {
		database.save();
	} catch (error) {
		if (!isErrno(error)) throw error;
		throw new Complaint(`junkdb: ${reason(error)}`, 'stderr');
	}
}

export async function junk(session: Session, messages: Message[]): Promise<Outcome> {
	return learn(session, messages, 'bad', 1);
}

export async function good(session: Session, messages: Message[]): Promise<Outcome> {
	return learn(session, messages, 'good', 1);
}

export async function unjunk(session: Session, messages: Message[]): Promise<Outcome> {
	return learn(session, messages, 'bad', -1);
}

export async function ungood(session: Session, messages: Message[]): Promise<Outcome> {
	return learn(session, messages, 'good', -1);
}

/** How probably a message with this word is junk; undefined for a word met too seldom. */
function probabilityOf(database: JunkDatabase, counts: Counts | undefined): number | undefined {
	if (!counts || (counts.good === 0 && counts.bad === 0)) return unknown;
	// Good ones count twice: a letter lost weighs more than junk that gets through.
	const good = counts.good * 2;
	const { bad } = counts;
	if (good + bad < 5) return undefined;
	const share = (count: number, of: number) => (of > 0 ? Math.min(1, count / of) : 0);
	const asBad = share(bad, database.bad);
	const learned = database.good + database.bad;
	const margin = learned >= 18_000 ? 0.0001 : learned >= 9000 ? 0.001 : 0.01;
	const sum = share(good, database.good) + asBad;
	const exact = sum === 0 ? unknown : asBad / sum;
	const probability = Math.min(1 - margin, Math.max(margin, exact));
	// Seldom met, and only on one side: not quite as sure.
	if (probability === 1 - margin && bad <= 10 && good === 0) return probability - margin;
	if (probability === margin && good <= 10 && bad === 0) return probability + margin;
	return probability;
}

interface Probe {
	readonly word: string;
	readonly key: string;
	readonly probability: number;
	readonly distance: number;
	readonly inHeader: boolean;
}

/** The words that say most: the farthest from one half, the more harmless first among equals. */
function choose(database: JunkDatabase, words: readonly JunkWord[]): Probe[] {
	const probes = new Map<string, Probe>();
	for (const { word, inHeader } of words) {
		const { first, second } = database.hash(word);
		const key = `${first}:${second}`;
		const probability = probabilityOf(database, database.counts({ first, second }));
		if (probability === undefined || probes.has(key)) continue;
		probes.set(key, {
			word,
			key,
			probability,
			distance: Math.abs(probability - 0.5),
			inHeader,
		});
	}
	return [...probes.values()]
		.sort((a, b) => b.distance - a.distance || a.probability - b.probability)
		.slice(0, deciding);
}

/** Marks messages that look like junk, and takes the mark from the others. */
export async function classify(session: Session, messages: Message[]): Promise<Outcome> {
	const { terminal, variables } = session;
	const database = openDatabase(session);
	const tell = (text: string) => {
		if (variables.has('verbose')) terminal.complain(`${text}\n`);
	};
	for (const message of messages) {
		setDot(session, message);
		tell(`Examining message ${message.number}`);
		const probes = choose(database, await wordsOf(session, message));
		let bad = 1;
		let fine = 1;
		for (const [index, { word, key, probability, distance }] of probes.entries()) {
			const shown = makePrintable(word, terminal.charset);
			tell(
				`Probe ${String(index + 1).padStart(2)}: "${shown}", hash=${key} ${figures(probability, distance)}`,
			);
			bad *= probability;
			fine *= 1 - probability;
		}
		const result = bad + fine > 0 && probes.length > 0 ? bad / (bad + fine) : 0;
		if (probes.length === 0) tell('No information found.');
		else tell(`Junk probability of message ${message.number}: ${digits(result, 6)}`);
		if (result > threshold) message.set(Flag.junk);
		else message.clear(Flag.junk);
		await terminal.checkpoint();
	}
}

const digits = (value: number, count: number) => String(Number(value.toPrecision(count)));
const figures = (probability: number, distance: number) =>
	`prob=${digits(probability, 4)} dist=${digits(distance, 4)}`;

/** Prints what the filter knows about words. */
export async function probability(session: Session, words: string[]): Promise<Outcome> {
	if (words.length === 0) throw new Complaint('No words given.', 'stderr');
	const { terminal } = session;
	const database = openDatabase(session);
	terminal.write(
		`Database statistics: tokens=${database.size} ngood=${database.good} nbad=${database.bad}\n`,
	);
	for (const word of words) {
		const { first, second } = database.hash(Buffer.from(word).toString('latin1'));
		const counts = database.counts({ first, second });
		const known = counts && probabilityOf(database, counts);
		const about = !counts
			? 'not in database'
			: `good=${counts.good} bad=${counts.bad} ${
					known === undefined ? 'too infrequent' : figures(known, Math.abs(known - 0.5))
				}`;
		terminal.write(`"${word}", hash=${first}:${second} ${about}\n`);
	}
}
