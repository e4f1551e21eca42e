/**
 * Mail programs of others, where there are any: installed, or unpacked by .ci/peers into the folder that
 * INKLOOM_PEERS names.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
	chmodSync,
	chownSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const unpacked = process.env.INKLOOM_PEERS;
const roots = [...(unpacked ? [unpacked] : []), ''];
const folders = ['usr/bin', 'usr/sbin', 'bin', 'sbin'];

/** The path of a program; undefined where there is none. */
export function foreign(name: string): string | undefined {
	for (const root of roots) {
		const found = folders.map((folder) => join(`${root}/`, folder, name)).find(existsSync);
		if (found !== undefined) return found;
	}
	return undefined;
}

/** The environment in which unpacked programs find their libraries. */
export const foreignEnv: NodeJS.ProcessEnv = {
	PATH: process.env.PATH,
	TZ: 'UTC',
	...(unpacked
		? {
				LD_LIBRARY_PATH: ['postfix', 'x86_64-linux-gnu']
					.map((at) => `${unpacked}/usr/lib/${at}`)
					.join(':'),
			}
		: {}),
};

export interface Ended {
	readonly status: number | null;
	readonly out: string;
}

/** Runs a program to its end. */
export function runForeign(
	words: readonly string[],
	input: string | Buffer,
	env: NodeJS.ProcessEnv = foreignEnv,
): Promise<Ended> {
	const child = spawn(words[0] as string, words.slice(1), { env, stdio: ['pipe', 'pipe', 'pipe'] });
	let out = '';
	for (const stream of [child.stdout, child.stderr]) {
		stream.on('data', (octets: Buffer) => {
			out += octets.toString('latin1');
		});
	}
	child.stdin.on('error', () => undefined);
	child.stdin.end(input);
	return new Promise((done, fail) => {
		child.on('error', fail);
		child.on('close', (status) => done({ status, out }));
	});
}

/** Why a program cannot be tried: it is not there, or its libraries are not. */
export function missing(name: string): string | false {
	const path = foreign(name);
	if (path === undefined) return `${name} is not installed`;
	const { status, stderr } = spawnSync(path, ['-?'], { env: foreignEnv, encoding: 'latin1' });
	const broken = status === 127 || /error while loading shared libraries/.test(stderr ?? '');
	return broken ? `${name} does not run here` : false;
}

/** A port that is free at the moment. */
export function freePort(): Promise<number> {
	const server = createServer();
	return new Promise((done) =>
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			server.close(() => done(typeof address === 'object' && address ? address.port : 0));
		}),
	);
}

/**
 * The words that start exim, set up in `work` to append everything somewhere (`target`: options of its
 * appendfile driver); undefined where it cannot run.
 */
export function eximFor(
	work: string,
	mail: number,
	target: readonly string[],
): string[] | undefined {
	const program = foreign('exim4');
	if (program === undefined || process.getuid?.() !== 0) return undefined;
	mkdirSync(`${work}/spool`, { recursive: true });
	for (const path of [work, `${work}/spool`]) chownSync(path, mail, mail);
	writeFileSync(
		`${work}/exim.conf`,
		`primary_hostname = mx.example.org
exim_path = ${program}
exim_user = mail
exim_group = mail
spool_directory = ${work}/spool
log_file_path = ${work}/spool/%slog
keep_environment =
acl_smtp_rcpt = take
begin acl
take:
  accept
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  ${target.join('\n  ')}
  user = mail
  group = mail
  mode = 0660
begin retry
* * F,1h,1s
`,
	);
	const words = [program, '-C', `${work}/exim.conf`];
	if (/^Debian-exim:/m.test(readFileSync('/etc/passwd', 'utf8'))) return words;
	// It wants a user that only its installation makes: it gets one that nobody else sees.
	for (const [name, line] of [
		['passwd', 'Debian-exim:x:101:101::/nonexistent:/usr/sbin/nologin'],
		['group', 'Debian-exim:x:101:'],
	] as const) {
		writeFileSync(`${work}/${name}`, `${readFileSync(`/etc/${name}`, 'utf8')}${line}\n`);
	}
	const bind = ['passwd', 'group'].map((name) => `mount --bind ${work}/${name} /etc/${name}`);
	const script = `${bind.join(' && ')} && exec env -i "$@"`;
	const inside = ['unshare', '-m', 'sh', '-c', script, 'exim'];
	const works = spawnSync(inside[0] as string, [...inside.slice(1), ...words, '-bV']).status === 0;
	return works ? [...inside, ...words] : undefined;
}

export interface Server {
	readonly port: number;
	stop(): Promise<unknown>;
}

/** exim as an SMTP server on a free port: one process a connection, delivering at once. */
export async function serveExim(words: readonly string[]): Promise<Server> {
	const server = createServer({ noDelay: true }, (socket) => {
		const child = spawn(words[0] as string, [...words.slice(1), '-odi', '-bs'], {
			stdio: ['pipe', 'pipe', 'ignore'],
		});
		socket.pipe(child.stdin);
		child.stdout.pipe(socket);
		socket.on('error', () => child.kill());
		child.stdin.on('error', () => undefined);
	});
	await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
	const address = server.address();
	const port = typeof address === 'object' && address ? address.port : 0;
	return { port, stop: () => new Promise((done) => server.close(done)) };
}

const postfixServices = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`;

export interface Postfix extends Server {
	/** Its sendmail program, as a script. */
	readonly sendmail: string;
	/** What it has written to its log. */
	log(): string;
}

/**
 * A whole postfix in `work`, which delivers everything into the maildir `work/box/all`; a string says why
 * there is none. Its two accounts are those that every Debian has and nobody uses.
 */
export async function startPostfix(work: string): Promise<Postfix | string> {
	const program = foreign('postqueue');
	if (program === undefined) return 'postfix is not installed';
	if (process.getuid?.() !== 0) return 'only root can start postfix';
	const id = (...words: string[]) =>
		Number.parseInt(spawnSync('id', words, { encoding: 'latin1' }).stdout ?? '', 10);
	const [owner, group, mail] = [id('-u', 'irc'), id('-g', 'list'), id('-u', 'mail')];
	if ([owner, group, mail].some(Number.isNaN)) return 'the accounts irc, list and mail are needed';
	const root = program.slice(0, -'usr/sbin/postqueue'.length);
	const port = await freePort();
	const queues = 'active bounce corrupt defer deferred flush hold incoming private saved trace';
	for (const name of ['etc', 'data', 'box', 'log', ...queues.split(' ').map((q) => `queue/${q}`)]) {
		mkdirSync(`${work}/${name}`, {
			recursive: true,
			mode: name.startsWith('queue') ? 0o700 : 0o755,
		});
	}
	for (const name of ['maildrop', 'public', 'pid']) mkdirSync(`${work}/queue/${name}`);
	for (const name of queues.split(' ')) chownSync(`${work}/queue/${name}`, owner, 0);
	for (const [name, mode] of [
		['maildrop', 0o730],
		['public', 0o710],
	] as const) {
		chownSync(`${work}/queue/${name}`, owner, group);
		chmodSync(`${work}/queue/${name}`, mode);
	}
	chownSync(`${work}/data`, owner, 0);
	chownSync(`${work}/box`, mail, mail);
	for (const path of [work, `${work}/queue`]) chmodSync(path, 0o755);
	const libraries = foreignEnv.LD_LIBRARY_PATH ?? '';
	writeFileSync(
		`${work}/etc/main.cf`,
		`compatibility_level = 3.6
myhostname = mx.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mail_owner = irc
setgid_group = list
daemon_directory = ${root}usr/lib/postfix/sbin
command_directory = ${root}usr/sbin
shlib_directory = ${root}usr/lib/postfix
meta_directory = ${work}/etc
queue_directory = ${work}/queue
data_directory = ${work}/data
virtual_mailbox_domains = static:all
virtual_mailbox_base = ${work}/box
virtual_mailbox_maps = static:all/
virtual_minimum_uid = 1
virtual_uid_maps = static:${mail}
virtual_gid_maps = static:${mail}
alias_maps =
alias_database =
maillog_file = ${work}/log/maillog
maillog_file_prefixes = ${work}
import_environment = TZ MAIL_CONFIG LD_LIBRARY_PATH=${libraries}
export_environment = TZ MAIL_CONFIG LD_LIBRARY_PATH=${libraries}
`,
	);
	writeFileSync(
		`${work}/etc/master.cf`,
		`127.0.0.1:${port} inet n - n - - smtpd\n${postfixServices}`,
	);
	const maps = [`${root}usr/share/postfix/dynamicmaps.cf`, `${root}etc/postfix/dynamicmaps.cf`];
	const map = maps.find(existsSync);
	if (map) copyFileSync(map, `${work}/etc/dynamicmaps.cf`);
	const sendmail = `${work}/sendmail`;
	writeFileSync(
		sendmail,
		`#!/bin/sh\nLD_LIBRARY_PATH=${libraries} MAIL_CONFIG=${work}/etc exec ${root}usr/sbin/sendmail "$@"\n`,
		{ mode: 0o755 },
	);
	const master = `${root}usr/lib/postfix/sbin/master`;
	const { status, out } = await runForeign([master, '-c', `${work}/etc`, '-w'], '');
	const maillog = `${work}/log/maillog`;
	const log = () => (existsSync(maillog) ? readFileSync(maillog, 'utf8') : '');
	if (status !== 0) return `postfix does not start: ${out}${log()}`;
	const pid = Number.parseInt(readFileSync(`${work}/queue/pid/master.pid`, 'latin1'), 10);
	return {
		port,
		sendmail,
		log,
		stop: async () => process.kill(pid, 'SIGTERM'),
	};
}
