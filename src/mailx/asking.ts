/**
 * Questions about a letter's header and what goes with it: `To:`, `Subject:`, attachments. ^C ends the
 * questions, not the letter.
 */
import { Complaint } from '../complaint.js';
import {
	type Attachment,
	type Draft,
	describeFault,
	type Name,
	typedNames,
} from '../message/draft.js';
import { checkSender } from '../message/letterheader.js';
import { makePrintable } from '../message/text.js';
import type { LineRequest } from '../terminal/terminal.js';
import { attachFile, printAttachment, typeByName } from './enclosures.js';
import { printNames } from './names.js';
import type { Session } from './session.js';

export type Question = 'to' | 'subject' | 'cc' | 'bcc';

/** ^C at a question. */
class Stopped extends Error {
	override readonly name = 'Stopped';
	/** The line on the screen has been ended. */
	readonly told: boolean;

	constructor(told = false) {
		super();
		this.told = told;
	}
}

/** There is nobody to ask; told in the original's words. */
class Unattended extends Error {
	override readonly name = 'Unattended';
	override readonly message = 'tcgetattr: Inappropriate ioctl for device';
}

/** Asks one field; end of file is an empty answer. */
async function ask(
	session: Session,
	prompt: string,
	initial: string | undefined,
	assist?: LineRequest['assist'],
): Promise<string> {
	if (!session.terminal.interactive) throw new Unattended();
	const line = await session.terminal.readLine({
		kind: 'field',
		prompt,
		...(initial !== undefined && initial !== '' && { initial }),
		...(assist !== undefined && { assist }),
	});
	if (line.kind === 'interrupt') throw new Stopped();
	return line.kind === 'line' ? line.text : '';
}

/** Asks until every name can be one. */
async function askNames(
	session: Session,
	prompt: string,
	names: readonly Name[],
): Promise<readonly Name[]> {
	const { variables, terminal } = session;
	const comma = !(variables.has('bsdcompat') || variables.has('bsdmsgs'));
	const assist = async (text: string, cursor: number) =>
		(await import('./assist.js')).assistAddresses(session, text, cursor);
	for (let given = names; ; ) {
		const typed = await ask(session, prompt, printNames(given, comma), assist);
		given = typedNames(typed);
		const faults = given.map((name) => describeFault(name.address));
		const fault = faults.find((one) => one !== undefined);
		if (fault === undefined) return given;
		if (fault) terminal.complain(`${fault}\n`);
	}
}

/** Runs questions until they are answered or ^C ends them. True where all were answered. */
async function untilStopped(session: Session, questions: () => Promise<void>): Promise<boolean> {
	try {
		await questions();
		return true;
	} catch (error) {
		if (error instanceof Unattended) session.terminal.complain(`${error.message}\n`);
		else if (!(error instanceof Stopped)) throw error;
		else if (!error.told) session.terminal.write('\n');
		return false;
	}
}

/** Asks fields of the header, what is there already to be edited. */
export async function askFields(
	session: Session,
	draft: Draft,
	wanted: readonly Question[],
	subjectFirst: boolean,
): Promise<boolean> {
	const askSubject = async () => {
		draft.subject = (await ask(session, 'Subject: ', draft.subject)) || undefined;
	};
	return untilStopped(session, async () => {
		if (wanted.includes('to')) draft.to = await askNames(session, 'To: ', draft.to);
		if (wanted.includes('subject') && subjectFirst) await askSubject();
		if (wanted.includes('cc')) draft.cc = await askNames(session, 'Cc: ', draft.cc);
		if (wanted.includes('bcc')) draft.bcc = await askNames(session, 'Bcc: ', draft.bcc);
		if (wanted.includes('subject') && !subjectFirst) await askSubject();
	});
}

/** `~H`: the fields about the sender, until From and Sender agree. */
export async function askSender(session: Session, draft: Draft): Promise<void> {
	const { variables, terminal } = session;
	const known = (names: readonly Name[], variable: string) =>
		names.length > 0 ? names : typedNames(variables.get(variable) ?? '');
	for (;;) {
		const answered = await untilStopped(session, async () => {
			draft.from = await askNames(session, 'From: ', known(draft.from, 'from'));
			draft.replyTo = await askNames(session, 'Reply-To: ', known(draft.replyTo, 'replyto'));
			draft.sender = await askNames(session, 'Sender: ', known(draft.sender, 'sender'));
			const organization = draft.organization ?? variables.get('ORGANIZATION');
			draft.organization = (await ask(session, 'Organization: ', organization)) || undefined;
		});
		try {
			checkSender(draft.from, draft.sender);
			return;
		} catch (error) {
			if (!(error instanceof Complaint)) throw error;
			terminal.complain(`${error.message}\n`);
			if (!answered) return;
		}
	}
}

/** `~@` and `askattach`: edits the list of attachments, then asks for more until an empty answer. */
export async function askAttachments(session: Session, draft: Draft): Promise<void> {
	const kept: Attachment[] = [];
	let old: readonly Attachment[] = draft.attachments;
	await untilStopped(session, async () => {
		for (;;) {
			const [attachment, ...rest] = old;
			const edited = await askAttachment(session, attachment, kept.length + 1);
			old = rest;
			if (edited) kept.push(edited);
			// As the original: who takes the last one away wants no more.
			else if (rest.length === 0) return;
		}
	});
	draft.attachments = [...kept, ...old];
}

/** One attachment; undefined where no file is named (any more). */
async function askAttachment(
	session: Session,
	old: Attachment | undefined,
	number: number,
): Promise<Attachment | undefined> {
	const { terminal, variables } = session;
	if (old?.kind === 'message') {
		terminal.write(`#${number}\t${printAttachment(old)}\n`);
		return old;
	}
	const path = await askPath(session, `#${number}\tfilename: `, old?.path);
	if (path === undefined) return undefined;
	const further = async (name: string, label: string, value: string | undefined) =>
		variables.has(name)
			? (await ask(session, `#${number}\t${label}: `, value)) || undefined
			: value;
	// A file goes as it is, unless somebody asks for a charset; with -n one of several has to be chosen.
	const several = session.bare && variables.get('sendcharsets')?.includes(',') === true;
	const charset =
		several || variables.has('attachment-ask-charset')
			? await askCharset(session, `#${number}\tcharset: `, old?.charset)
			: old?.charset;
	const type = old?.contentType ?? typeByName(session, path);
	return {
		kind: 'file',
		path,
		charset,
		contentType: await further('attachment-ask-content-type', 'Content-Type', type),
		disposition: await further(
			'attachment-ask-content-disposition',
			'Content-Disposition',
			old?.disposition,
		),
		contentId: await further('attachment-ask-content-id', 'Content-ID', old?.contentId),
		description: await further(
			'attachment-ask-content-description',
			'Content-Description',
			old?.description,
		),
	};
}

/** Asks until it is a charset that there is, or none is named. */
async function askCharset(
	session: Session,
	prompt: string,
	old: string | undefined,
): Promise<string | undefined> {
	for (let charset = old; ; ) {
		charset = (await ask(session, prompt, charset)) || undefined;
		if (charset === undefined || session.bare) return charset;
		const [{ isForMail }, { isKnown }] = await Promise.all([
			import('../message/attempt.js'),
			import('../message/sendcharset.js'),
		]);
		if (isForMail(charset) && (await isKnown(charset))) return charset;
		session.terminal.complain(
			`${makePrintable(charset, session.terminal.charset)}: unknown charset\n`,
		);
		charset = undefined;
	}
}

/** With `-n` ^C is the answer that there is no such attachment, and so is a question nobody can answer. */
async function askFile(
	session: Session,
	prompt: string,
	old: string | undefined,
): Promise<string | undefined> {
	let path: string | undefined;
	const assist = async (text: string, cursor: number) =>
		(await import('./assist.js')).assistFile(session, text, cursor);
	const asked = untilStopped(session, async () => {
		path = (await ask(session, prompt, old, assist)) || undefined;
	});
	if (!(await asked) && !session.bare) throw new Stopped(true);
	return path;
}

/** Asks until the file can be read, or none is named. */
async function askPath(
	session: Session,
	prompt: string,
	old: string | undefined,
): Promise<string | undefined> {
	for (let path = old; ; ) {
		path = await askFile(session, prompt, path);
		if (path === undefined) return undefined;
		try {
			attachFile(session, path);
			return path;
		} catch (error) {
			if (!(error instanceof Complaint)) throw error;
			session.terminal.complain(`${error.message}\n`);
		}
	}
}

/** A question to be answered with y or n; yes where nobody can be asked. */
export async function askYesOrNo(session: Session, prompt: string): Promise<boolean> {
	if (!session.variables.has('interactive')) return true;
	for (let refused = 0; ; ) {
		const line = await session.terminal.readLine({ kind: 'confirm', prompt });
		if (line.kind === 'interrupt') session.terminal.write('\n');
		// The original never gives in; a terminal that is gone would be asked for ever.
		if (line.kind !== 'line') {
			if (!session.bare || ++refused === 25) return false;
			continue;
		}
		const answer = line.text.charAt(0).toLowerCase();
		if (answer === 'y' || answer === 'n') return answer === 'y';
	}
}
