/**
 * Commands of the original that need a server or keys. Folders here are local and no letter is decrypted:
 * they answer as the original does to a local folder, built without S/MIME.
 */
import { Complaint } from '../complaint.js';
import type { Outcome } from './commands.js';
import type { Session } from './session.js';

const refusals: Readonly<Record<string, Complaint>> = {
	imap: new Complaint('Not operating on an IMAP mailbox.'),
	cache: new Complaint('Not connected to an IMAP server.', 'stderr'),
	verify: new Complaint('No S/MIME support compiled in.', 'stderr'),
	certsave: new Complaint('No S/MIME support compiled in.', 'stderr'),
};

/** Refuses `name`; `connect`, `online` and `disconnect` have nothing to do, and say nothing. */
export async function refuse(_session: Session, name: string): Promise<Outcome> {
	const refusal = refusals[name];
	if (refusal) throw refusal;
}
