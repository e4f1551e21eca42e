/** One line for work that lasts: what is done, how far it is, and how to stop it. */
import { Text } from 'ink';

import { cutToColumns } from '../src/message/text.js';
import type { Theme } from './theme.js';

interface Props {
	readonly label: string;
	/** Between 0 and 1; undefined where nobody knows. */
	readonly part: number | undefined;
	readonly width: number;
	readonly theme: Theme;
}

export function Progress({ label, part, width, theme }: Props) {
	const figure = part === undefined ? '' : `  ${Math.floor(part * 100)} %`;
	return <Text>{theme.status(cutToColumns(`${label}${figure}  ^C stops`, width))}</Text>;
}
