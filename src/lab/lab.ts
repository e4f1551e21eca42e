/**
 * A lab: a folder that stands for `/`, with people, aliases, mailboxes and a queue of its own. Made in
 * one step, emptied on request, and never anything outside of it touched.
 */
import {
	chmodSync,
	existsSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { Complaint, isErrno, reason } from '../complaint.js';
import {
	aliasesFile,
	firstMail,
	folders,
	host,
	passwdFile,
	people,
	startupFile,
} from './skeleton.js';

/** What tells a lab from any other folder. */
const marker = '.lab/README';
const markerText = `This folder is an Inkloom lab: a small post office to learn in.
"inkloom lab DIR" enters it, "inkloom lab DIR --reset" starts over; it may be deleted at any time.
`;

/** sysexits(3) for a wrong command line. */
export const EX_USAGE = 64;

/** Where the lab is unless a folder is named: the one we are in, or one among the user's data. */
export function defaultLab(env: NodeJS.ProcessEnv, home: string): string {
	if (env.INKLOOM_ROOT && isLab(env.INKLOOM_ROOT)) return resolve(env.INKLOOM_ROOT);
	return join(env.XDG_DATA_HOME || join(home, '.local/share'), 'inkloom/lab');
}

export function isLab(dir: string): boolean {
	return existsSync(join(dir, marker));
}

/**
 * The lab in `dir`, made when there is none; with `reset` it is as new.
 * Throws a Complaint where `dir` is something else, or cannot be written.
 */
export function openLab(dir: string, reset = false): void {
	try {
		if (isLab(dir)) {
			if (reset) refill(dir);
			return;
		}
		if (existsSync(dir) && (!statSync(dir).isDirectory() || readdirSync(dir).length > 0)) {
			throw new Complaint(
				`inkloom: ${dir} is not a lab, and not empty: nothing done; name another folder`,
				'stderr',
				EX_USAGE,
			);
		}
		make(dir);
	} catch (error) {
		if (!isErrno(error)) throw error;
		throw new Complaint(`inkloom: ${error.path ?? dir}: ${reason(error)}`, 'stderr', 73);
	}
}

/** Whether a letter waits for pue: his mailbox is not empty. */
export function hasMail(dir: string): boolean {
	const path = spool(dir, 'pue');
	return existsSync(path) && statSync(path).size > 0;
}

/** Puts the textbook's letters (back) into pue's mailbox. */
export function putLetters(dir: string): void {
	replaceFile(spool(dir, 'pue'), firstMail(), 0o660);
}

export function spool(dir: string, name: string): string {
	return join(dir, 'var/spool/mail', name);
}

/** Built beside and renamed: two terminals may enter a new lab at the same moment. */
function make(dir: string): void {
	const parent = dirname(dir);
	mkdirSync(parent, { recursive: true });
	const fresh = mkdtempSync(join(parent, `.${basename(dir)}-`));
	try {
		fill(fresh);
		renameSync(fresh, dir);
	} catch (error) {
		rmSync(fresh, { recursive: true, force: true });
		if (!isLab(dir)) throw error;
	}
}

/** Keeps the folders themselves: a shell that stands in one of them still does afterwards. */
function refill(dir: string): void {
	const kept = new Set(folders.map(([path]) => join(dir, path)));
	kept.add(join(dir, marker));
	const empty = (path: string) => {
		for (const name of readdirSync(path)) {
			const entry = join(path, name);
			// A link is removed, never followed: it may lead out of the lab.
			if (kept.has(entry) && lstatSync(entry).isDirectory()) empty(entry);
			else if (!kept.has(entry)) rmSync(entry, { recursive: true, force: true });
			else if (entry !== join(dir, marker)) rmSync(entry);
		}
	};
	empty(dir);
	fill(dir);
}

function fill(dir: string): void {
	for (const [path, mode] of folders) {
		mkdirSync(join(dir, path), { recursive: true });
		// What mkdir makes is cut by the umask.
		chmodSync(join(dir, path), mode);
	}
	chmodSync(dir, 0o755);
	const uid = process.getuid?.() ?? 0;
	const gid = process.getgid?.() ?? 0;
	replaceFile(join(dir, 'etc/passwd'), passwdFile(uid, gid), 0o644);
	replaceFile(join(dir, 'etc/hostname'), `${host}\n`, 0o644);
	replaceFile(join(dir, 'etc/aliases'), aliasesFile(), 0o644);
	for (const { home } of people) replaceFile(join(dir, home, '.mailrc'), startupFile, 0o644);
	putLetters(dir);
	replaceFile(join(dir, marker), markerText, 0o644);
}

/** Writes a file in one step; says nothing where it already reads so. */
export function replaceFile(path: string, text: string, mode: number): void {
	if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
	const beside = join(dirname(path), `.${basename(path)}.${process.pid}`);
	writeFileSync(beside, text, { mode });
	chmodSync(beside, mode);
	renameSync(beside, path);
}
