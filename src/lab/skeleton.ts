/**
 * What a new lab holds, as data: the people, the aliases of a usual system, and the two letters of the
 * textbook waiting for pue. Paths are relative to the lab's root. It touches no disk.
 */

/** Everybody who has a login here; pue is who one is on entering. */
export const people = [
	{ name: 'root', home: '/root' },
	{ name: 'pue', home: '/home/pue' },
	{ name: 'pere', home: '/home/pere' },
	{ name: 'profe', home: '/home/profe' },
] as const;

export const host = 'localhost.localdomain';

/** Folders of a lab, with their modes; parents first. */
export const folders: readonly (readonly [path: string, mode: number])[] = [
	['.lab', 0o755],
	['.lab/bin', 0o755],
	['etc', 0o755],
	['etc/mail', 0o755],
	['home', 0o755],
	['home/pue', 0o755],
	['home/pere', 0o755],
	['home/profe', 0o755],
	['root', 0o755],
	['tmp', 0o755],
	['var', 0o755],
	['var/log', 0o755],
	['var/spool', 0o755],
	['var/spool/mail', 0o775],
	['var/spool/mqueue', 0o700],
];

/** By whom each is read; one alias a word. With `totis: pue, pere` there are 78 of them. */
const aliases: readonly (readonly [target: string, names: string])[] = [
	['postmaster', 'mailer-daemon abuse info sales support marketing'],
	['root', 'postmaster hostmaster webmaster noc security'],
	['webmaster', 'www'],
	['root', 'bin daemon adm lp sync shutdown halt mail news uucp operator games ftp nobody'],
	['news', 'newsadm usenet'],
	['ftp', 'ftpadm'],
	['root', 'apache nginx varnish haproxy tomcat squid named ntp chrony ldap radiusd sssd'],
	['root', 'mysql postgres redis dovecot cyrus postfix smmsp mailnull sshd tcpdump'],
	['root', 'dbus polkitd avahi rpc rpcuser nfsnobody vcsa gdm pulse rtkit abrt nscd nslcd'],
	['root', 'puppet nagios munin amanda backup manager system toor dumper list irc gnats decode'],
];

export function aliasesFile(): string {
	const lines = aliases.flatMap(([target, names]) =>
		names.split(' ').map((name) => `${`${name}:`.padEnd(16)}${target}`),
	);
	return [
		'# Who reads the mail for names that are no persons; see aliases(5).',
		'# After a change here run newaliases: until then the old table is in force.',
		'',
		...lines,
		'',
	].join('\n');
}

/** Everybody's ~/.mailrc. */
export const startupFile = `# mail reads this when it starts. To see no more hints beneath an empty line, type
# "unset coach" at its prompt, or take this line away.
set coach
`;

/**
 * passwd(5). Everybody has the uid of who made the lab: all its files are that one's, and delivery
 * must find them owned by the right person. Nobody has a full name, so that senders read as the
 * textbook prints them.
 */
export function passwdFile(uid: number, gid: number): string {
	return people.map(({ name, home }) => `${name}:x:${uid}:${gid}::${home}:/bin/sh\n`).join('');
}

interface Letter {
	readonly time: string;
	readonly queueId: string;
	readonly messageId: string;
	readonly subject: string;
	readonly status: string;
	readonly body: string;
}

/** As a mail server of 2021 wrote them; 24/877 and 23/881 in the summary. */
const letters: readonly Letter[] = [
	{
		time: '17:21:36',
		queueId: '1A9GLaXp002113',
		messageId: '618aa010.t4KfV9wDq2%pere',
		subject: 'message from pere to pue',
		status: 'Status: O\n',
		body: 'hi pue,\nho do you do?\nbye!\n',
	},
	{
		time: '17:22:58',
		queueId: '1A9GMwQk002131',
		messageId: '618aa062.Yb7sPc1mZo%pere',
		subject: 'second message',
		status: '',
		body: 'hi, this is my second message to pue\ni am pere\nbye\n',
	},
];

function printLetter(letter: Letter): string {
	const date = `Tue, 9 Nov 2021 ${letter.time} +0100`;
	return `From pere@${host}  Tue Nov  9 ${letter.time} 2021
Return-Path: <pere@${host}>
Received: from ${host} (${host} [127.0.0.1])
	by ${host} (8.14.7/8.14.7) with ESMTP id ${letter.queueId}
	(version=TLSv1.2 bits=256 verify=FAIL)
	for <pue@${host}>; ${date}
Received: (from pere@localhost)
	by ${host} (8.14.7/8.14.7/Submit) id ${letter.queueId}
	for pue@${host}; ${date}
From: pere@${host}
Date: ${date}
To: pue@${host}
Subject: ${letter.subject}
Message-ID: <${letter.messageId}@${host}>
User-Agent: Heirloom mailx 12.5 7/5/10
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit
${letter.status}
${letter.body}
`;
}

/** The Message-IDs of the textbook's letters, in order. */
export const letterIds = letters.map(({ messageId }) => `<${messageId}@${host}>`);

/** pue's system mailbox on the first day. */
export function firstMail(): string {
	return letters.map(printLetter).join('');
}
