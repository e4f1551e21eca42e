/**
 * The course as data: what to do, and whether it has been done. A check looks at the state of the lab
 * (letters that arrived, tables, files), never at what was typed; while something is missing it names
 * the next thing to look at.
 */
import { letterIds } from './skeleton.js';

/** What a check may look at; paths are those of the lab. */
export interface Evidence {
	/** The text of a file; undefined where there is none. */
	read(path: string): string | undefined;
	/** Names in a folder; none where there is no such folder. */
	list(path: string): string[];
	/** Whether /etc/aliases was changed after the last newaliases. */
	aliasesStale(): boolean;
	/** Permission bits. */
	mode(path: string): number;
	/** What was answered to exercise `n` (`inkloom course N ANSWER`). */
	answer(n: number): string | undefined;
}

export interface Exercise {
	readonly title: string;
	readonly task: string;
	/** The answer is a word to be given, beside what has to be done. */
	readonly asks?: true;
	/** Undefined when done; else what to look at next. */
	check(lab: Evidence): string | undefined;
}

/** Letters a person has received and not thrown away, wherever they lie. */
function letters(lab: Evidence, name: string): string[] {
	return [`/var/spool/mail/${name}`, `/home/${name}/mbox`, `/${name}/mbox`].flatMap((path) =>
		`\n${lab.read(path) ?? ''}`.split(/\n(?=From )/).filter((text) => text.startsWith('From ')),
	);
}

const isFrom = (name: string) => (letter: string) =>
	letter.startsWith(`From ${name} `) || letter.startsWith(`From ${name}@`);

function field(letter: string, name: string): string {
	const header = letter.split('\n\n', 1)[0] ?? '';
	return new RegExp(`^${name}:(.*)$`, 'im').exec(header)?.[1]?.trim() ?? '';
}

const goesTo = (name: string) => (letter: string) =>
	new RegExp(`(^|[\\s,<])${name}(@|[\\s,>]|$)`, 'i').test(field(letter, 'To'));

/** `answer` names the path, however it was written. */
const isPath = (answer: string | undefined, path: string) =>
	answer !== undefined &&
	(answer.replace(/\/$/, '') === path || answer.replace(/\/$/, '').endsWith(path));

export const exercises: readonly Exercise[] = [
	{
		title: 'a letter to yourself',
		task: `Write to yourself: mail pue, a subject, a few lines, ^D alone on a line.
No service has to be started: here the program delivers by itself.`,
		check: (lab) =>
			letters(lab, 'pue').some(isFrom('pue'))
				? undefined
				: 'no letter from pue in /var/spool/mail/pue: try  mail pue',
	},
	{
		title: 'two letters to another user',
		task: 'Send two letters to pere, one of them without the program asking for the subject.',
		check: (lab) => {
			const sent = letters(lab, 'pere').filter(isFrom('pue')).length;
			if (sent >= 2) return undefined;
			return `pere has ${sent} of 2 letters from pue: try  mail -s subject pere`;
		},
	},
	{
		title: 'read, delete one, answer one',
		task: `Open your mail. Read both letters from pere, answer the second, delete the first, and leave
with q (not x: that undoes what you did).`,
		check: (lab) => {
			const all = letters(lab, 'pue');
			const here = letterIds.filter((id) => all.some((one) => field(one, 'Message-ID') === id));
			const answered = letters(lab, 'pere').some((one) =>
				letterIds.includes(field(one, 'In-Reply-To')),
			);
			if (!answered) return 'pere has no answer yet: r2 at the prompt answers the second letter';
			if (here.length === letterIds.length) return 'both letters are still there: d 1, then q';
			return undefined;
		},
	},
	{
		title: 'one alias for both users',
		task: `Add a line to /etc/aliases ($LAB/etc/aliases in the shell) so that totis reaches you both;
run newaliases; send a letter to totis.`,
		check: (lab) => {
			const value = /^totis[ \t]*:[ \t]*(.*)/im.exec(lab.read('/etc/aliases') ?? '')?.[1];
			if (value === undefined) return 'no line for totis in /etc/aliases';
			const missing = ['pue', 'pere'].filter((name) => !new RegExp(`\\b${name}\\b`).test(value));
			if (missing.length > 0) return `totis is "${value}": ${missing.join(' and ')} is not in it`;
			if (lab.aliasesStale()) {
				return 'totis is written in the file, but the table is older than the file (newaliases not run)';
			}
			for (const name of ['pue', 'pere']) {
				if (!letters(lab, name).some(goesTo('totis'))) {
					return `no letter to totis has reached ${name}: mail totis`;
				}
			}
			return undefined;
		},
	},
	{
		title: "where the second user's letters lie",
		task: `Which file holds the letters pere has not read? Answer with  inkloom course 5 FILE`,
		asks: true,
		check: (lab) => {
			const answer = lab.answer(5);
			if (isPath(answer, '/var/spool/mail/pere')) return undefined;
			if (answer === undefined) return 'no answer yet; the line above the summary names your own';
			return `${answer} is not it: the line above the summary names your own file; his lies beside it`;
		},
	},
	{
		title: 'the two commands that list the queue',
		task: `Which two commands list the letters that wait? Answer with  inkloom course 6 'ONE' 'OTHER'`,
		asks: true,
		check: (lab) => {
			const answer = lab.answer(6);
			if (answer === undefined) return 'no answer yet; see mailq(1), first lines';
			const missing = [/\bmailq\b/, /\bsendmail\s+-bp\b/].filter((one) => !one.test(answer));
			if (missing.length === 0) return undefined;
			return `${2 - missing.length} of 2: one has a name of its own, the other is an option of sendmail`;
		},
	},
	{
		title: 'where waiting letters lie',
		task: `Write to somebody on a machine that is not there, such as ana@down.example, and list the
queue. In which folder does the letter wait? Answer with  inkloom course 7 FOLDER`,
		asks: true,
		check: (lab) => {
			if (lab.list('/var/spool/mqueue').length === 0) {
				return 'nothing waits in the queue: mail ana@down.example';
			}
			const answer = lab.answer(7);
			if (isPath(answer, '/var/spool/mqueue')) return undefined;
			if (answer === undefined) return 'a letter waits; no answer yet: mailq names the folder';
			return `${answer} is not it: the first line of mailq names the folder`;
		},
	},
	{
		title: 'forward what comes in with ~/.forward',
		task: `Have everything that comes for you go to root as well: write ~/.forward, then send yourself
a letter. (\\pue in it keeps a copy in your own mailbox.)`,
		check: (lab) => {
			const text = lab.read('/home/pue/.forward');
			if (text === undefined) return 'there is no /home/pue/.forward';
			if (!/\broot\b/.test(text)) return 'root is not named in /home/pue/.forward';
			if ((lab.mode('/home/pue/.forward') & 0o022) !== 0) {
				return '/home/pue/.forward is ignored: others may write it; try  chmod go-w ~/.forward';
			}
			if (!letters(lab, 'root').some(goesTo('pue'))) {
				return 'no letter to pue has reached root yet: mail pue';
			}
			return undefined;
		},
	},
];
