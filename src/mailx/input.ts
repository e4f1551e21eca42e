/**
 * Where command lines come from: the terminal or pipe, and the files being sourced, innermost first.
 * A line that ends in a backslash goes on in the next one.
 */
import type { Line } from '../terminal/terminal.js';
import type { Session } from './session.js';

/** More files than this inside one another are taken for a loop. */
const deepestSource = 25;

export interface Reading {
	/** Sourced files that have ended are closed on the way, but none at or below this depth. */
	readonly floor?: number;
	/** What stands between a line and the one that continues it; default a blank. */
	readonly joint?: string;
	/** Print the prompt; default true. The lines between braces are read without. */
	readonly prompting?: boolean;
}

/** The next command line, joined with the lines that continue it. */
export async function nextLine(session: Session, reading: Reading = {}): Promise<Line> {
	const { floor = 0, joint = ' ', prompting = true } = reading;
	let text = '';
	for (let lowest = floor, first = prompting; ; first = false) {
		const line = await physicalLine(session, first, lowest);
		// What continues a line stands in the same file.
		lowest = Math.max(floor, session.input.sources.length);
		if (line.kind === 'end' && text !== '') return { kind: 'line', text };
		if (line.kind !== 'line') return line;
		if (!line.text.endsWith('\\')) return { kind: 'line', text: text + line.text };
		text += line.text.slice(0, -1) + joint;
	}
}

async function physicalLine(session: Session, prompting: boolean, floor: number): Promise<Line> {
	const { sources } = session.input;
	for (;;) {
		const source = sources.at(-1);
		if (!source) return typedLine(session, prompting);
		const text = source.lines[source.next++];
		if (text !== undefined) return { kind: 'line', text };
		closeSource(session);
		if (sources.length < floor) return { kind: 'end' };
	}
}

function typedLine(session: Session, prompting: boolean): Promise<Line> {
	const { terminal, variables } = session;
	const prompt = prompting && variables.has('interactive') ? promptOf(session) : '';
	if (!terminal.interactive) return terminal.readLine({ kind: 'command', prompt });
	return terminal.readLine({
		kind: 'command',
		prompt,
		assist: assistant(session),
		coached: variables.has('coach'),
		watch: (tell) => watcher(session, tell),
	});
}

/** Looks for new mail while somebody is waited for; only a live terminal asks, once it is set up. */
function watcher(session: Session, tell: (notice: string) => void): () => void {
	let stop: (() => void) | undefined;
	let over = false;
	import('./arrivals.js').then(({ watchFolder }) => {
		if (!over) stop = watchFolder(session, tell);
	});
	return () => {
		over = true;
		stop?.();
	};
}

function promptOf(session: Session): string {
	const { variables } = session;
	return variables.get('prompt') ?? (variables.has('bsdcompat') ? '& ' : '? ');
}

/** Completion is loaded with the first key that a person presses at a live prompt. */
function assistant(session: Session) {
	return async (text: string, cursor: number) =>
		(await import('./assist.js')).assistCommand(session, text, cursor);
}

/** Opens a text as the innermost source. False where they are nested too deep. */
export function openSource(
	session: Session,
	name: string,
	text: string,
	loading: boolean,
): boolean {
	const { input } = session;
	if (input.sources.length >= deepestSource) return false;
	const lines = text.split('\n');
	if (lines.at(-1) === '') lines.pop();
	input.sources.push({ name, lines, next: 0, condition: input.condition, loading });
	// A sourced file begins without conditions; a start-up file, as the original, with what holds.
	if (!loading) input.condition = 'any';
	return true;
}

/** Ends the innermost source; an `if` left open in it is told. */
export function closeSource(session: Session): void {
	const source = session.input.sources.pop();
	if (!source || source.loading) return;
	if (session.input.condition !== 'any') session.terminal.write('Unmatched "if"\n');
	session.input.condition = source.condition;
}
