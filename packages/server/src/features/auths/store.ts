import type { AuthsQuery } from "@postern/contract";
import { assert, type PinVerifier } from "@postern/core";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";
import { type AuthRecord, type DoorName, type KeptAuth, modesOf } from "./auth-record.ts";
import { AUTH_COLUMNS, type AuthRow, keptAuth } from "./auth-row-store.ts";
import type { IdempotencyKey } from "./idempotency-store.ts";
import type { Secrets } from "./secrets.ts";

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
      body_hmac, made_at, last_modified_at, modes_asked, fingerprints, faces, face_consent)
    select $2::bigint, nextval('auth_ids'), coalesce($5::bigint, (select user_id from person)), $6::text, $7::text, $8::bigint, $9::bigint, $10::text, $11::bigint[],
      $12::text, $13::bigint, $14::text[], $15::text, $16::jsonb, $17::bytea, $1::bigint, $1::bigint, $19::text[], $20::jsonb, $21::jsonb, $22::jsonb
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
      modesOf(record),
      record.phone,
      JSON.stringify(record.cards),
      auth.bodyHmac,
      auth.cardKeys,
      record.modesAsked,
      JSON.stringify(record.fingerprints),
      JSON.stringify(record.faces),
      consentJson(record),
    ],
  });
  assert(row !== undefined, "an inserted auth returns its ids");
  return { authId: row.auth_id, userId: row.user_id };
}

function consentJson({ faceConsent }: AuthRecord): string | null {
  return faceConsent === null ? null : JSON.stringify(faceConsent);
}

/** Writes an auth's record anew. Its create body is no longer what it was asked for by, so a repeat of that is another request. */
export async function updateAuth(transaction: Transaction, authId: number, record: AuthRecord, nowMs: number): Promise<void> {
  await transaction.query({
    name: "auths-update",
    text: `
      update auths set name = $2, status = $3, start_at = $4, end_at = $5, door_access_type = $6, door_ids = $7, schedule_type = $8, schedule_id = $9,
        modes = $10, modes_asked = $11, phone = $12, cards = $13, fingerprints = $14, faces = $15, body_hmac = null, last_modified_at = $16,
        face_consent = $17
      where auth_id = $1`,
    values: [
      authId,
      record.name,
      record.status,
      record.startMs,
      record.endMs,
      record.doors === "all" ? "ALL_DOOR" : "SPECIFIC",
      record.doors === "all" ? [] : record.doors,
      record.scheduleId === null ? "ALWAYS" : "SPECIFIC",
      record.scheduleId,
      modesOf(record),
      record.modesAsked,
      record.phone,
      JSON.stringify(record.cards),
      JSON.stringify(record.fingerprints),
      JSON.stringify(record.faces),
      nowMs,
      consentJson(record),
    ],
  });
}

/** Gives an auth exactly these cards. Violates `cards_pkey` when somebody else was first. */
export async function replaceCards(transaction: Transaction, placeId: number, authId: number, cardKeys: readonly string[]): Promise<void> {
  await transaction.query({
    name: "auths-free-cards",
    text: "delete from cards where place_id = $1 and auth_id = $2 and card_key <> all($3)",
    values: [placeId, authId, cardKeys],
  });
  await transaction.query({
    name: "auths-hold-cards",
    text: `insert into cards(place_id, card_key, auth_id)
      select $1, card_key, $2 from unnest($3::text[]) as card(card_key)
      where not exists (select from cards where place_id = $1 and cards.card_key = card.card_key and auth_id = $2)`,
    values: [placeId, authId, cardKeys],
  });
}

/** Lets an auth belong to exactly these groups of its place. */
export async function replaceGroups(transaction: Transaction, placeId: number, authId: number, groupIds: readonly number[]): Promise<void> {
  await transaction.query({
    name: "auths-leave-groups",
    text: "delete from access_group_members where place_id = $1 and auth_id = $2 and group_id <> all($3)",
    values: [placeId, authId, groupIds],
  });
  await transaction.query({
    name: "auths-join-groups",
    text: `insert into access_group_members(place_id, group_id, auth_id) select $1, group_id, $2 from unnest($3::bigint[]) as wanted(group_id)
      on conflict do nothing`,
    values: [placeId, authId, groupIds],
  });
}

/** Writes what doors check with and what is sealed. Violates `auths_unique_pin_idx` when somebody else was first. */
export async function writeSecrets(
  transaction: Transaction,
  authId: number,
  { pin, uniquePin, fingerprintsSealed, facesSealed, cropsSealed }: Secrets,
): Promise<void> {
  await transaction.query({
    name: "auths-write-secrets",
    text: `update auths set pin_verifier = $2, pin_sealed = $3, unique_pin_hash = $4, unique_pin_sealed = $5, fingerprints_sealed = $6, faces_sealed = $7, face_crops_sealed = $8
      where auth_id = $1`,
    values: [
      authId,
      pin === null ? null : JSON.stringify(pin.verifier),
      pin?.sealed ?? null,
      uniquePin?.hash ?? null,
      uniquePin?.sealed ?? null,
      fingerprintsSealed,
      facesSealed,
      cropsSealed,
    ],
  });
}

/** Sealed crops of these auths, as far as some are kept. */
export async function readCrops(
  queryable: Queryable,
  authIds: readonly number[],
): Promise<readonly { readonly authId: number; readonly userId: number; readonly sealed: Uint8Array }[]> {
  return queryable.query({
    name: "auths-crops",
    text: `select auth_id as "authId", user_id as "userId", face_crops_sealed as sealed from auths where auth_id = any($1) and face_crops_sealed is not null`,
    values: [authIds],
  });
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

export async function readPlaceSalt(queryable: Queryable, placeId: number): Promise<string> {
  const [row] = await queryable.query<{ salt: string }>("select unique_pin_salt as salt from places where place_id = $1", [placeId]);
  assert(row !== undefined, "a place that was reached is there");
  return row.salt;
}

/** An auth with what was found beside it. */
export interface FoundAuth {
  readonly kept: KeptAuth;
  readonly doors: readonly DoorName[];
}

/** An auth within reach, as its place is, that has not been deleted, with the names of its doors as they are now; null when there is none. */
export async function readAuth(queryable: Queryable, authId: number): Promise<FoundAuth | null> {
  const [row] = await queryable.query<AuthRow>({
    name: "auths-read",
    text: `select ${AUTH_COLUMNS} from auths join users using (user_id) where auth_id = $1 and deleted_at is null`,
    values: [authId],
  });
  return row === undefined ? null : { kept: keptAuth(row), doors: row.doors };
}

export interface AuthOfPerson extends FoundAuth {
  readonly deletedAtMs: number | null;
}

/** Every auth that a person has or had, at these places, in ascending id; `placeIds` null: everywhere. */
export async function authsOfUser(
  queryable: Queryable,
  userId: number,
  placeIds: readonly number[] | null,
): Promise<readonly AuthOfPerson[]> {
  const rows = await queryable.query<AuthRow & { readonly deleted_at: number | null }>({
    name: "auths-of-user",
    text: `select ${AUTH_COLUMNS}, deleted_at from auths join users using (user_id)
      where user_id = $1 and ($2::bigint[] is null or place_id = any($2)) order by auth_id`,
    values: [userId, placeIds],
  });
  return rows.map((row) => ({ kept: keptAuth(row), doors: row.doors, deletedAtMs: row.deleted_at }));
}

interface SecretsRow {
  readonly pin_verifier: PinVerifier | null;
  readonly pin_sealed: Uint8Array | null;
  readonly unique_pin_hash: string | null;
  readonly unique_pin_sealed: Uint8Array | null;
  readonly fingerprints_sealed: Uint8Array | null;
  readonly faces_sealed: Uint8Array | null;
  readonly face_crops_sealed: Uint8Array | null;
}

/** The same, locked until the commit, with what is sealed. */
export async function lockAuth(transaction: Transaction, authId: number): Promise<(FoundAuth & { readonly secrets: Secrets }) | null> {
  const [row] = await transaction.query<AuthRow & SecretsRow>({
    name: "auths-lock",
    text: `select ${AUTH_COLUMNS}, pin_verifier, pin_sealed, unique_pin_hash, unique_pin_sealed, fingerprints_sealed, faces_sealed, face_crops_sealed
      from auths join users using (user_id) where auth_id = $1 and deleted_at is null for update of auths`,
    values: [authId],
  });
  if (row === undefined) return null;
  const { pin_verifier: verifier, pin_sealed: pinSealed, unique_pin_hash: hash, unique_pin_sealed: uniqueSealed } = row;
  const secrets: Secrets = {
    pin: verifier === null || pinSealed === null ? null : { verifier, sealed: pinSealed },
    uniquePin: hash === null || uniqueSealed === null ? null : { hash, sealed: uniqueSealed },
    fingerprintsSealed: row.fingerprints_sealed,
    facesSealed: row.faces_sealed,
    cropsSealed: row.face_crops_sealed,
  };
  return { kept: keptAuth(row), doors: row.doors, secrets };
}

const ORDERS = {
  "id,asc": "auth_id asc",
  "id,desc": "auth_id desc",
  "name,asc": `lower(name) collate "C" asc, auth_id asc`,
  "name,desc": `lower(name) collate "C" desc, auth_id desc`,
  "lastModifiedAt,asc": "last_modified_at asc, auth_id asc",
  "lastModifiedAt,desc": "last_modified_at desc, auth_id desc",
} as const;

/** $1 the place, $2 a text, $3 the cards it may be, $4 a status, $5 a door; null: whichever. */
const MATCHING = `
    select auths.*, users.key from auths join users using (user_id)
    where place_id = $1 and deleted_at is null
      and ($2::text is null or strpos(lower(name), lower($2)) > 0 or strpos(lower(users.key), lower($2)) > 0
        or exists (select from cards where cards.place_id = $1 and cards.auth_id = auths.auth_id and card_key = any($3::text[])))
      and ($4::text is null or status = $4)
      and ($5::bigint is null or door_access_type = 'ALL_DOOR' or $5 = any(door_ids)
        or exists (select from access_group_members members join access_groups using (group_id) cross join lateral jsonb_array_elements(access_groups.grants) granted
          where members.place_id = $1 and members.auth_id = auths.auth_id and (granted.value -> 'doors' = '"all"' or granted.value -> 'doors' @> to_jsonb($5::bigint))))`;

const LIST_AUTHS = (order: string): string => `
  with matching as (${MATCHING}
  ), matched as (
    select count(*) as total from matching
  ), page as (
    select * from matching order by ${order} limit $6 offset $7
  )
  select matched.total, page.* from matched left join lateral (select ${AUTH_COLUMNS} from page as auths) as page on true order by ${order}`;

export interface AuthsPage {
  /** How many auths match, whatever the page shows. */
  readonly total: number;
  readonly auths: readonly FoundAuth[];
}

/** One page of a place's auths and how many match, of one moment. */
export async function listAuths(queryable: Queryable, placeId: number, query: AuthsQuery): Promise<AuthsPage> {
  const order = `${query.order.by},${query.order.direction}` as const;
  const rows = await queryable.query<{ readonly total: number } & (AuthRow | { readonly auth_id: null })>({
    name: `auths-list-${order}`,
    text: LIST_AUTHS(ORDERS[order]),
    values: [placeId, query.text, query.cardKeys, query.status, query.doorId, query.size, query.page * query.size],
  });
  const auths = rows.flatMap((row) => (row.auth_id === null ? [] : [{ kept: keptAuth(row), doors: row.doors }]));
  return { total: rows[0]?.total ?? 0, auths };
}

export interface AuthsAfter extends PageWanted {
  readonly text: string | null;
  readonly cardKeys: readonly string[];
  readonly status: "ACTIVE" | "INACTIVE" | null;
  readonly doorId: number | null;
  readonly groupId: number | null;
}

const LIST_AUTHS_AFTER = `
  with matching as (${MATCHING}
      and ($6::bigint is null or exists (select from access_group_members members
        where members.place_id = $1 and members.auth_id = auths.auth_id and members.group_id = $6))
      and auth_id > $7 order by auth_id limit $8
  )
  select ${AUTH_COLUMNS} from matching as auths order by auth_id`;

/** In ascending id, with one row more than the page has. */
export async function listAuthsAfter(queryable: Queryable, placeId: number, wanted: AuthsAfter): Promise<readonly FoundAuth[]> {
  const { text, cardKeys, status, doorId, groupId, afterId, limit } = wanted;
  const rows = await queryable.query<AuthRow>({
    name: "auths-list-after",
    text: LIST_AUTHS_AFTER,
    values: [placeId, text, cardKeys, status, doorId, groupId, afterId, limit + 1],
  });
  return rows.map((row) => ({ kept: keptAuth(row), doors: row.doors }));
}

/** Ends an auth, within reach as its place is, and frees its cards, its unique PIN and its groups; its name stays for the ledger's readers. Lock it before. */
export async function deleteAuth(transaction: Transaction, authId: number, nowMs: number): Promise<void> {
  await transaction.query({
    name: "auths-delete",
    text: `
      with ended as (
        update auths set deleted_at = $2, last_modified_at = $2, body_hmac = null, pin_verifier = null, pin_sealed = null, unique_pin_hash = null,
          unique_pin_sealed = null, fingerprints = '[]', fingerprints_sealed = null, faces = '[]', faces_sealed = null, face_crops_sealed = null, face_consent = null
        where auth_id = $1 and deleted_at is null
        returning place_id, auth_id
      ), freed as (
        delete from cards using ended where cards.place_id = ended.place_id and cards.auth_id = ended.auth_id
      ), left_groups as (
        delete from access_group_members members using ended where members.place_id = ended.place_id and members.auth_id = ended.auth_id
      )
      select auth_id from ended`,
    values: [authId, nowMs],
  });
}
