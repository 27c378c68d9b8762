import { assert, type PinVerifier } from "@postern/core";
import type { Queryable, Transaction } from "../../platform/database.ts";
import { type AuthRecord, type DoorName, type KeptAuth, modesOf } from "./auth-record.ts";
import { AUTH_COLUMNS, type AuthRow, keptAuth } from "./auth-row-store.ts";
import type { Secrets } from "./secrets.ts";

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
