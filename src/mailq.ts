/** mailq: lists the queue; the same as `sendmail -bp`. */
import { sendmail } from './mta/commandline.js';

sendmail(['-bp', ...process.argv.slice(2)]).then((status) => {
	process.exitCode = status;
});
