/**
 * How a finished letter leaves the mail program: delivered by ourselves, handed to a mailer program,
 * or spoken to an SMTP server. The three kinds answer alike.
 */

export interface Envelope {
	/** Where failures are reported: `-r`; undefined: the person sending; null: nowhere (RFC 5321 4.5.5). */
	readonly reversePath: string | null | undefined;
	/** addr-specs or local names, sorted and without duplicates, as the mailer's arguments are. */
	readonly recipients: readonly string[];
	/** `verbose`: tell what happens to each recipient. */
	readonly verbose: boolean;
	/** `metoo`: keep the sender in the lists they are on. */
	readonly meToo: boolean;
	/** `-h`: how many mailers the letter has passed. */
	readonly hops: number | undefined;
}

/** What became of a letter. `refused`: somebody has to keep the text (dead.letter). */
export interface Receipt {
	readonly outcome: 'sent' | 'refused';
	/** sysexits(3); 0 when sent. */
	readonly status: number;
	/** Lines to print as they are: the reason of a refusal, the story that `verbose` asks for. */
	readonly report: readonly string[];
}

export interface Transport {
	/** Takes the whole letter, LF line ends. Resolves when it is delivered or safely queued. */
	send(envelope: Envelope, letter: Uint8Array): Promise<Receipt>;
}
