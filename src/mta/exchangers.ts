/**
 * Which servers take mail for a domain: its exchangers in their order, itself where it has none, or the
 * relay host that was set. Names are looked up here and nowhere else; nobody is spoken to.
 * RFC 5321 5.1, RFC 7505 (null MX).
 */
import type { MxRecord } from 'node:dns';
import { isIP } from 'node:net';

import { isErrno } from '../complaint.js';
import type { System } from '../system.js';
import { type Deferral, Exit, type Failure } from './envelope.js';
import { settingsOf } from './settings.js';

export interface Server {
	readonly host: string;
	readonly port: number;
}

/** The servers to try, in order. */
export interface Route {
	readonly servers: readonly Server[];
	/** All mail takes this way, whatever its domain. */
	readonly relay: boolean;
}

/** `host`, `host:port`, `[host]`, `[host]:port`, IPv6 addresses in brackets only. */
export interface RelayName extends Server {
	/** The host itself is meant, not its exchangers. */
	readonly exact: boolean;
}

/** Reads the name of a relay host; undefined where it is none. */
export function parseRelay(text: string, port = 25): RelayName | undefined {
	const parts = /^(?:\[(?:IPv6:)?([^[\]\s]+)\]|([^[\]:\s]+))(?::(\d{1,5}))?$/i.exec(text.trim());
	const host = parts?.[1] ?? parts?.[2];
	if (host === undefined) return undefined;
	const exact = parts?.[1] !== undefined || isIP(host) !== 0;
	return { host, port: Number(parts?.[3] ?? port), exact };
}

/** The relay for a domain, where one is set: by domain, by the domains above it, for all. */
function relayFor(system: System, domain: string): RelayName | undefined {
	const { relayHost, relayMap, smtpPort } = settingsOf(system);
	const labels = domain.toLowerCase().split('.');
	const above = labels.map((_, at) => `.${labels.slice(at + 1).join('.')}`).slice(0, -1);
	const mapped = [labels.join('.'), ...above].map((name) => relayMap[name]).find(Boolean);
	const name = mapped ?? (system.env.INKLOOM_SMARTHOST || relayHost);
	return name === undefined ? undefined : parseRelay(name, smtpPort);
}

async function resolver(system: System) {
	const { promises: dns } = await import('node:dns');
	const { nameServers } = settingsOf(system);
	const asked = new dns.Resolver({ timeout: 5000, tries: 2 });
	if (nameServers.length > 0) asked.setServers(nameServers);
	return asked;
}

/** How one tries to send to a domain, or why one cannot. */
export async function findRoute(
	system: System,
	domain: string,
): Promise<Route | Deferral | Failure> {
	const relay = relayFor(system, domain);
	if (relay?.exact) return { servers: [relay], relay: true };
	if (relay) {
		const servers = await exchangers(system, relay.host, relay.port);
		return Array.isArray(servers) ? { servers, relay: true } : (servers as Deferral | Failure);
	}
	const literal = /^\[(?:IPv6:)?(.+)\]$/i.exec(domain)?.[1];
	const { smtpPort } = settingsOf(system);
	if (literal !== undefined) {
		return { servers: [{ host: literal, port: smtpPort }], relay: false };
	}
	const servers = await exchangers(system, domain.replace(/\.$/, ''), smtpPort);
	return Array.isArray(servers) ? { servers, relay: false } : (servers as Deferral | Failure);
}

async function exchangers(
	system: System,
	host: string,
	port: number,
): Promise<Server[] | Deferral | Failure> {
	let records: MxRecord[];
	try {
		records = await (await resolver(system)).resolveMx(host);
	} catch (error) {
		if (!isErrno(error)) throw error;
		if (error.code === 'ENODATA') return addressOnly(system, host, port);
		if (error.code === 'ENOTFOUND') return addressOnly(system, host, port, true);
		return lookupFailed(host);
	}
	if (records.every(({ exchange }) => exchange === '' || exchange === '.')) {
		return {
			kind: 'failed',
			reason: 'Host does not accept mail: MX 0 .',
			status: '5.1.10',
			exit: Exit.unavailable,
			diagnostic: 'SMTP; 556 Host does not accept mail: MX 0 .',
			remote: host,
		};
	}
	const sorted = byPreference(system, records);
	const own = sorted.find(({ exchange }) => isOwn(system, exchange));
	// Who is no better than we are would send it back to us.
	const better = own ? sorted.filter(({ priority }) => priority < own.priority) : sorted;
	if (better.length === 0) {
		return {
			kind: 'failed',
			reason: `mail for ${host} loops back to me (MX problem?)`,
			status: '5.4.6',
			exit: Exit.configuration,
			diagnostic: `SMTP; 553 5.4.6 mail for ${host} loops back to me`,
			remote: host,
		};
	}
	return better.map(({ exchange }) => ({ host: exchange.replace(/\.$/, ''), port }));
}

function isOwn({ host }: System, exchange: string): boolean {
	return exchange.replace(/\.$/, '').toLowerCase() === host.toLowerCase();
}

/** The best first; among equals chance decides, which spreads the load. */
function byPreference(system: System, records: readonly MxRecord[]): MxRecord[] {
	return records
		.filter(({ exchange }) => exchange !== '' && exchange !== '.')
		.map((record) => ({ record, lot: system.random(2).readUInt16BE(0) }))
		.sort((a, b) => a.record.priority - b.record.priority || a.lot - b.lot)
		.map(({ record }) => record);
}

function lookupFailed(host: string): Deferral {
	const why = `Name server: ${host}.: host name lookup failure`;
	return { kind: 'deferred', reason: why, status: '4.4.3', remote: host };
}

/** A domain without exchangers is its own, if it has an address. */
async function addressOnly(
	system: System,
	host: string,
	port: number,
	unknown = false,
): Promise<Server[] | Deferral | Failure> {
	try {
		if ((await addressesOf(system, host)).length > 0) return [{ host, port }];
	} catch (error) {
		if (!isErrno(error)) throw error;
		return lookupFailed(host);
	}
	return {
		kind: 'failed',
		reason: `Host unknown (Name server: ${host}${unknown ? '' : '.'}: host not found)`,
		status: '5.1.2',
		exit: Exit.noHost,
		diagnostic: 'SMTP; 550 Host unknown',
		remote: host,
	};
}

/**
 * The addresses of a host, those of IPv4 first. Empty where it has none.
 * Throws errno errors of the name service (ETIMEOUT, ESERVFAIL).
 */
export async function addressesOf(system: System, host: string): Promise<string[]> {
	if (isIP(host)) return [host];
	const asked = await resolver(system);
	const found = await Promise.all(
		[asked.resolve4(host), asked.resolve6(host)].map((answer) => answer.catch(nothing)),
	);
	const addresses = found.flat();
	const { nameServers } = settingsOf(system);
	if (addresses.length > 0 || nameServers.length > 0) return addresses;
	// Names that only this machine knows (/etc/hosts).
	const { promises: dns } = await import('node:dns');
	const known = await dns.lookup(host, { all: true }).catch(nothing);
	return known.map((each) => (typeof each === 'string' ? each : each.address));
}

function nothing(error: unknown): [] {
	if (isErrno(error) && (error.code === 'ENODATA' || error.code === 'ENOTFOUND')) return [];
	throw error;
}
