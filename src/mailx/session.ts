/**
 * The record that every command is handed: parts, not powers. What a command calls gets only the
 * parts it needs.
 */
import type { Mailbox } from '../mailbox/mailbox.js';
import type { System } from '../system.js';
import type { Terminal } from '../terminal/terminal.js';
import { FieldFilter } from './fields.js';
import { Variables } from './variables.js';

export interface Session {
	readonly terminal: Terminal;
	readonly system: System;
	readonly variables: Variables;
	/** `alias`: members in order of entry. */
	readonly aliases: Map<string, string[]>;
	/** `alternates`: further names of one's own. */
	alternates: string[];
	readonly fields: {
		readonly display: FieldFilter;
		readonly save: FieldFilter;
		readonly forward: FieldFilter;
	};
	readonly shortcuts: Map<string, string>;
	/** `define` and `account`: the lines between the braces. */
	readonly macros: Map<string, readonly string[]>;
	readonly accounts: Map<string, readonly string[]>;

	mailbox: Mailbox | undefined;
	/** The folder before this one (`#`), as shown. */
	previousFolder: string | undefined;
	/** Reading mail (true) or sending from the command line: the two halves of `if r` and `if s`. */
	readonly receiving: boolean;
	/** `-R`: folders are opened read-only. */
	readonly readOnly: boolean;
	/** `-~`: tilde escapes even without a terminal; undefined: only with one; false after `-r`. */
	readonly tildeEscapes: boolean | undefined;
	/** `-n`: bare Heirloom, with those of its faults that lose a line or the border of two letters. */
	readonly bare: boolean;
	/** `-d`: say what would be done, send nothing. */
	readonly debug: boolean;
	/** `-u` was given: the mail of that user is read, whatever `MAIL` says. */
	readonly otherUser: boolean;
	/** `-u`, or one's own login name: whose mail is read and what one is called. */
	readonly login: string;
	/** `-I`: the summary shows newsgroups instead of senders. */
	readonly newsgroups: boolean;
	/** `-T`: the file that takes the ids of articles read or deleted; on disk, absolute. */
	readonly articles: string | undefined;
	/** `-i` and `-F` and the like live in variables; this is the exit status so far. */
	status: number;

	/** Whether the message at dot has been shown: decides what Return shows next. */
	dotShown: boolean;
	/** A command was given since the folder was opened (`sawcom`): Return then means the next message. */
	commandSeen: boolean;
	/** First line of the header window, in screens (`z`). */
	screen: number;
	/** Lines of the commands being read from files and macros. */
	readonly input: CommandInput;
}

/** Where command lines come from, and what conditions hold. */
export interface CommandInput {
	/** Files being read by `source` or at start-up, innermost last; none: the terminal or the pipe. */
	readonly sources: Source[];
	/** The branch of an `if` that is open. */
	condition: 'any' | 'receive' | 'send' | 'terminal' | 'no-terminal';
	/** A folder hook is running: refusals for want of a message are silent. */
	inHook: boolean;
	/** The hook runs for new mail: message lists name only messages that have just arrived. */
	hookForNewMail: boolean;
	/** Start-up files are being read. */
	starting: boolean;
	/** A macro is running: `unset` of what is not set is no error. */
	inMacro: boolean;
}

export interface Source {
	readonly name: string;
	readonly lines: readonly string[];
	next: number;
	readonly condition: CommandInput['condition'];
	/** Read at start-up: an error ends it. */
	readonly loading: boolean;
}

export interface SessionOptions {
	readonly receiving?: boolean;
	readonly readOnly?: boolean;
	readonly tildeEscapes?: boolean;
	readonly bare?: boolean;
	readonly debug?: boolean;
	readonly newsgroups?: boolean;
	readonly articles?: string;
	readonly login?: string;
}

export function newSession(
	system: System,
	terminal: Terminal,
	options: SessionOptions = {},
): Session {
	const variables = new Variables(system.env);
	if (terminal.interactive) variables.set('interactive', '');
	variables.set('header', '');
	variables.set('save', '');
	return {
		terminal,
		system,
		variables,
		aliases: new Map(),
		alternates: [],
		fields: { display: new FieldFilter(), save: new FieldFilter(), forward: new FieldFilter() },
		shortcuts: new Map(),
		macros: new Map(),
		accounts: new Map(),
		mailbox: undefined,
		previousFolder: undefined,
		receiving: options.receiving ?? true,
		readOnly: options.readOnly ?? false,
		tildeEscapes: options.tildeEscapes,
		bare: options.bare ?? false,
		debug: options.debug ?? false,
		newsgroups: options.newsgroups ?? false,
		articles: options.articles,
		otherUser: options.login !== undefined,
		login: options.login ?? system.user.name,
		status: 0,
		dotShown: false,
		commandSeen: false,
		screen: 0,
		input: {
			sources: [],
			condition: 'any',
			inHook: false,
			hookForNewMail: false,
			starting: false,
			inMacro: false,
		},
	};
}
