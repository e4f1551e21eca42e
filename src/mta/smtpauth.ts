/**
 * The exchange of credentials of AUTH PLAIN and AUTH LOGIN (RFC 4616; LOGIN has no standard). Pure: it
 * says what to ask and what was answered, not whether it is true.
 */

/** The challenge to send, credentials to check, or a reply that ends it. */
export type AuthStep =
	| { readonly ask: string }
	| { readonly name: string; readonly password: string }
	| { readonly reply: string };

const encode = (text: string): string => Buffer.from(text).toString('base64');
const undecodable: AuthStep = { reply: '501 5.5.4 Cannot decode AUTH parameter' };

function decode(text: string): string | undefined {
	if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
	return Buffer.from(text, 'base64').toString('utf8');
}

export class Authentication {
	readonly #mechanism: string;
	readonly #initial: string | undefined;
	#name: string | undefined;

	/** `words`: what stood behind AUTH. */
	constructor(words: string) {
		const [mechanism = '', initial] = words.split(/\s+/);
		this.#mechanism = mechanism.toUpperCase();
		this.#initial = initial;
	}

	begin(): AuthStep {
		if (this.#mechanism !== 'PLAIN' && this.#mechanism !== 'LOGIN') {
			return { reply: '504 5.3.3 AUTH mechanism not available' };
		}
		// RFC 4954 4: `=` is an initial response of no octets.
		if (this.#initial !== undefined) return this.line(this.#initial.replace(/^=$/, ''));
		return { ask: this.#mechanism === 'PLAIN' ? '' : encode('Username:') };
	}

	line(line: string): AuthStep {
		if (line.trim() === '*') return { reply: '501 5.0.0 AUTH aborted' };
		const text = decode(line.trim());
		if (text === undefined) return undecodable;
		if (this.#mechanism === 'PLAIN') {
			const [, name, password] = text.split('\0');
			return name && password !== undefined ? { name, password } : undecodable;
		}
		if (this.#name === undefined) {
			this.#name = text;
			return { ask: encode('Password:') };
		}
		return { name: this.#name, password: text };
	}
}
