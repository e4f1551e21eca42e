/** sendmail: submits letters, lists and runs the queue: see mta/commandline.ts. */
import { sendmail } from './mta/commandline.js';

sendmail(process.argv.slice(2)).then((status) => {
	process.exitCode = status;
});
