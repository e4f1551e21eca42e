/**
 * What the conversations of one server share: the world as it is now (users and aliases may change
 * while it runs), and the writing of mailboxes, where letters that come at the same time are brought
 * to disk together. It does not speak SMTP.
 */
import { type Stats, statSync } from 'node:fs';

import { openSystem, type System } from '../system.js';
import { type AliasBook, openAliases } from './aliasdb.js';
import { type Consignment, deliverTogether } from './deliver.js';
import type { Copy, Fate } from './envelope.js';
import { localNames } from './recipient.js';
import { setSettings, settingsOf } from './settings.js';

/** Letters written to a mailbox at once, and octets after which no further one is added. */
const mostTogether = 64;
/** Small letters go in one write, which a kill does not tear apart; append cuts what is longer. */
const mostOctets = 128 << 10;
/** Milliseconds for a mailbox that another program has locked; then the letter waits in the queue. */
const mailboxPatience = 2000;
/** Milliseconds after which it is looked whether users have changed. */
const usersStayFor = 1000;

interface Waiting {
	readonly copy: Copy;
	readonly consignment: Consignment;
	readonly done: (fate: Fate) => void;
	readonly failed: (error: unknown) => void;
}

/** A file as it was when it was read. */
function stamp(path: string): string {
	const stats: Stats | undefined = statSync(path, { throwIfNoEntry: false });
	return stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs}` : '';
}

export class Postroom {
	#system: System;
	#users: string;
	#looked = 0;
	#book: AliasBook | undefined;
	#bookStamp = '';
	#names: ReadonlySet<string> | undefined;
	readonly #waiting = new Map<string, Waiting[]>();

	constructor(system: System) {
		this.#system = system;
		this.#users = stamp(system.real('/etc/passwd'));
	}

	/** The system, with the users there are now. */
	get system(): System {
		const now = Date.now();
		if (Math.abs(now - this.#looked) > usersStayFor) {
			this.#looked = now;
			const users = stamp(this.#system.real('/etc/passwd'));
			if (users !== this.#users) {
				const fresh = openSystem(this.#system.env);
				setSettings(fresh, settingsOf(this.#system));
				this.#system = fresh;
				this.#users = users;
			}
		}
		return this.#system;
	}

	get localNames(): ReadonlySet<string> {
		this.#names ??= localNames(this.#system.host, settingsOf(this.#system).localNames);
		return this.#names;
	}

	/** The aliases as they are now; not to be closed by who asks. Throws errno errors. */
	get aliases(): AliasBook {
		const path = this.#system.real(settingsOf(this.#system).aliasFile);
		const now = ['', '.db', '.inkloom.db'].map((end) => stamp(path + end)).join();
		if (this.#book && now === this.#bookStamp) return this.#book;
		this.#book?.close();
		this.#book = openAliases(this.#system);
		this.#bookStamp = now;
		return this.#book;
	}

	/** Puts a copy into a user's mailbox, with whatever else is on its way there. */
	deliver(user: string, copy: Copy, consignment: Consignment): Promise<Fate> {
		return new Promise((done, failed) => {
			const waiting = this.#waiting.get(user);
			const mine = { copy, consignment, done, failed };
			if (waiting) {
				waiting.push(mine);
				return;
			}
			this.#waiting.set(user, [mine]);
			// After all sockets that are ready were read: they may have more for the same mailbox.
			setImmediate(() => this.#write(user));
		});
	}

	async #write(user: string): Promise<void> {
		const waiting = this.#waiting.get(user) ?? [];
		let octets = 0;
		let many = 0;
		while (many < Math.min(waiting.length, mostTogether) && octets < mostOctets) {
			octets += waiting[many++]?.consignment.letter.body.length ?? 0;
		}
		const batch = waiting.splice(0, many);
		try {
			const letters = batch.map(({ copy, consignment }) => [copy, consignment] as const);
			const fate = await deliverTogether(this.system, user, letters, mailboxPatience);
			for (const { done } of batch) done(fate);
		} catch (error) {
			for (const { failed } of batch) failed(error);
		}
		if (waiting.length > 0) setImmediate(() => this.#write(user));
		else this.#waiting.delete(user);
	}

	close(): void {
		this.#book?.close();
		this.#book = undefined;
	}
}
