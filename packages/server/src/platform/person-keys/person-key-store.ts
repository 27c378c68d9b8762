import { assert } from "@postern/core";
import type { Queryable, Transaction } from "../database.ts";

export interface PersonKeyRow {
  readonly userId: number;
  readonly wrappedKey: Uint8Array;
}

/** Writes the key unless the person has one. Returns the one that counts, locked against being destroyed until the transaction ends. */
export async function insertPersonKey(transaction: Transaction, key: PersonKeyRow & { readonly madeAtMs: number }): Promise<Uint8Array> {
  const [row] = await transaction.query<{ wrapped_key: Uint8Array }>({
    name: "person-keys-ensure",
    // Setting a column to itself locks the row that was there and returns it.
    text: `
      insert into person_keys(user_id, wrapped_key, made_at) values ($1, $2, $3)
      on conflict (user_id) do update set made_at = person_keys.made_at
      returning wrapped_key`,
    values: [key.userId, key.wrappedKey, key.madeAtMs],
  });
  assert(row !== undefined, "a person has a key after it was ensured");
  return row.wrapped_key;
}

export async function readPersonKeys(queryable: Queryable, userIds: readonly number[]): Promise<readonly PersonKeyRow[]> {
  const rows = await queryable.query<{ user_id: number; wrapped_key: Uint8Array }>({
    name: "person-keys-read",
    text: "select user_id, wrapped_key from person_keys where user_id = any($1)",
    values: [userIds],
  });
  return rows.map((row) => ({ userId: row.user_id, wrappedKey: row.wrapped_key }));
}

export async function deletePersonKey(transaction: Transaction, userId: number): Promise<boolean> {
  return (await transaction.execute("delete from person_keys where user_id = $1", [userId])) > 0;
}
