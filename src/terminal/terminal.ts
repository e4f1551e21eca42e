/**
 * What the engine asks of the place it runs in: write text, read a line, show a long text, lend the
 * terminal to a child. Commands cannot tell whether a person, a pipe or a test is behind it.
 */
import type { Fashion } from '../message/columns.js';

export interface Terminal {
	/** How it measures what is not a letter to a cell; whole graphemes when undefined. */
	readonly fashion?: Fashion;
	/** Standard input is a terminal (the original's `interactive`). */
	readonly interactive: boolean;
	/** Standard output is a terminal. */
	readonly outputIsTerminal: boolean;
	/** Cells across and down; 80 and 24 where there is no terminal. */
	readonly columns: number;
	readonly rows: number;
	/** Lower case, as nl_langinfo(CODESET) has it: `utf-8`, `ansi_x3.4-1968`, `iso-8859-1`. */
	readonly charset: string;

	/** Standard output. Text is encoded by `encodeText` of charset.ts; octets go as they are. */
	write(text: string | Uint8Array): void;
	/**
	 * Standard error, in order with what `write` has written. What would act on a terminal is made visible
	 * in a text, for the names in it may come out of a letter; octets go as they are.
	 */
	complain(text: string | Uint8Array): void;
	readLine(request: LineRequest): Promise<Line>;
	/** All that is left of standard input, octet for octet; only where it is no terminal. */
	readRest?(): Promise<Uint8Array>;
	/** Shows a long text through `pager` (a shell command), or the built-in pager when undefined. */
	page(text: Uint8Array, title: string, pager: string | undefined): Promise<void>;
	/** Runs a child with the terminal as its own; resolves to its wait status. */
	lend(child: Child): Promise<ChildEnd>;
	/** Whether a child has run yet. */
	readonly hasLent?: boolean;
	/** Shows how far long work has come, in a line that stands until it is told `undefined`. */
	progress?(text: string | undefined): void;
	/** Lets pending signals in. Long work calls it now and then; throws Interrupted after ^C. */
	checkpoint(): Promise<void>;
	/** Whether ^C while a command runs interrupts it (true) or is ignored. */
	ignoreInterrupts(ignored: boolean): void;
	/** Leaves the terminal as it was found. */
	close(): void;
}

export type LineKind = 'command' | 'field' | 'body' | 'confirm';

export interface LineRequest {
	readonly kind: LineKind;
	/** Printed before the line; may be empty. */
	readonly prompt: string;
	/** Text already on the line, for the person to edit (`To:` of `~h`). */
	readonly initial?: string;
	/** There is something to show beneath even an empty line. */
	readonly coached?: boolean;
	/** Begins to look for what may happen meanwhile, to be shown in one line; returns what ends that. */
	readonly watch?: (tell: (notice: string) => void) => () => void;
	/** What to show beneath the line and offer on Tab; only a live terminal asks. */
	readonly assist?: (text: string, cursor: number) => Assist | Promise<Assist>;
}

/**
 * End of file and ^C are values, so that "one more to kill letter" is a branch and not a handler.
 * The text holds any octets: those that mean nothing in `charset` are lone surrogates (charset.ts),
 * which `write` prints as they came and `encodeText(text, terminal.charset)` turns back for a letter.
 */
export type Line =
	| { readonly kind: 'line'; readonly text: string }
	| { readonly kind: 'end' }
	| { readonly kind: 'interrupt' };

export interface Assist {
	/** One dim line beneath the prompt. */
	readonly hint?: string;
	/** What Tab offers, each replacing `text.slice(from, cursor)`. */
	readonly candidates?: readonly Candidate[];
	readonly from?: number;
	/** The right-aligned part of the hint line: folder and counts. */
	readonly status?: string;
}

export interface Candidate {
	readonly text: string;
	readonly note?: string;
}

export interface Child {
	/** A command for `shell -c`, or a program with its arguments. */
	readonly command: string | readonly string[];
	/** The shell for a command given as text; /bin/sh when undefined. */
	readonly shell?: string;
	/** Octets for its standard input; the terminal's own input when undefined. */
	readonly input?: Uint8Array;
	/** Catch its standard output instead of showing it. */
	readonly capture?: boolean;
	readonly env?: NodeJS.ProcessEnv;
	readonly cwd?: string;
	/** The child is not to die of ^C (a mailer while the letter is handed over). */
	readonly shielded?: boolean;
}

export interface ChildEnd {
	/** Exit status, or 128 + n for a child that signal n ended; 127 where it could not be started. */
	readonly status: number;
	readonly signal: NodeJS.Signals | undefined;
	/** Its standard output where `capture` was asked for. */
	readonly output: Uint8Array;
	/** Why it could not be started. */
	readonly error?: string;
}
