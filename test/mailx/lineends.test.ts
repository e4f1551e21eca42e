/**
 * Mailboxes whose lines end with CR LF: every command tells, shows, sends and writes what it does where they
 * end with LF; what stays in the mailbox keeps its line ends.
 */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { Desk } from '../harness/desk.js';

const box = `From alice@a.example  Tue Nov  9 17:21:36 2021
From: Alice <alice@a.example>
To: pue@x.example,
	bob@b.example
Subject: first
 folded
Message-Id: <1@a.example>
Date: Tue, 9 Nov 2021 17:21:36 +0000

Hello word
>From the start

second para

From bob@b.example  Wed Nov 10 17:21:36 2021
From: Bob <bob@b.example>
To: pue@x.example
Subject: =?utf-8?q?caf=C3=A9?=
In-Reply-To: <1@a.example>
Status: RO
X-Status: F
Mime-Version: 1.0
Content-Type: multipart/mixed; boundary=b

pre
--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

caf=C3=A9 soft=
 line

--b
Content-Type: text/plain; name="x.txt"
Content-Transfer-Encoding: base64

aGVsbG8Kd29ybGQK

--b
Content-Type: message/rfc822

From: carl@c.example
Subject: inner

inner body
--b--

From carl@c.example  Thu Nov 11 17:21:36 2021
From: carl@c.example
Subject: third
Status: O

text of third

`;

const scripts: readonly string[] = [
	'h|from /third|from (subject first)|from (body word)|from (text "second para")|from (to bob)|from :n|from :f',
	'type *|Type *|show *|top *|size *|next|=',
	'set toplines=40|top 2',
	'set asis|type 2|ignore subject|type 1|retain to|type 2',
	'pipe 1 cat|pipe 2 cat|Pipe 2 cat|set piperaw|pipe 2 cat|pipe 1 "od -c"',
	'reply 1|text|~m 1|~M 1|~f 2|~F 2|~.',
	'set quote|reply 1|x|~.|set quote=allheaders|reply 2|~.|set quote=headers|reply 2|~.',
	'Reply 2|~.|followup 1|~.|forward 1 z@z.example|~.|forward 2 z@z.example|~.',
	'set forward-as-attachment|forward 2 z@z.example|~.',
	'resend 1 z@z.example|Resend 2 z@z.example',
	'write 1 @/out|write 3 @/out',
	'save 1 +new|copy 2 +new|move 3 +other|q',
	'saveignore subject|save 2 +new|q',
	'delete 1|q',
	'delete 2|q',
	'delete 3|undelete 3|unread 2|flag 1|unflag 2|answered 3|draft 1|q',
	'delete *|q',
	'q',
	'type *|q',
	'hold 1|mbox 2|touch 3|q',
	'sort subject|h|thread|h|collapse|h',
	'edit 1|set writebackedited|edit 1|type 1|visual 3|type 3|q',
	'file @/spool|h|type 2|q',
];

/** All that was told, and all files afterwards. */
async function play(spool: string, script: string, folder: string) {
	const desk = new Desk({ spool });
	try {
		desk.put('mailer', `#!/bin/sh\n{ echo "$@"; cat; } >> '${desk.dir}/sent'\n`);
		desk.put('editor', '#!/bin/sh\nexec sed -i -e "s/word/WORD/; s/text/TEXT/" "$1"\n');
		for (const name of ['mailer', 'editor']) chmodSync(join(desk.dir, name), 0o755);
		const own = (name: string) => join(desk.dir, name);
		const told = await desk.play(
			script.split('|'),
			{
				sendmail: own('mailer'),
				sendwait: '',
				TMPDIR: desk.dir,
				from: 'pue@x.example',
				EDITOR: own('editor'),
				VISUAL: own('editor'),
			},
			{ folder: folder === '%' ? '%' : own('spool') },
		);
		const files = new Map<string, string>();
		for (const name of readdirSync(desk.dir, { recursive: true, encoding: 'utf8' })) {
			const text = desk.file(name);
			if (text !== undefined) files.set(name, text);
		}
		return { told, files };
	} finally {
		desk.remove();
	}
}

/** Without figures of octets, and what differs from one moment to the next. */
const steady = (text: string) =>
	text
		.replace(/\d+\/\d+|\/\d+|^ *\d+: \d+$/gm, 'N')
		.replace(/^(> ?)?(Date|Resent-Date|Message-ID|Resent-Message-ID): .*$/gm, '$2')
		.replace(/=_[\w.]+/g, 'B')
		.replace(/desk-\w+/g, 'desk')
		.replace(/^(> |)From (carl|pue)\S* \w{3} \w{3} .*$/gm, '$1From $2');

describe('a mailbox with line ends of CR LF', () => {
	for (const script of scripts) {
		for (const folder of ['%', 'file']) {
			it(`is as any other (${folder}): ${script}`, async () => {
				const expected = await play(box, script, folder);
				const { told, files } = await play(box.replaceAll('\n', '\r\n'), script, folder);
				assert.equal(steady(told), steady(expected.told));
				assert.deepEqual([...files.keys()].sort(), [...expected.files.keys()].sort());
				for (const [name, text] of files) {
					const other = expected.files.get(name) ?? '';
					if (name === 'spool') assert.doesNotMatch(text, /(?<!\r)\n/);
					// What is saved ends in an empty line for those, too, to whom CR LF is none.
					const plain = /spool|mbox|Mail/.test(name)
						? text.replaceAll('\r\n', '\n').replace(/\n\n\n(?=From |$)/g, '\n\n')
						: text;
					assert.equal(steady(plain), steady(other), name);
				}
			});
		}
	}
});
