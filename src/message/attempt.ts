/**
 * What decides how a letter is composed, and the attempts at it: in one charset after the other, until one has
 * all the characters of text, header and names. With -n these are those of Heirloom; else the last one says
 * everything.
 */
import { isAscii } from './charset.js';
import type { Draft, Name } from './draft.js';

export interface ComposeSettings {
	readonly now: Date;
	readonly random: (octets: number) => Buffer;
	/** The charset of what was typed: that of the terminal. */
	readonly typedCharset: string;
	/** `sendcharsets`, in the order to be tried; empty: `charset` alone. */
	readonly charsets: readonly string[];
	/** The variable `charset`, else utf-8. */
	readonly charset: string;
	/** The variable `charset7`, else us-ascii. */
	readonly charset7: string;
	/** With `bare`, text that fits none of `charsets` is sent as data, not refused (no person to ask). */
	readonly dataAsLastResort: boolean;
	/** Reads the variable `encoding`; asked for text with octets above 127 only. */
	readonly encoding: () => string | undefined;
	readonly controlType: string | undefined;
	/** `maximum-unencoded-line-length`, at most 950. */
	readonly longestLine: number;
	/** Subject before Cc and Bcc (`bsdcompat`, `bsdorder`). */
	readonly subjectFirst: boolean;
	/** The variables `from`, `replyto` and `sender`, parsed; `ORGANIZATION`. */
	readonly from: readonly Name[];
	readonly replyTo: readonly Name[];
	readonly sender: readonly Name[];
	readonly organization: string | undefined;
	/** The variable `hostname`: the right side of Message-IDs. */
	readonly hostname: string | undefined;
	/** The original's faults too: no comma before a file, a lone `Resent-` (`-n`). */
	readonly bare: boolean;
	/** `stealthmua`: neither Message-ID nor User-Agent. */
	readonly stealth: boolean;
	readonly userAgent: string;
	/** Tells that nothing can be converted into a charset. */
	readonly unknownCharset: (charset: string) => void;
	/** Reads the file of the variable `signature`. */
	readonly signature: () => Buffer | undefined;
}

/** One attempt: the charset for text with octets above 127. */
export interface Attempt extends ComposeSettings {
	readonly chosen: string;
	readonly asData: boolean;
	/** The last resort: octets that are no characters are taken for those they most likely are. */
	readonly guesses?: true;
}

/** The charsets to be tried, in their order; at last, the text as data (`-n`) or in UTF-8, come what may. */
export function attempts(draft: Draft, settings: ComposeSettings): Attempt[] {
	const own = draft.charset === undefined ? [] : [draft.charset];
	const usual = settings.charsets.length > 0 ? settings.charsets : [settings.charset];
	const { bare, dataAsLastResort } = settings;
	if (bare) {
		const tries = [...own, ...usual].map((chosen) => ({ ...settings, chosen, asData: false }));
		if (!dataAsLastResort || settings.charsets.length === 0) return tries;
		return [...tries, { ...settings, chosen: settings.charset, asData: true }];
	}
	const fit = [...own, ...usual].filter(isForMail);
	const charset = isForMail(settings.charset) ? settings.charset : 'utf-8';
	const safe = {
		...settings,
		charset7: isForMail(settings.charset7) ? settings.charset7 : 'us-ascii',
		// Without a locale what is above 127 is UTF-8, or nobody knows what it is.
		typedCharset: isAscii(settings.typedCharset) ? 'utf-8' : settings.typedCharset,
	};
	const tries = (fit.length > 0 ? fit : [charset]).map((chosen) => ({
		...safe,
		chosen,
		asData: false,
	}));
	const last = { ...safe, chosen: 'utf-8', asData: false };
	return [...tries, last, { ...last, guesses: true }];
}

/** A name that can stand in a header, of a charset in which ASCII is ASCII (RFC 2045 5.1, RFC 2046 4.1.2). */
export function isForMail(charset: string): boolean {
	const other = /^(?:utf-?(?:16|32|7)|ucs-?[24]|hex|base64|binary|internal)/i;
	return /^[a-z0-9][\w.:+-]{1,39}$/i.test(charset) && !other.test(charset);
}

/** What transfer encoding and charset of a part depend on, as chooseType() asks for it. */
export const typeChoice = (attempt: Attempt, contentType: string | undefined) => ({
	contentType,
	charset: attempt.chosen,
	charset7: attempt.charset7,
	preferred: attempt.encoding,
	asData: attempt.asData,
	controlType: attempt.controlType,
});
