/**
 * Who may log in: the users file, `name:$6$salt$hash` a line, as `openssl passwd -6` and mkpasswd(1)
 * make the hashes (SHA-512 crypt, by its published specification). No passwords of the machine.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { isErrno } from '../complaint.js';
import type { System } from '../system.js';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const usualRounds = 5000;
/** More would be a way to keep the server busy. */
const mostRounds = 500_000;

function sha512(...parts: readonly Buffer[]): Buffer {
	const hash = createHash('sha512');
	for (const part of parts) hash.update(part);
	return hash.digest();
}

/** As many octets as asked for, repeating these. */
function repeated(octets: Buffer, length: number): Buffer {
	return Buffer.alloc(length, octets);
}

/** The order in which the digest's octets are printed, three at a time. */
function* triples(): Generator<[number, number, number]> {
	let [a, b, c] = [0, 21, 42];
	for (let at = 0; at < 21; at++) {
		yield [a, b, c];
		[a, b, c] = [b + 1, c + 1, a + 1];
	}
}

function print(digest: Buffer): string {
	let text = '';
	const put = (value: number, signs: number): void => {
		for (let at = 0; at < signs; at++) text += alphabet[(value >> (6 * at)) & 63];
	};
	for (const [a, b, c] of triples()) {
		const [x, y, z] = [digest[a] as number, digest[b] as number, digest[c] as number];
		put((x << 16) | (y << 8) | z, 4);
	}
	put(digest[63] as number, 2);
	return text;
}

/** `password` hashed with the salt and rounds of `setting` (`$6$…`); undefined where it is none. */
export function sha512Crypt(password: string, setting: string): string | undefined {
	const parts = /^\$6\$(?:rounds=(\d{1,9})\$)?([^$]{0,16})[^$]*(?:\$|$)/.exec(setting);
	if (!parts) return undefined;
	const [, given, saltText = ''] = parts;
	const rounds = given === undefined ? usualRounds : Math.max(1000, Number(given));
	if (rounds > mostRounds) return undefined;
	const key = Buffer.from(password);
	const salt = Buffer.from(saltText);
	const other = sha512(key, salt, key);
	const mixed: Buffer[] = [key, salt, repeated(other, key.length)];
	for (let length = key.length; length > 0; length >>= 1) mixed.push(length & 1 ? other : key);
	let digest = sha512(...mixed);
	const p = repeated(sha512(...Array.from({ length: key.length }, () => key)), key.length);
	const many = 16 + (digest[0] as number);
	const s = repeated(sha512(...Array.from({ length: many }, () => salt)), salt.length);
	for (let round = 0; round < rounds; round++) {
		const odd = round & 1;
		const turn: Buffer[] = [odd ? p : digest];
		if (round % 3) turn.push(s);
		if (round % 7) turn.push(p);
		turn.push(odd ? digest : p);
		digest = sha512(...turn);
	}
	const told = given === undefined ? '' : `rounds=${rounds}$`;
	return `$6$${told}${saltText}$${print(digest)}`;
}

/** A check of names and passwords against the users file, `shown`, as it is now. */
export function makeVerifier(
	system: System,
	shown: string,
): (name: string, password: string) => Promise<boolean> {
	return async (name, password) => {
		let text: string;
		try {
			text = readFileSync(system.real(shown), 'utf8');
		} catch (error) {
			if (!isErrno(error)) throw error;
			return false;
		}
		const lines = text.split('\n').map((line) => line.trim());
		const line = lines.find((entry) => entry.startsWith(`${name}:`) && !entry.startsWith('#'));
		// Unknown names take as long as known ones.
		const hash = line?.slice(name.length + 1) ?? '$6$nobody$';
		const made = sha512Crypt(password.slice(0, 256), hash);
		if (line === undefined || made === undefined) return false;
		const [mine, theirs] = [Buffer.from(made), Buffer.from(hash)];
		return mine.length === theirs.length && timingSafeEqual(mine, theirs);
	};
}
