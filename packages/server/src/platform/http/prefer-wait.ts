import { PREFER_WAIT_S_MAX } from "./http-limits.ts";

const WAIT = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i;

/**
 * How many seconds a client would have us wait for what it asked (`Prefer: wait=5`, RFC 7240 §4.3), at most `PREFER_WAIT_S_MAX`. Null: it named none.
 * A preference that cannot be read is as if it were not there (RFC 7240 §2). Of several the first counts.
 */
export function preferredWaitS(header: string | readonly string[] | undefined): number | null {
  if (header === undefined) return null;
  const text = typeof header === "string" ? header : header.join(",");
  for (const preference of text.split(",")) {
    const seconds = WAIT.exec(preference)?.[1];
    if (seconds !== undefined) return Math.min(Number(seconds), PREFER_WAIT_S_MAX);
  }
  return null;
}
