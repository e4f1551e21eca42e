/** A System whose clock a test sets. */
import type { System } from '../../src/system.js';

export interface Clock {
	/** Milliseconds since 1970. */
	time: number;
}

export function withClock(system: System, clock: Clock): System {
	return {
		root: system.root,
		env: system.env,
		user: system.user,
		home: system.home,
		host: system.host,
		real: (path) => system.real(path),
		shown: (path) => system.shown(path),
		userNamed: (name) => system.userNamed(name),
		userOf: (uid) => system.userOf(uid),
		random: (octets) => system.random(octets),
		now: () => new Date(clock.time),
	};
}
