/** Octets as they lie in memory: seen as a Buffer, their lines counted. Nothing is copied. Pure. */

const newline = 10;

/** The same octets as a Buffer, not copied. */
export function bufferOf(octets: Uint8Array): Buffer {
	return Buffer.isBuffer(octets)
		? octets
		: Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
}

/** Newlines in octets, or in a text, up to a place. */
export function countNewlines(octets: Uint8Array | string, within = octets.length): number {
	let lines = 0;
	if (typeof octets !== 'string') {
		// To call indexOf for each line costs seconds where a letter is made of empty ones.
		const end = Math.min(within, octets.length);
		for (let at = 0; at < end; at++) if (octets[at] === newline) lines++;
		return lines;
	}
	for (let at = octets.indexOf('\n'); at >= 0 && at < within; at = octets.indexOf('\n', at + 1))
		lines++;
	return lines;
}

/** Lines as the summary counts them: a last one without newline is one too. */
export function countLines(octets: Uint8Array): number {
	const lines = countNewlines(octets);
	return octets.length > 0 && octets[octets.length - 1] !== newline ? lines + 1 : lines;
}
