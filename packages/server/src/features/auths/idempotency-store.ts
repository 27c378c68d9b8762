import type { Transaction } from "../../platform/database.ts";
import { IDEMPOTENCY_KEYS_FORGOTTEN } from "./limits.ts";

/** What names one request of one API key. */
export interface IdempotencyKey {
  readonly keyId: string;
  /** Method and path, in one form for all prefixes. */
  readonly route: string;
  readonly text: string;
  /** A key that was remembered at this time or before is forgotten. */
  readonly forgottenToMs: number;
}

/** What was asked with an `Idempotency-Key`, and which auth came of it: never a rendered answer. */
export interface RememberedRequest {
  readonly bodyHmac: Uint8Array;
  readonly authId: number;
  readonly madeAtMs: number;
}

/*
 * A key that is remembered already stays as it is, unless its day is over. Each new key takes some of the oldest with it whose day is over,
 * apart from those that somebody else is just taking away.
 */
const REMEMBER = `
  with remembered as (
    insert into idempotency_keys(key_id, route, idempotency_key, body_hmac, auth_id, made_at) values ($1::text, $2::text, $3::text, $4::bytea, $5::bigint, $6::bigint)
    on conflict (key_id, route, idempotency_key) do update
      set body_hmac = excluded.body_hmac, auth_id = excluded.auth_id, made_at = excluded.made_at where idempotency_keys.made_at <= $7
    returning auth_id
  ), old as (
    select key_id, route, idempotency_key from idempotency_keys
    where made_at <= $7 and (key_id, route, idempotency_key) <> ($1::text, $2::text, $3::text)
    order by made_at limit ${IDEMPOTENCY_KEYS_FORGOTTEN} for update skip locked
  ), forgotten as (
    delete from idempotency_keys using old
    where idempotency_keys.key_id = old.key_id and idempotency_keys.route = old.route and idempotency_keys.idempotency_key = old.idempotency_key
  )
  select auth_id from remembered`;

/** False: another request with the same key was remembered meanwhile. */
export async function rememberRequest(transaction: Transaction, key: IdempotencyKey, request: RememberedRequest): Promise<boolean> {
  const rows = await transaction.query({
    name: "idempotency-remember",
    text: REMEMBER,
    values: [key.keyId, key.route, key.text, request.bodyHmac, request.authId, request.madeAtMs, key.forgottenToMs],
  });
  return rows.length > 0;
}
