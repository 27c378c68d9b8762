import { COMMON_SCOPE, type ItemKey } from "@postern/core";
import type { Queryable } from "../../platform/database.ts";

/** Items of a place as its doors hold them; what is gone is left out. */
export async function loadItems(queryable: Queryable, placeId: number, keys: readonly ItemKey[]): Promise<readonly unknown[]> {
  const rows = await queryable.query<{ item: unknown }>({
    name: "insight-load-items",
    text: "select item from roster_items where place_id = $1 and item_key = any($2) and item is not null",
    values: [placeId, keys],
  });
  return rows.map((row) => row.item);
}

export async function placeOfDoor(queryable: Queryable, doorId: number): Promise<number | null> {
  const [row] = await queryable.query<{ placeId: number }>(
    'select place_id as "placeId" from doors where door_id = $1 and deleted_at is null',
    [doorId],
  );
  return row?.placeId ?? null;
}

/** Also of an auth that was deleted. */
export async function placeOfAuth(queryable: Queryable, authId: number): Promise<number | null> {
  const [row] = await queryable.query<{ placeId: number }>('select place_id as "placeId" from auths where auth_id = $1', [authId]);
  return row?.placeId ?? null;
}

export interface PersonRow {
  readonly authId: number;
  readonly userId: number;
  readonly userKey: string;
  readonly name: string;
}

const PERSON = 'auths.auth_id as "authId", auths.user_id as "userId", users.key as "userKey", auths.name';

export async function findPerson(queryable: Queryable, placeId: number, authId: number): Promise<PersonRow | null> {
  const [row] = await queryable.query<PersonRow>(
    `select ${PERSON} from auths join users using (user_id) where auths.place_id = $1 and auth_id = $2 and deleted_at is null`,
    [placeId, authId],
  );
  return row ?? null;
}

export async function findAuthOfKey(queryable: Queryable, placeId: number, userKey: string): Promise<number | null> {
  const [row] = await queryable.query<{ authId: number }>(
    `select auth_id as "authId" from places join users using (place_group_id) join auths on auths.user_id = users.user_id and auths.place_id = $1
      where places.place_id = $1 and users.key = $2 and deleted_at is null`,
    [placeId, userKey],
  );
  return row?.authId ?? null;
}

export async function findAuthOfCard(queryable: Queryable, placeId: number, cardKey: string): Promise<number | null> {
  const [row] = await queryable.query<{ authId: number }>('select auth_id as "authId" from cards where place_id = $1 and card_key = $2', [
    placeId,
    cardKey,
  ]);
  return row?.authId ?? null;
}

export interface CandidateRow extends PersonRow {
  /** null: it does not concern the door. */
  readonly item: unknown;
}

/** The next auths of a place in ascending id, with the items of those that concern a door. Bounded by how many are looked at, not by how many fit. */
export async function loadCandidates(
  queryable: Queryable,
  door: { readonly placeId: number; readonly doorId: number },
  { afterAuthId, countMax }: { readonly afterAuthId: number; readonly countMax: number },
): Promise<readonly CandidateRow[]> {
  return queryable.query<CandidateRow>({
    name: "insight-load-candidates",
    text: `
      with looked_at as (
        select * from auths where place_id = $1 and auth_id > $3 and deleted_at is null order by auth_id limit $4
      )
      select ${PERSON}, items.item from looked_at as auths join users using (user_id)
      left join roster_items items
        on items.place_id = $1 and items.item_key = 'auth:' || auths.auth_id and items.scopes && array[${COMMON_SCOPE}, $2]::bigint[]
      order by auths.auth_id`,
    values: [door.placeId, door.doorId, afterAuthId, countMax],
  });
}

export interface LedgerEvent {
  readonly eventAt: number;
  readonly eventType: number;
  readonly doorId: number | null;
  /** 0: none. */
  readonly deviceId: number;
  readonly authId: number | null;
  readonly userKey: string | null;
  readonly detail: Readonly<Record<string, string | number | boolean>> | null;
}

/** Words about people come from the place's group alone, whatever a controller wrote. */
export async function findEvent(queryable: Queryable, placeId: number, sequence: number): Promise<LedgerEvent | null> {
  const [row] = await queryable.query<LedgerEvent>({
    name: "insight-find-event",
    text: `
      select event_at as "eventAt", event_type as "eventType", door_id as "doorId", device_id as "deviceId", auth_id as "authId", users.key as "userKey", detail
      from events join places using (place_id)
      left join users on users.user_id = events.user_id and users.place_group_id = places.place_group_id
      where events.place_id = $1 and sequence = $2`,
    values: [placeId, sequence],
  });
  return row ?? null;
}

export async function findCommandState(queryable: Queryable, placeId: number, commandId: number): Promise<string | null> {
  const [row] = await queryable.query<{ text: string }>(
    "select command || ', ' || state as text from door_commands where place_id = $1 and command_id = $2",
    [placeId, commandId],
  );
  return row?.text ?? null;
}
