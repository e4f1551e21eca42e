/**
 * Whether a descriptor is a terminal, without node:tty where it is not: that module brings streams and
 * sockets with it, a tenth of the start-up of a filter.
 */
import { fstatSync } from 'node:fs';

/** isatty(3). False for a descriptor that is not open. */
export function isTerminal(fd: number): boolean {
	try {
		if (!fstatSync(fd).isCharacterDevice()) return false;
	} catch {
		return false;
	}
	return process.getBuiltinModule('node:tty').isatty(fd);
}
