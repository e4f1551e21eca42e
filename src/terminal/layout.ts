/**
 * Where the characters of an edited line fall on the screen: rows cut at exactly the right edge, as the
 * terminal itself would, so that the cursor is where a cooked line would have it. Pure.
 */
import { columns as cellsOf, type Fashion, pieces } from '../message/columns.js';
import { makePrintable } from '../message/text.js';

export interface Layout {
	readonly rows: readonly string[];
	/** Where the cursor stands: row from 0, column from 0 on the screen. */
	readonly cursor: { readonly row: number; readonly column: number };
}

export interface Place {
	/** Cells to the left of the first row that are not ours: a message without a final newline. */
	readonly offset: number;
	readonly columns: number;
	readonly charset: string;
	readonly fashion?: Fashion | undefined;
}

/** The prompt and the edited text as rows; the first one begins at `offset`. */
export function layOut(prompt: string, text: string, at: number, place: Place): Layout {
	const rows = [''];
	let column = place.offset % place.columns;
	let cursor = { row: 0, column };
	const put = (shown: string, cells: number) => {
		if (column + cells > place.columns) {
			// A terminal that takes a grapheme for several characters would put the first of them here.
			rows[rows.length - 1] += ' '.repeat(place.columns - column);
			rows.push('');
			column = 0;
		}
		rows[rows.length - 1] += shown;
		column += cells;
	};
	const here = () =>
		column < place.columns ? { row: rows.length - 1, column } : { row: rows.length, column: 0 };
	const putAll = (part: string, isText: boolean) => {
		let offset = 0;
		for (const piece of pieces(part, place.fashion)) {
			const shown = shownAs(piece.text, column, place.charset);
			const cells = shown === piece.text ? piece.columns : cellsOf(shown, place.fashion);
			if (isText && offset === at) {
				const fits = column + cells <= place.columns || shown.length === cells;
				cursor = fits ? here() : { row: rows.length, column: 0 };
			}
			// What is shown by several characters (`^A`, a tab) breaks between any of them.
			if (/^[ -~]+$/.test(shown)) for (const character of shown) put(character, 1);
			else put(shown, cells);
			// Within a grapheme the cursor is shown behind it.
			if (isText && offset < at) cursor = here();
			offset += piece.text.length;
		}
		if (isText && at >= part.length) cursor = here();
	};
	putAll(prompt, false);
	putAll(text, true);
	// The cursor behind a full row stands on a row of its own.
	if (cursor.row === rows.length) rows.push('');
	return { rows, cursor };
}

function shownAs(grapheme: string, column: number, charset: string): string {
	if (grapheme === '\t') return ' '.repeat(8 - (column % 8));
	return /^[ -~]*$/.test(grapheme) ? grapheme : makePrintable(caret(grapheme), charset);
}

/** Control characters as a terminal echoes them: `^A`. */
function caret(text: string): string {
	return text.replace(/[\0-\x08\x0a-\x1f\x7f]/g, (control) => {
		return `^${String.fromCharCode(control.charCodeAt(0) ^ 0x40)}`;
	});
}

/**
 * A finished line as the kernel would have echoed it, save what would turn the line round. Tabs stay:
 * the terminal spreads them.
 */
export function echoed(text: string): string {
	return caret(text)
		.replace(/[\x80-\x9f]/g, '?')
		.replace(/[\u202a-\u202e\u2066-\u2069]/g, (override) => makePrintable(override, 'utf-8'));
}

/** The column the cursor is in after a text that began in column 0. */
export function columnAfter(text: string, columns: number, fashion?: Fashion): number {
	let column = 0;
	for (const piece of pieces(text, fashion)) {
		if (piece.text === '\r') column = 0;
		else if (piece.text === '\b') column = Math.max(0, column - 1);
		else if (piece.text === '\t') column += 8 - (column % 8);
		else if (piece.text >= ' ') {
			// What is wide and does not fit leaves the last cell empty.
			const left = columns - (column % columns);
			column += piece.columns + (piece.columns > left ? left : 0);
		}
	}
	return column % columns;
}
