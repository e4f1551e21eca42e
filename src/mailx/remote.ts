/**
 * Commands of the original that need a server or keys: they answer in one line, and do nothing.
 */
import type { Outcome } from './commands.js';
import type { Session } from './session.js';

/** Refuses `name` as the original does for a folder on this machine. */
export async function refuse(_session: Session, _name: string): Promise<Outcome> {
	return 'failed';
}
