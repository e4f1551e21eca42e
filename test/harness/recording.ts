/**
 * A Terminal for tests: the lines are given beforehand, everything written is kept, children run for
 * real. `transcript` holds both streams in order; `output` and `errors` each by itself.
 */
import { run } from '../../src/terminal/child.js';
import type { Child, ChildEnd, Line, LineRequest, Terminal } from '../../src/terminal/terminal.js';

export class RecordingTerminal implements Terminal {
	readonly interactive: boolean;
	readonly outputIsTerminal: boolean;
	readonly columns = 80;
	readonly rows = 24;
	readonly charset = 'utf-8';
	readonly lines: (string | Line)[];
	readonly requests: LineRequest[] = [];
	readonly paged: string[] = [];
	/** The pagers that were asked for; undefined: the default one. */
	readonly pagers: (string | undefined)[] = [];
	transcript = '';
	output = '';
	errors = '';

	constructor(lines: readonly (string | Line)[] = [], interactive = false) {
		this.lines = [...lines];
		this.interactive = interactive;
		this.outputIsTerminal = interactive;
	}

	write(text: string | Uint8Array): void {
		const shown = typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
		this.output += shown;
		this.transcript += shown;
	}

	complain(text: string | Uint8Array): void {
		const shown = typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
		this.errors += shown;
		this.transcript += shown;
	}

	async readLine(request: LineRequest): Promise<Line> {
		this.requests.push(request);
		this.transcript += request.prompt;
		const line = this.lines.shift();
		if (line === undefined) return { kind: 'end' };
		if (typeof line !== 'string') return line;
		if (this.interactive) this.transcript += `${line}\n`;
		return { kind: 'line', text: line };
	}

	async page(text: Uint8Array, _title?: string, pager?: string): Promise<void> {
		this.pagers.push(pager);
		this.paged.push(Buffer.from(text).toString('utf8'));
		this.write(text);
	}

	async lend(child: Child): Promise<ChildEnd> {
		const end = run(
			{ ...child, capture: true, input: child.input ?? new Uint8Array() },
			process.env,
		);
		if (!child.capture) this.write(end.output);
		return end;
	}

	async checkpoint(): Promise<void> {
		// No signals come to a test.
	}

	ignoreInterrupts(): void {
		// No signals come to a test.
	}

	close(): void {
		// Nothing was opened.
	}
}
