import type { VendorCredential } from "@postern/contract";
import { assert } from "@postern/core";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";
import type { SealedSecrets } from "../../platform/outgoing/signing-secret.ts";
import type { VendorDraft } from "./draft.ts";

/** An API as it is kept. The values of its headers and its secrets are sealed. */
export interface KeptApi extends Omit<VendorDraft, "headers">, SealedSecrets {
  readonly vendorApiId: number;
  readonly placeGroupId: number;
  readonly headerNames: readonly string[];
  readonly headersSealed: Uint8Array;
  readonly madeAt: number;
  readonly madeBy: string | null;
}

/** As a row has it. */
export interface ApiRow extends Omit<KeptApi, keyof Rules> {
  readonly rules: Rules;
}

type Rules = Pick<VendorDraft, "autoFields" | "manualFields" | "statusCodes" | "result" | "successMessage" | "failureMessage">;

/** Of `vendor_apis`. */
export const API_COLUMNS = `vendor_apis.vendor_api_id as "vendorApiId", vendor_apis.place_group_id as "placeGroupId", vendor_apis.credential, vendor_apis.name, url,
  header_names as "headerNames", headers_sealed as "headersSealed", rules, secret_sealed as "secretSealed",
  previous_secret_sealed as "previousSecretSealed", previous_secret_until as "previousSecretUntil", vendor_apis.made_at as "madeAt", made_by as "madeBy"`;

export function keptApi({ rules, ...row }: ApiRow): KeptApi {
  return { ...row, ...rules };
}

function rulesOf({ autoFields, manualFields, statusCodes, result, successMessage, failureMessage }: Rules): string {
  return JSON.stringify({ autoFields, manualFields, statusCodes, result, successMessage, failureMessage });
}

/** As it is told. */
export type ShownApi = Omit<KeptApi, "headerNames" | "headersSealed" | "secretSealed" | "previousSecretSealed"> & {
  readonly headers: readonly { readonly name: string }[];
};

export function shownApi(kept: KeptApi): ShownApi {
  const { headerNames, headersSealed: _headers, secretSealed: _secret, previousSecretSealed: _previous, ...shown } = kept;
  return { ...shown, headers: headerNames.map((name) => ({ name })) };
}

export async function findApi(queryable: Queryable, vendorApiId: number): Promise<KeptApi | null> {
  const text = `select ${API_COLUMNS} from vendor_apis where vendor_api_id = $1`;
  const [row] = await queryable.query<ApiRow>({ name: "vendor-apis-find", text, values: [vendorApiId] });
  return row === undefined ? null : keptApi(row);
}

/** In ascending id, with one row more than the page has. */
export async function listApis(queryable: Queryable, placeGroupId: number, page: PageWanted): Promise<readonly KeptApi[]> {
  const rows = await queryable.query<ApiRow>({
    name: "vendor-apis-list",
    text: `select ${API_COLUMNS} from vendor_apis where place_group_id = $1 and vendor_api_id > $2 order by vendor_api_id limit $3`,
    values: [placeGroupId, page.afterId, page.limit + 1],
  });
  return rows.map(keptApi);
}

/** Locks a group, so that its APIs and what it asks are changed one after the other, and no place is made meanwhile. False: the group is gone. */
export async function lockGroup(transaction: Transaction, placeGroupId: number): Promise<boolean> {
  return (await transaction.query("select 1 from place_groups where place_group_id = $1 for no key update", [placeGroupId])).length === 1;
}

export async function countApis(transaction: Transaction, placeGroupId: number, credential: VendorCredential): Promise<number> {
  const text = "select count(*) as count from vendor_apis where place_group_id = $1 and credential = $2";
  const [row] = await transaction.query<{ count: number }>(text, [placeGroupId, credential]);
  return row?.count ?? 0;
}

export async function drawApiId(transaction: Transaction): Promise<number> {
  const [row] = await transaction.query<{ id: number }>("select nextval('vendor_api_ids') as id");
  assert(row !== undefined, "a sequence gives a number");
  return row.id;
}

export async function insertApi(transaction: Transaction, api: KeptApi): Promise<void> {
  await transaction.execute(
    `insert into vendor_apis(vendor_api_id, place_group_id, credential, name, url, header_names, headers_sealed, rules, secret_sealed, made_at, made_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      ...[api.vendorApiId, api.placeGroupId, api.credential, api.name, api.url, api.headerNames, api.headersSealed, rulesOf(api)],
      ...[api.secretSealed, api.madeAt, api.madeBy],
    ],
  );
}

export async function updateApi(transaction: Transaction, api: KeptApi): Promise<void> {
  await transaction.execute(
    "update vendor_apis set name = $2, url = $3, header_names = $4, headers_sealed = $5, rules = $6 where vendor_api_id = $1",
    [api.vendorApiId, api.name, api.url, api.headerNames, api.headersSealed, rulesOf(api)],
  );
}

/** The mappings to it go with it: see the table. */
export async function deleteApi(transaction: Transaction, vendorApiId: number): Promise<void> {
  await transaction.execute("delete from vendor_apis where vendor_api_id = $1", [vendorApiId]);
}

export async function rotateSecret(
  transaction: Transaction,
  {
    vendorApiId,
    secretSealed,
    previousUntil,
  }: { readonly vendorApiId: number; readonly secretSealed: Uint8Array; readonly previousUntil: number },
): Promise<void> {
  await transaction.execute(
    `update vendor_apis set previous_secret_sealed = secret_sealed, previous_secret_until = $3, secret_sealed = $2 where vendor_api_id = $1`,
    [vendorApiId, secretSealed, previousUntil],
  );
}
