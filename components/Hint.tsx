/** One dim line beneath the prompt: what the typed command would do; the status at its right end. */
import { Text } from 'ink';

import { columns as cellsOf, cutToColumns } from '../src/message/columns.js';
import type { Theme } from './theme.js';

interface Props {
	readonly hint: string;
	readonly status: string | undefined;
	/** Cells to stay within: one less than the window has. */
	readonly width: number;
	readonly theme: Theme;
}

export function Hint({ hint, status, width, theme }: Props) {
	const whole = `  ${hint}`;
	const text = cellsOf(whole) > width ? `${cutToColumns(whole, width - 1)}…` : whole;
	const gap = width - cellsOf(text) - cellsOf(status ?? '');
	// Too narrow for both: what the command does is what matters.
	const right = status !== undefined && gap >= 2 ? ' '.repeat(gap) + theme.status(status) : '';
	return <Text>{theme.hint(text) + right}</Text>;
}
