/**
 * text/enriched (RFC 1896) and text/richtext (RFC 1341 7.1.3) to plain text: commands in angle brackets
 * taken out, line ends as they define them. What it makes is still unfiltered text.
 */

/** The text without its commands. `type`: of the two. */
export function enrichedToText(text: string, type: string): string {
	return type === 'text/richtext' ? fromRichtext(text) : fromEnriched(text);
}

function fromEnriched(text: string): string {
	const pieces: string[] = [];
	let unfilled = 0;
	let skipped = 0;
	for (const [piece, slash, name = ''] of text.matchAll(
		/<<|<(\/?)([a-z\d-]{1,60})>|\n+|[^<\n]+|</gi,
	)) {
		const command = name.toLowerCase();
		const step = slash ? -1 : 1;
		if (command === 'param') skipped = Math.max(0, skipped + step);
		else if (command === 'nofill') unfilled = Math.max(0, unfilled + step);
		else if (command !== '' || skipped > 0) continue;
		else if (piece === '<<') pieces.push('<');
		else if (!piece.startsWith('\n') || unfilled > 0) pieces.push(piece);
		// One line end is a blank, more are one less.
		else pieces.push(piece.length === 1 ? ' ' : piece.slice(1));
	}
	return `${pieces.join('').trimEnd()}\n`;
}

function fromRichtext(text: string): string {
	const signs: Readonly<Record<string, string>> = {
		lt: '<',
		nl: '\n',
		np: '\n\n',
		'/paragraph': '\n\n',
	};
	const plain = text
		.replace(/\s*\n\s*/g, ' ')
		.replace(/<comment>.*?<\/comment>/gi, '')
		.replace(/<(\/?[a-z\d-]{1,60})>/gi, (_, name: string) => signs[name.toLowerCase()] ?? '');
	return `${plain.trimEnd()}\n`;
}
