/** Fields of a log line. Never a photo, template, PIN, key or token. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A log line is the name of an event (`uplink.batch_refused`) and fields; prose belongs into documentation. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

const drop = (): void => undefined;

/** For tests, and for parts that run without anybody who reads. */
export const silentLog: Log = { debug: drop, info: drop, warn: drop, error: drop };
