import { GUESS_DELAY_MS_FIRST, GUESS_DELAY_MS_MAX, GUESSERS_MAX, GUESSES_FORGOTTEN_MS, GUESSES_FREE } from "../limits.ts";

/** Wrong PINs at a device, for one person's or, where nobody is known, for all of them. Cards, faces and the way out are never held back. */
export interface Guesser {
  readonly key: string;
  readonly count: number;
  readonly lastMs: number;
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
  return guessers.filter((one) => one.key !== key);
}
