import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, describe, it } from 'node:test';
import type { QueueEntry } from '../../src/mta/controlfile.js';
import type { Copy } from '../../src/mta/envelope.js';
import { printQueue } from '../../src/mta/listing.js';
import { makeOffice } from './office.js';

const office = makeOffice();
after(() => office.remove());
// The recordings are of one day in this zone.
process.env.TZ = 'UTC';

interface Given {
	readonly id: string;
	readonly at: string;
	readonly to: readonly (string | readonly [string, string])[];
	/** They are copies for people here, or programs, by this alias. */
	readonly alias?: string;
	readonly sender?: string;
	readonly size?: number;
	readonly tries?: number;
	readonly status?: string;
	readonly busy?: boolean;
	readonly eightBit?: boolean;
	readonly held?: boolean;
	readonly warned?: boolean;
}

function entry(given: Given): QueueEntry {
	const to = given.to.map((each) => (typeof each === 'string' ? ([each, ''] as const) : each));
	const copies = to.map(
		([address]): Copy => ({
			delivery: address.startsWith('"|')
				? { to: 'program', command: address }
				: given.alias
					? { to: 'mailbox', user: address }
					: { to: 'relay', address, host: 'example' },
			address,
			given: address,
			as: undefined,
			alias: given.alias,
			owner: undefined,
		}),
	);
	return {
		letter: {
			id: given.id,
			arrival: Date.parse(`2026-11-22T${given.at}:30Z`),
			sender: given.sender ?? 'root',
			headerOctets: 300,
			bodyOctets: given.size ?? 10,
			eightBit: given.eightBit ?? false,
			copies,
		},
		owed: new Map(),
		waiting: to.map(([, status]) => status),
		tries: given.tries ?? 1,
		lastTry: undefined,
		nextTry: undefined,
		status: given.status ?? '',
		held: given.held ?? false,
		warned: given.warned ?? false,
		busy: given.busy ?? false,
	};
}

const noroute = {
	id: '6AMEKjfX020962',
	at: '14:20',
	to: ['bob@noroute.example'],
	status: 'Deferred: noroute.example.: Network is unreachable',
};
const refused = {
	id: '6AMEKjhx020956',
	at: '14:20',
	to: ['bob@refused.example'],
	status: 'Deferred: Connection refused by mail.refused.example.',
};
const greylisted = {
	id: '6AMEKjFm020945',
	at: '14:20',
	to: [['bob@tempfail.example', 'Deferred: 451 4.7.1 Greylisted, try again later'] as const],
	status: 'Deferred: 451 4.7.1 Greylisted, try again later',
};
const slow = {
	id: '6AMELaiq028194',
	at: '14:21',
	alias: 'slow',
	to: ['"|/bin/sleep 6"'],
	busy: true,
};
const long = {
	id: '6AMELbt9028354',
	at: '14:21',
	sender: `averyveryverylongsendername.with.dots.and.more.and.more.text.to.overflow.columns@x`,
	size: 4,
	eightBit: true,
	to: [
		'averyveryverylongrecipientname.with.dots.and.more.text.to.overflow.columns@refused.example',
		'bob@refused.example',
	],
};
const two = {
	id: '6AMEL7JD023990',
	at: '14:21',
	sender: 'pue',
	alias: 'team',
	to: ['pere', 'pue'],
};
const three = {
	id: '6AMEL7s1023957',
	at: '14:21',
	to: [
		['fullbox@ok.example', 'Deferred: 452 4.2.2 Mailbox full'] as const,
		['bob@refused.example', 'Deferred: Connection refused by mail.refused.example.'] as const,
		['bob@tempfail.example', 'Deferred: 451 4.7.1 Greylisted, try again later'] as const,
	],
	status: 'User unknown',
};
const full = { ...three, status: 'Deferred: 452 4.2.2 Mailbox full' };
const late = {
	id: '6AMETCWN016500',
	at: '14:29',
	sender: 'pue',
	to: ['bob@refused.example'],
	status: 'Warning: could not send message for past 1 second',
	warned: true,
};
const refusedLong = { ...long, to: long.to.toReversed(), status: refused.status };
const busyTemp = { ...greylisted, busy: true };

const recorded = resolve('../shared/delivery/fixtures/mailq');
describe('mailq as recorded', { skip: !existsSync(recorded) }, () => {
	if (!existsSync(recorded)) return;
	const cases: [string, Given[]][] = [
		['mailq-empty', []],
		['mailq-qI-filter-one', [noroute]],
		['mailq-three-deferred', [noroute, refused, greylisted]],
		['mailq-being-processed', [noroute, slow, refused, greylisted, two, three]],
		['mailq-long-addresses-8bit', [noroute, slow, refused, greylisted, long, two, three]],
		['mailq-qR-filter', [greylisted, full]],
		['mailq-several-recipients', [noroute, refused, greylisted, three]],
		['mailq-queued-not-tried', [noroute, refused, greylisted, two, three]],
		['mailq-three-deferred-v', [noroute, refused, greylisted]],
		['mailq-several-recipients-v', [noroute, refused, greylisted, three]],
		['mailq-being-processed-v', [noroute, slow, refused, greylisted, two, three]],
		['mailq-long-addresses-8bit-v', [noroute, slow, refused, greylisted, long, two, three]],
		['mailq-after-retries-v', [slow, busyTemp, noroute, refused, refusedLong, full]],
		['mailq-warned-plus-sign-v', [late]],
	];
	/** Their weight counts the header as it was given, ours as it is sent; the order is tested elsewhere. */
	const weighed = (text: string) => text.replace(/ {4,}\d{5,6}([ +])Nov/g, ' WEIGHT$1Nov');
	for (const [name, given] of cases) {
		it(name, () => {
			const expected = readFileSync(join(recorded, `${name}.txt`), 'latin1');
			const lines = printQueue(office.system, given.map(entry), name.endsWith('-v'));
			assert.equal(weighed(`${lines.join('\n')}\n`), weighed(expected));
		});
	}
});

describe('mailq', () => {
	it('says one request in the singular, and cuts long names', () => {
		const lines = printQueue(office.system, [entry(long)]);
		assert.equal(lines[0], '\t\t/var/spool/mqueue (1 request)');
		assert.equal(
			lines[2],
			'6AMELbt9028354        4 Sun Nov 22 14:21 averyveryverylongsendername.with.dots.a',
		);
		assert.equal(lines[3], '      8BITMIME');
		assert.equal(lines[4], '\t\t\t\t\t averyveryverylongrecipientname.with.do');
	});

	it('with -v names the user and the alias behind a local copy', () => {
		const queued = entry({ ...two, to: ['pere'] });
		const [copy] = queued.letter.copies as [Copy];
		const letter = {
			...queued.letter,
			copies: [{ ...copy, delivery: { to: 'mailbox', user: 'pere' }, alias: 'team' } as Copy],
		};
		const lines = printQueue(office.system, [{ ...queued, letter }], true);
		assert.deepEqual(lines.slice(3, 5), [
			'\t\t\t\t\t\t(---pere:1001:1001:team---)',
			'\t\t\t\t\t\tpere',
		]);
	});
});
