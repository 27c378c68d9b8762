// Made from packages/core/src/clock.ts by `npm run gen`.
/** Time as an argument, so that a test or a simulation can own it. */

export const systemClock        = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

export const systemTimers         = {
  after(_name, delayMs, action) {
    const handle = setTimeout(action, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** A promise of `delayMs` passing; an aborted signal ends it early, without an error. */
export function pause(timers        , name        , delayMs        , signal              )                {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = ()       => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = timers.after(name, delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
