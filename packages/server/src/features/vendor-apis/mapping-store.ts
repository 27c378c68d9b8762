import { type AccessType, CHOICE_MEMBER, type VendorChoiceMember, type VendorCredential } from "@postern/contract";
import { assert } from "@postern/core";
import type { Queryable, Transaction } from "../../platform/database.ts";

/** For each type of credential the API that is asked; null: none. */
export type Choice = Readonly<Record<VendorChoiceMember, number | null>>;

const NOTHING_CHOSEN: Choice = { face: null, fingerprint: null, card: null, uniquePin: null, qr: null, customerQr: null };

interface ChosenRow {
  readonly credential: VendorCredential;
  readonly vendorApiId: number | null;
}

function choiceOf(rows: readonly ChosenRow[]): Choice {
  return { ...NOTHING_CHOSEN, ...Object.fromEntries(rows.map(({ credential, vendorApiId }) => [CHOICE_MEMBER[credential], vendorApiId])) };
}

export interface GroupMapping {
  readonly accessType: AccessType;
  readonly choice: Choice;
}

/** null: there is no such group. */
export async function readGroupMapping(queryable: Queryable, placeGroupId: number): Promise<GroupMapping | null> {
  const [row] = await queryable.query<{ accessType: AccessType; chosen: readonly ChosenRow[] }>({
    name: "vendor-apis-group-mapping",
    text: `
      select access_type as "accessType",
        (select coalesce(jsonb_agg(jsonb_build_object('credential', credential, 'vendorApiId', vendor_api_id)), '[]')
          from vendor_mappings where vendor_mappings.place_group_id = place_groups.place_group_id) as chosen
      from place_groups where place_group_id = $1`,
    values: [placeGroupId],
  });
  return row === undefined ? null : { accessType: row.accessType, choice: choiceOf(row.chosen) };
}

export interface PlaceMapping extends GroupMapping {
  readonly chosenHere: readonly VendorChoiceMember[];
}

/** null: there is no such place. */
export async function readPlaceMapping(queryable: Queryable, placeId: number): Promise<PlaceMapping | null> {
  const rows = await queryable.query<ChosenRow & { readonly accessType: AccessType; readonly isOwn: boolean }>({
    name: "vendor-apis-place-mapping",
    text: `select access_type as "accessType", credential, vendor_api_id as "vendorApiId", is_own as "isOwn" from place_vendor_apis where place_id = $1`,
    values: [placeId],
  });
  const [first] = rows;
  if (first === undefined) return null;
  const chosenHere = rows.filter(({ isOwn }) => isOwn).map(({ credential }) => CHOICE_MEMBER[credential]);
  return { accessType: first.accessType, choice: choiceOf(rows), chosenHere: chosenHere.sort() };
}

export interface ApiName {
  readonly vendorApiId: number;
  readonly credential: VendorCredential;
  readonly name: string;
}

/** What a group's places choose from. Held until the commit: none of them is taken away meanwhile. */
export function holdApiNames(transaction: Transaction, placeGroupId: number): Promise<readonly ApiName[]> {
  return transaction.query(`${API_NAMES} for key share`, [placeGroupId]);
}

export function readApiNames(queryable: Queryable, placeGroupId: number): Promise<readonly ApiName[]> {
  return queryable.query({ name: "vendor-apis-names", text: API_NAMES, values: [placeGroupId] });
}

const API_NAMES = `select vendor_api_id as "vendorApiId", credential, name from vendor_apis where place_group_id = $1 order by vendor_api_id`;

export async function writeAccessType(transaction: Transaction, placeGroupId: number, accessType: AccessType): Promise<void> {
  await transaction.execute("update place_groups set access_type = $2 where place_group_id = $1", [placeGroupId, accessType]);
}

/** What a group asks from now on, and all its places with it. Call it under `lockRostersOfGroup`. */
export async function writeGroupChoices(transaction: Transaction, placeGroupId: number, chosen: readonly ChosenRow[]): Promise<void> {
  const credentials = chosen.map(({ credential }) => credential);
  await transaction.execute("delete from vendor_mappings where place_group_id = $1 and credential = any($2)", [placeGroupId, credentials]);
  await transaction.execute(
    `insert into vendor_mappings(place_group_id, credential, vendor_api_id)
     select $1, credential, vendor_api_id from unnest($2::text[], $3::bigint[]) as chosen(credential, vendor_api_id) where vendor_api_id is not null`,
    [placeGroupId, credentials, chosen.map(({ vendorApiId }) => vendorApiId)],
  );
  await transaction.execute(
    `delete from vendor_place_mappings using places
     where places.place_id = vendor_place_mappings.place_id and place_group_id = $1 and credential = any($2)`,
    [placeGroupId, credentials],
  );
}

/** What a place asks from now on. Call it under `lockRoster`. */
export async function writePlaceChoices(transaction: Transaction, placeId: number, chosen: readonly ChosenRow[]): Promise<void> {
  await transaction.execute(
    `insert into vendor_place_mappings(place_id, credential, vendor_api_id)
     select $1, credential, vendor_api_id from unnest($2::text[], $3::bigint[]) as chosen(credential, vendor_api_id)
     on conflict (place_id, credential) do update set vendor_api_id = excluded.vendor_api_id`,
    [placeId, chosen.map(({ credential }) => credential), chosen.map(({ vendorApiId }) => vendorApiId)],
  );
}

/** True: it had chosen something. */
export async function dropPlaceChoices(transaction: Transaction, placeId: number): Promise<boolean> {
  return (await transaction.execute("delete from vendor_place_mappings where place_id = $1", [placeId])) > 0;
}

/** Whether an API is asked anywhere, or a place chose it. */
export async function isApiChosen(transaction: Transaction, vendorApiId: number): Promise<boolean> {
  const [row] = await transaction.query<{ isChosen: boolean }>(
    `select exists(select from vendor_mappings where vendor_api_id = $1)
       or exists(select from vendor_place_mappings where vendor_api_id = $1) as "isChosen"`,
    [vendorApiId],
  );
  assert(row !== undefined, "a question is answered");
  return row.isChosen;
}
