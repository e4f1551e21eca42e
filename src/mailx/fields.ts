/**
 * Which header fields are shown, saved or forwarded: `ignore`, `retain` and their two relatives.
 * A list of retained fields, once there is one, overrules the ignored ones.
 */
export class FieldFilter {
	readonly ignored = new Set<string>();
	readonly retained = new Set<string>();

	hides(name: string): boolean {
		const key = name.toLowerCase();
		return this.retained.size > 0 ? !this.retained.has(key) : this.ignored.has(key);
	}
}
