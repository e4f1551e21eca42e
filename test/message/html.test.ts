import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { htmlToText } from '../../src/message/html.js';

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

	it('drops what a browser would hide, and nothing with it', async () => {
		const hidden =
			'<div style="display: none">a<div>b</div></div><p hidden>c<p>d<span style="font-size:0">e</span><span style=\'font-size:0.9em\'>f</span><!-- g > -->';
		assert.equal(await htmlToText(hidden), 'df\n');
		assert.equal(
			await htmlToText('<div style="display:none">never ends <b>x</b>'),
			'never ends x\n',
		);
		assert.equal(await htmlToText('<a title="x hidden y">z</a>'), 'z\n');
	});

	it('keeps cells of tables apart, and rows on lines of their own', async () => {
		const table = '<table><tr><th>A<th>B</tr><tr><td>1</td><td>22</td></tr></table>';
		assert.equal(await htmlToText(table), 'A   B\n1   22\n');
	});

	it('leaves headings as they are written, images as their words, links to programs out', async () => {
		assert.equal(
			await htmlToText(
				'<h1>Big</h1><img src="cid:1" alt="Logo"><img src="http://t/p.gif"><a href="javascript:x()">go</a>',
			),
			'Big\n\n[Logo]go\n',
		);
	});

	it('numbers no link that says itself where it leads', async () => {
		assert.equal(
			await htmlToText('<a href="http://x.example/">http://x.example</a>'),
			'http://x.example\n',
		);
		assert.equal(
			await htmlToText('<a href="mailto:a@x.example?subject=hi">a@x.example</a>.'),
			'a@x.example.\n',
		);
		assert.equal(
			await htmlToText('<a href="http://c.example">http://abc.example</a>'),
			'http://abc.example [1]\n\n[1] http://c.example\n',
		);
	});

	it('drops links without words and spacers, and says where only a picture leads', async () => {
		const link = (target: string, inside: string) =>
			`<a href="http://x.example/${target}">${inside}</a>`;
		assert.equal(
			await htmlToText(
				link('a', '') +
					link('b', '<img src="dot.gif" width=1 height=9>') +
					link('b', ' &nbsp;<img alt=spacer width="1">') +
					link('c', '<img src="c.gif">') +
					link('d', '<img src="d.gif">') +
					link('d', '<b>words </b>') +
					link('e?x=1&amp;y=2', '<img alt="Logo">'),
			),
			'[image] [1] words [2] [Logo] [3]\n\n[1] http://x.example/c\n[2] http://x.example/d\n[3] http://x.example/e?x=1&y=2\n',
		);
	});

	it('puts the number behind the last words, in their line', async () => {
		const item = `<a href="http://x.example/${'y'.repeat(100)}"><p>${'word '.repeat(14)}</p></a>`;
		assert.match((await htmlToText(item)) ?? '', /^(word )+\[1\]\n\n/);
	});

	it('leaves no more than one line empty, and none at the beginning', async () => {
		assert.equal(
			await htmlToText('<br><br><p>a</p><br><br><br><table><tr><td>&nbsp;<td>b</table>'),
			'a\n\nb\n',
		);
	});

	it('comes to an end with tags that never do', { timeout: 60_000 }, async () => {
		for (const bit of ['<', '<!--', '<a "', '<td', '<script>', '<p hidden>', '<h1><']) {
			const text = await htmlToText(bit.repeat(900_000 / bit.length));
			assert.ok(text === undefined || text.length <= 900_001, bit);
		}
	});

	it('gives up on what is too deep or too long', async () => {
		assert.equal(await htmlToText('<div>'.repeat(20_000)), undefined);
		assert.equal(await htmlToText(`<p>${'x'.repeat(2_000_000)}`), undefined);
	});
});
