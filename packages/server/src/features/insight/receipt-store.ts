import type { AuthReceipts, Receipt, Revocation } from "@postern/contract";
import type { Queryable } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";
import { REVOCATIONS_SHOWN_COUNT_MAX } from "./limits.ts";

/** Of an auth that lost something, whether or not it is still there. */
export async function placeOfRevoked(queryable: Queryable, authId: number): Promise<number | null> {
  const text = 'select place_id as "placeId" from revocations where auth_id = $1 limit 1';
  const [row] = await queryable.query<{ placeId: number }>({ name: "insight-place-of-revoked", text, values: [authId] });
  return row?.placeId ?? null;
}

/** The proof of one controller for one revocation: the first that passes it. `revoked` and `owing` stand around it. */
const PROOF = `
  select revision_before, digest_before, revision, digest, confirmed_at from receipts
  where receipts.place_id = revoked.place_id and receipts.controller_id = owing.controller_id
    and receipts.revision_before < revoked.revision and receipts.revision >= revoked.revision
  order by receipts.revision limit 1`;

type ReceiptRow = Omit<Receipt, "state">;
type RevocationRow = Omit<AuthReceipts["revocations"][number], "receipts"> & { readonly receipts: readonly ReceiptRow[] };

/** The newest revocations of one auth, each with every controller that owed a receipt for it. */
export async function receiptsOfAuth(queryable: Queryable, placeId: number, authId: number): Promise<readonly RevocationRow[]> {
  return queryable.query<RevocationRow>({
    name: "insight-auth-receipts",
    text: `
      select auth_id as "authId", revision, because, at as "askedAt", coalesce((
        select jsonb_agg(jsonb_build_object('controllerId', owing.controller_id, 'serial', known.serial,
          'connected', coalesce(known.connected_instance is not null, false),
          'doorIds', array(select door_id from doors where doors.controller_id = owing.controller_id and deleted_at is null order by door_id),
          'confirmedAt', proof.confirmed_at, 'revisionBefore', proof.revision_before, 'digestBefore', proof.digest_before,
          'revisionAfter', proof.revision, 'digestAfter', proof.digest) order by owing.controller_id)
        from unnest(controller_ids) as owing(controller_id)
        left join controllers known on known.controller_id = owing.controller_id
        left join lateral (${PROOF}) as proof on true), '[]') as receipts
      from revocations revoked where auth_id = $2 and place_id = $1 order by revision desc limit ${REVOCATIONS_SHOWN_COUNT_MAX}`,
    values: [placeId, authId],
  });
}

export interface RevocationsFilter extends PageWanted {
  /** Only those that a controller, which is still there, has not confirmed. */
  readonly isOwed: boolean;
}

/** In ascending revision, with one row more than the page has. */
export async function listRevocations(
  queryable: Queryable,
  placeId: number,
  { isOwed, afterId, limit }: RevocationsFilter,
): Promise<readonly Revocation[]> {
  return queryable.query<Revocation>({
    name: "insight-list-revocations",
    text: `
      select auth_id as "authId", revision, because, at as "askedAt", proven.ids as "confirmedBy", owing.ids as "owedBy"
      from revocations revoked
      cross join lateral (
        select array(select owing.controller_id from unnest(controller_ids) as owing(controller_id) where exists (${PROOF})) as ids
      ) as proven
      cross join lateral (
        select array(select controller_id from controllers where controller_id = any(controller_ids) and controller_id <> all(proven.ids) order by controller_id) as ids
      ) as owing
      where place_id = $1 and revision > $2 and (not $3 or (
        revision > (select min(confirmed_revision) from controllers where controllers.place_id = $1) and cardinality(owing.ids) > 0))
      order by revision limit $4`,
    values: [placeId, afterId, isOwed, limit + 1],
  });
}
