/** newaliases: compiles the aliases file; the same as `sendmail -bi`. */
import { sendmail } from './mta/commandline.js';

sendmail(['-bi', ...process.argv.slice(2)]).then((status) => {
	process.exitCode = status;
});
