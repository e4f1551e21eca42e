/**
 * A program of a few lines for the tests of the terminal: it says back what it read, and knows enough
 * commands to lend, page, be interrupted and compose.
 */
import { Interrupted } from '../../src/complaint.js';
import { openSystem } from '../../src/system.js';
import { openTerminal } from '../../src/terminal/choose.js';
import type { Assist, Terminal } from '../../src/terminal/terminal.js';

async function compose(terminal: Terminal): Promise<void> {
	const to = await terminal.readLine({ kind: 'field', prompt: 'To: ', initial: 'pere' });
	terminal.write(`<${JSON.stringify(to)}>\n`);
	const lines: string[] = [];
	for (let interrupts = 0; ; ) {
		const line = await terminal.readLine({ kind: 'body', prompt: '' });
		if (line.kind === 'end') break;
		if (line.kind === 'interrupt') {
			if (++interrupts > 1) return;
			terminal.write('\n(Interrupt -- one more to kill letter)\n');
		} else lines.push(line.text);
	}
	terminal.write(`EOT\n${JSON.stringify(lines)}\n`);
}

function assist(text: string): Assist {
	if (text === '') return process.env.DEMO_COACH ? { hint: 'what to do' } : {};
	const names = ['delete', 'deliver', 'headers', 'quit'].filter((name) => name.startsWith(text));
	return {
		hint: `hint for ${text}`,
		candidates: names.map((name) => ({ text: name, note: `what ${name} does` })),
		from: 0,
		status: 'demo · 3 messages',
	};
}

function watch(tell: (notice: string) => void): () => void {
	const soon = setImmediate(() => tell('something happened'));
	return () => clearImmediate(soon);
}

async function main(): Promise<void> {
	const terminal = openTerminal(openSystem());
	const prompt = terminal.interactive ? '& ' : '';
	terminal.write('Demo version 1.  Type ? for help.\n');
	for (;;) {
		const line = await terminal.readLine({
			kind: 'command',
			prompt,
			assist,
			...(process.env.DEMO_COACH && { coached: true, watch }),
		});
		if (line.kind === 'interrupt') {
			terminal.write('\nInterrupt\n');
			continue;
		}
		if (line.kind === 'end' || line.text === 'q') break;
		const { text } = line;
		if (text.startsWith('!')) {
			const end = await terminal.lend({ command: text.slice(1) });
			terminal.write(`!${end.status}\n`);
		} else if (text === 'm') await compose(terminal);
		else if (text === 'long') {
			const body = Array.from({ length: 60 }, (_, i) => `line ${i + 1}\n`).join('');
			await terminal.page(Buffer.from(body), 'A long text', process.env.DEMO_PAGER);
		} else if (text === 'work') {
			terminal.write('working\n');
			try {
				for (let i = 0; i < 1e6; i++) await terminal.checkpoint();
			} catch (error) {
				if (!(error instanceof Interrupted)) throw error;
				terminal.write('\nInterrupted work\n');
			}
		} else if (text === 'pid') terminal.write(`pid ${process.pid}\n`);
		else if (text === 'size') terminal.write(`${terminal.columns}x${terminal.rows}\n`);
		else terminal.write(`got ${JSON.stringify(text)}\n${text}\n`);
	}
	terminal.close();
}

main();
