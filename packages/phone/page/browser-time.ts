/** Time as a browser has it. */
export interface BrowserClock {
  /** Epoch milliseconds, as the phone is set. */
  nowMs(): number;
  /** Never goes back and never jumps; stands still while the phone sleeps. */
  monotonicMs(): number;
}

export const browserClock: BrowserClock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Runs `action` once after `delayMs`; the returned function takes that back. */
export function later(delayMs: number, action: () => void): () => void {
  const handle = setTimeout(action, delayMs);
  return () => clearTimeout(handle);
}
