/**
 * THE TABLE: the language of the `&` prompt, one row a command. Look-up, argument parsing, refusals,
 * `list`, `?`, completion and the manual's list of commands all come from it.
 *
 * Names are in POSIX notation (`d[elete]`: `d` is the shortest form). The order is meaning: a word
 * stands for the first row it begins, as in the original; a test proves each bracketed form.
 */
import type { Message } from '../mailbox/mailbox.js';
import type { Session } from './session.js';

/** `failed`: the trouble has been told already; `leave`: quit; `exit`: leave at once, change nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that says nothing has succeeded
export type Outcome = void | 'failed' | 'leave' | 'exit';

interface Rules {
	/** Needs an open mailbox. */
	readonly mailbox?: true;
	/** Refused when the mailbox is read-only. */
	readonly writes?: true;
	/** Shows the dot afterwards where `autoprint` is set. */
	readonly autoprint?: true;
	/** Allowed while sending (`mail user`, its start-up files and `~:`). */
	readonly sending?: true;
	/** Not while a file is being sourced: needs a person. */
	readonly interactive?: true;
	/** Obeyed even where an `if` is false. */
	readonly conditional?: true;
	/** Does not count as a command given: Return still shows the dot. */
	readonly transparent?: true;
	/** Not from within a letter being written (`~:`). */
	readonly notComposing?: true;
	/** Not known to Heirloom mailx; last in the table, so that no abbreviation of the original changes. */
	readonly added?: true;
}

type Run<A> = (session: Session, argument: A) => Outcome | Promise<Outcome>;

export type Command = {
	readonly name: string;
	/** What `?`, the hint and the manual's table say. */
	readonly summary: string;
	/** What follows the name, as the manual writes it; `[msglist]` where not given and it takes one. */
	readonly usage?: string;
} & Rules &
	(
		| {
				/** Messages; none given: the nearest applicable one (`default: 'none'`: no messages). */
				readonly takes: 'msglist';
				readonly default?: 'none';
				/** Only deleted messages (undelete); otherwise deleted ones are refused. */
				readonly select?: 'deleted' | 'any';
				/** Which messages the default passes over: deleted ones, or saved ones too. */
				readonly passes?: 'deleted' | 'deleted-saved' | 'nothing';
				readonly run: Run<Message[]>;
		  }
		| { readonly takes: 'string'; readonly run: Run<string> }
		| {
				readonly takes: 'words';
				readonly least?: number;
				readonly most?: number;
				/** `echo` keeps what quotes and backslashes mean to itself. */
				readonly raw?: true;
				readonly run: Run<string[]>;
		  }
		| { readonly takes: 'nothing'; readonly run: Run<undefined> }
	);

// Loaded when the first command of the group is given: start-up pays for none of them.
const control = () => import('./control.js');
const editing = () => import('./editing.js');
const filing = () => import('./filing.js');
const folders = () => import('./folders.js');
const forwarding = () => import('./forwarding.js');
const help = () => import('./help.js');
const junk = () => import('./junk.js');
const marking = () => import('./marking.js');
const pathways = () => import('./pathways.js');
const reading = () => import('./reading.js');
const remote = () => import('./remote.js');
const replying = () => import('./replying.js');
const sending = () => import('./sending.js');
const settings = () => import('./settings.js');
const shell = () => import('./shell.js');
const summary = () => import('./summary.js');
const threads = () => import('./threads.js');

// biome-ignore format: one row a command
export const commands: readonly Command[] = [
	{ name: 'n[ext]', takes: 'msglist', default: 'none', mailbox: true, run: async (s, a) => (await reading()).next(s, a), usage: '[message]', summary: 'go to the next message and show it' },
	{ name: 'a[lias]', takes: 'words', sending: true, run: async (s, a) => (await settings()).alias(s, a), usage: '[name [address ...]]', summary: 'list aliases, or add addresses to one' },
	{ name: 'p[rint]', takes: 'msglist', mailbox: true, run: async (s, a) => (await reading()).type(s, a), summary: 'show messages' },
	{ name: 't[ype]', takes: 'msglist', mailbox: true, run: async (s, a) => (await reading()).type(s, a), summary: 'show messages' },
	{ name: 'T[ype]', takes: 'msglist', mailbox: true, run: async (s, a) => (await reading()).typeAll(s, a), summary: 'show messages with all header fields' },
	{ name: 'P[rint]', takes: 'msglist', mailbox: true, run: async (s, a) => (await reading()).typeAll(s, a), summary: 'show messages with all header fields' },
	{ name: 'v[isual]', takes: 'msglist', mailbox: true, interactive: true, run: async (s, a) => (await editing()).visual(s, a), summary: 'edit messages with VISUAL' },
	{ name: 'to[p]', takes: 'msglist', mailbox: true, run: async (s, a) => (await reading()).top(s, a), summary: 'show the first lines of messages' },
	{ name: 'tou[ch]', takes: 'msglist', mailbox: true, writes: true, run: async (s, a) => (await marking()).touch(s, a), summary: 'mark messages to go to mbox on quit' },
	{ name: 'pre[serve]', takes: 'msglist', mailbox: true, writes: true, run: async (s, a) => (await marking()).hold(s, a), summary: 'keep messages in the system mailbox on quit' },
	{ name: 'd[elete]', takes: 'msglist', mailbox: true, writes: true, autoprint: true, run: async (s, a) => (await marking()).erase(s, a), summary: 'delete messages' },
	{ name: 'dp', takes: 'msglist', mailbox: true, writes: true, run: async (s, a) => (await marking()).eraseAndPrint(s, a), summary: 'delete messages, then show the next one' },
	{ name: 'dt', takes: 'msglist', mailbox: true, writes: true, run: async (s, a) => (await marking()).eraseAndPrint(s, a), summary: 'delete messages, then show the next one' },
	{ name: 'u[ndelete]', takes: 'msglist', select: 'deleted', mailbox: true, autoprint: true, run: async (s, a) => (await marking()).undelete(s, a), summary: 'bring deleted messages back' },
	{ name: 'uns[et]', takes: 'words', least: 1, sending: true, run: async (s, a) => (await settings()).unset(s, a), usage: 'name ...', summary: 'forget variables' },
	{ name: 'm[ail]', takes: 'string', sending: true, interactive: true, notComposing: true, run: async (s, a) => (await sending()).mail(s, a), usage: '[address ...]', summary: 'write a letter' },
	{ name: 'M[ail]', takes: 'string', sending: true, interactive: true, notComposing: true, run: async (s, a) => (await sending()).mailRecorded(s, a), usage: '[address ...]', summary: 'write a letter, record it under the name of its recipient' },
	{ name: 'mb[ox]', takes: 'msglist', passes: 'nothing', mailbox: true, writes: true, run: async (s, a) => (await marking()).mbox(s, a), summary: 'mark messages to go to mbox on quit' },
	{ name: 'mo[re]', takes: 'msglist', mailbox: true, run: async (s, a) => (await reading()).page(s, a), summary: 'show messages through the pager' },
	{ name: 'pa[ge]', takes: 'msglist', mailbox: true, run: async (s, a) => (await reading()).page(s, a), summary: 'show messages through the pager' },
	{ name: 'Mo[re]', takes: 'msglist', mailbox: true, run: async (s, a) => (await reading()).pageAll(s, a), summary: 'show messages with all header fields through the pager' },
	{ name: 'Pa[ge]', takes: 'msglist', mailbox: true, run: async (s, a) => (await reading()).pageAll(s, a), summary: 'show messages with all header fields through the pager' },
	{ name: 'unr[ead]', takes: 'msglist', mailbox: true, run: async (s, a) => (await marking()).unread(s, a), summary: 'mark messages as not read' },
	{ name: 'U[nread]', takes: 'msglist', mailbox: true, run: async (s, a) => (await marking()).unread(s, a), summary: 'mark messages as not read' },
	{ name: 'new', takes: 'msglist', mailbox: true, run: async (s, a) => (await marking()).unread(s, a), summary: 'mark messages as not read' },
	{ name: 'N[ew]', takes: 'msglist', mailbox: true, run: async (s, a) => (await marking()).unread(s, a), summary: 'mark messages as not read' },
	{ name: '!', takes: 'string', interactive: true, run: async (s, a) => (await shell()).shellCommand(s, a), usage: 'command', summary: 'run a shell command' },
	{ name: 'c[opy]', takes: 'string', mailbox: true, sending: true, run: async (s, a) => (await filing()).copy(s, a), usage: '[msglist] folder', summary: 'append messages to a folder, do not mark them saved' },
	{ name: 'C[opy]', takes: 'string', mailbox: true, sending: true, run: async (s, a) => (await filing()).copyToSender(s, a), summary: 'append messages to a folder named after the sender, do not mark them saved' },
	{ name: 'ch[dir]', takes: 'words', most: 1, sending: true, run: async (s, a) => (await shell()).changeDirectory(s, a), usage: '[directory]', summary: 'change the working directory' },
	{ name: 'cd', takes: 'words', most: 1, sending: true, run: async (s, a) => (await shell()).changeDirectory(s, a), usage: '[directory]', summary: 'change the working directory' },
	{ name: 's[ave]', takes: 'string', mailbox: true, run: async (s, a) => (await filing()).save(s, a), usage: '[msglist] [folder]', summary: 'append messages to a folder and mark them saved' },
	{ name: 'S[ave]', takes: 'string', mailbox: true, run: async (s, a) => (await filing()).saveToSender(s, a), summary: 'append messages to a folder named after the sender' },
	{ name: 'so[urce]', takes: 'words', least: 1, most: 1, sending: true, run: async (s, a) => (await control()).source(s, a), usage: 'file', summary: 'read commands from a file' },
	{ name: 'se[t]', takes: 'words', sending: true, run: async (s, a) => (await settings()).set(s, a), usage: '[name[=value] ...]', summary: 'list variables, or set them' },
	{ name: 'sh[ell]', takes: 'nothing', interactive: true, run: async (s) => (await shell()).shell(s), summary: 'start an interactive shell' },
	{ name: 've[rsion]', takes: 'nothing', sending: true, run: async (s) => (await help()).version(s), summary: 'print the version' },
	{ name: 'g[roup]', takes: 'words', sending: true, run: async (s, a) => (await settings()).alias(s, a), usage: '[name [address ...]]', summary: 'list aliases, or add addresses to one' },
	{ name: 'ung[roup]', takes: 'words', sending: true, run: async (s, a) => (await settings()).unalias(s, a), usage: 'name ...', summary: 'remove aliases' },
	{ name: 'una[lias]', takes: 'words', sending: true, run: async (s, a) => (await settings()).unalias(s, a), usage: 'name ...', summary: 'remove aliases' },
	{ name: 'w[rite]', takes: 'string', mailbox: true, run: async (s, a) => (await filing()).write(s, a), usage: '[msglist] [file]', summary: 'append bodies to a file, attachments to files of their own' },
	{ name: 'f[rom]', takes: 'msglist', mailbox: true, run: async (s, a) => (await summary()).from(s, a), summary: 'list header lines of messages' },
	{ name: 'fi[le]', takes: 'words', most: 1, sending: true, transparent: true, run: async (s, a) => (await folders()).folder(s, a), usage: '[folder]', summary: 'tell about the folder, or open another one' },
	{ name: 'fo[llowup]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).followup(s, a), summary: 'reply to all, record under the name of the first recipient' },
	{ name: 'followupa[ll]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).followupAll(s, a), summary: 'followup to all, whatever flipr says' },
	{ name: 'followups[ender]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).followupSender(s, a), summary: 'followup to the sender alone, whatever flipr says' },
	{ name: 'fold[er]', takes: 'words', most: 1, sending: true, transparent: true, run: async (s, a) => (await folders()).folder(s, a), usage: '[folder]', summary: 'tell about the folder, or open another one' },
	{ name: 'folders', takes: 'words', most: 1, sending: true, transparent: true, run: async (s, a) => (await folders()).folders(s, a), usage: '[folder]', summary: 'list the folders' },
	{ name: '?', takes: 'string', sending: true, run: async (s, a) => (await help()).help(s, a), usage: '[command]', summary: 'explain commands' },
	{ name: 'z', takes: 'string', mailbox: true, sending: true, run: async (s, a) => (await summary()).scroll(s, a), usage: '[+|-|number|$]', summary: 'list the next screen of headers' },
	{ name: 'Z', takes: 'string', mailbox: true, sending: true, run: async (s, a) => (await summary()).scrollToNew(s, a), usage: '[+|-]', summary: 'list the next screen of headers with new messages' },
	{ name: 'h[eaders]', takes: 'msglist', mailbox: true, run: async (s, a) => (await summary()).headers(s, a), usage: '[message]', summary: 'list a screen of headers' },
	{ name: 'hel[p]', takes: 'string', sending: true, run: async (s, a) => (await help()).help(s, a), usage: '[command]', summary: 'explain commands' },
	{ name: '=', takes: 'nothing', mailbox: true, run: async (s) => (await summary()).printDot(s), summary: 'print the number of the current message' },
	{ name: 'R[eply]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).replyToSender(s, a), summary: 'reply to the sender alone' },
	{ name: 'Res[pond]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).replyToSender(s, a), summary: 'reply to the sender alone' },
	{ name: 'F[ollowup]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).followupToSender(s, a), summary: 'reply to the sender alone, record under his name' },
	{ name: 'r[eply]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).reply(s, a), summary: 'reply to the sender and all recipients' },
	{ name: 'replya[ll]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).replyAll(s, a), summary: 'reply to all, whatever flipr says' },
	{ name: 'replys[ender]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).replySender(s, a), summary: 'reply to the sender alone, whatever flipr says' },
	{ name: 'res[pond]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).reply(s, a), summary: 'reply to the sender and all recipients' },
	{ name: 'responda[ll]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).replyAll(s, a), summary: 'reply to all, whatever flipr says' },
	{ name: 'responds[ender]', takes: 'msglist', mailbox: true, interactive: true, notComposing: true, run: async (s, a) => (await replying()).replySender(s, a), summary: 'reply to the sender alone, whatever flipr says' },
	{ name: 'Rese[nd]', takes: 'string', mailbox: true, notComposing: true, run: async (s, a) => (await forwarding()).resendPlain(s, a), usage: '[msglist] address', summary: 'send messages on as they are, without Resent- fields' },
	{ name: 'Red[irect]', takes: 'string', mailbox: true, notComposing: true, run: async (s, a) => (await forwarding()).resendPlain(s, a), usage: '[msglist] address', summary: 'send messages on as they are, without Resent- fields' },
	{ name: 'rese[nd]', takes: 'string', mailbox: true, notComposing: true, run: async (s, a) => (await forwarding()).resend(s, a), usage: '[msglist] address', summary: 'send messages on as they are' },
	{ name: 'red[irect]', takes: 'string', mailbox: true, notComposing: true, run: async (s, a) => (await forwarding()).resend(s, a), usage: '[msglist] address', summary: 'send messages on as they are' },
	{ name: 'For[ward]', takes: 'string', mailbox: true, notComposing: true, run: async (s, a) => (await forwarding()).forwardRecorded(s, a), usage: '[message] address', summary: 'forward a message, record under the name of the recipient' },
	{ name: 'Fw[d]', takes: 'string', mailbox: true, notComposing: true, run: async (s, a) => (await forwarding()).forwardRecorded(s, a), usage: '[message] address', summary: 'forward a message, record under the name of the recipient' },
	{ name: 'for[ward]', takes: 'string', mailbox: true, notComposing: true, run: async (s, a) => (await forwarding()).forward(s, a), usage: '[message] address', summary: 'forward a message' },
	{ name: 'fw[d]', takes: 'string', mailbox: true, notComposing: true, run: async (s, a) => (await forwarding()).forward(s, a), usage: '[message] address', summary: 'forward a message' },
	{ name: 'e[dit]', takes: 'msglist', mailbox: true, interactive: true, run: async (s, a) => (await editing()).edit(s, a), summary: 'edit messages with EDITOR' },
	{ name: 'ec[ho]', takes: 'words', raw: true, sending: true, run: async (s, a) => (await control()).echo(s, a), usage: 'word ...', summary: 'print words, expanded as file names are' },
	{ name: 'q[uit]', takes: 'nothing', run: async (s) => (await control()).quit(s), summary: 'leave; deleted messages go, read ones move to mbox' },
	{ name: 'l[ist]', takes: 'nothing', sending: true, run: async (s) => (await help()).list(s), summary: 'list all commands' },
	{ name: 'x[it]', takes: 'nothing', sending: true, run: async (s) => (await control()).exit(s), summary: 'leave and change nothing' },
	{ name: 'ex[it]', takes: 'nothing', sending: true, run: async (s) => (await control()).exit(s), summary: 'leave and change nothing' },
	{ name: 'pi[pe]', takes: 'string', mailbox: true, run: async (s, a) => (await reading()).pipe(s, a), usage: '[msglist] [command]', summary: 'give messages to a shell command' },
	{ name: '|', takes: 'string', mailbox: true, run: async (s, a) => (await reading()).pipe(s, a), usage: '[msglist] [command]', summary: 'give messages to a shell command' },
	{ name: 'Pi[pe]', takes: 'string', mailbox: true, run: async (s, a) => (await reading()).pipeAll(s, a), usage: '[msglist] [command]', summary: 'give messages with all header fields to a shell command' },
	{ name: 'si[ze]', takes: 'msglist', mailbox: true, run: async (s, a) => (await summary()).size(s, a), summary: 'print the size of messages' },
	{ name: 'ho[ld]', takes: 'msglist', mailbox: true, writes: true, run: async (s, a) => (await marking()).hold(s, a), summary: 'keep messages in the system mailbox on quit' },
	{ name: 'i[f]', takes: 'words', least: 1, most: 1, sending: true, conditional: true, run: async (s, a) => (await control()).beginIf(s, a), usage: 'r|s|t', summary: 'obey the next commands only when receiving, sending, or at a terminal' },
	{ name: 'el[se]', takes: 'words', most: 0, sending: true, conditional: true, run: async (s) => (await control()).elseBranch(s), summary: 'the other branch of if' },
	{ name: 'en[dif]', takes: 'words', most: 0, sending: true, conditional: true, run: async (s) => (await control()).endIf(s), summary: 'end of if' },
	{ name: 'alt[ernates]', takes: 'words', sending: true, run: async (s, a) => (await settings()).alternates(s, a), usage: '[address ...]', summary: 'list or name further addresses of your own' },
	{ name: 'ig[nore]', takes: 'words', sending: true, run: async (s, a) => (await settings()).ignore(s, a), usage: '[field ...]', summary: 'list or add header fields not to be shown' },
	{ name: 'di[scard]', takes: 'words', sending: true, run: async (s, a) => (await settings()).ignore(s, a), usage: '[field ...]', summary: 'list or add header fields not to be shown' },
	{ name: 'ret[ain]', takes: 'words', sending: true, run: async (s, a) => (await settings()).retain(s, a), usage: '[field ...]', summary: 'list or add the only header fields to be shown' },
	{ name: 'savei[gnore]', takes: 'words', sending: true, run: async (s, a) => (await settings()).saveignore(s, a), usage: '[field ...]', summary: 'list or add header fields not to be saved' },
	{ name: 'saved[iscard]', takes: 'words', sending: true, run: async (s, a) => (await settings()).saveignore(s, a), usage: '[field ...]', summary: 'list or add header fields not to be saved' },
	{ name: 'saver[etain]', takes: 'words', sending: true, run: async (s, a) => (await settings()).saveretain(s, a), usage: '[field ...]', summary: 'list or add the only header fields to be saved' },
	{ name: 'uni[gnore]', takes: 'words', sending: true, run: async (s, a) => (await settings()).unignore(s, a), usage: 'field ...', summary: 'take fields off the ignore list' },
	{ name: 'unret[ain]', takes: 'words', sending: true, run: async (s, a) => (await settings()).unretain(s, a), usage: 'field ...', summary: 'take fields off the retain list' },
	{ name: 'unsa[veignore]', takes: 'words', sending: true, run: async (s, a) => (await settings()).unsaveignore(s, a), usage: 'field ...', summary: 'take fields off the saveignore list' },
	{ name: 'unsaver[etain]', takes: 'words', sending: true, run: async (s, a) => (await settings()).unsaveretain(s, a), usage: 'field ...', summary: 'take fields off the saveretain list' },
	{ name: 'in[c]', takes: 'nothing', mailbox: true, transparent: true, run: async (s) => (await folders()).takeNewMail(s), summary: 'look for new mail' },
	{ name: 'newm[ail]', takes: 'nothing', mailbox: true, transparent: true, run: async (s) => (await folders()).takeNewMail(s), summary: 'look for new mail' },
	{ name: 'sho[rtcut]', takes: 'words', sending: true, run: async (s, a) => (await settings()).shortcut(s, a), usage: '[name expansion ...]', summary: 'list or define shortcuts for folder names' },
	{ name: 'unsh[ortcut]', takes: 'words', sending: true, run: async (s, a) => (await settings()).unshortcut(s, a), usage: 'name ...', summary: 'remove shortcuts' },
	{ name: 'im[ap]', takes: 'string', mailbox: true, run: async (s) => (await remote()).refuse(s, 'imap'), usage: 'command', summary: 'speak to an IMAP server' },
	{ name: 'ac[count]', takes: 'words', sending: true, run: async (s, a) => (await control()).account(s, a), usage: '[name [{]]', summary: 'list, define or switch to an account' },
	{ name: 'th[read]', takes: 'msglist', passes: 'nothing', mailbox: true, run: async (s, a) => (await threads()).thread(s, a), summary: 'order messages by conversation' },
	{ name: 'unt[hread]', takes: 'msglist', passes: 'nothing', mailbox: true, run: async (s, a) => (await threads()).unthread(s, a), summary: 'go back to the order of the folder' },
	{ name: 'o[nline]', takes: 'nothing', mailbox: true, run: async (s) => (await remote()).refuse(s, 'online'), summary: 'connect to the server' },
	{ name: 'con[nect]', takes: 'nothing', mailbox: true, run: async (s) => (await remote()).refuse(s, 'connect'), summary: 'connect to the server' },
	{ name: 'disco[nnect]', takes: 'msglist', default: 'none', passes: 'nothing', mailbox: true, run: async (s) => (await remote()).refuse(s, 'disconnect'), summary: 'disconnect from the server' },
	{ name: 'sor[t]', takes: 'words', most: 1, mailbox: true, run: async (s, a) => (await threads()).sort(s, a), usage: '[key]', summary: 'order messages by date, from, size, status, subject, thread, to, score or message' },
	{ name: 'unso[rt]', takes: 'msglist', passes: 'nothing', mailbox: true, run: async (s, a) => (await threads()).unthread(s, a), summary: 'go back to the order of the folder' },
	{ name: 'ca[che]', takes: 'msglist', passes: 'nothing', mailbox: true, run: async (s) => (await remote()).refuse(s, 'cache'), summary: 'read messages into the IMAP cache' },
	{ name: 'fl[ag]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await marking()).flag(s, a), summary: 'mark messages as flagged' },
	{ name: 'unf[lag]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await marking()).unflag(s, a), summary: 'take the flagged mark away' },
	{ name: 'an[swered]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await marking()).answered(s, a), summary: 'mark messages as answered' },
	{ name: 'unan[swered]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await marking()).unanswered(s, a), summary: 'take the answered mark away' },
	{ name: 'dr[aft]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await marking()).draft(s, a), summary: 'mark messages as drafts' },
	{ name: 'undr[aft]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await marking()).undraft(s, a), summary: 'take the draft mark away' },
	{ name: 'k[ill]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await marking()).kill(s, a), summary: 'hide messages from the summary and from next' },
	{ name: 'unk[ill]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await marking()).unkill(s, a), summary: 'bring killed messages back' },
	{ name: 'sc[ore]', takes: 'string', mailbox: true, sending: true, run: async (s, a) => (await marking()).score(s, a), usage: '[msglist] number', summary: 'add to the score of messages' },
	{ name: 'def[ine]', takes: 'words', most: 2, sending: true, run: async (s, a) => (await control()).define(s, a), usage: 'name {', summary: 'define a macro' },
	{ name: 'defines', takes: 'words', most: 0, sending: true, run: async (s) => (await control()).defines(s), summary: 'list macros' },
	{ name: 'undef', takes: 'words', sending: true, run: async (s, a) => (await control()).undefine(s, a), usage: 'name ...', summary: 'remove macros' },
	{ name: 'cal[l]', takes: 'words', most: 1, sending: true, run: async (s, a) => (await control()).call(s, a), usage: 'name', summary: 'run a macro' },
	{ name: 'mov[e]', takes: 'string', mailbox: true, sending: true, run: async (s, a) => (await filing()).move(s, a), usage: '[msglist] folder', summary: 'append messages to a folder and delete them' },
	{ name: 'mv', takes: 'string', mailbox: true, sending: true, run: async (s, a) => (await filing()).move(s, a), usage: '[msglist] folder', summary: 'append messages to a folder and delete them' },
	{ name: 'Mov[e]', takes: 'string', mailbox: true, sending: true, run: async (s, a) => (await filing()).moveToSender(s, a), summary: 'append messages to a folder named after the sender and delete them' },
	{ name: 'Mv', takes: 'string', mailbox: true, sending: true, run: async (s, a) => (await filing()).moveToSender(s, a), summary: 'append messages to a folder named after the sender and delete them' },
	{ name: 'no[op]', takes: 'words', most: 0, mailbox: true, sending: true, run: async () => (await control()).noop(), summary: 'do nothing' },
	{ name: 'col[lapse]', takes: 'msglist', passes: 'nothing', mailbox: true, run: async (s, a) => (await threads()).collapse(s, a), summary: 'hide the rest of threads' },
	{ name: 'unc[ollapse]', takes: 'msglist', passes: 'nothing', mailbox: true, run: async (s, a) => (await threads()).uncollapse(s, a), summary: 'show the rest of threads' },
	{ name: 'veri[fy]', takes: 'msglist', passes: 'nothing', mailbox: true, run: async (s) => (await remote()).refuse(s, 'verify'), summary: 'verify S/MIME signatures' },
	{ name: 'dec[rypt]', takes: 'string', mailbox: true, sending: true, run: async (s, a) => (await filing()).decrypt(s, a), usage: '[msglist] folder', summary: 'copy messages to a folder; S/MIME is not decrypted' },
	{ name: 'D[ecrypt]', takes: 'string', mailbox: true, sending: true, run: async (s, a) => (await filing()).decryptToSender(s, a), summary: 'copy messages to a folder named after the sender; S/MIME is not decrypted' },
	{ name: 'ce[rtsave]', takes: 'string', mailbox: true, run: async (s) => (await remote()).refuse(s, 'certsave'), usage: '[msglist] file', summary: 'save certificates' },
	{ name: 'ren[ame]', takes: 'words', most: 2, sending: true, run: async (s, a) => (await folders()).rename(s, a), usage: 'folder folder', summary: 'rename a folder' },
	{ name: 'rem[ove]', takes: 'words', sending: true, run: async (s, a) => (await folders()).remove(s, a), usage: 'folder ...', summary: 'remove folders' },
	{ name: 'cl[assify]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await junk()).classify(s, a), summary: 'mark messages that look like junk' },
	{ name: 'j[unk]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await junk()).junk(s, a), summary: 'mark messages as junk and learn from them' },
	{ name: 'b[ad]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await junk()).junk(s, a), summary: 'mark messages as junk and learn from them' },
	{ name: 'go[od]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await junk()).good(s, a), summary: 'learn that messages are no junk' },
	{ name: 'unj[unk]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await junk()).unjunk(s, a), summary: 'forget that messages were learned as junk' },
	{ name: 'ungo[od]', takes: 'msglist', passes: 'nothing', mailbox: true, sending: true, run: async (s, a) => (await junk()).ungood(s, a), summary: 'forget that messages were learned as no junk' },
	{ name: 'pro[bability]', takes: 'words', sending: true, run: async (s, a) => (await junk()).probability(s, a), usage: 'word ...', summary: 'print what the junk filter knows about words' },
	{ name: 'show', takes: 'msglist', mailbox: true, run: async (s, a) => (await reading()).show(s, a), summary: 'show messages as they stand in the file' },
	{ name: 'Sh[ow]', takes: 'msglist', mailbox: true, run: async (s, a) => (await reading()).show(s, a), summary: 'show messages as they stand in the file' },
	{ name: 'see[n]', takes: 'msglist', mailbox: true, sending: true, run: async (s, a) => (await marking()).seen(s, a), summary: 'mark messages as read' },
	{ name: 'Se[en]', takes: 'msglist', mailbox: true, sending: true, run: async (s, a) => (await marking()).seen(s, a), summary: 'mark messages as read' },
	{ name: 'fwdi[gnore]', takes: 'words', sending: true, run: async (s, a) => (await settings()).fwdignore(s, a), usage: '[field ...]', summary: 'list or add header fields not to be forwarded' },
	{ name: 'fwdd[iscard]', takes: 'words', sending: true, run: async (s, a) => (await settings()).fwdignore(s, a), usage: '[field ...]', summary: 'list or add header fields not to be forwarded' },
	{ name: 'fwdr[etain]', takes: 'words', sending: true, run: async (s, a) => (await settings()).fwdretain(s, a), usage: '[field ...]', summary: 'list or add the only header fields to be forwarded' },
	{ name: 'unfw[dignore]', takes: 'words', sending: true, run: async (s, a) => (await settings()).unfwdignore(s, a), usage: 'field ...', summary: 'take fields off the fwdignore list' },
	{ name: 'unfwdr[etain]', takes: 'words', sending: true, run: async (s, a) => (await settings()).unfwdretain(s, a), usage: 'field ...', summary: 'take fields off the fwdretain list' },
	{ name: 'exp[lain]', takes: 'string', sending: true, added: true, run: async (s, a) => (await pathways()).explain(s, a), usage: '[address ... | msglist]', summary: 'tell where a letter would go, or how a message came' },
	{ name: 'hi[nt]', takes: 'string', sending: true, added: true, run: async (s, a) => (await help()).hint(s, a), usage: '[command line]', summary: 'tell what a command line would do' },
];

/** The name without its brackets. */
export function fullName(command: Command): string {
	return command.name.replace(/[[\]]/g, '');
}

/** The row a word stands for: the first one it begins. The empty word is Return: the first row. */
export function findCommand(word: string): Command | undefined {
	return commands.find((command) => fullName(command).startsWith(word));
}
