import type { Guesser } from "../guesser.ts";
import { GUESS_DELAY_MS_FIRST, GUESS_DELAY_MS_MAX, GUESSERS_MAX, GUESSES_FORGOTTEN_MS, GUESSES_FREE } from "../limits.ts";
import type { DoorState } from "./door-state.ts";
import type { DoorStep } from "./step-door.ts";

/** Wrong PINs beyond the life of the process: whoever takes the power away is given no tries anew. */
export interface Guesses {
  read(doorId: number): readonly Guesser[];
  /** Throws when they cannot be written down. */
  write(doorId: number, guessers: readonly Guesser[]): void;
}

/** One person's PIN at a device, or the device itself. */
export function guesserKey(deviceId: number, authId: number | null): string {
  return authId === null ? `${deviceId}` : `${deviceId}:${authId}`;
}

/** How long the next try has to wait; 0: it may come. */
export function guessDelayMs(guessers: readonly Guesser[], key: string, nowMs: number): number {
  const guesser = guessers.find((one) => one.key === key);
  if (guesser === undefined || guesser.count < GUESSES_FREE) return 0;
  const delayMs = Math.min(GUESS_DELAY_MS_MAX, GUESS_DELAY_MS_FIRST * 2 ** (guesser.count - GUESSES_FREE));
  return Math.min(delayMs, Math.max(0, guesser.lastMs + delayMs - nowMs));
}

/** One wrong one more. Of more guessers than are kept, the one seen longest ago is forgotten. */
export function withGuess(guessers: readonly Guesser[], key: string, nowMs: number): readonly Guesser[] {
  const known = guessers.find((one) => one.key === key && nowMs - one.lastMs < GUESSES_FORGOTTEN_MS);
  const others = guessers.filter((one) => one.key !== key && nowMs - one.lastMs < GUESSES_FORGOTTEN_MS);
  return [...others.slice(-(GUESSERS_MAX - 1)), { key, count: (known?.count ?? 0) + 1, lastMs: nowMs }];
}

/** The right one came: what was wrong before no longer counts. */
export function withoutGuesses(guessers: readonly Guesser[], key: string): readonly Guesser[] {
  return guessers.some((one) => one.key === key) ? guessers.filter((one) => one.key !== key) : guessers;
}

/** Has a change of them written down, before anybody is answered. */
export function keepGuessers(before: DoorState, step: DoorStep): DoorStep {
  const { guessers } = step.state;
  return guessers === before.guessers ? step : { ...step, effects: [{ kind: "keep_guessers", guessers }, ...step.effects] };
}
