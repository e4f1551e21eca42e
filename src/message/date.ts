/**
 * Dates of mail: RFC 5322 3.3 and 4.3 (with the obsolete zones), and those of From_ lines and ctime(3).
 * Works on moments and the zone of the process; reads no clock. Node's Date does the sums of the protocol;
 * date-fns words what is for people alone, and is loaded then.
 */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** RFC 5322 4.3, in hours from UTC. Unknown names and the military letters mean UTC. */
const obsoleteZones: Readonly<Record<string, number>> = {
	EST: -5,
	EDT: -4,
	CST: -6,
	CDT: -5,
	MST: -7,
	MDT: -6,
	PST: -8,
	PDT: -7,
};

const dateTime =
	/^\s*(?:[a-z]{3}\s*,)?\s*(\d{1,3})\s+([a-z]{3})[a-z]*\s+(\d+)\s+(\d{1,2})\s*:\s*(\d{1,2})(?:\s*:\s*(\d{1,2}))?\s*(?:([-+])(\d\d)(\d\d)|([a-z]+))?/i;

/** More than this is no date, and would only cost time. */
const longestDate = 500;

/** A date-time as a field has it; undefined where it is none. Comments may stand anywhere. */
export function parseDate(value: string): Date | undefined {
	const match = dateTime.exec(withoutComments(value.slice(0, longestDate)));
	if (!match) return undefined;
	const [, day, name = '', year, hour, minute, second = '0', sign, hours, minutes, zone = ''] =
		match;
	const month = months.indexOf(name.charAt(0).toUpperCase() + name.slice(1).toLowerCase());
	if (month < 0 || Number(day) < 1) return undefined;
	const moment = Date.UTC(
		fullYear(Number(year)),
		month,
		Number(day),
		Number(hour),
		Number(minute),
		Number(second),
	);
	const offset = sign
		? (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
		: (obsoleteZones[zone.toUpperCase()] ?? 0) * 60;
	const date = new Date(moment - offset * 60_000);
	return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Years of two digits: before 70 of this century; of three: RFC 5322 4.3. */
function fullYear(year: number): number {
	if (year < 70) return year + 2000;
	return year < 1900 ? year + 1900 : year;
}

function withoutComments(value: string): string {
	let text = value;
	while (text.includes('(')) {
		const inner = text.replace(/\([^()]*\)/g, ' ');
		if (inner === text) return text.slice(0, text.indexOf('('));
		text = inner;
	}
	return text;
}

const ctime = /(?:[A-Z][a-z]{2}) ([A-Z][a-z]{2}) ([ \d]\d) ([ \d]\d):(\d\d):(\d\d) (\d{4})\s*$/;

/** The local time at the end of a From_ line; undefined where there is none. */
export function parsePostmarkDate(postmark: string): Date | undefined {
	const match = ctime.exec(postmark);
	if (!match) return undefined;
	const [, name = '', day, hour, minute, second, year] = match;
	const month = months.indexOf(name);
	if (month < 0) return undefined;
	return new Date(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
}

function two(number: number, fill = '0'): string {
	return String(number).padStart(2, fill);
}

function clock(date: Date): string {
	return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** As ctime(3), without the newline: `Sun Nov  2 14:10:26 2026`. */
export function printCtime(date: Date): string {
	const day = two(date.getDate(), ' ');
	return `${weekdays[date.getDay()]} ${months[date.getMonth()]} ${day} ${clock(date)} ${date.getFullYear()}`;
}

/** RFC 5322 3.3, in the local zone: `Sun, 02 Nov 2026 14:10:26 +0100`. */
export function printDate(date: Date): string {
	const offset = -date.getTimezoneOffset();
	const sign = offset < 0 ? '-' : '+';
	const zone = sign + two(Math.trunc(Math.abs(offset) / 60)) + two(Math.abs(offset) % 60);
	const day = `${weekdays[date.getDay()]}, ${two(date.getDate())} ${months[date.getMonth()]}`;
	return `${day} ${date.getFullYear()} ${clock(date)} ${zone}`;
}

/** For people, in the local zone: `Tuesday, 9 November 2021, 17:21`. Loads date-fns. */
export async function formatMoment(date: Date, withTime: boolean): Promise<string | undefined> {
	if (Number.isNaN(date.getTime())) return undefined;
	const { format } = await import('date-fns/format');
	return format(date, withTime ? 'EEEE, d MMMM yyyy, HH:mm' : 'EEEE, d MMMM yyyy');
}
