/**
 * Standard output and standard error by file descriptor: written at once on a terminal, gathered on a
 * pipe or in a file, always in the order of the calls. Knows EAGAIN, a full disk and a reader who has
 * gone; knows nothing of text. Node's streams are not touched: a program in a pipe would pay for making them.
 */
import { writeSync } from 'node:fs';

import { isErrno, reason } from '../complaint.js';

const gatherLimit = 1 << 16;

export class Output {
	readonly isTerminal: boolean;
	readonly #fd: number;
	#gathered: Buffer[] = [];
	#octets = 0;

	constructor(fd: number, isTerminal: boolean) {
		this.#fd = fd;
		this.isTerminal = isTerminal;
		// What process.exit or a defect cuts short is still told.
		if (!isTerminal) process.on('exit', () => this.flush());
	}

	write(octets: Uint8Array): void {
		if (octets.length === 0) return;
		if (this.isTerminal) {
			this.#put(octets);
			return;
		}
		this.#gathered.push(Buffer.from(octets));
		this.#octets += octets.length;
		if (this.#octets >= gatherLimit) this.flush();
	}

	flush(): void {
		if (this.#octets === 0) return;
		const all = Buffer.concat(this.#gathered);
		this.#gathered = [];
		this.#octets = 0;
		this.#put(all);
	}

	#put(octets: Uint8Array): void {
		for (let at = 0; at < octets.length; ) {
			try {
				at += writeSync(this.#fd, octets, at);
			} catch (error) {
				const { code } = error as NodeJS.ErrnoException;
				// Nobody reads any more (`mail -H | head`): end as SIGPIPE would end us, and say nothing.
				const status = code === 'EPIPE' ? 128 + 13 : code === 'EIO' ? 128 + 1 : undefined;
				if (status !== undefined) {
					leave(status);
					return;
				}
				if (code === 'EAGAIN') {
					pause(2);
					continue;
				}
				if (!isErrno(error)) throw error;
				// A full disk: what cannot be shown is not carried out either. Nobody hears of a failing stderr.
				if (this.#fd !== 2)
					new Output(2, true).write(Buffer.from(`write error: ${reason(error)}\n`));
				leave(1);
				return;
			}
		}
	}
}

let leaving = false;

function leave(status: number): void {
	// Within an exit handler the status stands and the rest of the handlers still run.
	if (leaving) return;
	leaving = true;
	process.exit(status);
}

/** Sleeps without the event loop: a writer that must wait for its reader has nothing else to do. */
function pause(milliseconds: number): void {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
