/** For the measurements, which may look inside; nobody else imports it. */

export { addDoor } from "./features/doors/add-door.ts";
export { Appender } from "./ledger/appender.ts";
export { periodOf } from "./ledger/period.ts";
export type { AppendBatch } from "./ledger/plan-append.ts";
export { startEmbeddedPostgres } from "./platform/postgres/embedded-postgres.ts";
export { findPostgresBinaries } from "./platform/postgres/postgres-binaries.ts";
export { changeRoster } from "./roster/roster-store.ts";
