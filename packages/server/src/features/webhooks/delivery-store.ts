import type { EventChoice, LedgerHead } from "@postern/contract";
import { writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Queryable, Transaction } from "../../platform/database.ts";
import { LOG_MS_MAX, LOG_ROWS_PER_OUTCOME_MAX, RUNNERS_PER_WEBHOOK_MAX } from "./limits.ts";
import type { Attempted, SentTo } from "./send-message.ts";

/** A place of a webhook whose deliveries are this process's to make, until it gives them up or they are taken away. */
export interface Lease extends SentTo {
  readonly placeId: number;
  readonly placeGroupId: number;
  readonly events: EventChoice;
  readonly sequence: number;
  readonly pendingThrough: number | null;
  readonly pendingHead: LedgerHead | null;
  readonly version: number;
  readonly attempts: number;
  readonly failingSince: number | null;
  /** Raised by whoever takes the place over: what an earlier holder writes counts no more. */
  readonly lease: number;
}

export interface Claim {
  readonly instanceId: number;
  readonly nowMs: number;
  /** null: at every place. */
  readonly placeId: number | null;
  /** Webhooks that have as many at work here as they may. */
  readonly fullWebhookIds: readonly number[];
  readonly countMax: number;
}

/** Takes places at which something is due and nobody delivers: each is taken by one process. */
export async function claimDue(
  queryable: Queryable,
  { instanceId, nowMs, placeId, fullWebhookIds, countMax }: Claim,
): Promise<readonly Lease[]> {
  return queryable.query<Lease>({
    name: "webhooks-claim",
    text: `
      with due as (
        select webhook_places.webhook_id, webhook_places.place_id,
          row_number() over (partition by webhook_places.webhook_id order by next_attempt_at, webhook_places.place_id) as nth
        from webhook_places join ledger_heads on ledger_heads.place_id = webhook_places.place_id
          join webhooks on webhooks.webhook_id = webhook_places.webhook_id
        where ($3::bigint is null or webhook_places.place_id = $3) and leased_by is null and parked_at is null and next_attempt_at <= $2
          and next_sequence - 1 > webhook_places.sequence and not paused and webhook_places.webhook_id <> all($4)
      ), free as (
        select webhook_places.webhook_id, webhook_places.place_id from webhook_places join due using (webhook_id, place_id)
        where nth <= ${RUNNERS_PER_WEBHOOK_MAX} and leased_by is null order by nth limit $5 for update of webhook_places skip locked
      )
      update webhook_places set leased_by = $1, lease = lease + 1
      from free, webhooks
      where webhook_places.webhook_id = free.webhook_id and webhook_places.place_id = free.place_id and webhooks.webhook_id = free.webhook_id
      returning webhook_places.webhook_id as "webhookId", webhook_places.place_id as "placeId", place_group_id as "placeGroupId", url, events, sequence,
        pending_through as "pendingThrough", pending_head as "pendingHead", version, attempts, failing_since as "failingSince", lease, secret_sealed as "secretSealed",
        previous_secret_sealed as "previousSecretSealed", previous_secret_until as "previousSecretUntil"`,
    values: [instanceId, nowMs, placeId, fullWebhookIds, countMax],
  });
}

/** Before a delivery is sent for the first time: where it begins and ends, and the head that goes with it. False: the lease is another's by now. */
export async function savePending(
  queryable: Queryable,
  lease: Lease,
  { after, through, head }: { readonly after: number; readonly through: number; readonly head: LedgerHead | null },
): Promise<boolean> {
  const count = await queryable.execute({
    name: "webhooks-pending",
    text: "update webhook_places set sequence = $4, pending_through = $5, pending_head = $6 where webhook_id = $1 and place_id = $2 and lease = $3",
    values: [lease.webhookId, lease.placeId, lease.lease, after, through, head === null ? null : JSON.stringify(head)],
  });
  return count === 1;
}

export interface DeliveryLogged extends Attempted {
  readonly messageId: string;
  readonly attempt: number;
  readonly atMs: number;
  readonly url: string;
  readonly eventCount: number;
  readonly first: number | null;
  readonly through: number | null;
}

const LOG_COLUMNS =
  "webhook_id, place_id, message_id, attempt, at, url, event_count, first_sequence, through_sequence, outcome, status, error, answer, duration_ms";

function logValues(logged: DeliveryLogged): readonly unknown[] {
  return [
    ...[logged.messageId, logged.attempt, logged.atMs, logged.url, logged.eventCount, logged.first, logged.through],
    ...[logged.outcome, logged.status, logged.error, logged.answer, logged.durationMs],
  ];
}

/** A delivery was taken: on to what follows it. False: the lease is another's by now, and the delivery is made once more, with the same id. */
export async function saveDelivered(queryable: Queryable, lease: Lease, logged: DeliveryLogged): Promise<boolean> {
  const rows = await queryable.query({
    name: "webhooks-delivered",
    text: `
      with moved as (
        update webhook_places set sequence = $10, pending_through = null, attempts = 0, failing_since = null, next_attempt_at = 0, error = null
        where webhook_id = $1 and place_id = $2 and lease = $3
        returning webhook_id, place_id
      )
      insert into webhook_deliveries(${LOG_COLUMNS})
      select webhook_id, place_id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 from moved returning delivery_id`,
    values: [lease.webhookId, lease.placeId, lease.lease, ...logValues(logged)],
  });
  return rows.length === 1;
}

export interface FailedDelivery {
  readonly logged: DeliveryLogged;
  readonly failingSinceMs: number;
  /** null: it is parked. */
  readonly nextAttemptAtMs: number | null;
}

/** A delivery was not taken: the place is left until its next attempt, or parked. False: the lease is another's by now. */
export async function saveFailed(
  database: Database,
  lease: Lease,
  { logged, failingSinceMs, nextAttemptAtMs }: FailedDelivery,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const count = await tx.execute(
      `update webhook_places set attempts = $4, failing_since = $5, next_attempt_at = coalesce($6::bigint, 0), parked_at = $7, error = $8, leased_by = null
       where webhook_id = $1 and place_id = $2 and lease = $3`,
      [
        ...[lease.webhookId, lease.placeId, lease.lease, logged.attempt, failingSinceMs, nextAttemptAtMs],
        ...[nextAttemptAtMs === null ? logged.atMs : null, logged.error],
      ],
    );
    if (count === 0) return false;
    await logAttempt(tx, { webhookId: lease.webhookId, placeId: lease.placeId }, logged);
    if (nextAttemptAtMs === null) await auditParked(tx, lease, logged);
    return true;
  });
}

async function auditParked(
  transaction: Transaction,
  { placeGroupId, placeId, webhookId }: Lease,
  { atMs, error }: DeliveryLogged,
): Promise<void> {
  const by = { keyId: null, source: "SYSTEM" } as const;
  const target = { kind: "webhook", id: webhookId };
  await writeAudit(transaction, { by, placeGroupId, placeId, atMs, action: "webhook.park", target, detail: { error } });
}

/** One row of the log; of a test without a place. The webhook is held meanwhile: one that is being taken away has none. */
export async function logAttempt(
  queryable: Queryable,
  { webhookId, placeId }: { readonly webhookId: number; readonly placeId: number | null },
  logged: DeliveryLogged,
): Promise<void> {
  await queryable.execute(
    `insert into webhook_deliveries(${LOG_COLUMNS})
     select webhook_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 from webhooks where webhook_id = $1 for key share`,
    [webhookId, placeId, ...logValues(logged)],
  );
}

/** Leaves a place to whoever is next; what was looked at and not meant is not looked at again. */
export async function releaseLease(queryable: Queryable, { webhookId, placeId, lease }: Lease, sequence: number): Promise<void> {
  await queryable.execute({
    name: "webhooks-release",
    text: `update webhook_places set leased_by = null, sequence = greatest(sequence, $4) where webhook_id = $1 and place_id = $2 and lease = $3`,
    values: [webhookId, placeId, lease, sequence],
  });
}

/** Other processes that hold leases. */
export async function otherHolders(queryable: Queryable, instanceId: number): Promise<readonly number[]> {
  const rows = await queryable.query<{ leased_by: number }>(
    "select distinct leased_by from webhook_places where leased_by is not null and leased_by <> $1",
    [instanceId],
  );
  return rows.map((row) => row.leased_by);
}

/** What a process that died was about to deliver is due again. */
export async function freeLeasesOf(queryable: Queryable, instanceId: number): Promise<void> {
  await queryable.execute("update webhook_places set leased_by = null, lease = lease + 1 where leased_by = $1", [instanceId]);
}

/** Places that were made after the webhook of their group: everything there is meant. */
export async function addNewPlaces(queryable: Queryable): Promise<void> {
  await queryable.execute({
    name: "webhooks-new-places",
    text: `
      insert into webhook_places(webhook_id, place_id, sequence)
      select webhook_id, places.place_id, 0 from webhooks join places using (place_group_id) join ledger_heads on ledger_heads.place_id = places.place_id
      where webhooks.place_id is null
        and not exists (select from webhook_places had where had.webhook_id = webhooks.webhook_id and had.place_id = places.place_id)
      order by webhook_id, place_id for key share of webhooks, places
      on conflict do nothing`,
  });
}

/** How many webhooks deliver from each place that has any. */
export async function webhooksByPlace(queryable: Queryable): Promise<ReadonlyMap<number, number>> {
  const rows = await queryable.query<{ place_id: number; count: number }>({
    name: "webhooks-by-place",
    text: "select place_id, count(*) as count from webhook_places group by place_id",
  });
  return new Map(rows.map((row) => [row.place_id, row.count]));
}

/** Keeps the log within its bounds. A refusal may repeat what it was sent: it is not kept beyond the erasure of anybody of the group. */
export async function trimLog(queryable: Queryable, nowMs: number): Promise<void> {
  await queryable.execute(
    `update webhook_deliveries set answer = null from webhooks
     where webhooks.webhook_id = webhook_deliveries.webhook_id and answer is not null
       and exists (select from erasures where erasures.place_group_id = webhooks.place_group_id and erased_at >= webhook_deliveries.at)`,
  );
  await queryable.execute("delete from webhook_deliveries where at < $1", [nowMs - LOG_MS_MAX]);
  await queryable.execute(
    `delete from webhook_deliveries using (
       select delivery_id, row_number() over (partition by webhook_id, outcome order by delivery_id desc) as nth from webhook_deliveries
     ) as ranked
     where ranked.delivery_id = webhook_deliveries.delivery_id and nth > $1`,
    [LOG_ROWS_PER_OUTCOME_MAX],
  );
}
