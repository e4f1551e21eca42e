/**
 * The Office behind an SMTP conversation: who is there, and what happens to a letter before it is
 * answered with 250. A letter for one mailbox is delivered at once, together with others for it; any
 * other is put into the queue, for the runners. Either way it is on disk first. RFC 5321 3.3, 4.5.5, 6.1.
 */
import { isErrno, reason } from '../complaint.js';
import { release } from '../release.js';
import type { System, User } from '../system.js';
import { makeVerifier } from './credentials.js';
import { mostHops } from './deliver.js';
import {
	type Copy,
	Exit,
	fullName,
	newId,
	type Occasion,
	qualified,
	type Wishes,
} from './envelope.js';
import { problems } from './explain.js';
import { type Arrival, type FinishedLetter, finishLetter, printDate } from './letter.js';
import { log, logFate } from './log.js';
import type { Postroom } from './postroom.js';
import { enqueue } from './queue.js';
import { parseRecipient, parseSender } from './recipient.js';
import { copies, type Resolution, resolve } from './resolve.js';
import type { Client, Incoming, Office, Refused } from './smtpsession.js';
import type { About, Submission, Submitted } from './submit.js';

/** Who sees to what is in the queue, and to reports, while the conversation goes on. */
export interface Carriers {
	/** Has a letter tried. */
	run(id: string): void;
	/** Tells the sender; done when the report is delivered or queued. */
	report(about: About, header: Buffer, lost: Submitted['lost']): Promise<void>;
}

export interface IntakeOptions {
	readonly sizeLimit: number | undefined;
	readonly recipientLimit: number;
	readonly tls: boolean;
	/** The users file, as shown; undefined: nobody logs in. */
	readonly users: string | undefined;
	/** Undefined: one conversation alone, which delivers what it takes before it answers. */
	readonly carriers: Carriers | undefined;
	/** Has what waits for a domain tried. */
	readonly tryDomain: (domain: string) => void;
}

const software = `Inkloom ${release}`;

export class Intake implements Office {
	readonly software = software;
	readonly host: string;
	readonly sizeLimit: number | undefined;
	readonly recipientLimit: number;
	readonly tls: boolean;
	readonly auth: boolean;
	readonly #room: Postroom;
	readonly #client: Client;
	readonly #options: IntakeOptions;

	constructor(room: Postroom, client: Client, options: IntakeOptions) {
		this.#room = room;
		this.#client = client;
		this.#options = options;
		this.host = room.system.host;
		this.sizeLimit = options.sizeLimit;
		this.recipientLimit = options.recipientLimit;
		this.tls = options.tls;
		this.auth = options.users !== undefined;
	}

	readonly now = (): string => printDate(this.#room.system.now());

	checkSender(address: string): Refused | undefined {
		const parsed = parseSender(address, this.#room.localNames);
		if (typeof parsed === 'string') return undefined;
		return { code: `553 ${parsed.status}`, text: parsed.reason };
	}

	checkRecipient(address: string, mayRelay: boolean): Refused | undefined {
		const { target, flaw } = parseRecipient(address, this.#room.localNames);
		if (flaw || !target) {
			return { code: `553 ${flaw?.status ?? '5.1.3'}`, text: flaw?.reason ?? 'User unknown' };
		}
		switch (target.kind) {
			case 'relay':
				return mayRelay ? undefined : { code: '550 5.7.1', text: 'Relaying denied' };
			case 'local':
				return this.#isKnown(target.user, target.detail, target.escaped)
					? undefined
					: { code: '550 5.1.1', text: 'User unknown' };
			case 'file':
			case 'program':
			case 'include': {
				const what = { file: 'files', program: 'programs', include: ':include:s' }[target.kind];
				return { code: '550 5.2.4', text: `Cannot mail directly to ${what}` };
			}
		}
	}

	/** What an alias leads to is not looked at here: who wrote the alias hears of that. */
	#isKnown(user: string, detail: string | undefined, escaped: boolean): boolean {
		const { system } = this.#room;
		if (system.userNamed(user) ?? system.userNamed(user.toLowerCase())) return true;
		// RFC 5321 4.5.1: there is always a postmaster.
		if (user.toLowerCase() === 'postmaster') return true;
		if (escaped) return false;
		const names = detail === undefined ? [user] : [`${user}+${detail}`, `${user}+*`, user];
		return names.some((name) => this.#room.aliases.find(name) !== undefined);
	}

	look(address: string, expand: boolean): readonly string[] | Refused {
		const { system } = this.#room;
		const bare = /^<(.*)>$/.exec(address)?.[1] ?? address;
		const wrong = this.checkRecipient(bare, true);
		if (wrong) return wrong;
		const person = (name: string): string => {
			const user = system.userNamed(name) ?? system.userNamed(name.toLowerCase());
			const full = user ? fullName(user) : '';
			return `${full === '' ? '' : `${full} `}<${qualified(user?.name ?? name, system.host)}>`;
		};
		if (!expand) return [person(bare.replace(/@.*/, '') || bare)];
		const all = copies(this.#resolve([bare]));
		const texts = all.map(({ delivery, address: text }) =>
			delivery.to === 'mailbox' ? person(delivery.user) : `<${text}>`,
		);
		return texts.length > 0 ? texts : { code: '550 5.1.1', text: 'User unknown' };
	}

	#resolve(addresses: readonly string[]): Resolution[] {
		return resolve(this.#room.system, addresses, { book: this.#room.aliases });
	}

	tryDomain(domain: string): void {
		this.#options.tryDomain(domain);
	}

	async authenticate(name: string, password: string): Promise<boolean> {
		const { system } = this.#room;
		const verify = makeVerifier(system, this.#options.users as string);
		const right = await verify(name, password);
		log(system, 'AUTH', {
			user: name,
			relay: this.#client.name,
			stat: right ? 'Authenticated' : 'Authentication failed',
		});
		return right;
	}

	async accept(incoming: Incoming): Promise<string | Refused> {
		try {
			return await this.#accept(incoming);
		} catch (error) {
			if (!isErrno(error)) throw error;
			const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
			const why = full ? 'Insufficient disk space; try again later' : reason(error);
			log(this.#room.system, 'NOQUEUE', { relay: this.#client.name, stat: why });
			return { code: full ? '452 4.3.1' : '451 4.3.0', text: why };
		}
	}

	async #accept(incoming: Incoming): Promise<string | Refused> {
		if (incoming.octets.includes(0)) return { code: '554 5.6.0', text: 'NUL byte not allowed' };
		const addresses = incoming.recipients.map(({ address }) => this.#deliverable(address));
		const trees = this.#resolve(addresses);
		const all = copies(trees);
		const only = all.length === 1 ? all[0] : undefined;
		const troubled = problems(trees).length > 0 || incoming.recipients.some(wantsSuccess);
		if (this.#options.carriers && only?.delivery.to === 'mailbox' && !troubled) {
			return this.#deliverNow(incoming, only, only.delivery.user);
		}
		const obstacle = await this.#obstacle(all);
		if (obstacle !== undefined) return this.#handOver(incoming, addresses, obstacle);
		return this.#submit(incoming, addresses, trees);
	}

	/** The postmaster is root where the aliases know nobody else. */
	#deliverable(address: string): string {
		const { target } = parseRecipient(address, this.#room.localNames);
		const isPostmaster = target?.kind === 'local' && target.user.toLowerCase() === 'postmaster';
		if (!isPostmaster || this.#room.aliases.find('postmaster')) return address;
		return this.#room.system.userNamed('postmaster') ? address : 'root';
	}

	#arrival({ helo, protocol, asked, recipients }: Incoming): Arrival {
		const name = helo.replace(/[()<>\\"]/g, '?');
		const only = asked === 1 ? `<${recipients[0]?.address}>` : undefined;
		return { from: `${name} (${this.#client.name})`, protocol, only };
	}

	async #deliverNow(incoming: Incoming, copy: Copy, user: string): Promise<string | Refused> {
		const { system } = this.#room;
		const id = newId(system);
		const { sender } = incoming;
		const letter = finishLetter(incoming.octets, {
			id,
			host: system.host,
			software,
			login: undefined,
			arrival: this.#arrival(incoming),
			sender: qualified(sender ?? 'MAILER-DAEMON', system.host),
			fullName: nameOf(system, sender, this.#room.localNames),
			date: system.now(),
			recipients: incoming.recipients.map(({ address }) => address),
		});
		if (letter.hops > mostHops) return tooManyHops(`${letter.hops} (${mostHops} max)`);
		const arrival = system.now().getTime();
		this.#logArrival(id, incoming, letter);
		const bare = sender === null ? null : (parseSender(sender, this.#room.localNames) as string);
		const fate = await this.#room.deliver(user, copy, { letter, sender: bare });
		logFate(system, { id, arrival }, copy, fate);
		if (fate.kind === 'failed') return { code: `554 ${fate.status}`, text: fate.reason };
		if (fate.kind === 'deferred') {
			const from = this.#client.name;
			const options = reportOptions(incoming, system.now());
			const given = { id, arrival, sender: bare, copies: [copy], from, options };
			const ticket = enqueue(system, given, letter);
			ticket.settle(0, fate);
			ticket.close(system);
		}
		return id;
	}

	#logArrival(id: string, { sender, recipients }: Incoming, letter: FinishedLetter): void {
		const { system } = this.#room;
		log(system, id, {
			from: sender === null ? '<>' : `<${qualified(sender, system.host)}>`,
			size: letter.header.length + letter.body.length,
			nrcpts: recipients.length,
			msgid: /^message-id:\s*(\S+)/im.exec(letter.header.toString('latin1'))?.[1],
			relay: this.#client.name,
		});
	}

	async #submit(
		incoming: Incoming,
		recipients: readonly string[],
		trees: readonly Resolution[],
	): Promise<string | Refused> {
		const { system } = this.#room;
		const { carriers } = this.#options;
		const { sender } = incoming;
		const options = reportOptions(incoming, system.now());
		const submission: Submission = {
			sender,
			recipients,
			trees,
			queueOnly: carriers !== undefined,
			arrival: this.#arrival(incoming),
			from: this.#client.name,
			options,
			wishes: new Map(
				incoming.recipients.map((recipient, at) => [recipients[at] as string, wishesOf(recipient)]),
			),
		};
		const { submit, report } = await import('./submit.js');
		const done = await submit(system, incoming.octets, submission);
		if (done.id === '') {
			const text = done.problems[0] ?? '';
			return done.status === Exit.unavailable
				? { code: '554 5.4.6', text }
				: { code: '554 5.6.0', text };
		}
		if (done.lost.length > 0 && done.letter) {
			const { id } = done;
			const from = this.#client.name;
			const about: About = { id, sender, from, options, body: done.letter.body };
			const { header } = done.letter;
			const { lost } = done;
			const ourselves = () => report(system, about, header, lost);
			// The letter is in the queue already: it cannot be refused any more.
			if (carriers) await carriers.report(about, header, lost).catch(ourselves);
			else await ourselves();
		}
		if (copies(trees).length > 0) carriers?.run(done.id);
		return done.id;
	}

	/** What keeps us from delivering ourselves; a server that was started may. */
	async #obstacle(all: readonly Copy[]): Promise<string | undefined> {
		if (this.#options.carriers) return undefined;
		const { findObstacle } = await import('./embedded.js');
		return findObstacle(this.#room.system, all);
	}

	async #handOver(
		{ sender, octets }: Incoming,
		recipients: readonly string[],
		obstacle: string,
	): Promise<string | Refused> {
		const { system } = this.#room;
		const { handOver } = await import('./embedded.js');
		const envelope = {
			reversePath: sender,
			recipients,
			verbose: false,
			meToo: true,
			hops: undefined,
		};
		const receipt = await handOver(system, envelope, octets, obstacle);
		if (receipt.outcome === 'sent') return newId(system);
		const code = receipt.status === Exit.temporary ? '451 4.3.0' : '554 5.0.0';
		return { code, text: receipt.report[0] ?? 'not accepted' };
	}
}

function tooManyHops(hops: string): Refused {
	return { code: '554 5.4.6', text: `Too many hops ${hops}` };
}

function wantsSuccess({ notify }: { readonly notify?: readonly string[] | undefined }): boolean {
	return notify?.includes('success') ?? false;
}

function wishesOf({ notify, original }: Incoming['recipients'][number]): Wishes {
	return { notify: notify as readonly Occasion[] | undefined, original };
}

function reportOptions({ returned, envelopeId, by }: Incoming, now: Date): Submission['options'] {
	const { seconds, otherwise } = by ?? {};
	if (seconds === undefined || otherwise === undefined) return { returned, envelopeId };
	return { returned, envelopeId, deadline: { at: now.getTime() + seconds * 1000, otherwise } };
}

/** The full name of a sender of this host. */
function nameOf(system: System, sender: string | null, local: ReadonlySet<string>): string {
	const [, name = '', host] = /^(.*?)(?:@([^@]*))?$/.exec(sender ?? '') ?? [];
	if (host !== undefined && !local.has(host.toLowerCase())) return '';
	const user: User | undefined = system.userNamed(name);
	return user ? fullName(user) : '';
}
