import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDate, parsePostmarkDate, printCtime, printDate } from '../../src/message/date.js';

describe('parseDate', () => {
	// biome-ignore format: a table
	const rows = [
		['Tue, 09 Nov 2021 17:21:00 +0000', '2021-11-09T17:21:00.000Z'],
		['9 Nov 2021 17:21 -0530', '2021-11-09T22:51:00.000Z'],
		['Tue, 9 Nov 21 17:21:05 EST (winter (time))', '2021-11-09T22:21:05.000Z'],
		['9 Nov 99 17:21:05 GMT', '1999-11-09T17:21:05.000Z'],
		['(a) Tue (b), 9 nov 2021 17:21:05', '2021-11-09T17:21:05.000Z'],
		['yesterday', undefined],
		['', undefined],
	] as const;
	for (const [value, expected] of rows) {
		it(`reads ${value}`, () => assert.equal(parseDate(value)?.toISOString(), expected));
	}
});

describe('dates in print', () => {
	const date = new Date(2021, 10, 9, 7, 2, 3);
	it('are as ctime has them, and are read again', () => {
		assert.equal(printCtime(date), 'Tue Nov  9 07:02:03 2021');
		assert.deepEqual(parsePostmarkDate(`From a@b ${printCtime(date)}`), date);
	});
	it('are as RFC 5322 has them, and are read again', () => {
		assert.match(printDate(date), /^Tue, 09 Nov 2021 07:02:03 [-+]\d{4}$/);
		assert.deepEqual(parseDate(printDate(date)), date);
	});
});
