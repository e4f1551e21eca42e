/** A name server for tests, on a UDP port of this host: it knows a few names and no more. */
import { createSocket, type Socket } from 'node:dgram';

export interface Zone {
	readonly mx?: readonly (readonly [number, string])[];
	readonly a?: readonly string[];
	/** The server fails for this name. */
	readonly broken?: boolean;
}

export interface NameServer {
	/** `address:port`, as `name_servers` has it. */
	readonly address: string;
	/** Names that were asked for, with the type. */
	readonly asked: string[];
	close(): Promise<void>;
}

function wire(name: string): Buffer {
	const labels = name.split('.').filter(Boolean);
	const parts = labels.map((label) =>
		Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]),
	);
	return Buffer.concat([...parts, Buffer.from([0])]);
}

function record(type: number, data: Buffer): Buffer {
	const head = Buffer.alloc(12);
	head.writeUInt16BE(0xc00c, 0);
	head.writeUInt16BE(type, 2);
	head.writeUInt16BE(1, 4);
	head.writeUInt16BE(data.length, 10);
	return Buffer.concat([head, data]);
}

function answer(question: Buffer, zones: Readonly<Record<string, Zone>>, asked: string[]): Buffer {
	const labels: string[] = [];
	let at = 12;
	for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
		labels.push(question.toString('latin1', at + 1, at + 1 + length));
		at += 1 + length;
	}
	const name = labels.join('.').toLowerCase();
	const type = question.readUInt16BE(at + 1);
	const types: Record<number, string> = { 1: 'A', 15: 'MX', 28: 'AAAA' };
	asked.push(`${types[type] ?? type} ${name}`);
	const zone = zones[name];
	const records: Buffer[] = [];
	for (const [preference, host] of type === 15 ? (zone?.mx ?? []) : []) {
		const number = Buffer.alloc(2);
		number.writeUInt16BE(preference);
		records.push(record(15, Buffer.concat([number, wire(host)])));
	}
	for (const address of type === 1 ? (zone?.a ?? []) : []) {
		records.push(record(1, Buffer.from(address.split('.').map(Number))));
	}
	const head = Buffer.alloc(12);
	question.copy(head, 0, 0, 2);
	head.writeUInt16BE(zone === undefined ? 0x8183 : zone.broken ? 0x8182 : 0x8180, 2);
	head.writeUInt16BE(1, 4);
	head.writeUInt16BE(records.length, 6);
	return Buffer.concat([head, question.subarray(12, at + 5), ...records]);
}

export async function startNameServer(zones: Readonly<Record<string, Zone>>): Promise<NameServer> {
	const asked: string[] = [];
	const socket: Socket = createSocket('udp4');
	socket.on('message', (question, from) => {
		socket.send(answer(question, zones, asked), from.port, from.address);
	});
	await new Promise<void>((ready) => socket.bind(0, '127.0.0.1', ready));
	return {
		address: `127.0.0.1:${socket.address().port}`,
		asked,
		close: () => new Promise((done) => socket.close(() => done())),
	};
}
