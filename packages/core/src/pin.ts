import { scrypt, timingSafeEqual } from "node:crypto";
import type { Random } from "./random.ts";
import type { PinVerifier } from "./roster-item.ts";

/**
 * scrypt (RFC 7914) with 8 MiB and one lane: about 20 ms on one core of a small machine, so that a stolen door's disk gives up a PIN of four
 * digits in minutes and one of eight in weeks, and a door still answers at once. Part of every verifier that is stored, so it never changes.
 */
const COST = { N: 8_192, r: 8, p: 1 } as const;

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** What proves a PIN of one person without holding it, with a salt of its own. Runs off the event loop. */
export async function pinVerifier(pin: string, random: Random): Promise<PinVerifier> {
  const salt = Buffer.from(random.bytes(SALT_BYTES));
  return { salt: salt.toString("base64"), hash: (await hashOf(pin, salt)).toString("base64") };
}

/** Whether this is the PIN that the verifier was made of. Takes as long for a wrong one as for the right one. */
export async function provesPin(pin: string, { salt, hash }: PinVerifier): Promise<boolean> {
  const expected = Buffer.from(hash, "base64");
  const found = await hashOf(pin, Buffer.from(salt, "base64"));
  return expected.length === found.length && timingSafeEqual(expected, found);
}

/**
 * What a unique PIN is stored and looked up by: the same for everybody of the place, whose salt this is (base64), so that one computation finds its
 * holder among all.
 */
export async function uniquePinKey(pin: string, placeSalt: string): Promise<string> {
  return (await hashOf(pin, Buffer.from(placeSalt, "base64"))).toString("base64");
}

function hashOf(pin: string, salt: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(pin, salt, HASH_BYTES, COST, (failure, hash) => (failure === null ? resolve(hash) : reject(failure)));
  });
}
