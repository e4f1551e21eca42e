import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { addressLiteral, isLoopback, isWithin, parseNetwork } from '../../src/mta/network.js';

function within(address: string, ...networks: string[]): boolean {
	return isWithin(
		address,
		networks.map((text) => parseNetwork(text) ?? assert.fail(text)),
	);
}

describe('a network', () => {
	it('holds the addresses that begin as it does', () => {
		assert.ok(within('192.0.2.77', '192.0.2.0/24'));
		assert.ok(within('192.0.2.129', '192.0.2.128/25'));
		assert.ok(!within('192.0.2.127', '192.0.2.128/25'));
		assert.ok(within('2001:db8::5', '2001:db8::/32'));
		assert.ok(!within('2001:db9::5', '2001:db8::/32'));
		assert.ok(within('10.1.2.3', '0.0.0.0/0'));
	});
	it('of one protocol holds none of the other, but a mapped address is what it maps', () => {
		assert.ok(!within('::1', '0.0.0.0/0'));
		assert.ok(within('::ffff:192.0.2.7', '192.0.2.0/24'));
		assert.ok(isLoopback('::ffff:127.0.0.1'));
		assert.ok(!isLoopback('::ffff:192.0.2.1'));
	});
	it('is not made of nonsense', () => {
		for (const text of ['', '1.2.3', '1.2.3.4/33', 'host', '::1/129', '1.2.3.4/x']) {
			assert.equal(parseNetwork(text), undefined, text);
		}
	});
	it('names addresses as SMTP does', () => {
		assert.equal(addressLiteral('192.0.2.1'), '[192.0.2.1]');
		assert.equal(addressLiteral('::ffff:192.0.2.1'), '[192.0.2.1]');
		assert.equal(addressLiteral('2001:db8::1'), '[IPv6:2001:db8::1]');
	});
});
