import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { commands, findCommand, fullName } from '../../src/mailx/commands.js';

describe('the command table', () => {
	it('finds each command by its shortest form and its full name', () => {
		for (const command of commands) {
			const shortest = command.name.replace(/\[.*/, '');
			assert.equal(findCommand(shortest), command, `shortest form of ${command.name}`);
			assert.equal(findCommand(fullName(command)), command, `full name of ${command.name}`);
		}
	});

	it('brackets no more than may be left out', () => {
		for (const command of commands) {
			const shortest = command.name.replace(/\[.*/, '');
			if (shortest.length < 2) continue;
			const shorter = findCommand(shortest.slice(0, -1));
			assert.notEqual(shorter, command, `${command.name} could be shorter`);
		}
	});

	it('takes an empty line for the first command, next', () => {
		assert.equal(findCommand('')?.name, 'n[ext]');
	});

	it('knows nothing else', () => {
		for (const word of ['foo', 'Q', 'typee', 'NEXT']) assert.equal(findCommand(word), undefined);
	});

	it('has a summary for each command', () => {
		for (const command of commands) assert.match(command.summary, /^[a-z].*[^.]$/, command.name);
	});
});
