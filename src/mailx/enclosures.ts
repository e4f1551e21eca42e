/**
 * Files and messages that go with a letter: reading them, and finding the type of a file by its name
 * (mime.types). What is asked about them is in asking.ts, what they look like in a letter in
 * message/compose.ts.
 */
import { accessSync, constants, readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { Complaint, isErrno, reason } from '../complaint.js';
import type { Part } from '../message/attachment.js';
import type { Attachment } from '../message/draft.js';
import { expandFolder } from './foldernames.js';
import { touchMessage } from './marking.js';
import type { Session } from './session.js';

/** A file to be attached. Throws Complaint (stderr) where it cannot be read. */
export function attachFile(session: Session, path: string): Attachment {
	try {
		accessSync(session.system.real(path), constants.R_OK);
	} catch (error) {
		if (!isErrno(error)) throw error;
		throw new Complaint(`${path}: ${reason(error)}`, 'stderr');
	}
	return { kind: 'file', path };
}

/** As `~p` lists it. */
export function printAttachment(attachment: Attachment): string {
	return attachment.kind === 'file' ? attachment.path : `message ${attachment.number}`;
}

/** Reads all attachments of a draft. Throws Complaint: a letter does not go without its enclosures. */
export async function readAttachments(
	session: Session,
	attachments: readonly Attachment[],
): Promise<Part[]> {
	const parts: Part[] = [];
	for (const attachment of attachments) {
		parts.push(
			attachment.kind === 'file'
				? readFile(session, attachment)
				: { kind: 'message', octets: await readMessage(session, attachment.number) },
		);
	}
	return parts;
}

function readFile(session: Session, attachment: Attachment & { kind: 'file' }): Part {
	const { path, charset, disposition, contentId, description } = attachment;
	const name = basename(path);
	try {
		return {
			kind: 'file',
			name,
			octets: readFileSync(session.system.real(path)),
			contentType: attachment.contentType ?? typeByName(session, name),
			charset,
			disposition,
			contentId,
			description,
		};
	} catch (error) {
		if (!isErrno(error)) throw error;
		throw new Complaint(`${path}: ${reason(error)}`, 'stderr');
	}
}

/** A message of the open folder without its From_ line. */
async function readMessage(session: Session, number: number): Promise<Buffer> {
	const message = session.mailbox?.messages[number - 1];
	if (!message) throw new Complaint(`${number}: Invalid message number`);
	touchMessage(message);
	return (await import('./show.js')).renderMessage(session, message, { action: 'rfc822' });
}

const systemTypes = '/etc/mime.types';

/** For a system without mime.types: formats that a look at their octets would take for damaged text. */
const builtInTypes = `\
application/gzip gz tgz
application/pdf pdf
application/zip zip
image/gif gif
image/jpeg jpeg jpg
image/png png
`;

/** The type that mime.types gives the last suffix of a name: one's own file first, then the system's. */
export function typeByName(session: Session, name: string): string | undefined {
	const suffix = /\.([^.]+)$/.exec(name)?.[1];
	if (suffix === undefined) return undefined;
	const own = expandFolder(session, '~/.mime.types');
	return (
		typeIn(readTypes(session, own), suffix) ??
		typeIn(readTypes(session, systemTypes) ?? builtInTypes, suffix)
	);
}

function readTypes(session: Session, path: string | undefined): string | undefined {
	try {
		return path === undefined ? undefined : readFileSync(session.system.real(path), 'latin1');
	} catch (error) {
		// As the original: types that cannot be read are no types.
		if (!isErrno(error)) throw error;
		return undefined;
	}
}

function typeIn(types: string | undefined, suffix: string): string | undefined {
	for (const line of types?.split('\n') ?? []) {
		const [type = '', ...suffixes] = line.split(/[ \t]+/);
		if (/^[a-z]/i.test(type) && suffixes.includes(suffix)) return type;
	}
	return undefined;
}
