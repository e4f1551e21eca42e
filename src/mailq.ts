/** mailq: lists the queue; the same as `sendmail -bp`, and with `--json` for programs. */
import { sendmail } from './mta/commandline.js';
import { openSystem } from './system.js';

async function main(words: readonly string[]): Promise<number> {
	if (!words.includes('--json')) return sendmail(['-bp', ...words]);
	const { queueCommand } = await import('./mta/queuecommand.js');
	const { configure } = await import('./mta/configuration.js');
	const { system } = configure(openSystem());
	return queueCommand(system, ['list', '--json'], (text) => process.stdout.write(text));
}

main(process.argv.slice(2)).then((status) => {
	process.exitCode = status;
});
