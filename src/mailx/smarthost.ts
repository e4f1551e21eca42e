/**
 * `set smtp=`: what the variables say about the server of one's choice, as the transport wants it. It
 * knows the variables and the rule that a password is not sent in the clear; it speaks to nobody.
 */
import { isIP } from 'node:net';

import { Complaint } from '../complaint.js';
import { typedNames } from '../message/draft.js';
import type { Transport } from '../mta/transport.js';
import type { Session } from './session.js';

/** The sender's own address: `from`, else the login name at this host. */
function ownAddress({ variables, login, system }: Session): string {
	const [first] = typedNames(variables.get('from') ?? '');
	const name = variables.get('smtp-hostname') || variables.get('hostname') || system.host;
	return first?.address ?? `${login}@${name}`;
}

/** A variable for this sender alone (`NAME-user@host`), else for all. */
function valueFor({ variables }: Session, name: string, address: string): string | undefined {
	return variables.get(`${name}-${address}`) ?? variables.get(name);
}

function isLoopback(host: string): boolean {
	return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** The transport to the server that `smtp` names. Throws Complaint where the variables do not fit. */
export async function smarthost(session: Session, smtp: string): Promise<Transport> {
	const { variables, system } = session;
	const { parseServer, smtpTransport } = await import('../mta/bysmtp.js');
	const server = parseServer(smtp);
	if (!server) throw new Complaint(`smtp=${smtp}: not the name of a server`, 'stderr');
	const sender = ownAddress(session);
	const user = valueFor(session, 'smtp-auth-user', sender);
	const password = valueFor(session, 'smtp-auth-password', sender);
	const method = valueFor(session, 'smtp-auth', sender)?.toUpperCase();
	const wantsLogin = user !== undefined && method !== 'NONE';
	if (wantsLogin && password === undefined) {
		throw new Complaint(
			`smtp=${smtp}: smtp-auth-user is set, but not smtp-auth-password`,
			'stderr',
		);
	}
	if (method !== undefined && !['NONE', 'PLAIN', 'LOGIN', 'CRAM-MD5'].includes(method)) {
		const known = 'none, plain, login and cram-md5';
		throw new Complaint(`smtp-auth=${method.toLowerCase()}: known are ${known}`, 'stderr');
	}
	const login = wantsLogin && password !== undefined ? { user, password, method } : undefined;
	const required = valueFor(session, 'smtp-use-starttls', sender) !== undefined;
	// The original would send the password in the clear.
	const shielded = login !== undefined && !isLoopback(server.host);
	const tls = session.bare ? (required ? 'must' : 'never') : required || shielded ? 'must' : 'may';
	const verify = valueFor(session, 'ssl-verify', `${server.host}:${server.port}`);
	return smtpTransport(system, {
		server: smtp,
		tls,
		login,
		sender,
		unverified: verify === 'ignore' || verify === 'warn',
		certificates: variables.get('ssl-ca-file'),
	});
}
