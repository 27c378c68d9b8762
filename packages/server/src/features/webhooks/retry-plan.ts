import type { Random } from "@postern/core";
import { RETRY_AFTER_MS_MAX, RETRY_MS_MAX, RETRY_PAUSES_MS } from "./limits.ts";

export type RetryPlan = { readonly kind: "again"; readonly atMs: number } | { readonly kind: "park" };

export interface FailedAttempt {
  /** How many have failed in a row, this one included. */
  readonly attempts: number;
  readonly failingSinceMs: number;
  readonly nowMs: number;
  /** What the other side asked for. */
  readonly retryAfterMs: number | null;
}

/** When a failed delivery is tried again: after growing pauses, a last time when its three days end, and then no more. */
export function planRetry({ attempts, failingSinceMs, nowMs, retryAfterMs }: FailedAttempt, random: Random): RetryPlan {
  const endMs = failingSinceMs + RETRY_MS_MAX;
  if (nowMs >= endMs) return { kind: "park" };
  const pauseMs = RETRY_PAUSES_MS[Math.min(attempts, RETRY_PAUSES_MS.length) - 1] ?? 0;
  const spreadMs = Math.round(pauseMs * 0.8) + random.int(Math.round(pauseMs * 0.4) + 1);
  const askedMs = Math.min(retryAfterMs ?? 0, RETRY_AFTER_MS_MAX);
  return { kind: "again", atMs: Math.min(nowMs + Math.max(spreadMs, askedMs), endMs) };
}
