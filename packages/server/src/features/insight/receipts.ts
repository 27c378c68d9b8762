import type { AuthReceipts, Receipt, Revocation } from "@postern/contract";
import type { Queryable } from "../../platform/database.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import { listRevocations, placeOfRevoked, type RevocationsFilter, receiptsOfAuth } from "./receipt-store.ts";
import { placeOfAuth } from "./store.ts";

/** Where an auth is or was, as far as anything can be told of it. */
export async function placeOfReceipts(queryable: Queryable, authId: number): Promise<number | null> {
  return (await placeOfAuth(queryable, authId)) ?? placeOfRevoked(queryable, authId);
}

/** Which controllers have proved that what was taken away from an auth is gone, and which owe it. */
export async function authReceipts(queryable: Queryable, placeId: number, authId: number): Promise<AuthReceipts> {
  const rows = await receiptsOfAuth(queryable, placeId, authId);
  const revocations = rows.map(({ receipts, ...revocation }) => ({ ...revocation, receipts: receipts.map(withState) }));
  return { authId, placeId, revocations };
}

function withState(receipt: Omit<Receipt, "state">): Receipt {
  const state = receipt.confirmedAt !== null ? "confirmed" : receipt.serial === null ? "taken_away" : "owed";
  return { ...receipt, state };
}

export async function revocationsOfPlace(
  queryable: Queryable,
  placeId: number,
  { isOwed, ...page }: RevocationsFilter,
): Promise<{ readonly items: Revocation[]; readonly next?: string }> {
  const rows = await listRevocations(queryable, placeId, { isOwed, ...page });
  const wanted: PageWanted = page;
  return pageOfRows(rows, wanted, { idOf: ({ revision }) => revision, item: (row) => row });
}
