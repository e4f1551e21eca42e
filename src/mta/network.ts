/**
 * Who a client is, by address: networks in the notation of RFC 4632 and RFC 4291, and addresses as SMTP
 * writes them. Pure.
 */
/** A network: all addresses that agree with it in the first `bits`. */
export interface Network {
	readonly octets: readonly number[];
	readonly bits: number;
}

function octetsOf(address: string): number[] | undefined {
	const plain = address.replace(/%.*$/, '');
	const four = plain.split('.').map(Number);
	if (/^(\d{1,3}\.){3}\d{1,3}$/.test(plain)) {
		return four.every((octet) => octet < 256) ? four : undefined;
	}
	// Not loaded for nothing: every letter that is sent has the configuration read.
	if (!plain.includes(':') || !process.getBuiltinModule('node:net').isIPv6(plain)) return undefined;
	// The last four octets may be written as an IPv4 address.
	const [head, tail = ''] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.slice(1) ?? [plain];
	const last = tail === '' ? [] : tail.split('.').map(Number);
	const groups = (text: string): number[] =>
		text
			.split(':')
			.filter(Boolean)
			.flatMap((group) => {
				const value = Number.parseInt(group, 16);
				return [value >> 8, value & 0xff];
			});
	const [before = '', after] = (head as string).split('::');
	const start = groups(before);
	const end = [...groups(after ?? ''), ...last];
	return [...start, ...new Array<number>(16 - start.length - end.length).fill(0), ...end];
}

/** The IPv4 address that an IPv6 socket gives as ::ffff:a.b.c.d is that IPv4 address. */
function unmapped(octets: readonly number[]): readonly number[] {
	const mapped =
		octets.length === 16 &&
		octets.slice(0, 10).every((octet) => octet === 0) &&
		octets[10] === 0xff &&
		octets[11] === 0xff;
	return mapped ? octets.slice(12) : octets;
}

/** `192.0.2.0/24`, `2001:db8::/32`, one address; undefined where it is none of these. */
export function parseNetwork(text: string): Network | undefined {
	const [, address = '', bits] = /^\[?([^\]/]+)\]?(?:\/(\d{1,3}))?$/.exec(text) ?? [];
	const octets = octetsOf(address);
	if (!octets) return undefined;
	const most = octets.length * 8;
	const length = bits === undefined ? most : Number(bits);
	return length > most ? undefined : { octets, bits: length };
}

/** Whether an address is in one of the networks. */
export function isWithin(address: string, networks: readonly Network[]): boolean {
	const given = octetsOf(address);
	if (!given) return false;
	const octets = unmapped(given);
	return networks.some((network) => {
		if (network.octets.length !== octets.length) return false;
		for (let at = 0; at * 8 < network.bits; at++) {
			const mask = 0xff & (0xff00 >> Math.min(8, network.bits - at * 8));
			if (((network.octets[at] as number) ^ (octets[at] as number)) & mask) return false;
		}
		return true;
	});
}

/** 127.0.0.0/8 and ::1. */
export const loopback: readonly Network[] = [
	{ octets: [127, 0, 0, 0], bits: 8 },
	{ octets: [...new Array<number>(15).fill(0), 1], bits: 128 },
];

export function isLoopback(address: string): boolean {
	return isWithin(address, loopback);
}

/** As it stands in `Received` and greetings: `[192.0.2.1]`, `[IPv6:2001:db8::1]` (RFC 5321 4.1.3). */
export function addressLiteral(address: string): string {
	const octets = octetsOf(address);
	if (octets?.length === 16 && unmapped(octets).length === 4) {
		return `[${unmapped(octets).join('.')}]`;
	}
	return octets?.length === 16 ? `[IPv6:${address}]` : `[${address}]`;
}
