/** A long text on a screen of its own: title, rows, and a line that says where one is. */
import { Box, Text } from 'ink';

import { cutToColumns, fitColumns } from '../src/message/columns.js';
import type { PagerState } from '../src/terminal/pager.js';
import type { Theme } from './theme.js';

interface Props {
	readonly title: string;
	readonly state: PagerState;
	readonly width: number;
	readonly theme: Theme;
}

const keys = 'Space more  b back  / search  n again  q done';

export function Pager({ title, state, width, theme }: Props) {
	const { rows, top, height, entering, notice } = state;
	const shown = rows.slice(top, top + height);
	const where = ` lines ${top + 1}-${top + shown.length} of ${rows.length} `;
	const head = fitColumns(` ${title}`, Math.max(0, width - where.length)) + where;
	const foot = entering !== undefined ? `/${entering}` : ` ${notice ? `${notice}   ` : ''}${keys}`;
	return (
		<Box flexDirection="column">
			<Text>{theme.title(cutToColumns(head, width))}</Text>
			{Array.from({ length: height }, (_, index) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
				<Text key={index}>{highlighted(shown[index] ?? '', state.pattern, theme) || ' '}</Text>
			))}
			<Text>{entering !== undefined ? foot : theme.hint(cutToColumns(foot, width))}</Text>
		</Box>
	);
}

function highlighted(row: string, pattern: string, theme: Theme): string {
	if (pattern === '') return row;
	const fold = pattern === pattern.toLowerCase() ? row.toLowerCase() : row;
	const at = fold.indexOf(pattern);
	if (at < 0) return row;
	const end = at + pattern.length;
	return row.slice(0, at) + theme.match(row.slice(at, end)) + row.slice(end);
}
