/**
 * What an administrator may set about the post office, with what holds where nothing is said. The
 * programs read it from the configuration file and attach it to the System they work on; here is no
 * file. Durations are milliseconds.
 */
import type { System } from '../system.js';

export interface Settings {
	/** Names of this host besides its own and localhost, in lower case. */
	readonly localNames: readonly string[];
	/** The aliases file, as shown. */
	readonly aliasFile: string;
	/** The queue's folder, as shown; undefined: /var/spool/mqueue. */
	readonly queueFolder: string | undefined;
	/** The folder of the system mailboxes, as shown; undefined: /var/spool/mail or /var/mail. */
	readonly spoolFolder: string | undefined;
	/** Undelivered for so long: its sender is told, once (`queuewarn`). 0: never. */
	readonly warnAfter: number;
	/** Undelivered for so long: returned (`queuereturn`). */
	readonly returnAfter: number;
	/** The pause after the first try; doubled after each further one up to `retryMax`. */
	readonly retryMin: number;
	readonly retryMax: number;
	/** Letters to other hosts under way at the same time in one queue run. */
	readonly atOnce: number;
	/** Everything for other hosts goes there: `host`, `host:port`, `[host]`, `[host]:port`; brackets: no MX. */
	readonly relayHost: string | undefined;
	/** The same by domain; `.example.org` stands for all hosts below it. */
	readonly relayMap: Readonly<Record<string, string>>;
	readonly relayUser: string | undefined;
	readonly relayPassword: string | undefined;
	/** The port of exchangers found by name. */
	readonly smtpPort: number;
	/** STARTTLS: where offered, always and with a certificate that proves the name, never. */
	readonly tls: 'may' | 'must' | 'never';
	/** A file of certificates to trust besides the usual ones, as shown. */
	readonly tlsCertificates: string | undefined;
	/** `address` or `address:port` of name servers; none: those of the machine. */
	readonly nameServers: readonly string[];
	/** Who gets a copy of every failure report, header only. */
	readonly copyFailuresTo: string | undefined;
	/** The program for addresses of the form `host!user`. */
	readonly uux: string;
	/** Where log lines go, as shown; `-`: standard error; undefined: /var/log/mail.log where one may. */
	readonly logFile: string | undefined;
}

const minute = 60_000;
const hour = 60 * minute;

export const defaultSettings: Settings = {
	localNames: [],
	aliasFile: '/etc/aliases',
	queueFolder: undefined,
	spoolFolder: undefined,
	warnAfter: 4 * hour,
	returnAfter: 5 * 24 * hour,
	retryMin: 5 * minute,
	retryMax: 4 * hour,
	atOnce: 10,
	relayHost: undefined,
	relayMap: {},
	relayUser: undefined,
	relayPassword: undefined,
	smtpPort: 25,
	tls: 'may',
	tlsCertificates: undefined,
	nameServers: [],
	copyFailuresTo: undefined,
	uux: '/usr/bin/uux',
	logFile: undefined,
};

const attached = new WeakMap<System, Settings>();

/** Sets what is given, and leaves the rest as it is. */
export function setSettings(system: System, some: Partial<Settings>): void {
	attached.set(system, { ...settingsOf(system), ...some });
}

export function settingsOf(system: System): Settings {
	return attached.get(system) ?? defaultSettings;
}
