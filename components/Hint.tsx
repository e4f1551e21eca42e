/** One dim line beneath the prompt: what the typed command would do; the status at its right end. */
import { Text } from 'ink';

import { columns as cellsOf, cutToColumns, type Fashion } from '../src/message/columns.js';
import type { Theme } from './theme.js';

interface Props {
	readonly hint: string;
	readonly status: string | undefined;
	/** Cells to stay within: one less than the window has. */
	readonly width: number;
	readonly theme: Theme;
	readonly fashion?: Fashion | undefined;
}

export function Hint({ hint, status, width, theme, fashion }: Props) {
	const whole = `  ${hint}`;
	const isLong = cellsOf(whole, fashion) > width;
	const text = isLong ? `${cutToColumns(whole, width - 1, fashion)}…` : whole;
	const gap = width - cellsOf(text, fashion) - cellsOf(status ?? '', fashion);
	// Too narrow for both: what the command does is what matters.
	const right = status !== undefined && gap >= 2 ? ' '.repeat(gap) + theme.status(status) : '';
	return <Text>{theme.hint(text) + right}</Text>;
}
