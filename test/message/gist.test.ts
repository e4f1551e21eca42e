import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMime } from '../../src/message/body.js';
import { enrichedToText } from '../../src/message/enriched.js';
import { attachmentLine, gistOf } from '../../src/message/gist.js';

const gist = (type: string, body: string) =>
	gistOf(parseMime(Buffer.from(`Content-Type: ${type}\n\n${body}`)), () => body);

describe('what parts made for programs say', () => {
	it('a delivery report: each recipient, what became of the letter, and why', async () => {
		const text =
			'Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no\n such user\n\nFinal-Recipient: rfc822;c@d\nAction: delayed\nWill-Retry-Until: Sunday\n';
		assert.equal(
			await gist('message/delivery-status', text),
			'[a@b: failed (5.1.1): 550 no such user]\n[c@d: delayed, tried until Sunday]\n',
		);
		assert.equal(await gist('message/delivery-status', 'nothing\n'), undefined);
	});
	it('a report on many says how many it does not say', async () => {
		const text = '\n\nFinal-Recipient: x; a@b\nAction: failed\n'.repeat(30);
		assert.match(
			(await gist('message/delivery-status', text)) ?? '',
			/\n\[\.\.\. and 10 more\]\n$/,
		);
	});
	it('a receipt, a complaint, a piece, a body elsewhere', async () => {
		const receipt = 'Final-Recipient: rfc822; a@b\nDisposition: manual-action/x; displayed\n';
		assert.equal(await gist('message/disposition-notification', receipt), '[a@b: displayed]\n');
		assert.match(
			(await gist('message/feedback-report', 'Feedback-Type: abuse\n')) ?? '',
			/: abuse\]/,
		);
		assert.match((await gist('message/partial; number=2; total=3', '')) ?? '', /^\[Piece 2 of 3 /);
		assert.match(
			(await gist('message/external-body; access-type=URL; URL="http://x/\n y"', '')) ?? '',
			/url http:\/\/x\/y\]/,
		);
	});
	it('an invitation: what, when, where, by whom; not what its alarm says', async () => {
		const event =
			'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nDTSTART:16010101T000000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nSUMMARY;LANGUAGE=de:Fest\\, gro\r\n \u00df\r\nORGANIZER;CN="a:b":mailto:x@y\r\nBEGIN:VALARM\r\nDESCRIPTION:Alarm\r\nEND:VALARM\r\nEND:VEVENT\r\n';
		assert.equal(
			await gist('text/calendar', event),
			'[Event: Fest, gro\u00df]\n[Organizer: x@y]\n',
		);
		const answer = event
			.replace('REQUEST', 'REPLY')
			.replace('BEGIN:VALARM', 'ATTENDEE;PARTSTAT=DECLINED;CN=x:mailto:c@d\r\nBEGIN:VALARM');
		assert.match(
			(await gist('text/calendar', answer)) ?? '',
			/^\[Answer to .*\n.*\n\[Answer: c@d: declined\]/,
		);
		assert.equal(await gist('text/calendar', 'nothing'), undefined);
		const timed = (start: string, end: string) =>
			gist('text/calendar', `BEGIN:VEVENT\nSUMMARY:x\nDTSTART${start}\nDTEND${end}\nEND:VEVENT\n`);
		assert.equal(
			await timed(';TZID=Europe/Rome:20261201T090000', ';TZID=Europe/Rome:20261201T113000'),
			'[Event: x]\n[When: Tuesday, 1 December 2026, 09:00 to 11:30 (Europe/Rome)]\n',
		);
		assert.equal(
			await timed(':20261201T230000', ':20261202T010000'),
			'[Event: x]\n[When: Tuesday, 1 December 2026, 23:00 to Wednesday, 2 December 2026, 01:00]\n',
		);
	});
	it('signatures are named, never believed', async () => {
		for (const type of ['application/pgp-signature', 'application/pkcs7-signature']) {
			assert.match((await gist(type, '')) ?? '', /not been checked/);
		}
		assert.match(
			(await gist('application/pkcs7-mime; smime-type=signed-data', '')) ?? '',
			/-verify/,
		);
		assert.match((await gist('application/x-pkcs7-mime', '')) ?? '', /-decrypt/);
		assert.match((await gist('application/octet-stream; name=WINMAIL.DAT', '')) ?? '', /TNEF/);
		assert.equal(await gist('application/pdf', ''), undefined);
	});
	it('an attachment: type, name, size', () => {
		const part = parseMime(Buffer.from('Content-Type: application/pdf\n\n'));
		assert.equal(
			attachmentLine(part, 'a b.pdf', 1_234_567),
			'[application/pdf "a b.pdf", 1.2 MB - "write FILE" saves it]\n',
		);
		assert.equal(
			attachmentLine(part, undefined, 12),
			'[application/pdf, 12 octets - "write FILE" saves it]\n',
		);
	});
});

describe('text with commands in angle brackets', () => {
	it('enriched: commands and their parameters go, line ends are blanks', () => {
		const text =
			'<bold>Now</bold> is\nthe << time\n\n<color><param>red</param>red</color>\n<nofill>a\n b</nofill>\n';
		assert.equal(enrichedToText(text, 'text/enriched'), 'Now is the < time\nred a\n b\n');
		assert.equal(enrichedToText('a <b c> d\n', 'text/enriched'), 'a <b c> d\n');
	});
	it('richtext: line ends are commands', () => {
		assert.equal(
			enrichedToText('<bold>a</bold>\nb<nl>c <lt>d<comment>x</comment>\n', 'text/richtext'),
			'a b\nc <d\n',
		);
	});
});
