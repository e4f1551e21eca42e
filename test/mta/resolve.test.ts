import assert from 'node:assert/strict';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { join, resolve as resolvePath } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { openAliases, rebuildAliases } from '../../src/mta/aliasdb.js';
import { explain, tellStory, verify } from '../../src/mta/explain.js';
import { splitList } from '../../src/mta/recipient.js';
import { copies, resolve } from '../../src/mta/resolve.js';
import { submit } from '../../src/mta/submit.js';
import { makeOffice, type Office } from './office.js';

let office: Office;
beforeEach(() => {
	office = makeOffice();
});
afterEach(() => office.remove());

const look = resolve;

const where = (given: string[]): string[] =>
	copies(look(office.system, given))
		.map(({ delivery }) => {
			if (delivery.to === 'mailbox') return delivery.user;
			if (delivery.to === 'relay') return delivery.address;
			if (delivery.to === 'uucp') return `${delivery.host}!${delivery.user}`;
			return delivery.to === 'file' ? delivery.path : `|${delivery.command}`;
		})
		.sort();

describe('resolution', () => {
	it('makes one copy for a person who is named in four ways', () => {
		office.write('etc/aliases', 'team: pue, pere\nall: team, pue\n');
		assert.deepEqual(where(['team', 'all', 'PUE', 'pue@localhost']), ['pere', 'pue']);
	});

	it('separates with semicolons too, as postfix does, but not inside a command', () => {
		office.write('etc/aliases', 'x: a@b.example;c@d.example\ny: "|cat; true", pue\n');
		assert.deepEqual(where(['x', 'y']), ['a@b.example', 'c@d.example', 'pue', '|cat; true']);
		assert.deepEqual(splitList('|cat; true', true), ['|cat; true']);
	});

	it('leaves a copy with everyone in a circle of .forward files', () => {
		office.write('home/pere/.forward', 'pue\n');
		office.write('home/pue/.forward', 'pere\n');
		assert.deepEqual(where(['pere']), ['pere', 'pue']);
	});

	it('lets an alias of her own name mean the user herself', () => {
		office.write('etc/aliases', 'pue: pue, pere\n');
		assert.deepEqual(where(['pue']), ['pere', 'pue']);
	});

	it('takes failures of a list to its owner', () => {
		office.write('etc/aliases', 'l: pue\nowner-l: ana\nm: pere\nowner-m: ana, pue\n');
		const owners = copies(look(office.system, ['l', 'm'])).map(({ owner }) => owner);
		assert.deepEqual(owners, ['ana', 'owner-m']);
	});

	it('is not exhausted by aliases that double at every step', () => {
		const lines = Array.from({ length: 40 }, (_, n) => `a${n}: a${n + 1}, a${n + 1}`);
		office.write('etc/aliases', `${lines.join('\n')}\na40: pue\n`);
		assert.deepEqual(where(['a0']), ['pue']);
	});

	it('draws the way as a tree', () => {
		office.write('etc/aliases', 'helpdesk: pue, root\nroot: pue\n');
		office.write('home/pue/.forward', '\\pue, pere@example.org\n');
		const drawn = explain(office.system, look(office.system, ['helpdesk']));
		assert.match(drawn[0] ?? '', /^helpdesk +alias \/etc\/aliases:1 +pue, root$/);
		assert.match(
			drawn[1] ?? '',
			/^├─ pue +forward \/home\/pue\/\.forward:1 +\\pue, pere@example\.org$/,
		);
		assert.match(
			drawn[2] ?? '',
			/^│ {2}├─ \\pue +mailbox +\/var\/spool\/mail\/pue \(will append\)$/,
		);
		assert.match(drawn[3] ?? '', /^│ {2}└─ pere@example\.org +relay +by SMTP to example\.org/);
		assert.match(drawn[4] ?? '', /^└─ root +alias \/etc\/aliases:2 +pue$/);
		assert.match(drawn[5] ?? '', /^ {3}└─ pue +duplicate +already above, one copy only$/);
	});
});

describe('a table older than its file', () => {
	it('is named where an alias is missed', () => {
		office.write('etc/aliases', 'a: pue\n');
		rebuildAliases(office.system);
		office.write('etc/aliases', 'a: pue\nfresh: pere\n');
		const lines = explain(office.system, resolve(office.system, ['fresh']));
		assert.match(lines[0] ?? '', /^fresh +fails +User unknown \(5\.1\.1\)$/);
		assert.equal(lines[1], '/etc/aliases has changed since newaliases was run: run newaliases');
	});
});

const fixtures = resolvePath('../shared/delivery/fixtures');

/** Lines of `-bv` without their order, and without the dot of a name that DNS has confirmed. */
const asSet = (text: string | readonly string[]): string[] =>
	(typeof text === 'string' ? text.split('\n') : [...text])
		.filter((line) => line !== '')
		.map((line) => line.replace(/, host (\S+?)\.,/, ', host $1,'))
		.sort();

describe('-bv as recorded', { skip: !existsSync(fixtures) }, () => {
	if (!existsSync(fixtures)) return;
	const cases = JSON.parse(readFileSync(join(fixtures, 'bv/cases.json'), 'utf8')) as {
		arg: string;
		stdout: string;
		exit: number;
	}[];
	for (const { arg, stdout, exit } of cases) {
		// A semicolon separates here (aliases(5) says so).
		if (arg === 'user1') continue;
		it(JSON.stringify(arg), () => {
			office.write('etc/aliases', readFileSync(join(fixtures, 'bv/aliases.txt')));
			office.write('etc/mail/list1', readFileSync(join(fixtures, 'bv/include-list1.txt')));
			const given = /[,<(;"]/.test(arg) ? splitList(arg, false) : arg.split(' ').filter(Boolean);
			const { lines, status } = verify(look(office.system, given));
			assert.deepEqual(asSet(lines), asSet(stdout));
			assert.equal(status, exit);
		});
	}
});

describe('.forward as recorded', { skip: !existsSync(fixtures) }, () => {
	if (!existsSync(fixtures)) return;
	const names = [
		'backslash_direct badsyntax comma comment detail detail_plain devnull dir_groupwritable',
		'dir_worldwritable empty env file fileq groupwritable hostname include keepcopy mutual newline',
		'none one onlycomment phrase pipe_fail pipe_missing pipe_tempfail pipeq pipeq_comma quoteduser',
		'remote self self_and_other symlink unknown unknown_and_known unreadable worldwritable',
	].flatMap((row) => row.split(' '));
	for (const name of names) {
		it(name, () => {
			const recorded = JSON.parse(
				readFileSync(join(fixtures, `forward/${name}.expected.json`), 'utf8'),
			);
			office.write('etc/aliases', readFileSync(join(fixtures, 'bv/aliases.txt')));
			office.write('etc/mail/list1', readFileSync(join(fixtures, 'bv/include-list1.txt')));
			const content = join(fixtures, `forward/${name}.forward`);
			const path = join(office.root, 'home/pere', recorded.forward_file);
			if (existsSync(content)) {
				office.write(`home/pere/${recorded.forward_file}`, readFileSync(content));
				chmodSync(path, Number.parseInt(recorded.mode, 8));
			}
			if (name === 'symlink') {
				office.write('home/pere/elsewhere', 'pue\n');
				symlinkSync('elsewhere', path);
			}
			if (name === 'mutual') office.write('home/pue/.forward', 'pere\n');
			chmodSync(join(office.root, 'home/pere'), Number.parseInt(recorded.home_mode ?? '755', 8));
			const argument = recorded.verify.cmd.replace('sendmail -bv ', '');
			const trees = look(office.system, [argument]);
			const { lines, status } = verify(trees);
			assert.deepEqual(asSet(lines), asSet(recorded.verify.stdout));
			assert.equal(status, recorded.verify.exit);
			const told = (recorded.send.stdout as string)
				.split('\n')
				.filter((line) =>
					/forwarding to|sending to|including|forward: |\.forward: line/.test(line),
				);
			assert.deepEqual(tellStory(trees), told);
		});
	}
});

describe('the story of -v as recorded', { skip: !existsSync(fixtures) }, () => {
	if (!existsSync(fixtures)) return;
	for (const name of ['file', 'inc', 'local', 'loop', 'mixed', 'prog', 'two', 'unknown']) {
		it(name, async () => {
			const text = readFileSync(join(fixtures, `dialogue/v-${name}.txt`), 'latin1');
			const [command = '', ...lines] = text.trim().split('\n');
			office.write('etc/aliases', readFileSync(join(fixtures, 'bv/aliases.txt')));
			office.write('etc/mail/list1', readFileSync(join(fixtures, 'bv/include-list1.txt')));
			const given = /-v (.*?) {2,}/.exec(command)?.[1]?.split(/[ ,]/) ?? [];
			const done = await submit(office.as('root'), Buffer.from('\nx\n'), {
				sender: undefined,
				recipients: given,
			});
			const exit = Number(/\d+/.exec(lines.pop() ?? '')?.[0]);
			// The dead.letter is another's to tell. One detour of the loop is not repeated.
			const expected = lines.filter((line) => !/^root\.\.\. aliased|dead\.letter/.test(line));
			const told =
				name === 'loop' ? expected.toSpliced(2, 2, 'loopa... duplicate suppressed') : expected;
			assert.deepEqual([...done.story].sort(), told.sort());
			assert.equal(done.status, exit);
		});
	}
});

describe('delivery through .forward as recorded', { skip: !existsSync(fixtures) }, () => {
	if (!existsSync(fixtures)) return;
	const names = [
		'badsyntax comma comment devnull empty file fileq hostname include keepcopy mutual none',
		'pipe_fail pipe_missing pipe_tempfail quoteduser self self_and_other unknown',
		'unknown_and_known worldwritable backslash_direct detail_plain',
	].flatMap((row) => row.split(' '));
	for (const name of names) {
		it(name, async () => {
			const recorded = JSON.parse(
				readFileSync(join(fixtures, `forward/${name}.expected.json`), 'utf8'),
			);
			office.write('etc/aliases', readFileSync(join(fixtures, 'bv/aliases.txt')));
			office.write('etc/mail/list1', readFileSync(join(fixtures, 'bv/include-list1.txt')));
			const content = join(fixtures, `forward/${name}.forward`);
			if (existsSync(content)) {
				const path = office.write(`home/pere/${recorded.forward_file}`, readFileSync(content));
				chmodSync(path, Number.parseInt(recorded.mode, 8));
			}
			if (name === 'mutual') office.write('home/pue/.forward', 'pere\n');
			const done = await submit(office.as('root'), Buffer.from('Subject: s\n\nx\n'), {
				sender: undefined,
				recipients: [recorded.send.cmd.replace('sendmail -Am -v ', '')],
			});
			assert.equal(done.status, recorded.send.exit);
			const counts = readdirSync(join(office.root, 'var/spool/mail')).map((user) => {
				const text = readFileSync(join(office.root, 'var/spool/mail', user), 'latin1');
				return [user, text.split(/^From /m).length - 1];
			});
			assert.deepEqual(Object.fromEntries(counts), recorded.mailboxes);
			for (const file of recorded.files_written) {
				assert.ok(existsSync(join(office.root, 'home/pere', file)), file);
			}
			const queue = readdirSync(join(office.root, 'var/spool/mqueue'));
			assert.equal(queue.length > 0, recorded.left_in_queue);
		});
	}
});

describe('the database of aliases', () => {
	it('is used until newaliases, and said to be old', () => {
		office.write('etc/aliases', 'a: pue\n');
		assert.deepEqual(rebuildAliases(office.system), {
			lines: ['/etc/aliases: 1 aliases, longest 3 bytes, 4 bytes total'],
			status: 0,
		});
		office.write('etc/aliases', 'a: pue\nfresh: pere\n');
		const book = openAliases(office.system);
		assert.equal(book.stale, true);
		assert.equal(book.find('fresh'), undefined);
		assert.equal(book.find('A')?.value, 'pue');
		book.close();
		rebuildAliases(office.system);
		const rebuilt = openAliases(office.system);
		assert.equal(rebuilt.find('fresh')?.line, 2);
		assert.equal(rebuilt.stale, false);
		rebuilt.close();
	});

	it('keeps the old one when the file is not to be trusted, unreadable or nothing but errors', () => {
		const path = office.write('etc/aliases', 'a: pue\n');
		rebuildAliases(office.system);
		const old = readFileSync(`${path}.db`);
		office.write('etc/aliases', 'b: pue\n');
		chmodSync(path, 0o664);
		assert.deepEqual(rebuildAliases(office.system).lines, [
			'newaliases: cannot open /etc/aliases: Group writable file',
		]);
		chmodSync(path, 0o644);
		office.write('etc/aliases', 'no colon\n');
		assert.equal(rebuildAliases(office.system).status, 70);
		rmSync(path);
		mkdirSync(path);
		assert.match(rebuildAliases(office.system).lines[0] ?? '', /Is a directory/);
		assert.deepEqual(readFileSync(`${path}.db`), old);
	});

	it('leaves the database of another program alone', () => {
		const path = office.write('etc/aliases', 'a: pue\n');
		writeFileSync(`${path}.db`, 'Berkeley');
		rebuildAliases(office.system);
		assert.equal(readFileSync(`${path}.db`, 'latin1'), 'Berkeley');
		const book = openAliases(office.system);
		assert.equal(book.find('a')?.value, 'pue');
		book.close();
	});

	it('finds every one of many, whatever collides', () => {
		const lines = Array.from({ length: 20_000 }, (_, n) => `name${n}: target${n}@example.org`);
		office.write('etc/aliases', `${lines.join('\n')}\nlong: ${'x'.repeat(4000)}\n`);
		rebuildAliases(office.system);
		const book = openAliases(office.system);
		for (let n = 0; n < 20_000; n += 7) {
			assert.equal(book.find(`name${n}`)?.value, `target${n}@example.org`);
		}
		assert.equal(book.find('long')?.value.length, 4000);
		assert.equal(book.find('name20000'), undefined);
		book.close();
	});
});
