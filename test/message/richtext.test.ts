import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { htmlToText } from '../../src/message/richtext.js';

describe('HTML as text', () => {
	it('numbers links, each once, and lists them beneath', async () => {
		const text = await htmlToText(
			'<p>See <a href="http://x.example/a">this</a>, <a href="http://x.example/b">that</a> and <a href="http://x.example/a">this</a>.</p>',
		);
		assert.equal(
			text,
			'See this [1], that [2] and this [1].\n\n[1] http://x.example/a\n[2] http://x.example/b\n',
		);
	});

	it('drops scripts and styles', async () => {
		assert.equal(await htmlToText('<style>p{}</style><script>x()</script><p>text</p>'), 'text\n');
	});

	it('gives up on what is too deep or too long', async () => {
		assert.equal(await htmlToText('<div>'.repeat(20_000)), undefined);
		assert.equal(await htmlToText(`<p>${'x'.repeat(2_000_000)}`), undefined);
	});
});
