/**
 * A real terminal for a test: one pane of a private tmux server. What is on the screen, scrollback
 * included, is looked at again and again until it is what was waited for.
 */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const patience = 15_000;

/** Why no terminal can be had here; undefined where one can. */
export function whyNoTmux(): string | undefined {
	try {
		execFileSync('tmux', ['-V']);
		return undefined;
	} catch {
		return 'tmux is not installed';
	}
}

/** How a pane's programs are told which tmux they run in. */
export function tmuxVersion(): NodeJS.ProcessEnv {
	const [, version] = /(\S+)\s*$/.exec(execFileSync('tmux', ['-V'], { encoding: 'utf8' })) ?? [];
	return { TERM_PROGRAM: 'tmux', TERM_PROGRAM_VERSION: version };
}

let servers = 0;

export interface Size {
	readonly columns: number;
	readonly rows: number;
}

export class Pane {
	readonly #socket: string;

	private constructor(socket: string) {
		this.#socket = socket;
	}

	/** A pane that runs `words` with just this environment. */
	static async open(
		words: readonly string[],
		env: NodeJS.ProcessEnv,
		size: Size = { columns: 80, rows: 60 },
	): Promise<Pane> {
		const pane = new Pane(`inkloom-${process.pid}-${servers++}`);
		const settings = Object.entries(env).flatMap(([name, value]) =>
			value === undefined ? [] : [`${name}=${value}`],
		);
		const command = ['env', '-i', 'TERM=tmux-256color', ...settings, ...words];
		const { columns, rows } = size;
		const place = ['-x', String(columns), '-y', String(rows)];
		await pane.#tmux('new-session', '-d', ...place, ...command);
		return pane;
	}

	async #tmux(...words: string[]): Promise<string> {
		const { stdout } = await run('tmux', ['-L', this.#socket, '-f', '/dev/null', ...words]);
		return stdout;
	}

	/** From now on keeps every octet that programs send to the terminal in a file. */
	async keepOutput(path: string): Promise<void> {
		await this.#tmux('pipe-pane', '-O', `exec cat >> '${path}'`);
	}

	/** Text as it is, without a Return. */
	async type(text: string): Promise<void> {
		if (text !== '') await this.#tmux('send-keys', '-l', '--', text);
	}

	/** Text as a terminal pastes it: bracketed, where the program asked for that. */
	async paste(text: string): Promise<void> {
		await this.#tmux('set-buffer', '--', text, ';', 'paste-buffer', '-p', '-r');
	}

	async resize({ columns, rows }: Size): Promise<void> {
		await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
	}

	/** Keys by tmux's names: `Enter`, `C-d`, `Up`. */
	async press(...keys: string[]): Promise<void> {
		await this.#tmux('send-keys', ...keys);
	}

	/** Screen and scrollback: wrapped lines joined, blanks at the ends of lines and empty last lines gone. */
	async text(): Promise<string> {
		const raw = await this.#tmux('capture-pane', '-p', '-J', '-S', '-');
		return raw.replaceAll(/ +$/gm, '').trimEnd();
	}

	/** The rows of the window as they stand, wrapped lines apart. */
	async rows(): Promise<string[]> {
		return (await this.#tmux('capture-pane', '-p')).split('\n');
	}

	/** The column the cursor is in, from 0. */
	async cursor(): Promise<number> {
		return Number(await this.#tmux('display-message', '-p', '#{cursor_x}'));
	}

	/** Looks until `wanted` holds; returns the text, also when patience ends (then `met` is false). */
	async until(wanted: (text: string) => boolean): Promise<{ text: string; met: boolean }> {
		const deadline = Date.now() + patience;
		for (;;) {
			const text = await this.text();
			if (wanted(text)) return { text, met: true };
			if (Date.now() > deadline) return { text, met: false };
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	}

	/** Looks until nothing has changed for a while: for recording, where one cannot know what will come. */
	async still(): Promise<string> {
		let since = Date.now();
		let last = '';
		const { text } = await this.until((now) => {
			if (now !== last) {
				last = now;
				since = Date.now();
			}
			return Date.now() - since > 700;
		});
		return text;
	}

	async close(): Promise<void> {
		await this.#tmux('kill-server').catch(() => undefined);
	}
}
