/**
 * The files that `write` makes of the parts of a message. The sender's name for a part is a proposal to
 * a person and never a path: no folder, no pipe, no hidden file comes out of it.
 */
import { closeSync, openSync } from 'node:fs';

import { isErrno } from '../complaint.js';
import { writeAll } from '../mailbox/disk.js';
import type { Part } from '../message/body.js';
import { showWords } from '../message/words.js';
import type { Session } from './session.js';

/** Octets of a name. */
const longestName = 200;

/** A file name in the working directory, made of what the sender proposed; undefined where nothing is left. */
export function safeFilename(proposed: string, charset: string): string | undefined {
	const base = showWords(proposed, charset).split(/[/\\]/).at(-1) ?? '';
	// No line ends, nor the signs that stand for other control characters.
	const plain = base.replace(/[\s\u2400-\u2426]+/g, (found) => (/^ +$/.test(found) ? found : '_'));
	const name = plain.replace(/^[.|~+&%#\-_\s]*[.|~+&%#\-\s]/, '').trim();
	return shortened(name) || undefined;
}

/** No longer than file systems take; the ending, which says what it is, stays. */
function shortened(name: string): string {
	if (Buffer.byteLength(name) <= longestName) return name;
	const ending = /\.\w{1,10}$/.exec(name)?.[0] ?? '';
	let stem = name.slice(0, longestName);
	while (Buffer.byteLength(stem + ending) > longestName) stem = stem.slice(0, -1);
	return stem.replace(/[\ud800-\udbff]$/, '') + ending;
}

/**
 * Asks where a part is to go, where there is a person to ask, and puts it there. Without one it goes to
 * the name it has, unless there is a file of that name. `render` is called only when it is wanted.
 */
export async function savePart(
	session: Session,
	part: Part,
	render: () => Promise<readonly Buffer[]>,
): Promise<void> {
	const { terminal, variables, system } = session;
	const given = (session.bare ? undefined : part.extendedName) ?? part.filename;
	const proposed = given === undefined ? undefined : safeFilename(given, terminal.charset);
	let name = proposed;
	const asked = variables.has('interactive');
	if (asked) {
		const line = await terminal.readLine({
			kind: 'field',
			prompt: `Enter filename for part ${part.number ?? '?'} (${part.type}): `,
			...(proposed === undefined ? {} : { initial: proposed }),
		});
		if (line.kind === 'interrupt') terminal.write('\n');
		name = line.kind === 'line' ? line.text.trim() : '';
	}
	if (!name) return;
	if (asked && name.startsWith('|')) {
		const shell = variables.get('SHELL');
		const input = Buffer.concat(await render());
		const end = await terminal.lend({
			command: name.slice(1),
			input,
			...(shell ? { shell } : {}),
		});
		if (end.error !== undefined) terminal.complain(`${name}: ${end.error}\n`);
		return;
	}
	const pieces = await render();
	if (!writeFile(system.real(name), pieces, asked)) terminal.complain(`Cannot open ${name}\n`);
}

/** False where it could not be opened. Only a person may choose a file that is there already. */
function writeFile(path: string, pieces: readonly Buffer[], replace: boolean): boolean {
	let file: number;
	try {
		file = openSync(path, replace ? 'w' : 'wx', 0o666);
	} catch (error) {
		if (!isErrno(error)) throw error;
		return false;
	}
	try {
		for (const octets of pieces) writeAll(file, octets);
	} finally {
		closeSync(file);
	}
	return true;
}
