import { randomBytes, randomInt } from "node:crypto";

/** Chance as an argument: seeded in tests and in the simulation, from the operating system where it guards anything. */
export interface Random {
  /** A whole number from 0 to `below` - 1; `below` at most 2^48 - 1. */
  int(below: number): number;
  bytes(length: number): Uint8Array;
}

export const systemRandom: Random = {
  int: (below) => randomInt(below),
  bytes: (length) => randomBytes(length),
};

/** The same numbers for the same seed (mulberry32). For tests and simulations only: it can be guessed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const int = (below: number): number => Math.floor(((next() * 0x10000 + (next() >>> 16)) / 2 ** 48) * below);
  return { int, bytes: (length) => Uint8Array.from({ length }, () => int(256)) };
}
