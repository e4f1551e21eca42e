/** A long text on a screen of its own: title, rows, and a line that says where one is. */
import { Box, Text } from 'ink';

import { cutToColumns, type Fashion, fitColumns } from '../src/message/columns.js';
import { makePrintable } from '../src/message/text.js';
import type { PagerState } from '../src/terminal/pager.js';
import type { Theme } from './theme.js';

interface Props {
	readonly title: string;
	readonly state: PagerState;
	readonly width: number;
	readonly theme: Theme;
	readonly fashion?: Fashion | undefined;
}

const keys = 'Space more  b back  / search  n again  q done';

export function Pager({ title, state, width, theme, fashion }: Props) {
	const { rows, top, height, entering, notice } = state;
	const shown = rows.slice(top, top + height);
	const where = ` lines ${top + 1}-${top + shown.length} of ${rows.length} `;
	const head = fitColumns(` ${title}`, Math.max(0, width - where.length), fashion) + where;
	const foot =
		entering !== undefined
			? makePrintable(`/${entering}`, 'utf-8')
			: ` ${notice ? `${notice}   ` : ''}${keys}`;
	const below = cutToColumns(foot, width, fashion);
	return (
		<Box flexDirection="column">
			<Text>{theme.title(cutToColumns(head, width, fashion))}</Text>
			{Array.from({ length: height }, (_, index) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
				<Text key={index} wrap="truncate">
					{highlighted(shown[index] ?? '', state.pattern, theme) || ' '}
				</Text>
			))}
			<Text>{entering !== undefined ? below : theme.hint(below)}</Text>
		</Box>
	);
}

function highlighted(row: string, pattern: string, theme: Theme): string {
	if (pattern === '') return row;
	// Letters in small may be more units than in capitals: so not a search in a text made small.
	const escaped = pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
	const flags = pattern === pattern.toLowerCase() ? 'iu' : 'u';
	const { index: at = -1, 0: found = '' } = new RegExp(escaped, flags).exec(row) ?? {};
	if (at < 0) return row;
	const end = at + found.length;
	return row.slice(0, at) + theme.match(row.slice(at, end)) + row.slice(end);
}
