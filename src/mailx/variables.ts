/**
 * The values that `set` gives and every command reads. A name that was never set is looked up in the
 * environment, as the original does. The table of the names that mean something is in variabletable.ts.
 */
export class Variables {
	readonly #own = new Map<string, string>();
	readonly #env: NodeJS.ProcessEnv;

	constructor(env: NodeJS.ProcessEnv) {
		this.#env = env;
	}

	/** The value, the empty string for one set without a value, undefined where it is not set. */
	get(name: string): string | undefined {
		const key = canonical(name);
		return this.#own.get(key) ?? this.#env[key];
	}

	has(name: string): boolean {
		return this.get(name) !== undefined;
	}

	set(name: string, value: string): void {
		this.#own.set(canonical(name), value);
	}

	/** False where the name was not set here (the environment does not count). */
	unset(name: string): boolean {
		return this.#own.delete(canonical(name));
	}

	/** A whole number, or the default where unset or no number. */
	number(name: string, otherwise: number): number {
		const value = this.get(name);
		const parsed = value === undefined ? Number.NaN : Number.parseInt(value, 10);
		return Number.isNaN(parsed) ? otherwise : parsed;
	}

	/** Name and value of all that were set, by name. */
	entries(): [name: string, value: string][] {
		return [...this.#own].sort(([a], [b]) => (a < b ? -1 : 1));
	}
}

/** Names with an address in them (`smtp-auth-user@host`) do not know case, unless they begin with a capital. */
function canonical(name: string): string {
	return name.includes('@') && !/^[A-Z]/.test(name) ? name.toLowerCase() : name;
}
