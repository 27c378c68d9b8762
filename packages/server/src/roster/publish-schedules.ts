import { eventCode } from "@postern/contract";
import { appendServerEvents, type ServerEvent } from "../ledger/append.ts";
import type { Transaction } from "../platform/database.ts";
import { deriveRoster } from "./derive-roster.ts";

export interface ChangedSchedules {
  readonly scheduleIds: readonly number[];
  /** What `lockRoster` returned at the beginning of this transaction. */
  readonly headRevision: number;
  readonly nowMs: number;
}

/**
 * Last in a transaction that wrote schedules or what they stand on: brings the roster in line and appends that they changed. Devices are told of a
 * change only when there is something to tell them: a new name alone is none.
 */
export async function publishSchedules(
  transaction: Transaction,
  placeId: number,
  { scheduleIds, headRevision, nowMs }: ChangedSchedules,
): Promise<void> {
  if (scheduleIds.length === 0) return;
  const revision = await deriveRoster(transaction, placeId, { touched: { schedules: scheduleIds }, nowMs });
  const updated = scheduleIds.map(
    (scheduleId): ServerEvent => ({ eventAt: nowMs, eventType: eventCode("PLACE_SCHEDULE_UPDATED"), detail: { scheduleId } }),
  );
  const told: ServerEvent[] = revision === headRevision ? [] : [{ eventAt: nowMs, eventType: eventCode("SCHEDULE_UPDATED_REQ") }];
  await appendServerEvents(transaction, placeId, [...updated, ...told]);
}
