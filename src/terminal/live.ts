/** Not written yet: the live terminal. */
import type { System } from '../system.js';
import type { Ground, Wait } from './plain.js';

export function waitLive(_ground: Ground, _system: System): Wait | undefined {
	return undefined;
}
