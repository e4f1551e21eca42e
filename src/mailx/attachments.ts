/**
 * Parts of a received letter into files of their own (`write`, `save` of parts). The name that the sender
 * proposes is a proposal: without a person to confirm it, it names a new file in this directory, and
 * never a program.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

import { isErrno } from '../complaint.js';
import type { Part } from '../message/body.js';
import { showWords } from '../message/words.js';
import type { Session } from './session.js';
import { shellOf } from './shell.js';

/** Asks where a part is to go and writes what `render` makes of it there; no name: nowhere. */
export async function saveAttachment(
	session: Session,
	part: Part,
	render: () => Promise<Buffer>,
): Promise<void> {
	const proposed = proposedName(session, part);
	const asked = session.variables.has('interactive');
	const name = asked ? await askName(session, part, proposed) : proposed;
	if (name === undefined) return;
	const octets = await render();
	if (asked && name.startsWith('|')) {
		const shell = shellOf(session);
		await session.terminal.lend({ command: name.slice(1), shell, input: octets });
		return;
	}
	try {
		// What nobody has confirmed replaces nothing.
		writeFile(session.system.real(name), octets, asked ? 'w' : 'wx');
	} catch (error) {
		if (!isErrno(error)) throw error;
		session.terminal.complain(`Cannot open ${name}\n`);
	}
}

async function askName(
	session: Session,
	part: Part,
	proposed: string | undefined,
): Promise<string | undefined> {
	const prompt = `Enter filename for part ${part.number ?? '?'} (${part.type}): `;
	const line = await session.terminal.readLine({
		kind: 'field',
		prompt,
		...(proposed !== undefined && { initial: proposed }),
	});
	return line.kind === 'line' ? line.text || undefined : undefined;
}

/** The sender's name for the part, without the folders in it. */
function proposedName({ terminal }: Session, part: Part): string | undefined {
	if (part.filename === undefined) return undefined;
	const name = showWords(part.filename, terminal.charset).split(/[/\\]/).at(-1) ?? '';
	return name.replace(/^[.|]+/, '').trim() || undefined;
}

function writeFile(path: string, octets: Buffer, flags: 'w' | 'wx'): void {
	const file = openSync(path, flags);
	try {
		for (let at = 0; at < octets.length; ) at += writeSync(file, octets, at);
	} finally {
		closeSync(file);
	}
}
