import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { makeVerifier, sha512Crypt } from '../../src/mta/credentials.js';
import { makeOffice } from './office.js';

describe('a hashed password', () => {
	// Of the specification's own examples, and made with `openssl passwd -6`.
	const known: [string, string][] = [
		[
			'Hello world!',
			'$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
		],
		[
			'Hello world!',
			'$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
		],
	];
	for (const [password, hash] of known) {
		it(`is what crypt(3) makes: ${hash.slice(0, 20)}…`, () => {
			assert.equal(sha512Crypt(password, hash), hash);
		});
	}
	it('of another kind, or one that would keep us busy, is none', () => {
		assert.equal(sha512Crypt('x', '$1$abc$'), undefined);
		assert.equal(sha512Crypt('x', 'x'), undefined);
		assert.equal(sha512Crypt('x', '$6$rounds=99999999$abc$'), undefined);
	});
});

describe('the users file', () => {
	it('lets in who is there with that password, and nobody else', async () => {
		const office = makeOffice();
		try {
			const verify = makeVerifier(office.system, '/etc/mail/users');
			assert.equal(await verify('ana', 'secret'), false);
			office.write('etc/mail/users', `# all\nana:${sha512Crypt('secret', '$6$s$')}\nbob:\n`);
			assert.equal(await verify('ana', 'secret'), true);
			assert.equal(await verify('ana', 'Secret'), false);
			assert.equal(await verify('an', 'secret'), false);
			assert.equal(await verify('bob', ''), false);
			assert.equal(await verify('nobody', 'secret'), false);
		} finally {
			office.remove();
		}
	});
});
