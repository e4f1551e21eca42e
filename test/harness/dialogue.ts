/**
 * Whole dialogues as plain files, played in a real terminal. A folder of test/sessions holds
 *
 *   about        what it shows, in a line
 *   before/      files put into the lab first
 *   input        what is typed, line by line; `^D` and `^C` alone on a line are those keys
 *   transcript   the whole screen afterwards, from the first shell prompt to the last
 *   after/       files of the lab as they must be afterwards; an empty one must be empty or absent
 *
 * What changes from day to day (dates, Message-IDs, queue ids of letters written now) is replaced
 * by fixed text of the same width on both sides.
 */
import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { Pane } from './tmux.js';
import { World } from './world.js';

export interface Dialogue {
	readonly name: string;
	readonly dir: string;
	readonly about: string;
	readonly input: readonly string[];
	readonly transcript: string;
	/** Path in the lab to the text it must have. */
	readonly after: ReadonlyMap<string, string>;
}

function filesBelow(dir: string): string[] {
	if (!existsSync(dir)) return [];
	return readdirSync(dir, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name).slice(dir.length))
		.sort();
}

function textOf(path: string): string {
	return existsSync(path) ? readFileSync(path, 'latin1') : '';
}

export function readDialogues(dir: string): Dialogue[] {
	return readdirSync(dir, { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map(({ name }) => {
			const folder = join(dir, name);
			return {
				name,
				dir: folder,
				about: textOf(join(folder, 'about')).trim(),
				input: textOf(join(folder, 'input')).replace(/\n$/, '').split('\n'),
				transcript: readFileSync(join(folder, 'transcript'), 'utf8').trimEnd(),
				after: new Map(
					filesBelow(join(folder, 'after')).map((path) => [
						path,
						textOf(join(folder, 'after', path)),
					]),
				),
			};
		})
		.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const days = 'Sun|Mon|Tue|Wed|Thu|Fri|Sat';

/** Replaces dates of today or yesterday, and what is made up for each letter, by fixed text. */
export function normalise(text: string, now = new Date()): string {
	const recent = [0, 1].map((back) => new Date(now.getTime() - back * 86_400_000).toUTCString());
	const today = recent.map((date) => {
		const [, day, month] = date.split(' ');
		return `${month} ${String(Number(day)).padStart(2, ' ')}`;
	});
	const mailDates = recent.map((date) => {
		const [, day, month, year] = date.split(' ');
		return `0?${Number(day)} ${month} ${year}`;
	});
	const ctime = new RegExp(
		`(?:${days}) (?:${today.join('|')}) \\d\\d:\\d\\d(:\\d\\d (?:UTC )?\\d{4})?`,
		'g',
	);
	const rfc = new RegExp(
		`(?:${days}), +(?:${mailDates.join('|')}) \\d\\d:\\d\\d:\\d\\d (?:[+-]\\d{4}|GMT|UTC)(?: \\(\\w+\\))?`,
		'g',
	);
	return (
		text
			.replaceAll(ctime, (_, rest) => (rest ? 'Www Mmm DD HH:MM:SS YYYY' : 'Www Mmm DD HH:MM'))
			.replaceAll(rfc, 'Www, DD Mmm YYYY HH:MM:SS +0000')
			.replaceAll(/^(Inkloom Mail version )\S+(?=\. )/gm, '$1V')
			.replaceAll(/^User-Agent: Inkloom\b.*$/gm, 'User-Agent: Inkloom')
			.replaceAll(/\(Inkloom [^)]*\)/g, '(Inkloom)')
			// Versions and days of the month have one digit or two: octets differ, lines do not.
			.replaceAll(/(Www Mmm DD HH:MM +\d+\/)\d[\d ]{4}/g, '$1OOOOO')
			.replaceAll(/^(".*\/dead\.letter" \d+\/)\d+$/gm, '$1OOO')
	);
}

/** The same for a file: letters made now have ids of their own. */
export function normaliseFile(text: string): string {
	return normalise(
		text
			.split(/(?<=\n)(?=From )/)
			.map((letter) =>
				normalise(letter) === letter
					? letter
					: letter
							.replaceAll(/^(Message-I[dD]: ).*$/gm, '$1<ID>')
							.replaceAll(/\bid [\w.]+/g, 'id ID'),
			)
			.join(''),
	);
}

const prompt = /^(?:\[\w+@localhost [^\]]*\][$#] |[&?] |(?:Subject|To|Cc|Bcc): |)$/;
const keys: Record<string, string> = { '^D': 'C-d', '^C': 'C-c', '^Z': 'C-z', '^L': 'C-l' };

/**
 * The text that must stand on the screen before each line is typed: the transcript up to the prompt
 * that the line follows. Throws when the transcript does not show a line.
 */
export function stages(dialogue: Pick<Dialogue, 'input' | 'transcript' | 'name'>): string[] {
	const lines = dialogue.transcript.split('\n');
	let at = 0;
	return dialogue.input.map((typed) => {
		if (typed in keys) return lines.slice(0, at).join('\n');
		const found = lines.findIndex(
			(line, n) =>
				n >= at &&
				(line.endsWith(typed) || typed.trimEnd() === '') &&
				prompt.test(line.slice(0, line.length - typed.length).replace(/(?<=[&?:$#])$/, ' ')),
		);
		if (found < 0) throw new Error(`${dialogue.name}: the transcript shows no typed "${typed}"`);
		const shown = lines[found] as string;
		at = found + 1;
		return [...lines.slice(0, found), shown.slice(0, shown.length - typed.length)].join('\n');
	});
}

/** The screen from the first shell prompt on: what the lab says on entering is not of the dialogue. */
function fromPrompt(screen: string): string {
	const start = screen.search(/^\[\w+@localhost /m);
	return normalise(start < 0 ? screen : screen.slice(start));
}

const tidy = (text: string) => text.replaceAll(/ +$/gm, '').trimEnd();

export interface Played {
	readonly transcript: string;
	/** Paths asked for, with the text found there. */
	readonly after: ReadonlyMap<string, string>;
}

/**
 * Plays a dialogue in a lab of its own. `live`: with the prompt drawn by Ink; else on a cooked terminal.
 * `recording`: waits until the screen stands still instead of for the expected text.
 */
export async function play(dialogue: Dialogue, live: boolean, recording = false): Promise<Played> {
	const world = new World();
	// Without the hints for beginners: they stand beneath an empty prompt until somebody types.
	for (const home of ['home/pue', 'home/pere', 'home/profe', 'root']) {
		rmSync(join(world.root, home, '.mailrc'), { force: true });
	}
	if (existsSync(join(dialogue.dir, 'before'))) {
		cpSync(join(dialogue.dir, 'before'), world.root, { recursive: true });
	}
	const env = { ...world.env('pue'), ...(live ? {} : { INKLOOM: 'plain' }), SHELL: '/bin/bash' };
	const pane = await Pane.open(
		['sh', '-c', 'cd && exec bash --noprofile --rcfile "$LAB/.lab/bashrc"'],
		env,
	);
	try {
		await pane.until((text) => text.includes('@localhost'));
		const expected = recording ? [] : stages(dialogue);
		for (const [n, typed] of dialogue.input.entries()) {
			if (recording) await pane.still();
			else {
				const wanted = tidy(expected[n] as string);
				const { text, met } = await pane.until((now) => tidy(fromPrompt(now)) === wanted);
				if (!met) return { transcript: fromPrompt(text), after: new Map() };
			}
			const key = keys[typed];
			if (key) await pane.press(key);
			else {
				await pane.type(typed);
				await pane.press('Enter');
			}
		}
		const wanted = tidy(dialogue.transcript);
		const text = recording
			? await pane.still()
			: (await pane.until((now) => tidy(fromPrompt(now)) === wanted)).text;
		const paths = recording
			? filesBelow(world.root).filter((path) => /^\/(var|home|root)\//.test(path))
			: dialogue.after.keys();
		return {
			transcript: tidy(fromPrompt(text)),
			after: new Map([...paths].map((path) => [path, normaliseFile(world.read(path) ?? '')])),
		};
	} finally {
		await pane.close();
		world.remove();
	}
}

/** Writes down what the programs do now, to be read through before it is believed. */
export function record(dialogue: Dialogue, played: Played): void {
	writeFileSync(join(dialogue.dir, 'transcript'), `${played.transcript}\n`);
	for (const path of dialogue.after.keys()) {
		const to = join(dialogue.dir, 'after', path);
		mkdirSync(dirname(to), { recursive: true });
		writeFileSync(to, played.after.get(path) ?? '', 'latin1');
	}
}
