import { type EventType, eventCode } from "@postern/contract";
import { ensurePeriod, insertEvents, lockHeads } from "../../../src/ledger/ledger-store.ts";
import type { EventRow } from "../../../src/ledger/plan-append.ts";
import type { Database } from "../../../src/platform/database.ts";
import { TEST_NOW_MS } from "../../support/index.ts";

export type WrittenEvent = { readonly eventAt: number; readonly eventType: EventType } & Partial<Omit<EventRow, "eventAt" | "eventType">>;

/** Appends events to a place's ledger, as the appender would, without a controller. */
export async function writeEvents(database: Database, placeId: number, events: readonly WrittenEvent[]): Promise<void> {
  const rows = events.map(({ eventType, ...event }): EventRow => {
    const nothing = { deviceId: 0, doorId: null, userId: null, authId: null, generation: 0, localLogId: 0, detail: null };
    return { ...nothing, receivedAt: TEST_NOW_MS, ...event, eventType: eventCode(eventType) };
  });
  for (const receivedAt of new Set(rows.map((row) => row.receivedAt))) await ensurePeriod(database, receivedAt);
  await database.transaction(async (transaction) => {
    const heads = await lockHeads(transaction, [placeId]);
    await insertEvents(
      transaction,
      heads,
      rows.map((row) => ({ placeId, row })),
    );
  });
}
