/**
 * Names of charsets as letters have them: registered ones (IANA), those of vendors, misspelt ones. Knows
 * which names mean the same; what the octets mean is in charset.ts.
 */

/** Names to what our decoders call it. Windows' own charsets hold what is sent under the older names. */
// biome-ignore format: a table
const names: readonly (readonly [pattern: RegExp, canonical: string])[] = [
	[/^(x-)?(unicode-?1-?1-?)?utf-?8(mb[34]|-mac|n)?$|^cp65001$|^unicode11utf8$/, 'utf-8'],
	[/^(x-)?(unicode-?1-?1-?|csunicode11)?utf-?7$/, 'utf-7'],
	[/^(utf-?16|(cs)?unicode|(iso-?10646-?)?ucs-?2|iso10646|csunicodeascii)$/, 'utf-16'],
	[/^(iso-?10646-?)?ucs-?4$/, 'utf-32be'],
	[/^(cs)?(ks-?c-?5601|ksc-?5601)|^(x-)?(cs)?euc-?kr|^iso-ir-149$|^korean$|^uhc$|^cp949$/, 'cp949'],
	[/^(x-x-|cn-|cs)?big-?5|^cp950$/, 'big5hkscs'],
	[/^(x-|cs)?(sjis|shift-?jis|ms-?kanji)|^windows-?31j$|^cp932$/, 'shift_jis'],
	[/^(x-)?(cs)?euc-?jp|^eucpkdfmtjapanese$|^cp51932$/, 'euc-jp'],
	[/^(cs)?iso-?2022-?kr$|^cp50225$/, 'iso-2022-kr'],
	[/^(cs)?iso-?2022-?jp(-?[123]|-ms|-ext)?$|^cp5022[012]$/, 'iso-2022-jp'],
	[/^hz(-gb-?2312)?$/, 'hz-gb-2312'],
	[/^(cs)?(x-)?(gb-?2312|euc-?cn|gbk|gb-?2312-?80|chinese|cn-gb)|^cp936$/, 'gb18030'],
	[/^cp20866$/, 'koi8-r'],
	[/^cp21866$|^koi8-ru$/, 'koi8-u'],
	[/^(iso-?ir-?203|latin-?9|latin-?0|l9|iso-?8859-?15)$/, 'iso-8859-15'],
	[/^(iso-?ir-?101|latin-?2|l2|iso-?8859-?2)$/, 'iso-8859-2'],
	[/^(iso-?ir-?148|latin-?5|l5|iso-?8859-?9)$/, 'iso-8859-9'],
];

/** What a charset is called here: in lower case, without quotes and vendors' spellings. */
export function canonicalName(charset: string): string {
	const plain = charset
		.toLowerCase()
		.replace(/^['"\s]+|['"\s;,]+$|\s*\(.*$/g, '')
		.replace(/[_\s]/g, '-')
		.replace(/^(?:x-)?(?:windows|win|cp|ibm|dos|ms|oem)-?(?=\d{3,5}$)/, 'cp')
		.replace(/^iso-?8859-?(?=\d)/, 'iso-8859-');
	for (const [pattern, canonical] of names) if (pattern.test(plain)) return canonical;
	return plain.replace(/^cp(?=125\d$|874$)/, 'windows-');
}

/** A name that says nothing, of mailers that did not know it themselves. */
export function isUnknown(charset: string): boolean {
	return /^(x-)?(unknown|user-defined|default)|^(8bit|binary|none|unknown-8bit|us-ascii-8bit|ansi|)$/.test(
		canonicalName(charset),
	);
}
