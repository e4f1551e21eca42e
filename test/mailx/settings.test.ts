import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { Desk, letter } from '../harness/desk.js';

describe('settings', () => {
	let desk: Desk;
	beforeEach(() => {
		desk = new Desk({ spool: letter(1) });
	});
	afterEach(() => desk.remove());

	const told = async (lines: string[], variables = {}) =>
		(await desk.play([...lines, 'x'], variables)).split('\n').slice(1).join('\n');

	const table: [rule: string, lines: string[], output: string][] = [
		['set lists what is set', ['set'], 'folder="Mail"\nheader\nsave\n'],
		[
			'set gives values, and takes them away with no',
			['set a=1 b nosave', 'set'],
			'a="1"\nb\nfolder="Mail"\nheader\n',
		],
		[
			'set keeps all behind the first =',
			['set a=b=c', 'set'],
			'a="b=c"\nfolder="Mail"\nheader\nsave\n',
		],
		['set wants a name', ['set =x'], 'Non-null variable name required\n'],
		['unset complains of what is not set', ['unset nope'], '"nope": undefined variable\n'],
		[
			'set lists in two columns with bsdset',
			['set bsdset', 'set'],
			'bsdset\t\nfolder\tMail\nheader\t\nsave\t\n',
		],
		[
			'alias collects members, the latest first',
			['alias t a b', 'group t c', 'alias'],
			't\t c b a\n',
		],
		[
			'alias shows one',
			['alias t a', 'alias u b', 'alias u', 'alias v'],
			'u\t b\n"v": not a group\n',
		],
		['unalias forgets', ['alias t a', 'unalias t', 'alias'], ''],
		['unalias wants a name', ['unalias'], 'Must specify alias or group to remove\n'],
		['alternates replaces its list', ['alternates a b', 'alternates c', 'alternates'], 'c \n'],
		[
			'ignore collects fields',
			['ignore', 'ignore To From', 'ignore'],
			'No fields currently being ignored.\nfrom\nto\n',
		],
		['unignore takes them off', ['ignore to from', 'unignore TO', 'ignore'], 'from\n'],
		[
			'retain, saveignore, saveretain, fwdignore and fwdretain have lists of their own',
			[
				'retain a',
				'saveignore b',
				'saveretain c',
				'fwdignore d',
				'fwdretain e',
				'retain',
				'saveignore',
				'saveretain',
				'fwdignore',
				'fwdretain',
			],
			'a\nb\nc\nd\ne\n',
		],
		[
			'and forget by un',
			[
				'retain a',
				'saveignore b',
				'saveretain c',
				'fwdignore d',
				'fwdretain e',
				'unretain a',
				'unsaveignore b',
				'unsaveretain c',
				'unfwdignore d',
				'unfwdretain e',
				'saveretain',
			],
			'No fields currently being retained.\n',
		],
		[
			'shortcut lists the latest first',
			['shortcut a +x', 'shortcut b +y', 'shortcut'],
			'b=+y\na=+x\n',
		],
		[
			'shortcut wants an expansion',
			['shortcut a', 'shortcut a b c'],
			'expansion name for shortcut missing\ntoo many arguments\n',
		],
		[
			'unshortcut forgets, and says what it does not know',
			['shortcut a b', 'unshortcut a c', 'shortcut', 'unshortcut'],
			'c: no such shortcut\nneed shortcut names to remove\n',
		],
	];
	for (const [rule, lines, output] of table) {
		it(rule, async () => assert.equal(await told(lines), output));
	}

	it('in the environment count as variables that were set', async () => {
		const { session } = desk.session();
		assert.equal(session.variables.get('HOME'), `${desk.dir}/home`);
		session.variables.set('HOME', '/else');
		assert.equal(session.variables.get('HOME'), '/else');
	});

	it('named after an address do not know case', () => {
		const { session } = desk.session();
		session.variables.set('smtp-auth-user-Me@Example.ORG', 'x');
		assert.equal(session.variables.get('smtp-auth-user-me@example.org'), 'x');
	});
});
