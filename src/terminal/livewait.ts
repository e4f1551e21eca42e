/**
 * Waiting at a live prompt: the prompt is written as ever and keys are gathered from then on, while the
 * editor behind it is loaded with the first of them. Should it fail to load, the cooked terminal takes over.
 */
import type { System } from '../system.js';
import { Keyboard } from './keyboard.js';
import { echoed } from './layout.js';
import type { Ground, Wait } from './plain.js';
import type { Line, LineRequest } from './terminal.js';

type Editor = import('./live.js').LiveEditor;

const endings = ['SIGTERM', 'SIGHUP'] as const;

export class LiveWait implements Wait {
	readonly #ground: Ground;
	readonly #system: System;
	readonly #keyboard: Keyboard;
	readonly #openPlain: () => Promise<Wait>;
	#editor: Editor | undefined;
	#plain: Wait | undefined;

	constructor(ground: Ground, system: System, openPlain: () => Promise<Wait>) {
		this.#ground = ground;
		this.#system = system;
		this.#openPlain = openPlain;
		this.#keyboard = new Keyboard(ground.charset, (text) => ground.draw(text));
	}

	async readLine(request: LineRequest): Promise<Line> {
		if (this.#plain !== undefined) return this.#plain.readLine(request);
		// First: who types as soon as the prompt stands must not be echoed by the kernel as well.
		this.#keyboard.start();
		this.#ground.write(request.prompt + echoed(request.initial ?? ''));
		let notice: string | undefined;
		const unwatch = request.watch?.((text) => {
			notice = text;
			this.#keyboard.wake();
		});
		// Before whoever else listens: they may end the program (a letter being written is kept first).
		for (const signal of endings) process.prependListener(signal, this.#onEnding);
		try {
			// Nothing is drawn before the first key, so nothing that draws is loaded before it.
			if (this.#editor === undefined && !request.coached) {
				await this.#keyboard.ready();
				const line = request.initial ? undefined : this.#keyboard.takeLine();
				if (line !== undefined) {
					if (!line.shown) this.#ground.write(`${echoed(line.text)}\n`);
					return { kind: 'line', text: line.text };
				}
			}
			this.#editor ??= await this.#load();
			if (this.#editor !== undefined) {
				return await this.#editor.readLine(request, () => notice);
			}
		} finally {
			for (const signal of endings) process.off(signal, this.#onEnding);
			unwatch?.();
			this.#keyboard.stop();
		}
		// Two readers of one terminal would take each other's lines.
		this.#keyboard.close();
		this.#plain = await this.#openPlain();
		return this.#plain.readLine({ ...request, prompt: '' });
	}

	/** Nothing of ours stays on a terminal where we are killed. */
	readonly #onEnding = (signal: NodeJS.Signals) => {
		this.#editor?.letGo();
		this.#keyboard.stop();
		process.off(signal, this.#onEnding);
		// Who else listens ends us: a letter being written is kept, and Ink's signal-exit kills again.
		if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
	};

	async #load(): Promise<Editor | undefined> {
		try {
			const { LiveEditor } = await import('./live.js');
			return await LiveEditor.open(this.#ground, this.#keyboard, this.#system);
		} catch (error) {
			this.#ground.write(`\nThe live prompt did not load: ${(error as Error).message}\n`);
			return undefined;
		}
	}

	async page(text: string, title: string): Promise<void> {
		this.#editor ??= await this.#load();
		if (this.#editor === undefined) this.#ground.write(text);
		else await this.#editor.page(text, title);
	}

	interrupt(): void {
		if (this.#plain !== undefined) this.#plain.interrupt();
		else this.#keyboard.type({ kind: 'key', name: 'C-c' });
	}

	close(): void {
		this.#plain?.close();
		this.#editor?.close();
		this.#keyboard.close();
	}
}
