import { pause, type Random, type Timers } from "@postern/core";
import { RETRY_MS_MAX, RETRY_MS_MIN } from "./limits.ts";
import { PosternError } from "./postern-error.ts";

export interface RetryPlan {
  /** Whether doing it twice does what doing it once does. */
  readonly isRepeatable: boolean;
  readonly attemptsMax: number;
  /** A longer wish of the server ends the trying. */
  readonly retryAfterMsMax: number;
  /** Ends a pause early; the next attempt then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each failure after which it is tried again. */
  readonly onRetry?: ((error: PosternError) => void) | undefined;
}

export interface RetryPorts {
  readonly timers: Timers;
  readonly random: Random;
}

/** Tries until it succeeds, fails for good, or was tried often enough. Only the failure's class decides. */
export async function withRetries<Result>(ports: RetryPorts, plan: RetryPlan, attempt: () => Promise<Result>): Promise<Result> {
  let mayBeDone = false;
  for (let failedCount = 1; ; failedCount += 1) {
    try {
      return await attempt();
    } catch (error) {
      const pauseMs = error instanceof PosternError ? pauseMsAfter(error, plan, { failedCount, random: ports.random }) : null;
      if (!(error instanceof PosternError) || pauseMs === null) throw mayBeDone ? unsure(error) : error;
      mayBeDone ||= error.class === "ambiguous";
      plan.onRetry?.(error);
      await pause(ports.timers, "a call again", pauseMs, plan.signal);
    }
  }
}

/** null: it is not tried again. */
function pauseMsAfter(
  error: PosternError,
  plan: RetryPlan,
  { failedCount, random }: { readonly failedCount: number; readonly random: Random },
): number | null {
  if (!mayRetry(error, plan) || failedCount >= plan.attemptsMax) return null;
  const askedMs = (error.retryAfterS ?? 0) * 1_000;
  return askedMs > plan.retryAfterMsMax ? null : Math.max(askedMs, backOffMs(failedCount, random));
}

/** The last try was not done, and one before it may have been. */
function unsure(error: unknown): unknown {
  if (!(error instanceof PosternError) || error.class !== "transient") return error;
  const { code, message: text, status, problems, requestId, retryAfterS } = error;
  return new PosternError(code, { class: "ambiguous", text, status, problems, requestId, retryAfterS, cause: error });
}

function mayRetry(error: PosternError, { isRepeatable }: RetryPlan): boolean {
  return error.class === "transient" || (error.class === "ambiguous" && isRepeatable);
}

/** Doubled each time up to the cap, then anything from half of it on, so that clients that failed together do not come back together. */
export function backOffMs(failedCount: number, random: Random): number {
  const wholeMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(failedCount - 1, 16));
  return wholeMs / 2 + random.int(wholeMs / 2 + 1);
}
