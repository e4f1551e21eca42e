/**
 * The variables that decide how a letter is composed, as message/compose.ts wants to have them: charsets,
 * encodings, lengths, and the fields that are the same in every letter.
 */
import { isErrno, reason } from '../complaint.js';
import type { ComposeSettings } from '../message/attempt.js';
import { typedNames } from '../message/draft.js';
import { release } from '../release.js';
import { expandFolder } from './foldernames.js';
import type { Session } from './session.js';

/** What compose.ts asks for, from the variables. */
export function composeSettings(session: Session): ComposeSettings {
	const { variables, system } = session;
	const limit = variables.number('maximum-unencoded-line-length', 950);
	const names = (variable: string) => typedNames(variables.get(variable) ?? '');
	return {
		now: system.now(),
		random: (octets) => system.random(octets),
		typedCharset: (variables.get('ttycharset') ?? session.terminal.charset).toLowerCase(),
		charsets: (variables.get('sendcharsets') ?? '').split(',').filter(Boolean),
		charset: variables.get('charset') ?? 'utf-8',
		charset7: variables.get('charset7') ?? 'us-ascii',
		dataAsLastResort: !variables.has('interactive'),
		encoding: () => encodingOf(session),
		controlType: variables.get('contenttype-cntrl'),
		longestLine: limit < 0 || limit > 950 ? 950 : limit,
		subjectFirst: variables.has('bsdcompat') || variables.has('bsdorder'),
		from: names('from'),
		replyTo: names('replyto'),
		sender: names('sender'),
		organization: variables.get('ORGANIZATION'),
		hostname: variables.get('hostname'),
		bare: session.bare,
		stealth: variables.has('stealthmua'),
		// As long as the original's, so that the sizes it tells are ours too.
		userAgent: `Inkloom mailx version ${release}`,
		unknownCharset: (charset) => {
			const typed = variables.get('ttycharset') ?? session.terminal.charset;
			session.terminal.complain(`Cannot convert from ${typed} to ${charset}\n`);
		},
		signature: signatureReader(session),
	};
}

/** The variable `encoding`; a value that means nothing is told, by a letter that needs to know. */
function encodingOf({ variables, terminal }: Session): string | undefined {
	const encoding = variables.get('encoding');
	if (encoding !== undefined && encoding !== 'quoted-printable' && encoding !== '8bit') {
		terminal.complain(`Warning: invalid encoding ${encoding}, using 8bit\n`);
	}
	return encoding;
}

/** A reader of the file of the variable `signature`; one that cannot be read is told and left out. */
function signatureReader(session: Session): () => Buffer | undefined {
	let signature: Buffer | undefined;
	let known = false;
	return () => {
		if (!known) signature = readSignature(session);
		known = true;
		return signature;
	};
}

function readSignature(session: Session): Buffer | undefined {
	const name = session.variables.get('signature');
	const path = name ? expandFolder(session, name) : undefined;
	if (path === undefined) return undefined;
	try {
		return process.getBuiltinModule('node:fs').readFileSync(session.system.real(path));
	} catch (error) {
		if (!isErrno(error)) throw error;
		session.terminal.complain(`${path}: ${reason(error)}\n`);
		return undefined;
	}
}
