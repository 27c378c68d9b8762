import { BREAKER_FAILURES_COUNT, BREAKER_PAUSE_MS, BREAKER_PAUSE_MS_MAX } from "./limits.ts";

/**
 * Whether somebody is asked who lately did not answer. `closed`: yes, after so many failures in a row. `open`: nobody is asked until a moment, and the
 * pause grows each time. `probing`: one is asked, and everybody waits for what comes of it.
 */
export type Breaker =
  | { readonly kind: "closed"; readonly failureCount: number }
  | { readonly kind: "open"; readonly untilMs: number; readonly pauseMs: number }
  | { readonly kind: "probing"; readonly pauseMs: number };

/** `unknown`: nobody waited for the end. */
export type CallOutcome = "answered" | "failed" | "unknown";

export const CLOSED: Breaker = { kind: "closed", failureCount: 0 };

/** Whether one more may ask now, what then holds, and whether it is the one that everybody waits for. */
export function admit(
  breaker: Breaker,
  nowMs: number,
): { readonly breaker: Breaker; readonly isAdmitted: boolean; readonly isProbe: boolean } {
  if (breaker.kind === "closed") return { breaker, isAdmitted: true, isProbe: false };
  if (breaker.kind === "probing" || nowMs < breaker.untilMs) return { breaker, isAdmitted: false, isProbe: false };
  return { breaker: { kind: "probing", pauseMs: breaker.pauseMs }, isAdmitted: true, isProbe: true };
}

/** What holds after a call has ended. An answer closes, whoever had it; a failure of somebody who asked before it opened says nothing new. */
export function settle(
  breaker: Breaker,
  { outcome, isProbe, nowMs }: { readonly outcome: CallOutcome; readonly isProbe: boolean; readonly nowMs: number },
): Breaker {
  if (outcome === "answered") return CLOSED;
  if (isProbe && breaker.kind === "probing") {
    // Nobody waited for the probe: the next one is another.
    if (outcome === "unknown") return { kind: "open", untilMs: nowMs, pauseMs: breaker.pauseMs };
    return opened(Math.min(2 * breaker.pauseMs, BREAKER_PAUSE_MS_MAX), nowMs);
  }
  if (outcome === "unknown" || breaker.kind !== "closed") return breaker;
  const failureCount = breaker.failureCount + 1;
  return failureCount < BREAKER_FAILURES_COUNT ? { kind: "closed", failureCount } : opened(BREAKER_PAUSE_MS, nowMs);
}

function opened(pauseMs: number, nowMs: number): Breaker {
  return { kind: "open", untilMs: nowMs + pauseMs, pauseMs };
}

/** The breakers of all who are asked, by a key of the caller's. One that has nothing to remember is forgotten. */
export class Breakers {
  readonly #breakers = new Map<string, Breaker>();

  /** Those through which nobody is asked but a probe. */
  get openCount(): number {
    let count = 0;
    for (const { kind } of this.#breakers.values()) if (kind !== "closed") count += 1;
    return count;
  }

  /** Without asking: whether somebody would be refused now. */
  isShut(key: string, nowMs: number): boolean {
    return !admit(this.#of(key), nowMs).isAdmitted;
  }

  admit(key: string, nowMs: number): { readonly isAdmitted: boolean; readonly isProbe: boolean } {
    const { breaker, ...admitted } = admit(this.#of(key), nowMs);
    this.#keep(key, breaker);
    return admitted;
  }

  settle(key: string, ended: Parameters<typeof settle>[1]): void {
    this.#keep(key, settle(this.#of(key), ended));
  }

  #of(key: string): Breaker {
    return this.#breakers.get(key) ?? CLOSED;
  }

  #keep(key: string, breaker: Breaker): void {
    if (breaker.kind === "closed" && breaker.failureCount === 0) this.#breakers.delete(key);
    else this.#breakers.set(key, breaker);
  }
}
