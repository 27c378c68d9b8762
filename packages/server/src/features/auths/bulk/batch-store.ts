import type { Transaction } from "../../../platform/database.ts";
import { type AuthRecord, cardKeysOf, modesOf } from "../auth-record.ts";
import type { BatchPlan, PlannedAuth, PlannedChange } from "./plan-batch.ts";

export interface BatchPlace {
  readonly placeId: number;
  readonly placeGroupId: number;
  readonly nowMs: number;
}

/**
 * Writes a plan in a fixed number of statements, whatever number of rows it has; cards and groups are given away before they are taken. Violates a
 * unique index when somebody else was first.
 */
export async function writeBatch(transaction: Transaction, place: BatchPlace, plan: BatchPlan): Promise<void> {
  const { created, changed, newPeople } = plan;
  if (newPeople.length > 0) await insertPeople(transaction, place, newPeople);
  if (created.length > 0) await insertAuths(transaction, place, created);
  if (changed.length > 0) await updateAuths(transaction, place, changed);
  await moveCards(transaction, place, plan);
  await moveGroups(transaction, place, plan);
}

async function insertPeople(transaction: Transaction, { placeGroupId, nowMs }: BatchPlace, people: BatchPlan["newPeople"]): Promise<void> {
  await transaction.query(
    `insert into users(user_id, place_group_id, key, made_at) select user_id, $1, key, $2 from unnest($3::bigint[], $4::text[]) as person(user_id, key) order by key`,
    [placeGroupId, nowMs, people.map(({ userId }) => userId), people.map(({ userKey }) => userKey)],
  );
}

/** What a quick row may say of an auth; faces, PINs and templates stay as they are. */
const COLUMNS = "name, status, start_at, end_at, door_access_type, door_ids, schedule_type, schedule_id, modes, modes_asked, phone, cards";
const TYPED = `auth_id bigint, user_id bigint, name text, status text, start_at bigint, end_at bigint, door_access_type text, door_ids bigint[],
  schedule_type text, schedule_id bigint, modes text[], modes_asked text[], phone text, cards jsonb`;

async function insertAuths(transaction: Transaction, { placeId, nowMs }: BatchPlace, auths: readonly PlannedAuth[]): Promise<void> {
  await transaction.query(
    `insert into auths(place_id, auth_id, user_id, ${COLUMNS}, made_at, last_modified_at)
      select $1, auth_id, user_id, ${COLUMNS}, $2, $2 from jsonb_to_recordset($3::jsonb) as row(${TYPED})`,
    [placeId, nowMs, JSON.stringify(auths.map(rowOf))],
  );
}

/** Its create body is no longer what it was asked for by, so a repeat of that is another request. */
async function updateAuths(transaction: Transaction, { placeId, nowMs }: BatchPlace, auths: readonly PlannedChange[]): Promise<void> {
  const set = COLUMNS.split(", ").map((column) => `${column} = row.${column}`);
  await transaction.query(
    `update auths set ${set.join(", ")}, body_hmac = null, last_modified_at = $2
      from jsonb_to_recordset($3::jsonb) as row(${TYPED}) where auths.place_id = $1 and auths.auth_id = row.auth_id`,
    [placeId, nowMs, JSON.stringify(auths.map(rowOf))],
  );
}

function rowOf({ authId, userId, record }: PlannedAuth): Readonly<Record<string, unknown>> {
  return {
    auth_id: authId,
    user_id: userId,
    name: record.name,
    status: record.status,
    start_at: record.startMs,
    end_at: record.endMs,
    door_access_type: record.doors === "all" ? "ALL_DOOR" : "SPECIFIC",
    door_ids: record.doors === "all" ? [] : record.doors,
    schedule_type: record.scheduleId === null ? "ALWAYS" : "SPECIFIC",
    schedule_id: record.scheduleId,
    modes: modesOf(record),
    modes_asked: record.modesAsked,
    phone: record.phone,
    cards: record.cards,
  };
}

/** Pairs of an auth with what it has. */
type Held<Thing> = readonly { readonly authId: number; readonly thing: Thing }[];

async function moveCards(transaction: Transaction, { placeId }: BatchPlace, plan: BatchPlan): Promise<void> {
  const { left, taken } = moved(plan, cardKeysOf);
  if (left.length > 0)
    await transaction.query(
      "delete from cards using unnest($2::bigint[], $3::text[]) as freed(auth_id, card_key) where place_id = $1 and cards.auth_id = freed.auth_id and cards.card_key = freed.card_key",
      [placeId, ...columnsOf(left)],
    );
  // In the order in which every transaction takes them: two that want the same cards never wait in a circle.
  if (taken.length > 0)
    await transaction.query(
      "insert into cards(place_id, card_key, auth_id) select $1, card_key, auth_id from unnest($2::bigint[], $3::text[]) as card(auth_id, card_key) order by card_key",
      [placeId, ...columnsOf(taken)],
    );
}

async function moveGroups(transaction: Transaction, { placeId }: BatchPlace, plan: BatchPlan): Promise<void> {
  const { left, taken } = moved(plan, ({ groupIds }) => groupIds);
  if (left.length > 0)
    await transaction.query(
      `delete from access_group_members members using unnest($2::bigint[], $3::bigint[]) as gone(auth_id, group_id)
        where place_id = $1 and members.auth_id = gone.auth_id and members.group_id = gone.group_id`,
      [placeId, ...columnsOf(left)],
    );
  if (taken.length > 0)
    await transaction.query(
      `insert into access_group_members(place_id, group_id, auth_id) select $1, group_id, auth_id from unnest($2::bigint[], $3::bigint[]) as joined(auth_id, group_id)
        on conflict do nothing`,
      [placeId, ...columnsOf(taken)],
    );
}

/** What auths no longer have, and what they have now and had not before. */
function moved<Thing>(
  { created, changed }: BatchPlan,
  thingsOf: (record: AuthRecord) => readonly Thing[],
): { left: Held<Thing>; taken: Held<Thing> } {
  const left = changed.flatMap(({ authId, before, record }) => pairs(authId, without(thingsOf(before), thingsOf(record))));
  const gained = changed.flatMap(({ authId, before, record }) => pairs(authId, without(thingsOf(record), thingsOf(before))));
  return { left, taken: [...gained, ...created.flatMap(({ authId, record }) => pairs(authId, thingsOf(record)))] };
}

function without<Thing>(things: readonly Thing[], others: readonly Thing[]): readonly Thing[] {
  return things.filter((thing) => !others.includes(thing));
}

function pairs<Thing>(authId: number, things: readonly Thing[]): Held<Thing> {
  return things.map((thing) => ({ authId, thing }));
}

function columnsOf<Thing>(held: Held<Thing>): [authIds: readonly number[], things: readonly Thing[]] {
  return [held.map(({ authId }) => authId), held.map(({ thing }) => thing)];
}
