/**
 * Random octets into everything that reads what others wrote: no crash, no hang, and what must hold
 * whatever comes in. Seeds make each run the same; FUZZ_SECONDS makes a long one (npm run fuzz), with
 * seeds of its own, FUZZ_SEED repeats one input.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { Complaint } from '../../src/complaint.js';
import { quoteFrom } from '../../src/mailbox/fromlines.js';
import { headerEnd, Kept, restateStatus } from '../../src/mailbox/status.js';
import { execute } from '../../src/mailx/interpreter.js';
import { splitLastWord, splitWords } from '../../src/mailx/lexer.js';
import { safeFilename } from '../../src/mailx/partfiles.js';
import { parseList } from '../../src/mailx/specification.js';
import {
	addressFault,
	displayName,
	isFileAddress,
	skin,
	splitAddresses,
} from '../../src/message/address.js';
import { decodeBody, type Part, parseMime } from '../../src/message/body.js';
import { decodeOctets } from '../../src/message/charset.js';
import { columns, fitColumns } from '../../src/message/columns.js';
import { parseDate, parsePostmarkDate } from '../../src/message/date.js';
import { layOut } from '../../src/message/flowed.js';
import { gistOf } from '../../src/message/gist.js';
import { parseHeader } from '../../src/message/header.js';
import { rawPieces, textPieces } from '../../src/message/pieces.js';
import { makePrintable } from '../../src/message/text.js';
import { realName, showAddresses, showWords } from '../../src/message/words.js';
import { parseAliases } from '../../src/mta/aliases.js';
import { parseForward } from '../../src/mta/forward.js';
import { Desk } from '../harness/desk.js';
import { splitMbox } from '../harness/spans.js';

const seconds = Number(process.env.FUZZ_SECONDS ?? 0);
const onlySeed = process.env.FUZZ_SEED === undefined ? undefined : Number(process.env.FUZZ_SEED);
/** Milliseconds for one input. */
const patience = 3_000;

/** Numbers from 0 up to 1, the same ones for a seed (mulberry32). */
function randomOf(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

/** What parsers look for; random text alone would hardly ever have it. */
const pieces: readonly string[] = [
	...[
		'\n',
		'\n\n',
		'\r\n',
		'\r',
		' ',
		'\t',
		'\0',
		'\x1b[31m',
		'\x7f',
		'\x9b',
		'\xc2\x9b',
		'\xe2\x80\xae',
	],
	...[
		'From ',
		'>From ',
		'From a@b Tue Nov  9 17:21:36 2021\n',
		'Status: RO\n',
		'X-Status: F\n',
		'Content-Length: -1\n',
	],
	...[
		'Content-Type: multipart/mixed; boundary=b\n',
		'Content-Type: message/rfc822\n',
		'Content-Type: text/calendar\n',
	],
	...[
		'Content-Type: text/plain; charset=utf-16; format=flowed\n',
		'Content-Type: message/delivery-status\n',
	],
	...[
		'Content-Transfer-Encoding: base64\n',
		'Content-Transfer-Encoding: quoted-printable\n',
		'Content-Disposition: attachment; filename',
	],
	...[
		"*0*=utf-8''%2F",
		'*=',
		'="',
		'--b\n',
		'--b--\n',
		'boundary*0=',
		'Subject: ',
		'From: ',
		'Date: ',
		'To: ',
	],
	...[
		'=?utf-8?q?',
		'=?iso-2022-jp?b?',
		'?=',
		'=41',
		'=',
		'QUJD',
		'+AGE-',
		'\x1b$B',
		'\xe9',
		'\xf0\x9f\x98\x80',
		'\xed\xa0\x80',
		'\xff',
	],
	...[
		'(',
		')',
		'<',
		'>',
		'"',
		'\\',
		',',
		';',
		':',
		'@',
		' at ',
		'!',
		'%',
		'|',
		'/',
		'+',
		'~',
		'.',
		'..',
		'*',
		'$',
		'^',
		'-',
		'`',
		'{',
		'}',
		'[',
		']',
		'&',
		"'",
	],
	...[
		'Tue, 9 Nov 2021 17:21:36 +0000',
		'99999999999',
		'-1',
		'0',
		'a',
		'b',
		'x.example',
		':include:/x',
		'if',
		'endif',
		'BEGIN:VEVENT\n',
		'DTSTART:20219999T999999Z\n',
		'END:VEVENT\n',
	],
];

function textOf(random: () => number): string {
	const length = Math.floor(random() ** 3 * 400);
	let text = '';
	for (let n = 0; n < length; n++) {
		const kind = random();
		if (kind < 0.75) text += pieces[Math.floor(random() * pieces.length)];
		else if (kind < 0.95) text += String.fromCharCode(Math.floor(random() * 256));
		else
			text += (pieces[Math.floor(random() * pieces.length)] as string).repeat(
				Math.floor(random() * 200),
			);
	}
	return text;
}

const acting = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|\r(?!\n)/;

function everyPart(part: Part, visit: (part: Part) => void): void {
	visit(part);
	for (const inner of part.parts) everyPart(inner, visit);
}

const desk = new Desk();
after(() => desk.remove());
const settings = [
	'set ',
	'unset ',
	'alias ',
	'unalias ',
	'ignore ',
	'retain ',
	'if ',
	'else',
	'endif',
	'alternates ',
	'shortcut ',
	'colon ',
];

const targets: Readonly<Record<string, (text: string, random: () => number) => unknown>> = {
	header(text) {
		const header = parseHeader(Buffer.from(text, 'latin1'));
		for (const { name, value } of header.fields) assert.ok(name !== '' && !value.includes('\n'));
	},
	words(text) {
		for (const charset of ['utf-8', 'iso-8859-1', 'us-ascii']) {
			for (const show of [showWords, showAddresses, realName]) {
				assert.doesNotMatch(show(text, charset), acting);
			}
		}
	},
	text(text) {
		const shown = makePrintable(
			decodeOctets(Buffer.from(text, 'latin1'), undefined, 'utf-8'),
			'utf-8',
		);
		assert.doesNotMatch(shown, acting);
		assert.equal(columns(fitColumns(shown, 30)), 30);
		assert.ok(layOut(shown, 40).endsWith('\n'));
	},
	address(text) {
		for (const way of ['field', 'words'] as const) {
			for (const one of splitAddresses(text, way)) {
				skin(one);
				displayName(one);
				addressFault(one);
				isFileAddress(one);
			}
		}
		skin(text);
		const name = safeFilename(text, 'utf-8');
		if (name !== undefined) assert.doesNotMatch(name, /^[.|~+-]|[/\\\0]/);
	},
	date(text) {
		for (const date of [parseDate(text), parsePostmarkDate(text)]) date?.getTime();
	},
	async mime(text) {
		const octets = Buffer.from(text, 'latin1');
		const parts: Part[] = [];
		everyPart(parseMime(octets), (part) => parts.push(part));
		for (const part of parts) {
			const body = part.octets.subarray(part.bodyStart);
			const whole = decodeBody(part, body);
			assert.deepEqual(
				Buffer.concat([...textPieces(part, body)].map((piece) => piece.octets)),
				whole,
			);
			await gistOf(part, () => whole.toString('latin1'));
		}
		assert.deepEqual(Buffer.concat([...rawPieces(octets)]), octets);
	},
	mbox(text) {
		const octets = Buffer.from(`From a\n\n${text}`, 'latin1');
		const spans = splitMbox(octets);
		let at = 0;
		for (const { start, octets: size } of spans) {
			assert.equal(start, at);
			at += size;
		}
		assert.equal(at, octets.length);
		const quoted = Buffer.concat([...quoteFrom([Buffer.from(text, 'latin1')])]);
		assert.equal(splitMbox(Buffer.concat([Buffer.from('From a\n\n'), quoted])).length, 1);
		const head = octets.subarray(0, headerEnd(octets));
		const once = restateStatus(head, Kept.read | Kept.old);
		assert.deepEqual(restateStatus(once, Kept.read | Kept.old), once);
	},
	aliases(text) {
		parseAliases(text, '/etc/aliases', new Set(['root']));
		parseForward(text);
	},
	async commands(text, random) {
		splitWords(text);
		splitWords(text, true);
		splitLastWord(text, true);
		try {
			parseList(text);
		} catch (error) {
			if (!(error instanceof Complaint)) throw error;
		}
		const { session } = desk.session({}, []);
		for (const line of text.split('\n').slice(0, 5)) {
			const setting = settings[Math.floor(random() * settings.length)];
			try {
				await execute(session, `${setting}${line}`);
			} catch (error) {
				if (!(error instanceof Complaint)) throw error;
			}
		}
	},
};

describe('whatever others wrote', () => {
	for (const [name, target] of Object.entries(targets)) {
		it(`is read without a crash or a hang: ${name}`, async () => {
			const first = onlySeed ?? (seconds > 0 ? Date.now() % 1_000_000_000 : 1);
			const until = Date.now() + (seconds * 1000) / Object.keys(targets).length;
			const rounds = onlySeed !== undefined ? 1 : seconds > 0 ? Number.POSITIVE_INFINITY : 300;
			for (let n = 0; n < rounds && (seconds === 0 || Date.now() < until); n++) {
				const seed = first + n;
				const random = randomOf(seed);
				const text = textOf(random);
				const begin = Date.now();
				try {
					await target(text, random);
				} catch (error) {
					throw new Error(`FUZZ_SEED=${seed} ${name}: ${JSON.stringify(text.slice(0, 300))}`, {
						cause: error,
					});
				}
				assert.ok(Date.now() - begin < patience, `FUZZ_SEED=${seed} ${name}: too slow`);
			}
		});
	}
});
