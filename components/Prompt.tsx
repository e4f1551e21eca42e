/**
 * The live line: the rows of prompt and edited text, and beneath them the completions or the hint.
 * The rows come cut to the window (terminal/layout.ts); the cursor is the terminal's own.
 */
import { Box, Text } from 'ink';

import { cutToColumns, type Fashion } from '../src/message/columns.js';
import { makePrintable } from '../src/message/text.js';
import { choicesShown, type LineState } from '../src/terminal/line.js';
import type { Assist } from '../src/terminal/terminal.js';
import { Choices } from './Choices.js';
import { Hint } from './Hint.js';
import type { Theme } from './theme.js';

interface Props {
	readonly rows: readonly string[];
	readonly line: Pick<LineState, 'choices' | 'search' | 'pasted'>;
	readonly assist: Assist;
	/** What has happened meanwhile; beneath everything else, and first to go where rows are few. */
	readonly notice?: string | undefined;
	/** Rows left beneath the line; with none only the line is drawn. */
	readonly room: number;
	readonly width: number;
	readonly theme: Theme;
	readonly fashion?: Fashion | undefined;
}

export function Prompt({ rows, line, assist, notice, room, width, theme, fashion }: Props) {
	const { choices } = line;
	const own = ownHint(line);
	// What was pasted may be anything.
	const hint = own === undefined ? assist.hint : makePrintable(own, 'utf-8');
	const beneath = choices && room > 1 && (
		<Choices
			{...choices}
			rows={Math.min(choicesShown, room - 1)}
			width={width}
			theme={theme}
			fashion={fashion}
		/>
	);
	const told = notice !== undefined && room > (beneath ? choicesShown + 1 : 1);
	return (
		<Box flexDirection="column">
			{rows.map((row, index) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
				<Text key={index} wrap="truncate">
					{row || ' '}
				</Text>
			))}
			{beneath ||
				(hint !== undefined && room > 0 && (
					<Hint hint={hint} status={assist.status} width={width} theme={theme} fashion={fashion} />
				))}
			{told && <Text>{theme.new(cutToColumns(`  ${notice}`, width, fashion))}</Text>}
		</Box>
	);
}

/** What the editor itself has to say comes before what the command would do. */
function ownHint({ search, pasted }: Props['line']): string | undefined {
	if (search !== undefined) {
		return `${search.failed ? 'not found' : 'searching'}: ${search.pattern}_   ^R older  ^G back`;
	}
	if (pasted === '') return undefined;
	const lines = pasted.replace(/\n$/, '').split('\n');
	const more = lines.length === 1 ? '1 more line' : `${lines.length} more lines`;
	return `${more} pasted; Return obeys all: ${lines.join(' / ')}`;
}
