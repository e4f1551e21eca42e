/** Completion candidates with their notes, a few at a time, and where among them one is. */
import { Text } from 'ink';

import {
	columns as cellsOf,
	cutToColumns,
	type Fashion,
	fitColumns,
} from '../src/message/columns.js';
import type { Candidate } from '../src/terminal/terminal.js';
import type { Theme } from './theme.js';

interface Props {
	readonly all: readonly Candidate[];
	readonly first: number;
	/** How many of them fit. */
	readonly rows: number;
	readonly width: number;
	readonly theme: Theme;
	readonly fashion?: Fashion | undefined;
}

export function Choices({ all, first, rows, width, theme, fashion }: Props) {
	const shown = all.slice(first, first + rows);
	const widest = Math.max(...shown.map(({ text }) => cellsOf(text, fashion)));
	const left = Math.min(widest, Math.max(12, width - 24));
	const lines = shown.map(({ text, note }) => {
		const name = `  ${fitColumns(text, left, fashion)}`;
		const rest = Math.max(0, width - cellsOf(name, fashion) - 2);
		return note === undefined ? name : `${name}  ${theme.note(cutToColumns(note, rest, fashion))}`;
	});
	if (all.length > rows) {
		const last = first + shown.length;
		lines.push(theme.hint(`  ${first + 1}-${last} of ${all.length}   Tab: more`));
	}
	return lines.map((line, index) => <Text key={shown[index]?.text ?? 'count'}>{line}</Text>);
}
