/** For the measurements, which may look inside; nobody else imports it. */

export { Appender } from "./ledger/appender.ts";
export { insertEvents, lockHeads } from "./ledger/ledger-store.ts";
export type { AppendBatch } from "./ledger/plan-append.ts";
