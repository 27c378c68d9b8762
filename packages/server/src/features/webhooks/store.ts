import type { EventChoice, Webhook, WebhookDelivery } from "@postern/contract";
import { assert } from "@postern/core";
import { encodeLogId } from "../../ledger/log-id.ts";
import type { Actor } from "../../platform/access/actor.ts";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";
import type { SentTo } from "./send-message.ts";

const COLUMNS = `webhook_id as "webhookId", place_group_id as "placeGroupId", place_id as "placeId", name, url, events, paused, made_at as "madeAt",
  made_by as "madeBy", previous_secret_until as "previousSecretUntil",
  (select count(*)::int from webhook_places where webhook_places.webhook_id = webhooks.webhook_id and parked_at is not null) as "parkedPlaces",
  (select count(*)::int from webhook_places where webhook_places.webhook_id = webhooks.webhook_id and parked_at is null and attempts > 0) as "failingPlaces"`;

export async function findWebhook(queryable: Queryable, webhookId: number): Promise<Webhook | null> {
  const text = `select ${COLUMNS} from webhooks where webhook_id = $1`;
  const [row] = await queryable.query<Webhook>({ name: "webhooks-find", text, values: [webhookId] });
  return row ?? null;
}

/** The row that everything else of a webhook is changed under; null: it is gone. */
export async function lockWebhook(transaction: Transaction, webhookId: number): Promise<boolean> {
  return (await transaction.query("select 1 from webhooks where webhook_id = $1 for no key update", [webhookId])).length === 1;
}

/** Those within the actor's reach in ascending id, with one row more than the page has. */
export async function listWebhooks(
  queryable: Queryable,
  actor: Actor,
  { placeId, page }: { readonly placeId: number | null; readonly page: PageWanted },
): Promise<readonly Webhook[]> {
  return queryable.query<Webhook>({
    name: "webhooks-list",
    text: `select ${COLUMNS} from webhooks where place_group_id = $1 and ($2::bigint[] is null or place_id = any($2))
      and ($3::bigint is null or place_id = $3) and webhook_id > $4 order by webhook_id limit $5`,
    values: [actor.placeGroupId, actor.placeIds, placeId, page.afterId, page.limit + 1],
  });
}

/** Locks a group, so that its webhooks are counted one after the other; null: the group is gone. */
export async function lockAndCountWebhooks(transaction: Transaction, placeGroupId: number): Promise<number | null> {
  const locked = await transaction.query("select 1 from place_groups where place_group_id = $1 for no key update", [placeGroupId]);
  if (locked.length === 0) return null;
  const [row] = await transaction.query<{ count: number }>("select count(*) as count from webhooks where place_group_id = $1", [
    placeGroupId,
  ]);
  return row?.count ?? 0;
}

export async function drawWebhookId(transaction: Transaction): Promise<number> {
  const [row] = await transaction.query<{ id: number }>("select nextval('webhook_ids') as id");
  assert(row !== undefined, "a sequence gives a number");
  return row.id;
}

export interface NewWebhook {
  readonly webhookId: number;
  readonly placeGroupId: number;
  readonly placeId: number | null;
  readonly name: string;
  readonly url: string;
  readonly events: EventChoice;
  readonly paused: boolean;
  readonly secretSealed: Uint8Array;
  readonly madeAt: number;
  readonly madeBy: string | null;
}

/** `after`: where its places begin; null: with what is appended from now on. False: its place is gone. */
export async function insertWebhook(transaction: Transaction, webhook: NewWebhook, after: number | null): Promise<boolean> {
  const { placeId } = webhook;
  if (placeId !== null) {
    const there = await transaction.query("select 1 from places where place_id = $1 for key share", [placeId]);
    if (there.length === 0) return false;
  }
  await transaction.execute(
    `insert into webhooks(webhook_id, place_group_id, place_id, name, url, events, paused, secret_sealed, made_at, made_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      ...[webhook.webhookId, webhook.placeGroupId, placeId, webhook.name, webhook.url, JSON.stringify(webhook.events), webhook.paused],
      ...[webhook.secretSealed, webhook.madeAt, webhook.madeBy],
    ],
  );
  // Held while the row is made: a place that is deleted at this moment has none, instead of failing all.
  await transaction.execute(
    `insert into webhook_places(webhook_id, place_id, sequence)
     select $1, place_id, coalesce($4, next_sequence - 1) from ledger_heads join places using (place_id)
     where place_group_id = $2 and ($3::bigint is null or place_id = $3)
     order by place_id for key share of places`,
    [webhook.webhookId, webhook.placeGroupId, placeId, after],
  );
  return true;
}

export async function updateWebhook(transaction: Transaction, { webhookId, name, url, events, paused }: Webhook): Promise<void> {
  await transaction.execute("update webhooks set name = $2, url = $3, events = $4, paused = $5 where webhook_id = $1", [
    ...[webhookId, name, url, JSON.stringify(events), paused],
  ]);
}

/** Takes its deliveries from whoever makes them, so that the next ones are made by what holds now. */
export async function beginAnew(
  transaction: Transaction,
  webhookId: number,
  { areOtherEvents }: { readonly areOtherEvents: boolean },
): Promise<void> {
  await transaction.execute(
    `update webhook_places set leased_by = null, lease = lease + 1, version = version + $2::int,
       pending_through = case when $2::int = 1 then null else pending_through end
     where webhook_id = $1`,
    [webhookId, areOtherEvents ? 1 : 0],
  );
}

export async function deleteWebhook(transaction: Transaction, webhookId: number): Promise<void> {
  await transaction.execute("delete from webhooks where webhook_id = $1", [webhookId]);
}

export interface RotatedSecret {
  readonly webhookId: number;
  readonly secretSealed: Uint8Array;
  /** Until when the one before goes on. */
  readonly previousUntil: number;
}

export async function rotateSecret(transaction: Transaction, { webhookId, secretSealed, previousUntil }: RotatedSecret): Promise<void> {
  await transaction.execute(
    "update webhooks set previous_secret_sealed = secret_sealed, previous_secret_until = $3, secret_sealed = $2 where webhook_id = $1",
    [webhookId, secretSealed, previousUntil],
  );
  await transaction.execute("update webhook_places set leased_by = null, lease = lease + 1 where webhook_id = $1", [webhookId]);
}

export interface PlaceRow {
  readonly placeId: number;
  readonly sequence: number;
  readonly head: number;
  readonly attempts: number;
  readonly failingSince: number | null;
  readonly nextAttemptAt: number;
  readonly parkedAt: number | null;
  readonly error: string | null;
  readonly paused: boolean;
}

const PLACE_COLUMNS = `webhook_places.place_id as "placeId", webhook_places.sequence, next_sequence - 1 as head, attempts, failing_since as "failingSince",
  next_attempt_at as "nextAttemptAt", parked_at as "parkedAt", error, paused`;

export async function listWebhookPlaces(queryable: Queryable, webhookId: number, page: PageWanted): Promise<readonly PlaceRow[]> {
  return queryable.query<PlaceRow>({
    name: "webhooks-list-places",
    text: `select ${PLACE_COLUMNS} from webhook_places join ledger_heads using (place_id) join webhooks using (webhook_id)
      where webhook_id = $1 and webhook_places.place_id > $2 order by webhook_places.place_id limit $3`,
    values: [webhookId, page.afterId, page.limit + 1],
  });
}

export async function findWebhookPlace(queryable: Queryable, webhookId: number, placeId: number): Promise<PlaceRow | null> {
  const [row] = await queryable.query<PlaceRow>({
    name: "webhooks-find-place",
    text: `select ${PLACE_COLUMNS} from webhook_places join ledger_heads using (place_id) join webhooks using (webhook_id)
      where webhook_id = $1 and webhook_places.place_id = $2`,
    values: [webhookId, placeId],
  });
  return row ?? null;
}

const CLEARED = "attempts = 0, failing_since = null, next_attempt_at = 0, parked_at = null, error = null";

/** What waits or was parked is due. */
export async function resumePlaces(transaction: Transaction, webhookId: number): Promise<void> {
  await transaction.execute(`update webhook_places set ${CLEARED} where webhook_id = $1 and (attempts > 0 or parked_at is not null)`, [
    webhookId,
  ]);
}

/** From a position on, whatever was delivered before: with ids of their own, and at once. */
export async function replayPlace(
  transaction: Transaction,
  { webhookId, placeId, sequence }: { readonly webhookId: number; readonly placeId: number; readonly sequence: number },
): Promise<void> {
  await transaction.execute(
    `update webhook_places set sequence = $3, pending_through = null, version = version + 1, leased_by = null, lease = lease + 1, ${CLEARED}
     where webhook_id = $1 and place_id = $2`,
    [webhookId, placeId, sequence],
  );
}

interface DeliveryRow extends Omit<WebhookDelivery, "first" | "through"> {
  readonly firstSequence: number | null;
  readonly throughSequence: number | null;
}

export interface DeliveriesAsked {
  readonly placeId: number | null;
  readonly outcome: "delivered" | "failed" | null;
  /** 0: from the newest on. */
  readonly beforeId: number;
  readonly limit: number;
}

/** The newest first, with one row more than the page has. */
export async function listDeliveries(queryable: Queryable, webhookId: number, asked: DeliveriesAsked): Promise<readonly WebhookDelivery[]> {
  const rows = await queryable.query<DeliveryRow>({
    name: "webhooks-list-deliveries",
    text: `select delivery_id as "deliveryId", webhook_id as "webhookId", place_id as "placeId", message_id as "messageId", attempt, at, url,
        event_count as "eventCount", first_sequence as "firstSequence", through_sequence as "throughSequence", outcome, status, error, answer,
        duration_ms as "durationMs"
      from webhook_deliveries where webhook_id = $1 and ($2::bigint is null or place_id = $2) and ($3::text is null or outcome = $3)
        and ($4::bigint = 0 or delivery_id < $4)
      order by delivery_id desc limit $5`,
    values: [webhookId, asked.placeId, asked.outcome, asked.beforeId, asked.limit + 1],
  });
  return rows.map(({ firstSequence, throughSequence, ...row }) => {
    const cursor = (sequence: number | null): string | null =>
      row.placeId === null || sequence === null ? null : encodeLogId({ placeId: row.placeId, sequence });
    return { ...row, first: cursor(firstSequence), through: cursor(throughSequence) };
  });
}

/** Where a webhook's messages go and what they are signed with. */
export async function findSentTo(queryable: Queryable, webhookId: number): Promise<SentTo | null> {
  const [row] = await queryable.query<SentTo>({
    name: "webhooks-sent-to",
    text: `select webhook_id as "webhookId", url, secret_sealed as "secretSealed", previous_secret_sealed as "previousSecretSealed",
      previous_secret_until as "previousSecretUntil" from webhooks where webhook_id = $1`,
    values: [webhookId],
  });
  return row ?? null;
}
