import { assert } from "@postern/core";
import type { Queryable } from "../../platform/database.ts";
import type { DoorName } from "./auth-record.ts";
import type { IdempotencyKey } from "./idempotency-store.ts";

/** What a right names that has to be there, or must not be somebody else's. */
export interface NamedThings {
  readonly placeId: number;
  readonly doorIds: readonly number[];
  readonly scheduleId: number | null;
  readonly groupIds: readonly number[];
  readonly cardKeys: readonly string[];
  readonly uniquePinHash: string | null;
}

export interface EnrolmentFactsQuery extends NamedThings {
  readonly placeGroupId: number;
  readonly userKey: string;
  readonly idempotencyKey: IdempotencyKey | null;
}

/** An auth, and what was asked when it was made; null: not known any more. */
export interface AskedAuth {
  readonly authId: number;
  readonly bodyHmac: Uint8Array | null;
}

/** Which of the things named are there, of one moment. */
export interface ThingsFound {
  /** The doors asked for, as far as they are the place's. */
  readonly doors: readonly DoorName[];
  readonly hasSchedule: boolean;
  readonly groupIds: readonly number[];
  /** The cards asked for, as far as somebody holds them. */
  readonly takenCards: readonly { readonly key: string; readonly authId: number }[];
  /** Who holds the unique PIN asked for. */
  readonly uniquePinAuthId: number | null;
  /** How many people of the place have a unique PIN; 0 where none was asked for. */
  readonly uniquePinCount: number;
}

/** Everything an enrolment depends on, of one moment. */
export interface EnrolmentFacts extends ThingsFound {
  readonly userId: number | null;
  /** The auth that the person has at the place. */
  readonly live: AskedAuth | null;
  /** What came of the same `Idempotency-Key`. */
  readonly remembered: (AskedAuth & { readonly isLive: boolean }) | null;
}

/** $1 the place, $2 doors, $3 schedule, $4 groups, $5 cards, $6 the unique PIN's hash. */
const THINGS = `
  (select coalesce(jsonb_agg(jsonb_build_object('doorId', door_id, 'doorName', name) order by door_id), '[]') from doors where place_id = $1 and door_id = any($2) and deleted_at is null) as doors,
  exists (select from schedules where place_id = $1 and schedule_id = $3) as has_schedule,
  array(select group_id from access_groups where place_id = $1 and group_id = any($4::bigint[])) as group_ids,
  (select coalesce(jsonb_agg(jsonb_build_object('key', card_key, 'authId', auth_id)), '[]') from cards where place_id = $1 and card_key = any($5)) as taken_cards,
  (select auth_id from auths where place_id = $1 and unique_pin_hash = $6::text and deleted_at is null) as unique_pin_auth_id,
  case when $6::text is null then 0 else
    (select count(*) from auths where place_id = $1 and unique_pin_hash is not null and deleted_at is null) end as unique_pin_count`;

/*
 * What depends on a row found before it stands in a lateral part or joins a key of its own: the planner may then choose among lookups alone, also
 * in tables that have just grown and that it knows nothing about yet.
 */
const LOAD_FACTS = `
  select person.user_id, live.auth_id as live_auth_id, live.body_hmac as live_body_hmac,
    remembered.auth_id as remembered_auth_id, remembered.body_hmac as remembered_body_hmac,
    made.auth_id is not null and made.deleted_at is null as remembered_is_live, ${THINGS}
  from (values (1)) as one
  left join users person on person.place_group_id = $7 and person.key = $8
  left join lateral (
    select auth_id, body_hmac from auths where place_id = $1 and user_id = person.user_id and deleted_at is null limit 1
  ) as live on true
  left join idempotency_keys remembered on remembered.key_id = $9 and remembered.route = $10 and remembered.idempotency_key = $11 and remembered.made_at > $12
  left join auths made on made.auth_id = remembered.auth_id`;

interface ThingsRow {
  readonly doors: readonly DoorName[];
  readonly has_schedule: boolean;
  readonly group_ids: readonly number[];
  readonly taken_cards: ThingsFound["takenCards"];
  readonly unique_pin_auth_id: number | null;
  readonly unique_pin_count: number;
}

interface FactsRow extends ThingsRow {
  readonly user_id: number | null;
  readonly live_auth_id: number | null;
  readonly live_body_hmac: Uint8Array | null;
  readonly remembered_auth_id: number | null;
  readonly remembered_body_hmac: Uint8Array | null;
  readonly remembered_is_live: boolean;
}

function namedValues({ placeId, doorIds, scheduleId, groupIds, cardKeys, uniquePinHash }: NamedThings): unknown[] {
  return [placeId, doorIds, scheduleId, groupIds, cardKeys, uniquePinHash];
}

function thingsFound(row: ThingsRow): ThingsFound {
  return {
    doors: row.doors,
    hasSchedule: row.has_schedule,
    groupIds: row.group_ids,
    takenCards: row.taken_cards,
    uniquePinAuthId: row.unique_pin_auth_id,
    uniquePinCount: row.unique_pin_count,
  };
}

export async function loadEnrolmentFacts(queryable: Queryable, query: EnrolmentFactsQuery): Promise<EnrolmentFacts> {
  const { idempotencyKey: key } = query;
  const [row] = await queryable.query<FactsRow>({
    name: "auths-load-facts",
    text: LOAD_FACTS,
    values: [
      ...namedValues(query),
      query.placeGroupId,
      query.userKey,
      key?.keyId ?? null,
      key?.route ?? null,
      key?.text ?? null,
      key?.forgottenToMs ?? null,
    ],
  });
  assert(row !== undefined, "facts are one row");
  const { live_auth_id: liveId, remembered_auth_id: rememberedId } = row;
  return {
    ...thingsFound(row),
    userId: row.user_id,
    live: liveId === null ? null : { authId: liveId, bodyHmac: row.live_body_hmac },
    remembered: rememberedId === null ? null : { authId: rememberedId, bodyHmac: row.remembered_body_hmac, isLive: row.remembered_is_live },
  };
}

export async function findThings(queryable: Queryable, named: NamedThings): Promise<ThingsFound> {
  const [row] = await queryable.query<ThingsRow>({ name: "auths-find-things", text: `select ${THINGS}`, values: namedValues(named) });
  assert(row !== undefined, "what is found is one row");
  return thingsFound(row);
}
