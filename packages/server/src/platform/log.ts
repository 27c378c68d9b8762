import type { Clock, Log, LogFields } from "@postern/core";
import { type DestinationStream, destination, pino } from "pino";
import type { LogLevel } from "./config.ts";
import { safeFields } from "./safe-fields.ts";

export interface LogOptions {
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Default: standard error, so that what a command prints for others to read stays apart. */
  readonly destination?: DestinationStream;
}

const STANDARD_ERROR = 2;

/** JSON lines: `level`, `time` (ISO 8601, UTC), `event`, and the fields as `safeFields` leaves them. */
export function createLog(options: LogOptions): Log {
  // Written at once: the last lines before a crash are the ones that are looked for.
  const target = options.destination ?? destination({ dest: STANDARD_ERROR, sync: true });
  const logger = pino(
    {
      level: options.level,
      messageKey: "event",
      base: null,
      timestamp: () => `,"time":"${new Date(options.clock.nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    target,
  );
  const write =
    (level: Exclude<LogLevel, "silent">) =>
    (event: string, fields: LogFields = {}): void => {
      if (logger.isLevelEnabled(level)) logger[level](safeFields(fields), event);
    };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
