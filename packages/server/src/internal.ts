/** For the measurements and the simulation, which may look inside; nobody else imports it. */

export { addDoor } from "./features/doors/add-door.ts";
export * from "./gateway/confirmations.ts";
export * from "./gateway/gateway.ts";
export * from "./gateway/limits.ts";
export { MQTT_LIMITS } from "./gateway/mqtt/limits.ts";
export type { LinkConnection, LinkHandler } from "./gateway/mqtt/link-handler.ts";
export type { AskVendor, VendorQuestion, VendorVerdict } from "./gateway/vendor-question.ts";
export { appendServerEvents } from "./ledger/append.ts";
export { Appender } from "./ledger/appender.ts";
export { periodOf } from "./ledger/period.ts";
export type { AppendBatch } from "./ledger/plan-append.ts";
export { dropOldPeriods } from "./ledger/retention.ts";
export {
  type Database,
  openDatabase,
  type Queryable,
  type Statement,
  type Transaction,
  type TransactionOptions,
} from "./platform/database.ts";
export { platformError } from "./platform/platform-errors.ts";
export { CONNECT_MS_MAX, POOL_CONNECTION_COUNT, POOL_WAITING_COUNT_MAX } from "./platform/platform-limits.ts";
export { type EmbeddedPostgres, startEmbeddedPostgres } from "./platform/postgres/embedded-postgres.ts";
export { findPostgresBinaries } from "./platform/postgres/postgres-binaries.ts";
export { FEED_POLL_MS } from "./roster/limits.ts";
export { RosterFeeds } from "./roster/roster-feeds.ts";
export { changeRoster } from "./roster/roster-store.ts";
