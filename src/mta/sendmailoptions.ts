/**
 * The words behind `sendmail`, read: what is to be done, and with what. Options that scripts pass out
 * of habit are known and do nothing; what is wrong is refused in the original's words. Pure but for the
 * exception.
 */
import { Complaint } from '../complaint.js';
import { type Line, parseDuration } from './configuration.js';
import type { Occasion } from './envelope.js';
import type { Filter } from './runner.js';

export interface Options {
	/** The letter behind -b. */
	mode: string;
	verbose: boolean;
	fromHeader: boolean;
	dotIsText: boolean;
	aliases: boolean;
	sender: string | undefined;
	fullName: string | undefined;
	hops: number | undefined;
	queueOnly: boolean;
	foreground: boolean;
	/** How errors are told: p(rint), m(ail), e (mail, status 0), w, q(uiet). */
	errors: string;
	/** -N, -R, -V (RFC 3461). */
	notify: readonly Occasion[] | undefined;
	returned: 'full' | 'hdrs' | undefined;
	envelopeId: string | undefined;
	/** -q was given. */
	run: boolean;
	/** Milliseconds between runs. */
	every: number | undefined;
	filters: Filter[];
	/** -C */
	configuration: string | undefined;
	/** -O, as lines of the configuration file. */
	settings: Line[];
	/** -X */
	traffic: string | undefined;
	version: boolean;
	recipients: readonly string[];
}

/** What ends the program; printed on standard output, as the original does. */
export function refusal(text: string, status = 64): Complaint {
	return new Complaint(text, 'stdout', status);
}

/** Options that need a value, joined or in the next word. */
const valued = 'ABCDFfhLMNOopRrVXx';
/** Options whose value, where there is one, is joined to them. */
const joined = 'bdeqQ';
const bare = 'cEGIimnsTtUv';

/** Reads the words. Throws a Complaint (status 64, or 70 for an unknown -O). */
export function parseOptions(words: readonly string[]): Options {
	const options: Options = {
		mode: 'm',
		verbose: false,
		fromHeader: false,
		dotIsText: false,
		aliases: true,
		sender: undefined,
		fullName: undefined,
		hops: undefined,
		queueOnly: false,
		foreground: false,
		errors: 'p',
		notify: undefined,
		returned: undefined,
		envelopeId: undefined,
		run: false,
		every: undefined,
		filters: [],
		configuration: undefined,
		settings: [],
		traffic: undefined,
		version: false,
		recipients: [],
	};
	let at = 0;
	for (; at < words.length; at++) {
		const word = words[at] as string;
		if (word === '--') {
			at++;
			break;
		}
		if (!/^-./.test(word)) break;
		for (let sign = 1; sign < word.length; sign++) {
			const letter = word[sign] as string;
			const rest = word.slice(sign + 1);
			if (bare.includes(letter)) {
				obey(options, letter, '');
				continue;
			}
			if (joined.includes(letter)) obey(options, letter, rest);
			else if (!valued.includes(letter)) throw refusal(`sendmail: illegal option -- ${letter}`);
			else if (rest !== '') obey(options, letter, rest);
			else {
				const value = words[++at];
				if (value === undefined) {
					throw refusal(`sendmail: option requires an argument -- ${letter}`);
				}
				obey(options, letter, value);
			}
			break;
		}
	}
	options.recipients = words.slice(at);
	return options;
}

function obey(options: Options, letter: string, value: string): void {
	switch (letter) {
		case 'b':
			if (/^[zZ]/.test(value)) throw refusal('Frozen configurations unsupported');
			if (!/^[aDdHhimpstvw]/.test(value)) throw refusal(`Invalid operation mode ${value}`);
			options.mode = value[0] as string;
			return;
		case 'B':
			if (!/^(7bit|8bitmime)$/i.test(value)) throw refusal(`Illegal body type ${value}`);
			return;
		case 'C':
			options.configuration = value;
			return;
		case 'd':
			// Of all the debugging there was, scripts ask for this: which program are you?
			if (/^0(\.\d+)?$/.test(value)) options.version = true;
			return;
		case 'F':
			options.fullName = value;
			return;
		case 'f':
		case 'r':
			options.sender = value;
			return;
		case 'h':
			options.hops = Number.parseInt(value, 10) || 0;
			return;
		case 'I':
			options.mode = 'i';
			return;
		case 'i':
			options.dotIsText = true;
			return;
		case 'n':
			options.aliases = false;
			return;
		case 'N':
			if (!/^(never|(success|failure|delay)(,(success|failure|delay))*)$/i.test(value)) {
				throw refusal('Invalid -N argument');
			}
			options.notify = value.toLowerCase().split(',') as Occasion[];
			return;
		case 'R':
			if (!/^(full|hdrs)$/i.test(value)) throw refusal('Invalid -R value');
			options.returned = value.toLowerCase() as 'full' | 'hdrs';
			return;
		case 'V':
			if (!/^[\x20-\x7e]{1,100}$/.test(value)) throw refusal('Invalid syntax in -V flag');
			options.envelopeId = value;
			return;
		case 'X':
			options.traffic = value;
			return;
		case 'e':
			options.errors = value[0] ?? 'p';
			return;
		case 'o':
			short(options, value);
			return;
		case 'O':
			long(options, value);
			return;
		case 'q':
			queue(options, value);
			return;
		case 't':
			options.fromHeader = true;
			return;
		case 'v':
			options.verbose = true;
			return;
	}
}

function short(options: Options, value: string): void {
	const [letter, rest] = [value[0] ?? '', value.slice(1)];
	if (letter === 'i') options.dotIsText = !/^f/i.test(rest);
	else if (letter === 'e') options.errors = rest[0] ?? 'p';
	else if (letter === 'v') options.verbose = !/^f/i.test(rest);
	else if (letter === 'A') set(options, value, 'aliases', rest);
	else if (letter === 'Q') set(options, value, 'queue', rest);
	else if (letter === 'd') {
		if (!/^[abdiq]?$/.test(rest)) throw refusal(`Unknown delivery mode ${rest}`);
		options.foreground = rest === 'i';
		options.queueOnly = rest === 'q' || rest === 'd';
	}
}

function set(options: Options, option: string, name: string, value: string): void {
	options.settings.push({ where: `-O${option}`, name, value });
}

type LongOption = (options: Options, value: string, text: string) => void;

const ignored: LongOption = () => undefined;
const asShort =
	(letter: string): LongOption =>
	(options, value) =>
		short(options, letter + value.slice(0, 1));
const asSetting =
	(name: string): LongOption =>
	(options, value, text) =>
		set(options, text, name, value);
/** Times of sendmail's options may lack their unit. */
const asDuration =
	(name: string, unit: string): LongOption =>
	(options, value, text) =>
		set(options, text, name, /\d$/.test(value) ? `${value}${unit}` : value);

/** The long options: some are settings here, others are of no meaning to us. */
const longOptions: Readonly<Record<string, LongOption>> = {
	aliasfile: asSetting('aliases'),
	allowbogushelo: ignored,
	checkaliases: ignored,
	confile: ignored,
	daemonportoptions: (options, value, text) => {
		const port = /\bport=(\d+)/i.exec(value)?.[1] ?? '25';
		const address = /\baddr(?:ess)?=([^,\s]+)/i.exec(value)?.[1] ?? '*';
		const host = address.includes(':') ? `[${address}]` : address;
		set(options, text, 'listen', `${host}:${port}`);
	},
	deliverymode: asShort('d'),
	dontblamesendmail: ignored,
	eightbitmode: ignored,
	errormode: asShort('e'),
	holdexpensive: ignored,
	ignoredots: asShort('i'),
	loglevel: ignored,
	maxmessagesize: asSetting('size_limit'),
	maxrecipientspermessage: asSetting('recipient_limit'),
	metoo: ignored,
	minqueueage: asDuration('retry_min', 'm'),
	nicetry: ignored,
	olduseheaders: ignored,
	oldstyleheaders: ignored,
	pidfile: asSetting('pid_file'),
	privacyoptions: ignored,
	queuedirectory: asSetting('queue'),
	sevenbitinput: ignored,
	singlelinefromheader: ignored,
	smarthost: asSetting('relay_host'),
	tempfilemode: ignored,
	'timeout.command': asDuration('command_timeout', 'm'),
	'timeout.queuereturn': asDuration('return_after', 'd'),
	'timeout.queuewarn': asDuration('warn_after', 'h'),
	verbose: asShort('v'),
};

function long(options: Options, text: string): void {
	const [, name = '', value = ''] = /^\s*([^=]*?)\s*(?:=\s*(.*))?$/s.exec(text) ?? [];
	const key = name.toLowerCase();
	const option = Object.hasOwn(longOptions, key) ? longOptions[key] : undefined;
	if (option) option(options, value, text);
	else if (!/^timeout\./.test(key)) throw refusal(`readcf: unknown option name ${name}`, 70);
}

function queue(options: Options, value: string): void {
	options.run = true;
	const filter = /^(!?)([IRS])(.*)$/.exec(value);
	if (filter) {
		const [, not, field, text] = filter as unknown as [string, string, Filter['field'], string];
		options.filters.push({ field, text, not: not === '!' });
		return;
	}
	const time = value.replace(/^[pf]/, '');
	if (time === '') return;
	const unit = /^(?:\d+[smhdw])*\d*([^smhdw\d])/i.exec(time)?.[1];
	if (unit !== undefined) throw refusal(`Invalid time unit \`${unit}'`);
	const every = parseDuration(time);
	if (!every) throw refusal(`Invalid time unit \`${time}'`);
	options.every = every;
}
