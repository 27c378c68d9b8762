import type { Random } from "@postern/core";

/** One start of the controller. Numbers go on from one generation to the next; each ends where the next begins. */
export interface LogGeneration {
  readonly generation: number;
  /** Null for the first log of a disk. */
  readonly predecessor: LogPosition | null;
  /** The number of its first record. */
  readonly first: number;
  readonly last: number;
}

export interface LogPosition {
  readonly generation: number;
  readonly last: number;
}

/** A number of a generation, from which on events are wanted. */
export interface LogCursor {
  readonly generation: number;
  /** 0: from the generation's first record. */
  readonly from: number;
}

/** A random id of 53 bits, never 0. */
export function drawGeneration(random: Random): number {
  const bytes = random.bytes(7);
  const value = bytes.reduce((sum, byte, index) => sum * 256 + (index === 0 ? byte & 0x1f : byte), 0);
  return value === 0 ? 1 : value;
}
