import type { Transaction } from "../database.ts";
import { REQUESTS_FORGOTTEN_COUNT } from "./limits.ts";

/** What names one request of one API key. */
export interface RequestName {
  /** The key's id, or `operator`. */
  readonly keyId: string;
  /** The operation with its path's parameters. */
  readonly operation: string;
  readonly text: string;
  readonly bodyHmac: Uint8Array;
  readonly nowMs: number;
  /** A key that was remembered at this time or before is forgotten. */
  readonly forgottenToMs: number;
}

export interface RememberedRequest {
  readonly bodyHmac: Uint8Array;
  readonly targetId: number;
}

export async function findRequest(transaction: Transaction, name: RequestName): Promise<RememberedRequest | null> {
  const [row] = await transaction.query<RememberedRequest>({
    name: "operations-find-request",
    text: `select body_hmac as "bodyHmac", target_id as "targetId" from native_requests
      where key_id = $1 and operation = $2 and idempotency_key = $3 and made_at > $4`,
    values: [name.keyId, name.operation, name.text, name.forgottenToMs],
  });
  return row ?? null;
}

/** False: another request with the same key was remembered meanwhile. Each new one takes some of the oldest with it whose day is over. */
export async function rememberRequest(transaction: Transaction, name: RequestName, targetId: number): Promise<boolean> {
  const rows = await transaction.query({
    name: "operations-remember-request",
    text: `
      with old as (
        select key_id, operation, idempotency_key from native_requests where made_at <= $7
          and (key_id, operation, idempotency_key) <> ($1::text, $2::text, $3::text)
        order by made_at limit ${REQUESTS_FORGOTTEN_COUNT} for update skip locked
      ), forgotten as (
        delete from native_requests gone using old
        where gone.key_id = old.key_id and gone.operation = old.operation and gone.idempotency_key = old.idempotency_key
      )
      insert into native_requests(key_id, operation, idempotency_key, body_hmac, target_id, made_at) values ($1, $2, $3, $4, $5, $6)
      on conflict (key_id, operation, idempotency_key) do update
        set body_hmac = excluded.body_hmac, target_id = excluded.target_id, made_at = excluded.made_at where native_requests.made_at <= $7
      returning target_id`,
    values: [name.keyId, name.operation, name.text, name.bodyHmac, targetId, name.nowMs, name.forgottenToMs],
  });
  return rows.length > 0;
}
