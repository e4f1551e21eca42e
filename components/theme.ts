/**
 * Roles to looks: all decisions about colour are here. Sixteen colours at most, readable on light and
 * dark; nothing is told by colour alone. With NO_COLOR (https://no-color.org) only weight remains.
 */
import { Chalk, supportsColor } from 'chalk';

export type Role = 'hint' | 'status' | 'match' | 'note' | 'title' | 'new' | 'deleted' | 'quote';

export type Theme = Readonly<Record<Role, (text: string) => string>>;

/** The looks for an environment. Dim and inverse need no colours, so they stay where colours go. */
export function themeFor(env: NodeJS.ProcessEnv): Theme {
	const ink = new Chalk({ level: 1 });
	const coloured = !env.NO_COLOR && supportsColor !== false;
	return {
		hint: ink.dim,
		status: ink.dim,
		note: ink.dim,
		match: coloured ? ink.cyan : ink.bold,
		title: ink.inverse,
		new: ink.bold,
		deleted: ink.dim.strikethrough,
		quote: coloured ? ink.green : (text) => text,
	};
}
