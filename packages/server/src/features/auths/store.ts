import type { ClueCard } from "@postern/contract";
import { assert } from "@postern/core";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { AuthRecord, DoorName, KeptAuth } from "./auth-record.ts";
import type { IdempotencyKey } from "./idempotency-store.ts";

export interface EnrolmentFactsQuery {
  readonly placeId: number;
  readonly placeGroupId: number;
  readonly userKey: string;
  readonly doorIds: readonly number[];
  readonly scheduleId: number | null;
  readonly cardKeys: readonly string[];
  readonly idempotencyKey: IdempotencyKey | null;
}

/** An auth, and what was asked when it was made; null: not known any more. */
export interface AskedAuth {
  readonly authId: number;
  readonly bodyHmac: Uint8Array | null;
}

/** Everything an enrolment depends on, of one moment. */
export interface EnrolmentFacts {
  readonly userId: number | null;
  /** The auth that the person has at the place. */
  readonly live: AskedAuth | null;
  /** What came of the same `Idempotency-Key`. */
  readonly remembered: (AskedAuth & { readonly isLive: boolean }) | null;
  /** The doors asked for, as far as they are the place's. */
  readonly doors: readonly DoorName[];
  readonly hasSchedule: boolean;
  /** The cards asked for, as far as somebody holds them. */
  readonly takenCards: readonly { readonly key: string; readonly authId: number }[];
}

/*
 * What depends on a row found before it stands in a lateral part or joins a key of its own: the planner may then choose among lookups alone, also
 * in tables that have just grown and that it knows nothing about yet.
 */
const LOAD_FACTS = `
  select person.user_id, live.auth_id as live_auth_id, live.body_hmac as live_body_hmac,
    remembered.auth_id as remembered_auth_id, remembered.body_hmac as remembered_body_hmac,
    made.auth_id is not null and made.deleted_at is null as remembered_is_live,
    (select coalesce(jsonb_agg(jsonb_build_object('doorId', door_id, 'doorName', name) order by door_id), '[]') from doors where place_id = $1 and door_id = any($4)) as doors,
    exists (select from schedules where place_id = $1 and schedule_id = $5) as has_schedule,
    (select coalesce(jsonb_agg(jsonb_build_object('key', card_key, 'authId', auth_id)), '[]') from cards where place_id = $1 and card_key = any($6)) as taken_cards
  from (values (1)) as one
  left join users person on person.place_group_id = $2 and person.key = $3
  left join lateral (
    select auth_id, body_hmac from auths where place_id = $1 and user_id = person.user_id and deleted_at is null limit 1
  ) as live on true
  left join idempotency_keys remembered on remembered.key_id = $7 and remembered.route = $8 and remembered.idempotency_key = $9 and remembered.made_at > $10
  left join auths made on made.auth_id = remembered.auth_id`;

interface FactsRow {
  readonly user_id: number | null;
  readonly live_auth_id: number | null;
  readonly live_body_hmac: Uint8Array | null;
  readonly remembered_auth_id: number | null;
  readonly remembered_body_hmac: Uint8Array | null;
  readonly remembered_is_live: boolean;
  readonly doors: readonly DoorName[];
  readonly has_schedule: boolean;
  readonly taken_cards: EnrolmentFacts["takenCards"];
}

export async function loadEnrolmentFacts(queryable: Queryable, query: EnrolmentFactsQuery): Promise<EnrolmentFacts> {
  const { idempotencyKey: key } = query;
  const [row] = await queryable.query<FactsRow>({
    name: "auths-load-facts",
    text: LOAD_FACTS,
    values: [
      query.placeId,
      query.placeGroupId,
      query.userKey,
      query.doorIds,
      query.scheduleId,
      query.cardKeys,
      key?.keyId ?? null,
      key?.route ?? null,
      key?.text ?? null,
      key?.forgottenToMs ?? null,
    ],
  });
  assert(row !== undefined, "facts are one row");
  const { live_auth_id: liveId, remembered_auth_id: rememberedId } = row;
  return {
    userId: row.user_id,
    live: liveId === null ? null : { authId: liveId, bodyHmac: row.live_body_hmac },
    remembered: rememberedId === null ? null : { authId: rememberedId, bodyHmac: row.remembered_body_hmac, isLive: row.remembered_is_live },
    doors: row.doors,
    hasSchedule: row.has_schedule,
    takenCards: row.taken_cards,
  };
}

export interface NewAuth {
  readonly placeId: number;
  readonly placeGroupId: number;
  /** null: the person is new to the place group. */
  readonly userId: number | null;
  readonly userKey: string;
  readonly record: AuthRecord;
  /** In ascending order. */
  readonly cardKeys: readonly string[];
  readonly bodyHmac: Uint8Array;
  readonly madeAtMs: number;
}

export interface AuthIds {
  readonly authId: number;
  readonly userId: number;
}

/*
 * Each part needs the one before: two enrolments take what they may both want in the same order (person, auth, cards in theirs) and so never
 * wait for each other in a circle. The one that comes second meets a unique index.
 */
const INSERT_AUTH = `
  with person as (
    insert into users(user_id, place_group_id, key, made_at) select nextval('user_ids'), $3::bigint, $4::text, $1::bigint where $5::bigint is null
    returning user_id
  ), auth as (
    insert into auths(place_id, auth_id, user_id, name, status, start_at, end_at, door_access_type, door_ids, schedule_type, schedule_id, modes, phone, cards,
      body_hmac, made_at, last_modified_at)
    select $2::bigint, nextval('auth_ids'), coalesce($5::bigint, (select user_id from person)), $6::text, $7::text, $8::bigint, $9::bigint, $10::text, $11::bigint[],
      $12::text, $13::bigint, $14::text[], $15::text, $16::jsonb, $17::bytea, $1::bigint, $1::bigint
    returning auth_id, user_id
  ), held as (
    insert into cards(place_id, card_key, auth_id) select $2::bigint, card_key, auth_id from auth, unnest($18::text[]) as card(card_key)
  )
  select auth_id, user_id from auth`;

/** Writes the auth, its cards, and the person if new. Violates a unique index when somebody else was first. */
export async function insertAuth(transaction: Transaction, auth: NewAuth): Promise<AuthIds> {
  const { record } = auth;
  const [row] = await transaction.query<{ auth_id: number; user_id: number }>({
    name: "auths-insert",
    text: INSERT_AUTH,
    values: [
      auth.madeAtMs,
      auth.placeId,
      auth.placeGroupId,
      auth.userKey,
      auth.userId,
      record.name,
      record.status,
      record.startMs,
      record.endMs,
      record.doors === "all" ? "ALL_DOOR" : "SPECIFIC",
      record.doors === "all" ? [] : record.doors,
      record.scheduleId === null ? "ALWAYS" : "SPECIFIC",
      record.scheduleId,
      record.modes,
      record.phone,
      JSON.stringify(record.cards),
      auth.bodyHmac,
      auth.cardKeys,
    ],
  });
  assert(row !== undefined, "an inserted auth returns its ids");
  return { authId: row.auth_id, userId: row.user_id };
}

/** The place of an auth that has not been deleted, or null. */
export async function findAuthPlace(queryable: Queryable, authId: number): Promise<number | null> {
  const [row] = await queryable.query<{ place_id: number }>({
    name: "auths-find-place",
    text: "select place_id from auths where auth_id = $1 and deleted_at is null",
    values: [authId],
  });
  return row?.place_id ?? null;
}

interface AuthRow {
  readonly auth_id: number;
  readonly user_id: number;
  readonly key: string;
  readonly last_modified_at: number;
  readonly name: string;
  readonly status: "ACTIVE" | "INACTIVE";
  readonly start_at: number;
  readonly end_at: number;
  readonly door_access_type: "ALL_DOOR" | "SPECIFIC";
  readonly door_ids: number[];
  readonly schedule_id: number | null;
  readonly modes: string[];
  readonly phone: string | null;
  readonly cards: ClueCard[];
  readonly doors: readonly DoorName[];
}

/** An auth within reach, as its place is, that has not been deleted, with the names of its doors as they are now; null when there is none. */
export async function readAuth(
  queryable: Queryable,
  authId: number,
): Promise<{ readonly kept: KeptAuth; readonly doors: readonly DoorName[] } | null> {
  const [row] = await queryable.query<AuthRow>({
    name: "auths-read",
    text: `
      select auth_id, user_id, key, last_modified_at, name, status, start_at, end_at, door_access_type, door_ids, schedule_id, modes, phone, cards,
        (select coalesce(jsonb_agg(jsonb_build_object('doorId', door_id, 'doorName', name) order by door_id), '[]')
          from doors where doors.place_id = auths.place_id and door_id = any(door_ids)) as doors
      from auths join users using (user_id)
      where auth_id = $1 and deleted_at is null`,
    values: [authId],
  });
  return row === undefined ? null : { kept: keptAuth(row), doors: row.doors };
}

function keptAuth(row: AuthRow): KeptAuth {
  return {
    authId: row.auth_id,
    userId: row.user_id,
    userKey: row.key,
    lastModifiedMs: row.last_modified_at,
    record: {
      name: row.name,
      status: row.status,
      startMs: row.start_at,
      endMs: row.end_at,
      doors: row.door_access_type === "ALL_DOOR" ? "all" : row.door_ids,
      scheduleId: row.schedule_id,
      modes: row.modes,
      phone: row.phone,
      cards: row.cards,
    },
  };
}

/** Ends an auth, within reach as its place is, and frees its cards; its name stays for the ledger's readers. False when there is none that has not been deleted. */
export async function deleteAuth(transaction: Transaction, authId: number, nowMs: number): Promise<boolean> {
  const rows = await transaction.query({
    name: "auths-delete",
    text: `
      with ended as (
        update auths set deleted_at = $2, last_modified_at = $2, body_hmac = null where auth_id = $1 and deleted_at is null
        returning place_id, auth_id
      ), freed as (
        delete from cards using ended where cards.place_id = ended.place_id and cards.auth_id = ended.auth_id
      )
      select auth_id from ended`,
    values: [authId, nowMs],
  });
  return rows.length > 0;
}
