/**
 * `inkloom course`: the list of exercises, one of them with what is still missing, and the answers
 * given. What was once done stays done, in `.lab/progress.json`, also when its letters are gone.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { Complaint } from '../complaint.js';
import { openAliases } from '../mta/aliasdb.js';
import { openSystem } from '../system.js';
import { type Evidence, exercises } from './exercises.js';
import { EX_USAGE, replaceFile } from './lab.js';

interface Progress {
	readonly done: number[];
	readonly answers: Record<string, string>;
}

const progressFile = (dir: string) => join(dir, '.lab/progress.json');

/** A file that somebody or a crash has spoilt is as none: what can still be seen in the lab counts again. */
function readProgress(dir: string): Progress {
	const path = progressFile(dir);
	const text = existsSync(path) ? readFileSync(path, 'utf8') : '{}';
	const { done, answers } = parseObject(text) as Partial<Record<keyof Progress, unknown>>;
	const numbers = Array.isArray(done) ? done.filter((each) => typeof each === 'number') : [];
	const texts = Object.entries(answers ?? {}).filter(([, each]) => typeof each === 'string');
	return { done: numbers, answers: Object.fromEntries(texts) as Progress['answers'] };
}

function parseObject(text: string): object {
	try {
		return (JSON.parse(text) as object | null) ?? {};
	} catch (error) {
		if (error instanceof SyntaxError) return {};
		throw error;
	}
}

function staleness(dir: string): boolean {
	const book = openAliases(openSystem({ INKLOOM_ROOT: dir }));
	book.close();
	return book.stale;
}

function gather(dir: string, answers: Progress['answers']): Evidence {
	const onDisk = (path: string) => join(dir, path);
	return {
		read: (path) => (existsSync(onDisk(path)) ? readFileSync(onDisk(path), 'latin1') : undefined),
		list: (path) => (existsSync(onDisk(path)) ? readdirSync(onDisk(path)) : []),
		aliasesStale: () => staleness(dir),
		mode: (path) => statSync(onDisk(path)).mode & 0o7777,
		answer: (n) => answers[n],
	};
}

/**
 * Obeys `inkloom course [N [ANSWER ...]]` in the lab `dir`; returns the text to print.
 * `marks` are printed before an exercise that is done, and one that is not.
 */
export function course(
	dir: string,
	words: readonly string[],
	marks: readonly [done: string, open: string],
): string {
	const progress = readProgress(dir);
	const [number, ...answer] = words;
	const index = Number(number) - 1;
	const chosen = exercises[index];
	if (number !== undefined && !chosen) {
		throw new Complaint(
			`inkloom: there is no exercise ${number}; they are 1 to ${exercises.length}`,
			'stderr',
			EX_USAGE,
		);
	}
	if (answer.length > 0 && !chosen?.asks) {
		throw new Complaint(
			`inkloom: exercise ${number} asks for no answer: what it wants is looked up in the lab`,
			'stderr',
			EX_USAGE,
		);
	}
	if (answer.length > 0) progress.answers[index + 1] = answer.join('\n');

	const lab = gather(dir, progress.answers);
	const missing = exercises.map((exercise, at) => {
		const lacks = exercise.check(lab);
		if (lacks === undefined && !progress.done.includes(at)) progress.done.push(at);
		return progress.done.includes(at) ? undefined : lacks;
	});
	replaceFile(progressFile(dir), `${JSON.stringify(progress)}\n`, 0o644);

	if (!chosen) {
		const rows = exercises.map(({ title }, at) => {
			const mark = marks[missing[at] === undefined ? 0 : 1];
			return `  ${at + 1} ${mark} ${title}\n`;
		});
		return `${rows.join('')}"inkloom course N" tells one of them.\n`;
	}
	const task = chosen.task.replaceAll(/^/gm, '  ');
	const lacks = missing[index];
	return `${task}\n  ${lacks === undefined ? 'done' : `not yet: ${lacks}`}\n`;
}
