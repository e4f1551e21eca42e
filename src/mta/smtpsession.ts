/**
 * One conversation with an SMTP or LMTP client: command lines and letters in, replies out, in
 * sendmail's words. It keeps the state of the transaction and knows the grammar; whom there is, where
 * letters go and how octets travel it asks of an Office. RFC 5321, 2033, 1870, 1985, 2034, 2852, 3207,
 * 3461, 4954, 6152.
 */
import { Authentication } from './smtpauth.js';
import {
	clean,
	parsePath,
	recipientOptions,
	type SenderOptions,
	senderOptions,
} from './smtpgrammar.js';
import type { Fault } from './smtpinput.js';

/** A reply, and what has to follow it. */
export interface Reply {
	/** Whole lines, without CR LF. */
	readonly lines: readonly string[];
	/** The letter's octets come next; a line of credentials; a TLS handshake; nothing, we hang up. */
	readonly next?: 'letter' | 'credentials' | 'tls' | 'close';
}

export interface Client {
	/** As it is greeted and logged: `root@localhost`, `[192.0.2.1]`, `localhost [127.0.0.1]`. */
	readonly name: string;
	/** May send to other hosts, and ask about people. */
	readonly trusted: boolean;
	/** What it says cannot be overheard: this host itself, or TLS. */
	readonly private: boolean;
}

export interface IncomingRecipient extends DsnRecipient {
	/** Bare. Octets. */
	readonly address: string;
}

/** RFC 3461: as given, checked. */
interface DsnRecipient {
	readonly notify?: readonly string[] | undefined;
	readonly original?: string | undefined;
}

/** A letter with its envelope. */
export interface Incoming {
	/** The bare reverse-path; null: nobody is to hear of failures. */
	readonly sender: string | null;
	readonly recipients: readonly IncomingRecipient[];
	readonly octets: Buffer;
	/** What the client calls itself. */
	readonly helo: string;
	readonly protocol: string;
	/** Recipients asked for, the refused ones among them. */
	readonly asked: number;
	readonly returned: 'full' | 'hdrs' | undefined;
	readonly envelopeId: string | undefined;
	/** RFC 2852: seconds. */
	readonly by: { readonly seconds: number; readonly otherwise: 'return' | 'notify' } | undefined;
	/** The name under which the client has logged in. */
	readonly login: string | undefined;
}

/** `refused` is a reply's text after the address, with its codes: `550 5.1.1`, `User unknown`. */
export interface Refused {
	readonly code: string;
	readonly text: string;
}

export interface Office {
	readonly host: string;
	/** As HELP and the greeting name the program. */
	readonly software: string;
	readonly now: () => string;
	readonly sizeLimit: number | undefined;
	readonly recipientLimit: number;
	/** There is a certificate. */
	readonly tls: boolean;
	/** There are users to log in. */
	readonly auth: boolean;
	/** What is wrong with a reverse-path. */
	checkSender(address: string): Refused | undefined;
	/** What is wrong with a recipient. */
	checkRecipient(address: string, mayRelay: boolean): Refused | undefined;
	/** VRFY and EXPN: mailboxes, as they are printed. */
	look(address: string, expand: boolean): readonly string[] | Refused;
	/** Has a letter on disk when it answers with its id. */
	accept(letter: Incoming): Promise<string | Refused>;
	authenticate(name: string, password: string): Promise<boolean>;
	/** ETRN: has what waits for a domain tried now. */
	tryDomain(domain: string): void;
}

const mostFaults = 25;

/** What a transaction has gathered since MAIL. */
interface Transaction {
	readonly sender: string | null;
	readonly options: SenderOptions;
	readonly recipients: IncomingRecipient[];
	asked: number;
}

export class SmtpSession {
	readonly #office: Office;
	readonly #lmtp: boolean;
	#client: Client;
	#helo: string | undefined;
	#extended = false;
	#encrypted = false;
	#transaction: Transaction | undefined;
	#authentication: Authentication | undefined;
	#login: string | undefined;
	#failedLogins = 0;
	#faults = 0;

	constructor(office: Office, client: Client, lmtp = false) {
		this.#office = office;
		this.#client = client;
		this.#lmtp = lmtp;
	}

	greeting(): Reply {
		const { host, software, now } = this.#office;
		return said(`220 ${host} ${this.#lmtp ? 'LMTP' : 'ESMTP'} ${software}; ${now()}`);
	}

	/** What is said when the house closes, or patience ends. */
	farewell(why = 'closing connection', code = '421 4.3.0'): Reply {
		return { lines: [`${code} ${this.#office.host} ${why}`], next: 'close' };
	}

	/** A handshake has taken place: all that was said before counts for nothing (RFC 3207 4.2). */
	encrypted(): void {
		this.#encrypted = true;
		this.#client = { ...this.#client, private: true };
		this.#helo = undefined;
		this.#transaction = undefined;
	}

	/** Answers a command; undefined: the line was longer than is allowed. */
	async command(line: string | undefined): Promise<Reply> {
		if (line === undefined) return this.#fault('500 5.5.2 Command line too long');
		const [, word = '', rest = ''] = /^\s*(\S*)\s*(.*?)\s*$/s.exec(line) ?? [];
		const verb = word.toUpperCase();
		const handler = Object.hasOwn(handlers, verb) ? handlers[verb] : undefined;
		if (handler) return handler.call(this, rest);
		if (/^(GET|POST|PUT|CONNECT|OPTIONS|HEAD)$/.test(verb)) {
			return this.farewell('this is no web server', '421 4.7.0');
		}
		return this.#fault(`500 5.5.1 Command unrecognized: "${clean(line)}"`);
	}

	/** Counts what no client of good will says; too much of it ends the conversation. */
	#fault(text: string): Reply {
		if (++this.#faults < mostFaults) return said(text);
		return this.farewell('Too many bad commands; closing connection', '421 4.7.0');
	}

	hello(name: string, verb: 'HELO' | 'EHLO' | 'LHLO'): Reply {
		if ((verb === 'LHLO') !== this.#lmtp) {
			return this.#fault(`500 5.5.1 Command unrecognized: "${verb}"`);
		}
		if (name === '') return this.#fault(`501 5.0.0 ${verb} requires domain address`);
		if (!/^[\x21-\x7e]{1,255}$/.test(name)) return this.#fault('501 5.0.0 Invalid domain name');
		this.#helo = name;
		this.#extended = verb !== 'HELO';
		this.#transaction = undefined;
		const greeting = `${this.#office.host} Hello ${this.#client.name}, pleased to meet you`;
		return listed('250', [greeting, ...(this.#extended ? this.#extensions() : [])]);
	}

	#extensions(): string[] {
		const { tls, auth, sizeLimit } = this.#office;
		const { trusted } = this.#client;
		const offers: [string, boolean][] = [
			['ENHANCEDSTATUSCODES', true],
			['PIPELINING', true],
			['EXPN', trusted && !this.#lmtp],
			['VERB', trusted && !this.#lmtp],
			['8BITMIME', true],
			[sizeLimit ? `SIZE ${sizeLimit}` : 'SIZE', true],
			['DSN', true],
			['ETRN', trusted && !this.#lmtp],
			['AUTH PLAIN LOGIN', auth && this.#client.private && !this.#lmtp],
			['STARTTLS', tls && !this.#encrypted],
			['DELIVERBY', !this.#lmtp],
			['HELP', true],
		];
		return offers.flatMap(([keyword, offered]) => (offered ? [keyword] : []));
	}

	mail(rest: string): Reply {
		const path = parsePath(rest, 'FROM');
		if (this.#transaction) return said('503 5.5.0 Sender already specified');
		if (path === undefined) return this.#fault(syntax(rest));
		if (this.#helo === undefined) return said('503 5.0.0 Polite people say HELO first');
		const { shown, address, parameters } = path;
		if (path.wrong) return said(`553 5.0.0 ${shown}... ${path.wrong}`);
		const wrong = address === '' ? undefined : this.#office.checkSender(address);
		if (wrong) return said(`${wrong.code} ${shown}... ${wrong.text}`);
		const options = senderOptions(parameters);
		if ('reply' in options) return this.#fault(options.reply);
		const limit = this.#office.sizeLimit;
		if (limit && options.size > limit) return said(tooBig(limit));
		const sender = address === '' ? null : address;
		this.#transaction = { sender, options, recipients: [], asked: 0 };
		return said(`250 2.1.0 ${shown}... Sender ok`);
	}

	recipient(rest: string): Reply {
		if (this.#transaction === undefined) return said('503 5.0.0 Need MAIL before RCPT');
		const path = parsePath(rest, 'TO');
		if (path === undefined) return this.#fault(syntax(rest));
		const transaction = this.#transaction;
		transaction.asked++;
		const { shown, address } = path;
		if (path.wrong) return said(`553 5.0.0 ${shown}... ${path.wrong}`);
		if (address === '') return said(`553 5.0.0 ${shown}... User address required`);
		const options = recipientOptions(path.parameters);
		if ('reply' in options) return this.#fault(options.reply);
		if (transaction.recipients.length >= this.#office.recipientLimit) {
			return said('452 4.5.3 Too many recipients');
		}
		const mayRelay = this.#client.trusted || this.#login !== undefined;
		const wrong = this.#office.checkRecipient(address, mayRelay);
		if (wrong) return this.#guess(`${wrong.code} ${shown}... ${wrong.text}`);
		transaction.recipients.push({ address, ...options });
		return said(`250 2.1.5 ${shown}... Recipient ok`);
	}

	/** Strangers who try names one after the other are not let go on for ever. */
	#guess(text: string): Reply {
		return this.#client.trusted ? said(text) : this.#fault(text);
	}

	data(): Reply {
		if (this.#transaction === undefined) return said('503 5.0.0 Need MAIL command');
		if (this.#transaction.recipients.length === 0) {
			return said('503 5.0.0 Need RCPT (recipient)');
		}
		return { lines: ['354 End data with <CR><LF>.<CR><LF>'], next: 'letter' };
	}

	/** Answers a letter that came after DATA. */
	async letter(octets: Buffer, fault: Fault | undefined): Promise<Reply> {
		const transaction = this.#transaction as Transaction;
		this.#transaction = undefined;
		if (fault === 'bare LF') return said('421 4.5.0 Bare linefeed (LF) not allowed', 'close');
		if (fault === 'bare CR') {
			return said('421 4.5.0 Bare carriage return (CR) not allowed', 'close');
		}
		const each = this.#lmtp ? transaction.recipients.map((one) => [one]) : [transaction.recipients];
		const lines: string[] = [];
		for (const recipients of each) {
			if (fault === 'too big') lines.push(tooBig(this.#office.sizeLimit ?? 0));
			else lines.push(await this.#accept(transaction, recipients, octets));
		}
		return { lines };
	}

	async #accept(
		{ sender, options, asked }: Transaction,
		recipients: readonly IncomingRecipient[],
		octets: Buffer,
	): Promise<string> {
		const { returned, envelopeId, by } = options;
		const answer = await this.#office.accept({
			sender,
			recipients,
			octets,
			helo: this.#helo as string,
			protocol: this.#protocol(),
			asked: this.#lmtp ? 1 : asked,
			returned,
			envelopeId,
			by,
			login: this.#login,
		});
		const only = this.#lmtp ? ` <${recipients[0]?.address}>...` : '';
		if (typeof answer !== 'string') return `${answer.code}${only} ${answer.text}`;
		if (this.#lmtp) return `250 2.1.5${only} ${answer} Message accepted for delivery`;
		return `250 2.0.0 ${answer} Message accepted for delivery`;
	}

	/** RFC 3848. */
	#protocol(): string {
		const name = this.#lmtp ? 'LMTP' : this.#extended ? 'ESMTP' : 'SMTP';
		if (name === 'SMTP') return name;
		return `${name}${this.#encrypted ? 'S' : ''}${this.#login === undefined ? '' : 'A'}`;
	}

	verify(address: string, expand: boolean): Reply {
		if (!this.#client.trusted) {
			return said(
				expand
					? '502 5.7.0 Sorry, we do not allow this operation'
					: '252 2.5.2 Cannot VRFY user; try RCPT to attempt delivery',
			);
		}
		if (address === '') return said('501 5.5.2 Argument required');
		const found = this.#office.look(address, expand);
		if (!('code' in found)) return listed('250 2.1.5', found);
		return said(`${found.code} ${clean(address)}... ${found.text}`);
	}

	reset(): Reply {
		this.#transaction = undefined;
		return said('250 2.0.0 Reset state');
	}

	verbose(): Reply {
		return this.#client.trusted
			? said('250 2.0.0 Verbose mode')
			: said('502 5.7.0 Verbose unavailable');
	}

	tryQueue(domain: string): Reply {
		if (!this.#client.trusted) return said('502 5.7.0 Sorry, we do not allow this operation');
		if (this.#transaction) return said('503 5.0.0 Commands not allowed in a transaction');
		if (!/^[@#]?[\w.-]+$/.test(domain)) return said('500 5.5.2 Parameter required');
		this.#office.tryDomain(domain.replace(/^[@#]/, ''));
		return said(`250 2.0.0 Queuing for node ${domain} started`);
	}

	help(): Reply {
		return {
			lines: [
				`214-2.0.0 This is ${this.#office.software}`,
				'214-2.0.0 Topics:',
				'214-2.0.0 \tHELO\tEHLO\tMAIL\tRCPT\tDATA',
				'214-2.0.0 \tRSET\tNOOP\tQUIT\tHELP\tVRFY',
				'214-2.0.0 \tEXPN\tVERB\tETRN\tDSN\tAUTH',
				'214-2.0.0 \tSTARTTLS',
				'214-2.0.0 For local information send email to Postmaster at your site.',
				'214 2.0.0 End of HELP info',
			],
		};
	}

	startTls(rest: string): Reply {
		if (!this.#office.tls || this.#encrypted) return said('454 4.3.3 TLS not available');
		if (rest !== '') return said('501 5.5.2 Syntax error (no parameters allowed)');
		return said('220 2.0.0 Ready to start TLS', 'tls');
	}

	async authenticate(rest: string): Promise<Reply> {
		if (!this.#office.auth) return this.#fault('503 5.3.3 AUTH not available');
		if (!this.#client.private) {
			return said('538 5.7.11 Encryption required for requested authentication mechanism');
		}
		if (this.#login !== undefined) return said('503 5.5.0 Already Authenticated');
		if (this.#transaction) return said('503 5.5.0 AUTH not permitted during a mail transaction');
		this.#authentication = new Authentication(rest);
		return this.#goOn(this.#authentication.begin());
	}

	/** Answers a line of credentials. */
	async credentials(line: string | undefined): Promise<Reply> {
		const authentication = this.#authentication as Authentication;
		return this.#goOn(authentication.line(line ?? '*'));
	}

	async #goOn(step: ReturnType<Authentication['line']>): Promise<Reply> {
		if ('ask' in step) return { lines: [`334 ${step.ask}`], next: 'credentials' };
		this.#authentication = undefined;
		if ('reply' in step) return this.#fault(step.reply);
		if (await this.#office.authenticate(step.name, step.password)) {
			this.#login = step.name;
			return said('235 2.0.0 OK Authenticated');
		}
		if (++this.#failedLogins >= 3) return this.farewell('Too many failed logins', '421 4.7.0');
		return said('535 5.7.8 Authentication failed');
	}
}

type Handler = (this: SmtpSession, rest: string) => Reply | Promise<Reply>;

const handlers: Readonly<Record<string, Handler>> = {
	HELO(rest) {
		return this.hello(rest, 'HELO');
	},
	EHLO(rest) {
		return this.hello(rest, 'EHLO');
	},
	LHLO(rest) {
		return this.hello(rest, 'LHLO');
	},
	MAIL(rest) {
		return this.mail(rest);
	},
	RCPT(rest) {
		return this.recipient(rest);
	},
	DATA() {
		return this.data();
	},
	RSET() {
		return this.reset();
	},
	NOOP() {
		return said('250 2.0.0 OK');
	},
	QUIT() {
		return this.farewell('closing connection', '221 2.0.0');
	},
	HELP() {
		return this.help();
	},
	VRFY(rest) {
		return this.verify(rest, false);
	},
	EXPN(rest) {
		return this.verify(rest, true);
	},
	VERB() {
		return this.verbose();
	},
	ETRN(rest) {
		return this.tryQueue(rest);
	},
	AUTH(rest) {
		return this.authenticate(rest);
	},
	STARTTLS(rest) {
		return this.startTls(rest);
	},
};

function said(line: string, next?: Reply['next']): Reply {
	return next === undefined ? { lines: [line] } : { lines: [line], next };
}

/** A reply of several lines: `250-…` up to the last, `250 …`. */
function listed(code: string, texts: readonly string[]): Reply {
	const [number = '', status = ''] = code.split(' ');
	const start = status === '' ? '' : `${status} `;
	const last = texts.length - 1;
	return { lines: texts.map((text, at) => `${number}${at < last ? '-' : ' '}${start}${text}`) };
}

function syntax(rest: string): string {
	return `501 5.5.2 Syntax error in parameters scanning "${clean(rest)}"`;
}

function tooBig(limit: number): string {
	return `552 5.2.3 Message size exceeds fixed maximum message size (${limit})`;
}
