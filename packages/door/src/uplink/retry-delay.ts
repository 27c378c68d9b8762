import type { Random } from "@postern/core";
import { RETRY_MS_FIRST, RETRY_MS_MAX } from "../limits.ts";

/** The pause before the next connection after so many failures in a row: doubling, capped, and spread over its second half so that doors that were lost together do not come back together. */
export function retryDelayMs(failureCount: number, random: Random): number {
  const longest = Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** Math.min(failureCount, 16));
  const half = Math.ceil(longest / 2);
  return half + random.int(half + 1);
}
