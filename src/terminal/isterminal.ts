/**
 * Whether a descriptor is a terminal, without node:tty where it is not: that module brings streams and
 * sockets with it, a tenth of the start-up of a filter.
 */
import { fstatSync } from 'node:fs';

import { isErrno } from '../complaint.js';

/** /dev/null on Linux, where the output of many a cron job goes. */
const nullDevice = (1 << 8) | 3;

/** isatty(3). False for a descriptor that is not open. */
export function isTerminal(fd: number): boolean {
	try {
		const status = fstatSync(fd);
		if (!status.isCharacterDevice() || status.rdev === nullDevice) return false;
	} catch (error) {
		if (isErrno(error)) return false;
		throw error;
	}
	return process.getBuiltinModule('node:tty').isatty(fd);
}
