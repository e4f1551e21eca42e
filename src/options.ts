/**
 * Options as getopt(3) reads them: single letters, bundled or apart, values joined or next; the first
 * word that is no option ends them, and so does `--`. POSIX Utility Syntax Guidelines.
 */
export interface Option {
	readonly letter: string;
	readonly value: string;
}

export interface Options {
	readonly given: readonly Option[];
	readonly operands: readonly string[];
	/** The first complaint, in getopt's words; undefined where all is well. */
	readonly error?: string;
}

/**
 * `letters` lists them, a colon behind those with a value. `optional` ones take the next word when
 * there is one that does not begin with `-`.
 */
export function parseOptions(
	args: readonly string[],
	letters: string,
	optional: string,
	program: string,
): Options {
	const given: Option[] = [];
	let at = 0;
	for (; at < args.length; at++) {
		const word = args[at] as string;
		if (word === '--') {
			at++;
			break;
		}
		if (!word.startsWith('-') || word === '-') break;
		for (let i = 1; i < word.length; i++) {
			const letter = word[i] as string;
			const place = letter === ':' ? -1 : letters.indexOf(letter);
			if (place < 0) {
				return { given, operands: [], error: `${program}: illegal option -- ${letter}` };
			}
			if (letters[place + 1] !== ':') {
				let value = '';
				const next = args[at + 1];
				if (optional.includes(letter) && i === word.length - 1 && next && !next.startsWith('-')) {
					value = next;
					at++;
				}
				given.push({ letter, value });
				continue;
			}
			let value = word.slice(i + 1);
			if (value === '') {
				const next = args[at + 1];
				if (next === undefined) {
					const error = `${program}: option requires an argument -- ${letter}`;
					return { given, operands: [], error };
				}
				value = next;
				at++;
			}
			given.push({ letter, value });
			break;
		}
	}
	return { given, operands: args.slice(at) };
}
