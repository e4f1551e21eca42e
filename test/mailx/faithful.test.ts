/**
 * With -n the program is Heirloom's, faults included: what a session of it shows and leaves on disk where one
 * would not expect it. Each row was seen in the original; the built program plays it by pipes.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

import { programs } from '../harness/world.js';

const letter = (fields: string, body: string) =>
	`From a@b.example Mon Jan  9 09:30:00 2023\nFrom: a@b.example\n${fields}\n\n${body}\n\n`;
const plain = letter('Subject: one', 'text');
const typed = 'Mime-Version: 1.0\nContent-Type: text/plain; charset=';
const umlauts = letter(`Subject: =?utf-8?q?gr=C3=BCn?=\n${typed}utf-8`, 'M\xc3\xbcll');
const acting = letter('Subject: x', 'back\bspace, over\rwrite, \xe2\x80\xaeturned, \x1besc');

interface Row {
	readonly spool?: string;
	readonly rc?: string;
	readonly lines: string;
	readonly files?: Readonly<Record<string, string>>;
	readonly words?: readonly string[];
	readonly locale?: string;
	/** In all that is told; what must not be there. */
	readonly told?: RegExp;
	readonly untold?: RegExp;
	/** In what the mailer gets (`sent`, a text in base64 decoded), or another file. */
	readonly file?: readonly [name: string, holds: RegExp];
}

const rows: Readonly<Record<string, Row>> = {
	'a quotation has the octets of what it quotes, but for escapes': {
		spool: acting,
		rc: 'set dot quote',
		lines: 'r 1\n.\nx\n',
		file: ['sent', /back\x08space, over\rwrite, \xe2\x80\xaeturned, \xe2\x90\x9besc/],
		untold: /[\b\r\x1b]/,
	},
	'~m has them, too': {
		spool: acting,
		words: ['-~'],
		lines: 'mail a@b.example\n~m 1\n~p\n~.\nx\n',
		file: ['sent', /\tback\x08space, over\rwrite/],
		untold: /[\b\r\x1b]/,
	},
	'ttycharset is what is written, the locale says what is seen of it: ASCII': {
		spool: umlauts,
		rc: 'set ttycharset=utf-8',
		locale: 'C',
		lines: 'p 1\nx\n',
		told: /gr\?\?n[\s\S]*Subject: gr\?\?n[\s\S]*M\?\?ll/,
	},
	'and UTF-8': {
		spool: umlauts,
		rc: 'set ttycharset=iso-8859-15',
		lines: 'p 1\nx\n',
		told: /gr\xef\xbf\xbdn[\s\S]*Subject: gr\xef\xbf\xbdn[\s\S]*M\xef\xbf\xbdll/,
	},
	'what ttycharset has no character for is a ? for each octet': {
		spool: umlauts,
		rc: 'set ttycharset=koi8-r',
		lines: 'p 1\nx\n',
		told: /Subject: gr\?\?n[\s\S]*M\?\?ll/,
	},
	'an encoding that means nothing is told by text above 127 only': {
		rc: 'set dot encoding=foo',
		lines: 'mail a@b.example\nplain\n.\nx\n',
		untold: /Warning/,
	},
	'and there it is': {
		rc: 'set dot encoding=foo',
		lines: 'mail a@b.example\nM\xc3\xbcll\n.\nx\n',
		told: /Warning: invalid encoding foo, using 8bit/,
	},
	'a program among the recipients is named in the header': {
		rc: 'set dot',
		lines: 'mail |true a@b.example\nx\n.\nx\n',
		file: ['sent', /^To: a@b\.example, \|true$/m],
	},
	'quit in a macro does nothing': {
		lines: 'define m {\nq\n}\ncall m\necho still here\nx\n',
		told: /still here/,
	},
	'but in a file that is sourced it ends the file': {
		files: { cmds: 'define m {\nq\n}\ncall m\necho not here\n' },
		lines: 'source cmds\necho still here\nx\n',
		told: /still here/,
		untold: /not here/,
	},
	'a tilde in folder is a name': {
		rc: 'set folder=~/Mail',
		lines: 'echo +x\nx\n',
		told: /\/home\/~\/Mail\/x/,
	},
	'a directory that is sourced says nothing': {
		files: { 'dir/x': '' },
		lines: 'source dir\necho after\nx\n',
		untold: /directory/,
		told: /after/,
	},
	'a backslash at the very end continues nothing': {
		lines: 'echo last\\',
		told: /^last$/m,
	},
	'nor at the end of a file that is sourced': {
		files: { cmds: 'echo last\\\n' },
		lines: 'source cmds\necho next\nx\n',
		told: /^last\nnext$/m,
	},
	'write loses the first line of a message without header': {
		spool: 'From a@b Mon Jan  9 09:30:00 2023\nlost\nkept\n\n',
		lines: 'w 1 out\nx\n',
		file: ['out', /^kept\n$/],
		told: /"out" \[New file\] 1\/5/,
	},
	'a shell that is not there is told by its name': {
		rc: 'set SHELL=/nosuch',
		lines: '!echo x\n| 1 cat\nx\n',
		told: /^(?:\/nosuch: No such file or directory\n){2}/m,
	},
};

const keepsLetter = '#!/bin/sh\ncat > "$HOME/../sent"\n';

function play(row: Row): { told: string; read(name: string): string; remove(): void } {
	const dir = mkdtempSync(join(tmpdir(), 'faithful-'));
	const put = (name: string, text: string, mode = 0o644) => {
		mkdirSync(dirname(join(dir, name)), { recursive: true });
		writeFileSync(join(dir, name), text, 'latin1');
		chmodSync(join(dir, name), mode);
	};
	put('mailer', keepsLetter, 0o755);
	put('spool', row.spool ?? plain);
	put('home/.mailrc', `set sendmail=${dir}/mailer sendwait\n${row.rc ?? ''}\n`);
	for (const [name, text] of Object.entries(row.files ?? {})) put(name, text);
	const ended = spawnSync(
		process.execPath,
		[join(programs, 'mail.cjs'), '-n', ...(row.words ?? [])],
		{
			cwd: dir,
			input: Buffer.from(row.lines, 'latin1'),
			env: {
				PATH: process.env.PATH,
				HOME: join(dir, 'home'),
				MAIL: join(dir, 'spool'),
				USER: 'pue',
				LC_ALL: row.locale ?? 'C.UTF-8',
				TZ: 'UTC',
			},
		},
	);
	assert.equal(ended.status, 0);
	const told = Buffer.concat([ended.stdout, ended.stderr]).toString('latin1');
	return {
		told,
		read(name) {
			if (!existsSync(join(dir, name))) return '(absent)';
			const text = readFileSync(join(dir, name), 'latin1');
			if (!text.includes('Encoding: base64\n')) return text;
			return Buffer.from(text.slice(text.indexOf('\n\n')), 'base64').toString('latin1');
		},
		remove: () => rmSync(dir, { recursive: true, force: true }),
	};
}

describe('mail -n, as Heirloom:', () => {
	for (const [rule, row] of Object.entries(rows)) {
		it(rule, () => {
			const { told, read, remove } = play(row);
			try {
				if (row.told) assert.match(told, row.told);
				if (row.untold) assert.doesNotMatch(told, row.untold);
				if (row.file) assert.match(read(row.file[0]), row.file[1]);
			} finally {
				remove();
			}
		});
	}
});
