/**
 * The configuration file (inkloom.conf(5)): `name = value` lines to Settings for the whole post office
 * and ServerSettings for what listens. The table below is the file's whole language; the man page is
 * held to it by a test. Everything has a default, so that no file is needed.
 */
import { readFileSync } from 'node:fs';

import { Complaint, isErrno, reason } from '../complaint.js';
import { openSystem, type System } from '../system.js';
import { Exit } from './envelope.js';
import { loopback, type Network, parseNetwork } from './network.js';
import { type Settings, setSettings } from './settings.js';

/** Where the server listens. */
export type Place =
	| { readonly host: string | undefined; readonly port: number }
	/** A socket of the file system, as shown. */
	| { readonly path: string };

/** What concerns only letters coming in by SMTP. Durations are milliseconds, sizes octets. */
export interface ServerSettings {
	readonly listen: readonly Place[];
	readonly listenLmtp: readonly Place[];
	/** Whose clients may send to other hosts. */
	readonly relayNetworks: readonly Network[];
	/** 0: no limit. Undefined: the usual one by network, none on standard input. */
	readonly sizeLimit: number | undefined;
	readonly recipientLimit: number;
	readonly connectionLimit: number;
	/** Of one client, at a time and within a minute; the relay networks are not held to them. */
	readonly clientLimit: number;
	readonly clientRate: number;
	readonly commandTimeout: number;
	/** Files, as shown. */
	readonly users: string;
	readonly tlsKey: string | undefined;
	readonly tlsCertificate: string | undefined;
	readonly pidFile: string;
}

export interface Configuration {
	readonly hostName: string | undefined;
	readonly settings: Partial<Settings>;
	readonly server: ServerSettings;
}

const defaultFile = '/etc/mail/inkloom.conf';
/** What the server takes where `size_limit` says nothing. */
export const usualSizeLimit = 100 * 2 ** 20;

const minute = 60_000;

const defaultServer: ServerSettings = {
	listen: [
		{ host: '127.0.0.1', port: 25 },
		{ host: '::1', port: 25 },
	],
	listenLmtp: [],
	relayNetworks: loopback,
	sizeLimit: undefined,
	recipientLimit: 1000,
	connectionLimit: 500,
	clientLimit: 50,
	clientRate: 300,
	commandTimeout: 5 * minute,
	users: '/etc/mail/inkloom.users',
	tlsKey: undefined,
	tlsCertificate: undefined,
	pidFile: '/var/run/inkloom.pid',
};

type Writable<T> = { -readonly [K in keyof T]: T[K] };
interface Draft {
	hostName: string | undefined;
	settings: Writable<Partial<Settings>>;
	server: Writable<ServerSettings>;
}

/** Thrown by the readers below; `name = value` is put before it. */
class Unfit extends Error {}

const units: Record<string, number> = {
	s: 1000,
	m: minute,
	h: 60 * minute,
	d: 24 * 60 * minute,
	w: 7 * 24 * 60 * minute,
};

/**
 * `15m`, `1h30m`, `5d`: milliseconds; a bare number counts `unit`. Undefined where it is no duration.
 * What sendmail writes for its own times.
 */
export function parseDuration(text: string, unit = 'm'): number | undefined {
	if (!/^(\d+[smhdw])*\d*$/i.test(text) || text === '') return undefined;
	let sum = 0;
	for (const [, number, letter] of text.matchAll(/(\d+)([smhdw]?)/gi)) {
		sum += Number(number) * (units[(letter || unit).toLowerCase()] as number);
	}
	return sum;
}

function duration(text: string): number {
	const value = parseDuration(text);
	if (value === undefined || (text !== '0' && /\d$/.test(text))) {
		throw new Unfit('a duration such as 30s, 15m, 4h or 5d is wanted');
	}
	return value;
}

function number(text: string): number {
	if (!/^\d{1,9}$/.test(text)) throw new Unfit('a number is wanted');
	return Number(text);
}

function size(text: string): number {
	const [, digits, unit = ''] = /^(\d{1,12})([kmg]?)$/i.exec(text) ?? [];
	if (digits === undefined) throw new Unfit('a size such as 500k or 50M is wanted');
	return Number(digits) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ');
}

function file(text: string): string {
	if (!text.startsWith('/')) throw new Unfit('a path from / is wanted');
	return text;
}

function list(text: string): string[] {
	return text.split(/[\s,]+/).filter(Boolean);
}

function places(text: string): Place[] {
	return list(text).map((item) => {
		if (item.startsWith('/')) return { path: item };
		const [, six, plain, port = '25'] = /^(?:\[(.+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(item) ?? [];
		const host = six ?? plain;
		if (host === undefined || Number(port) > 65_535) {
			throw new Unfit(`"${item}" is not ADDRESS:PORT, [ADDRESS]:PORT, *:PORT or a path`);
		}
		return { host: host === '*' || host === '' ? undefined : host, port: Number(port) };
	});
}

function networks(text: string): Network[] {
	return list(text).map((item) => {
		const network = parseNetwork(item);
		if (!network) throw new Unfit(`"${item}" is not an address or network`);
		return network;
	});
}

function routes(text: string): Record<string, string> {
	const map: Record<string, string> = {};
	for (const item of list(text)) {
		const [, domain, host] = /^([^=]+)=(.+)$/.exec(item) ?? [];
		if (!domain || !host) throw new Unfit(`"${item}" is not DOMAIN=HOST`);
		map[domain.toLowerCase()] = host;
	}
	return map;
}

function policy(text: string): Settings['tls'] {
	if (text !== 'may' && text !== 'must' && text !== 'never') {
		throw new Unfit('may, must or never is wanted');
	}
	return text;
}

function secret(path: string, system: System): string | undefined {
	try {
		return readFileSync(system.real(file(path)), 'utf8').trim();
	} catch (error) {
		if (!isErrno(error)) throw error;
		// Only those who run the queue have to know it.
		if (error.code === 'EACCES') return undefined;
		throw new Unfit(`${path}: ${reason(error)}`);
	}
}

type Reader = (draft: Draft, value: string, system: System) => void;

/** Every setting there is, by name. */
export const settingTable: Readonly<Record<string, Reader>> = {
	host_name: (draft, value) => {
		if (!/^[\w.-]+$/.test(value)) throw new Unfit('a host name is wanted');
		draft.hostName = value;
	},
	local_names: ({ settings }, value) => {
		settings.localNames = list(value.toLowerCase());
	},
	aliases: ({ settings }, value) => {
		settings.aliasFile = file(value);
	},
	spool: ({ settings }, value) => {
		settings.spoolFolder = file(value);
	},
	queue: ({ settings }, value) => {
		settings.queueFolder = file(value);
	},
	warn_after: ({ settings }, value) => {
		settings.warnAfter = duration(value);
	},
	return_after: ({ settings }, value) => {
		settings.returnAfter = duration(value);
	},
	retry_min: ({ settings }, value) => {
		settings.retryMin = duration(value);
	},
	retry_max: ({ settings }, value) => {
		settings.retryMax = duration(value);
	},
	deliveries_at_once: ({ settings }, value) => {
		settings.atOnce = Math.max(1, number(value));
	},
	relay_host: ({ settings }, value) => {
		settings.relayHost = value;
	},
	relay_map: ({ settings }, value) => {
		settings.relayMap = routes(value);
	},
	relay_user: ({ settings }, value) => {
		settings.relayUser = value;
	},
	relay_password_file: ({ settings }, value, system) => {
		settings.relayPassword = secret(value, system);
	},
	smtp_port: ({ settings }, value) => {
		settings.smtpPort = number(value);
	},
	smtp_tls: ({ settings }, value) => {
		settings.tls = policy(value);
	},
	smtp_tls_trusted: ({ settings }, value) => {
		settings.tlsCertificates = file(value);
	},
	name_servers: ({ settings }, value) => {
		settings.nameServers = list(value);
	},
	copy_failures_to: ({ settings }, value) => {
		settings.copyFailuresTo = value;
	},
	log: ({ settings }, value) => {
		settings.logFile = value === '-' ? value : file(value);
	},
	listen: ({ server }, value) => {
		server.listen = places(value);
	},
	listen_lmtp: ({ server }, value) => {
		server.listenLmtp = places(value);
	},
	relay_networks: ({ server }, value) => {
		server.relayNetworks = networks(value);
	},
	size_limit: ({ server }, value) => {
		server.sizeLimit = size(value);
	},
	recipient_limit: ({ server }, value) => {
		server.recipientLimit = number(value);
	},
	connection_limit: ({ server }, value) => {
		server.connectionLimit = number(value);
	},
	client_limit: ({ server }, value) => {
		server.clientLimit = number(value);
	},
	client_rate: ({ server }, value) => {
		server.clientRate = number(value);
	},
	command_timeout: ({ server }, value) => {
		server.commandTimeout = duration(value);
	},
	users: ({ server }, value) => {
		server.users = file(value);
	},
	tls_key: ({ server }, value) => {
		server.tlsKey = file(value);
	},
	tls_certificate: ({ server }, value) => {
		server.tlsCertificate = file(value);
	},
	pid_file: ({ server }, value) => {
		server.pidFile = file(value);
	},
};

/** A setting as it stands in the file or, as an option of sendmail, on the command line. */
export interface Line {
	/** `FILE: line N`, or the option. */
	readonly where: string;
	readonly name: string;
	readonly value: string;
}

/** The lines of a configuration file: comments out, continued ones joined. */
function splitConfiguration(text: string, shown: string): (Line | string)[] {
	const lines: (Line | string)[] = [];
	let open: Line | undefined;
	const close = (): void => {
		if (open) lines.push({ ...open, value: open.value.trim() });
		open = undefined;
	};
	for (const [at, raw] of text.split(/\r?\n/).entries()) {
		const where = `${shown}: line ${at + 1}`;
		if (/^\s*(#|$)/.test(raw)) continue;
		if (/^\s/.test(raw) && open) {
			const { value, ...rest }: Line = open;
			open = { ...rest, value: `${value} ${raw.trim()}` };
			continue;
		}
		close();
		const [, name, value] = /^\s*([\w-]+)\s*=\s*(.*)$/.exec(raw) ?? [];
		if (name === undefined || value === undefined) lines.push(`${where}: not "name = value"`);
		else open = { where, name: name.toLowerCase().replace(/-/g, '_'), value };
	}
	close();
	return lines;
}

/** Reads settings. Throws a Complaint (status 78) that names every line that cannot be used. */
function parseConfiguration(lines: readonly (Line | string)[], system: System): Configuration {
	const draft: Draft = { hostName: undefined, settings: {}, server: { ...defaultServer } };
	const wrong: string[] = [];
	for (const line of lines) {
		if (typeof line === 'string') {
			wrong.push(line);
			continue;
		}
		const { where, name, value } = line;
		const read = Object.hasOwn(settingTable, name) ? settingTable[name] : undefined;
		try {
			if (read === undefined) throw new Unfit('no such setting');
			read(draft, value, system);
		} catch (error) {
			if (!(error instanceof Unfit)) throw error;
			wrong.push(`${where}: ${name}: ${error.message}`);
		}
	}
	if (!draft.server.tlsKey !== !draft.server.tlsCertificate) {
		wrong.push('tls_key and tls_certificate go together: one is missing');
	}
	if (wrong.length > 0) throw new Complaint(wrong.join('\n'), 'stdout', Exit.configuration);
	return draft;
}

/** Options of the program of ours that started this one. */
function handedDown({ env }: System): Line[] {
	return env.INKLOOM_SETTINGS ? (JSON.parse(env.INKLOOM_SETTINGS) as Line[]) : [];
}

/** What `configure` gives. */
export interface Configured {
	readonly system: System;
	readonly server: ServerSettings;
}

/**
 * Reads the configuration file and attaches what it says to the system: `path` (`-C`), else
 * `INKLOOM_CONF`, else the default one, which need not be there. `more` comes after the file.
 * Throws a Complaint: status 72 for a file that cannot be opened, 78 for one that makes no sense.
 */
export function configure(
	system: System,
	path: string | undefined = system.env.INKLOOM_CONF,
	more: readonly Line[] = [],
): Configured {
	const shown = path ?? defaultFile;
	let text = '';
	try {
		text = readFileSync(system.real(shown), 'utf8');
	} catch (error) {
		if (!isErrno(error)) throw error;
		if (path !== undefined || error.code !== 'ENOENT') {
			const why = `${shown}: line 0: cannot open: ${reason(error)}`;
			throw new Complaint(why, 'stdout', Exit.osFile);
		}
	}
	const given = [...handedDown(system), ...more];
	const lines = [...splitConfiguration(text, shown), ...given];
	const { hostName, settings, server } = parseConfiguration(lines, system);
	// The programs started from here are to read the same, and to call the host the same.
	const env = {
		...system.env,
		...(path === undefined ? {} : { INKLOOM_CONF: path }),
		...(hostName === undefined ? {} : { INKLOOM_HOST: hostName }),
		...(given.length === 0 ? {} : { INKLOOM_SETTINGS: JSON.stringify(given) }),
	};
	const changed = path !== undefined || hostName !== undefined || more.length > 0;
	const configured = changed ? openSystem(env) : system;
	setSettings(configured, settings);
	return { system: configured, server };
}
