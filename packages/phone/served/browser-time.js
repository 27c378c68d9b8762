// Made from packages/phone/page/browser-time.ts by `npm run gen`.
/** Time as a browser has it. */

export const browserClock               = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Runs `action` once after `delayMs`; the returned function takes that back. */
export function later(delayMs        , action            )             {
  const handle = setTimeout(action, delayMs);
  return () => clearTimeout(handle);
}
