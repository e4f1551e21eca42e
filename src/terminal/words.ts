/**
 * The words of the command line as their octets say. Node takes them for UTF-8 and keeps nothing of what
 * is none: a subject typed in another locale, or read from a file, would be question marks.
 */
import { readFileSync } from 'node:fs';

import { charsetOf, decodeText } from './charset.js';

/** What was given behind the program; octets that are no characters are lone surrogates (charset.ts). */
export function givenWords(argv: readonly string[], env: NodeJS.ProcessEnv): string[] {
	const words = argv.slice(2);
	if (!words.some((word) => word.includes('\ufffd'))) return words;
	const raw = rawWords().slice(-words.length);
	const charset = charsetOf(env);
	return words.map((word, index) => {
		const octets = raw[index];
		return octets === undefined || !word.includes('\ufffd') ? word : decodeText(octets, charset);
	});
}

/** Of this process, the interpreter's own among them; none where the system does not tell. */
function rawWords(): Buffer[] {
	try {
		const line = readFileSync('/proc/self/cmdline', 'latin1');
		return line
			.split('\0')
			.slice(0, -1)
			.map((word) => Buffer.from(word, 'latin1'));
	} catch {
		return [];
	}
}
