/**
 * The header of a draft as text: shown before a reply and by `~p`, edited with `editheaders`, typed in
 * front of a letter with -t. Sending is message/compose.ts.
 */
import { isFileAddress } from '../message/address.js';
import { type Draft, decodeTyped, describeFault, type Name, typedNames } from '../message/draft.js';
import { checkNames } from './names.js';
import type { Session } from './session.js';

export interface HeaderView {
	/** Also Bcc. */
	readonly blind: boolean;
	/** Also From, Organization, Reply-To and Sender, with what the variables say. */
	readonly identity: boolean;
	/** Commas between addresses, not blanks. */
	readonly commas: boolean;
	/** Recipients that are files are listed in To too. */
	readonly files?: boolean;
	/** An empty line at the end. */
	readonly ended: boolean;
}

/** The fields that a draft has so far, as text; unfiltered. '' where it has none. */
export function printDraftHeader(session: Session, draft: Draft, view: HeaderView): string {
	const { variables } = session;
	const list = (label: string, names: readonly Name[], hideFiles = false) => {
		const listed = hideFiles ? names.filter((name) => !isFileAddress(name.address)) : names;
		if (names.length === 0) return '';
		if (!session.bare) return foldNames(label, listed, view.commas);
		const faults = listed.map((name) => describeFault(name.address));
		const faulty = faults.findIndex((fault) => fault !== undefined);
		if (faulty < 0) return foldNames(label, listed, view.commas);
		if (faults[faulty]) session.terminal.complain(`${faults[faulty]}\n`);
		return foldNames(label, listed.slice(0, faulty), view.commas).trimEnd();
	};
	const chosen = (names: readonly Name[], variable: string) =>
		names.length > 0 ? names : typedNames(variables.get(variable) ?? '');
	const organization = draft.organization ?? variables.get('ORGANIZATION');
	const identity = view.identity
		? [
				list('From:', chosen(draft.from, 'from')),
				organization ? `Organization: ${organization}\n` : '',
				list('Reply-To:', chosen(draft.replyTo, 'replyto')),
				list('Sender:', chosen(draft.sender, 'sender')),
			]
		: [];
	const copies = [list('Cc:', draft.cc, true), view.blind ? list('Bcc:', draft.bcc, true) : ''];
	const text = draft.subject?.replace(/^re: /i, 'Re: ');
	const subject = text === undefined ? '' : `Subject: ${text}\n`;
	const subjectFirst = variables.has('bsdcompat') || variables.has('bsdorder');
	const all = [
		...identity,
		list('To:', draft.to, !view.files),
		...(subjectFirst ? [subject, ...copies] : [...copies, subject]),
	];
	// The original gives up within the line where an address cannot be one.
	const given = all.findIndex((field) => field !== '' && !field.endsWith('\n'));
	if (given >= 0) return all.slice(0, given + 1).join('');
	const fields = all.join('');
	return fields === '' || !view.ended ? fields : `${fields}\n`;
}

function foldNames(label: string, names: readonly Name[], commas: boolean): string {
	let text = label;
	let column = label.length;
	for (const [index, { full }] of names.entries()) {
		const comma = commas && index < names.length - 1 ? 1 : 0;
		const length = Buffer.byteLength(full);
		const fits = index === 0 || column + 1 + length + comma <= 72;
		text += `${fits ? ' ' : '\n '}${full}${comma ? ',' : ''}`;
		column = (fits ? column + 1 : 1) + length + comma;
	}
	return `${text}\n`;
}

/**
 * Takes the header at the start of a text into the draft; returns the text after it. Unknown fields are
 * told; lines that are no fields become text. With `-n` they do where `keepStray` says so, else they are lost.
 */
export function takeHeader(
	session: Session,
	draft: Draft,
	text: string,
	keepStray: boolean,
): string {
	const end = /(?:^|\n)\n/.exec(text);
	const head = end ? text.slice(0, end.index + 1) : text;
	const body = end ? text.slice(end.index + end[0].length) : '';
	const lines = (end?.index === 0 && text.startsWith('\n') ? '' : head)
		.replace(/[ \t]*\n[ \t]+/g, ' ')
		.split('\n')
		.filter((line) => line !== '');
	const stray: string[] = [];
	const found = new Map<string, string[]>();
	for (const line of lines) {
		const [, name = '', value = ''] = /^([!-9;-~]+)[ \t]*:[ \t]*(.*)$/s.exec(line) ?? [];
		const key = name.toLowerCase() === 'subj' ? 'subject' : name.toLowerCase();
		if (name === '') stray.push(line);
		else if (known.has(key)) found.set(key, [...(found.get(key) ?? []), value]);
		else session.terminal.complain(`Ignoring header field "${line}"\n`);
	}
	if (found.size > 0) assign(session, draft, found);
	else session.terminal.complain('Restoring deleted header lines\n');
	if (!keepStray && session.bare) return body;
	// Where the text begins without an empty line, that which follows belongs to the text.
	const begun = stray.length > 0 && stray.at(-1) === lines.at(-1);
	return stray.map((line) => `${line}\n`).join('') + (begun && end ? '\n' : '') + body;
}

const known = new Set(['to', 'cc', 'bcc', 'from', 'reply-to', 'sender', 'organization', 'subject']);

function assign(session: Session, draft: Draft, found: ReadonlyMap<string, string[]>): void {
	const names = (key: string) =>
		checkNames(
			session,
			(found.get(key) ?? []).flatMap((value) => typedNames(value)),
		);
	// The latest first, as the original has them.
	const text = (key: string) => found.get(key)?.toReversed().join(' ');
	const subject = text('subject');
	draft.to = names('to');
	draft.cc = names('cc');
	draft.bcc = names('bcc');
	draft.from = names('from');
	draft.replyTo = names('reply-to');
	draft.sender = names('sender');
	draft.organization = text('organization');
	draft.subject = subject === undefined || session.bare ? subject : decodeTyped(subject);
}
