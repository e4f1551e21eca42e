import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseList, type Specification } from '../../src/mailx/specification.js';

/** A specification as a short word. */
function brief(spec: Specification): string {
	const thread = 'thread' in spec && spec.thread ? '&' : '';
	switch (spec.kind) {
		case 'point':
			return `${thread}${spec.point}`;
		case 'open':
			return `${spec.first}-?`;
		case 'range':
			return `${thread}${spec.first}-${spec.last}`;
		case 'step':
			return thread + (spec.back ? 'previous' : 'next');
		case 'state':
			return `:${spec.letter}`;
		case 'word':
			return `"${spec.word}"`;
		case 'criteria':
			return thread + spec.text;
		case 'mistake':
			return `${spec.complaint.stream}: ${spec.complaint.message}`;
		case 'all':
		case 'again':
		case 'parent':
			return spec.kind;
	}
}

// biome-ignore format: a table
const lists: readonly [text: string, ...specs: string[]][] = [
	[''],
	['1 3', '1', '3'],
	['2-4', '2-?', '2-4'],
	['2--4', '2-?', '2-4'],
	['5-', '5-?'],
	['^-$', '^-?', '^-$'],
	['- +', 'previous', 'next'],
	['2-foo', '2-?', 'stdout: Non-numeric second argument'],
	['2-+', '2-?', 'stdout: Non-numeric second argument'],
	['*', 'all'],
	['`', 'again'],
	[', ;', 'parent', ';'],
	[':u:n', ':u'],
	[':', ':'],
	['5foo', '5', '"foo"'],
	['"/on monday"', '"/on monday"'],
	["'a b'c", '"a b"', '"c"'],
	['a\\"b', '"a"b"'],
	['a\\ b', '"a"', '"b"'],
	['1 "x', '1', 'stderr: Missing "'],
	['&', '&.'],
	['&3', '&3'],
	['& 3', '&.', '3'],
	['(from   x)', '(from x)'],
	['(subject "a  (b")', '(subject "a  (b")'],
	['(from x', 'stderr: Missing ")".'],
	['&(seen)', '&(seen)'],
	[')'],
];

describe('the grammar of message lists', () => {
	for (const [text, ...specs] of lists) {
		it(`reads ${text || 'nothing'} as ${specs.join(', ') || 'nothing'}`, () => {
			assert.deepEqual(parseList(text).map(brief), specs);
		});
	}
	it('gives the thread of an ampersand to the number before it, as the original', () => {
		assert.deepEqual(parseList('1 &4').map(brief), ['&1', '4']);
	});
});
