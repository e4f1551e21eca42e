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
	const text = typeof octets === 'string' ? octets : bufferOf(octets);
	let lines = 0;
	for (let at = text.indexOf('\n'); at >= 0 && at < within; at = text.indexOf('\n', at + 1))
		lines++;
	return lines;
}

/** Lines as the summary counts them: a last one without newline is one too. */
export function countLines(octets: Uint8Array): number {
	const lines = countNewlines(octets);
	return octets.length > 0 && octets[octets.length - 1] !== newline ? lines + 1 : lines;
}
