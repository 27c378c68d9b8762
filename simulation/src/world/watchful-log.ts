import { AssertionFailure, type Log, type LogFields, silentLog } from "@postern/core";
import type { Accuse } from "../checkers/violation.ts";

/** A log that nobody reads, but for what only a bug of ours can say: code that carries on from one hides it from every other checker. */
export function watchfulLog(accuse: Accuse): Log {
  const judge = (event: string, { cause }: LogFields = {}): void => {
    if (cause instanceof AssertionFailure || cause instanceof TypeError || cause instanceof RangeError)
      accuse("our own bug", `${event}: ${cause.message}`);
  };
  return { ...silentLog, warn: judge, error: judge };
}
