/** Texts of many scripts and how many cells each takes, in the three fashions of terminals. */
export interface Sample {
	readonly note: string;
	readonly text: string;
	readonly clusters: number;
	readonly joined: number;
	readonly wcwidth: number;
}

type Row = readonly [
	note: string,
	text: string,
	clusters: number,
	joined?: number,
	wcwidth?: number,
];

// biome-ignore format: a table
const rows: readonly Row[] = [
	['ASCII', 'lunch', 5],
	['Latin', 'Grüße', 5],
	['combining acute', 'cafe\u0301', 4],
	['many marks', 'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d', 1],
	['enclosing circle', 'a\u20dd', 1],
	['Greek and signs, ambiguous in width', 'αβ①─…“”—°', 9],
	['Cyrillic with a mark', 'и\u0306', 1],
	['ideographs', '会議の件', 8],
	['ideograph beyond the BMP', '𠮷野家', 6],
	['ideograph with a variation', '葛\u{e0100}', 2],
	['kana with a mark', 'か\u3099き', 4],
	['halfwidth kana with a mark', 'ｶﾞｷﾞ', 4],
	['fullwidth Latin', 'ＡＢ', 4],
	['Hangul syllables', '한글', 4],
	['Hangul jamo', '\u1112\u1161\u11ab\u1100\u1173\u11af', 4],
	['Hebrew with points', 'שָׁלוֹם', 4],
	['Arabic with marks', 'السَّلام', 6],
	['a sign that encloses a number', '\u06001', 2],
	['Thai', 'สวัสดีครับ', 7],
	['Thai sara am', 'กำ', 2],
	['Hindi', 'नमस्ते', 4],
	['Hindi conjunct with a mark that has a cell', 'क्षि', 3],
	['Tamil', 'நிக்ஷ', 4],
	['Sinhala conjunct with a joiner', 'ශ්\u200dරී', 2, 1, 2],
	['Bengali', 'বাংলা', 5],
	['Burmese', 'မြန်မာ', 5],
	['Khmer', 'ខ្មែរ', 4],
	['Tibetan', 'བོད', 2],
	['Mongolian', 'ᠮᠣᠩ', 3],
	['emoji', '📧', 2],
	['a family of four', '👩\u200d👩\u200d👧\u200d👦', 2, 2, 8],
	['a tone of skin', '👍🏽', 2, 4, 4],
	['a tone and a joiner', '👩🏽\u200d💻', 2, 4, 6],
	['a tone after a narrow sign', '☝🏽', 2, 3, 3],
	['flags', '🇩🇪🇫🇷', 4],
	['half a flag', '🇩', 1],
	['the flag of England', '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', 2],
	['the rainbow flag', '🏳\ufe0f\u200d🌈', 2, 1, 3],
	['a keycap', '1\ufe0f\u20e3', 2, 1, 1],
	['a heart as text', '❤', 1],
	['a heart as text, said so', '❤\ufe0e', 1],
	['a heart as a picture', '❤\ufe0f', 2, 1, 1],
	['a watch as text: no terminal makes it narrow', '⌚\ufe0e', 2],
	['a letter no picture is made of', 'a\ufe0f', 1],
	['zero width space, joiners, BOM', 'a\u200bb\u200cc\u200dd\ufeffe\u2060f', 6],
	['soft hyphen', 'a\u00adb', 3],
	['marks of direction', 'a\u200e\u200f\u061cb', 2],
	['for private use', '\ue000\u{f0000}', 2],
	['replacement character', 'a\ufffd', 2],
];

export const samples: readonly Sample[] = rows.map(
	([note, text, clusters, joined = clusters, wcwidth = clusters]) => ({
		note,
		text,
		clusters,
		joined,
		wcwidth,
	}),
);
