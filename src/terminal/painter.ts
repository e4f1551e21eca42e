/**
 * Puts a frame on the screen beneath what is there, and takes it away without a trace. It moves only
 * relative to where the frame began, never clears the screen, and never writes above its first row: the
 * scrollback belongs to the transcript. Sequences are those of ECMA-48 that every terminal has.
 */
export interface Frame {
	readonly rows: readonly string[];
	/** Rows from the top that reach the right edge: the next one follows without a newline. */
	readonly fullRows: number;
	readonly cursor: { readonly row: number; readonly column: number };
}

export class Painter {
	readonly #draw: (text: string) => void;
	#offset = 0;
	/** The row of the frame that the cursor is in. */
	#row = 0;
	#rows = 1;
	#painted = false;

	constructor(draw: (text: string) => void) {
		this.#draw = draw;
	}

	/** A frame is about to begin: `row` rows above the cursor, in column `offset` of that row. */
	begin(offset: number, row: number): void {
		this.#offset = offset;
		this.#row = row;
		this.#rows = row + 1;
		this.#painted = false;
	}

	get painted(): boolean {
		return this.#painted;
	}

	/** The window changed: the cursor is now this many rows below the first one. */
	reflowed(row: number): void {
		this.#row = row;
	}

	paint(frame: Frame): void {
		const { rows, fullRows, cursor } = frame;
		let text = `\x1b[?25l${this.#toStart()}`;
		rows.forEach((row, index) => {
			const full = index < fullRows;
			// A full row leaves the cursor behind its last cell: erasing there would take that cell.
			text += full ? row : `${row}\x1b[K`;
			if (index === rows.length - 1) return;
			// A row that follows by itself must have something on it for the terminal to go there.
			if (!full) text += '\r\n';
			else if (rows[index + 1] === '') text += ' \r';
		});
		const last = rows.length - 1;
		text += '\x1b[J';
		if (last > cursor.row) text += `\x1b[${last - cursor.row}A`;
		this.#draw(`${text}\x1b[${cursor.column + 1}G\x1b[?25h`);
		this.#row = cursor.row;
		this.#rows = rows.length;
		this.#painted = true;
	}

	/** Removes the frame; the cursor stands where it began. */
	clear(): void {
		// Erasing all from the first cell of the window is taken by tmux for `clear`: it would save the
		// frame in the scrollback. So the first row is erased by itself.
		const beneath = this.#rows > 1 ? `\x1b[B\r\x1b[J\x1b[A\x1b[${this.#offset + 1}G` : '';
		this.#draw(`${this.#toStart()}\x1b[K${beneath}`);
		this.#row = 0;
		this.#rows = 1;
		this.#painted = false;
	}

	#toStart(): string {
		return `${this.#row > 0 ? `\x1b[${this.#row}A` : ''}\x1b[${this.#offset + 1}G`;
	}
}
