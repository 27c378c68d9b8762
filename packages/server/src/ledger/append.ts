import type { Database, Transaction } from "../platform/database.ts";
import { insertEvents, loadControllerLogs, lockHeads, type MarkRow, type PlaceRow, writeMarks } from "./ledger-store.ts";
import { type BoltMove, boltMoveOf, noteBoltMoves } from "./opening-store.ts";
import { type AppendBatch, type EventRow, planAppend, type StoredAnswer } from "./plan-append.ts";

/** What becomes of one batch: stored as the answer says, or not looked at because a newer session of the controller lives. */
export type AppendOutcome = { readonly kind: "stored"; readonly answer: StoredAnswer } | { readonly kind: "stale_session" };

/** Appends the batches of many controllers in one transaction, each judged alone, in the order given. Resolves after the commit. */
export function appendBatches(database: Database, batches: readonly AppendBatch[]): Promise<AppendOutcome[]> {
  return database.transaction(async (transaction) => {
    const placeIds = [...new Set(batches.map((batch) => batch.placeId))];
    const heads = await lockHeads(transaction, placeIds);
    const logs = await loadControllerLogs(
      transaction,
      [...new Set(batches.map((batch) => batch.controllerId))],
      batches.flatMap(generationsOf),
    );
    const entries: PlaceRow[] = [];
    const boltMoves: BoltMove[] = [];
    const marks = new Map<string, MarkRow>();
    const outcomes = batches.map((batch): AppendOutcome => {
      const log = logs.get(batch.controllerId);
      if (log === undefined || log.session !== batch.session) return { kind: "stale_session" };
      const plan = planAppend(log, log.reach, batch);
      for (const row of plan.rows) {
        entries.push({ placeId: batch.placeId, row });
        const move = boltMoveOf(batch.controllerId, row);
        if (move !== null) boltMoves.push(move);
      }
      for (const [generation, through] of plan.marks) {
        log.marks.set(generation, through);
        log.hasBegun = true;
        const key = `${batch.controllerId}:${generation}`;
        const { first, lostCount } = marks.get(key) ?? { first: plan.begun.get(generation) ?? 0, lostCount: 0 };
        marks.set(key, {
          placeId: batch.placeId,
          controllerId: batch.controllerId,
          generation,
          through,
          first,
          lostCount: lostCount + (plan.lostCounts.get(generation) ?? 0),
          begunAt: batch.receivedAtMs,
        });
      }
      return { kind: "stored", answer: plan.answer };
    });
    await insertEvents(transaction, heads, entries);
    await writeMarks(transaction, [...marks.values()]);
    await noteBoltMoves(transaction, boltMoves);
    return outcomes;
  });
}

function generationsOf(batch: AppendBatch): number[] {
  const { predecessor } = batch;
  return [batch.generation, ...(predecessor ? [predecessor.generation] : []), ...batch.lost.map((range) => range.generation)];
}

/** An event that only the server makes: it has no number of a controller's log. */
export type ServerEvent = Pick<EventRow, "eventAt" | "eventType"> &
  Partial<Pick<EventRow, "deviceId" | "doorId" | "userId" | "authId" | "detail">>;

/** Appends the server's own events in the transaction of their cause. Lock the roster first when the cause changes it. */
export async function appendServerEvents(transaction: Transaction, placeId: number, events: readonly ServerEvent[]): Promise<void> {
  const heads = await lockHeads(transaction, [placeId]);
  const unnumbered = { deviceId: 0, doorId: null, userId: null, authId: null, detail: null, generation: 0, localLogId: 0 };
  await insertEvents(
    transaction,
    heads,
    events.map((event) => ({ placeId, row: { ...unnumbered, ...event, receivedAt: event.eventAt } })),
  );
}
