import type { Transaction } from "../database.ts";
import { NativeRefusal } from "../http/native-refusal.ts";
import { platformError } from "../platform-errors.ts";
import { findRequest, type RequestName, rememberRequest } from "./request-store.ts";

/**
 * The id of what a request makes, or of what the same request with the same `Idempotency-Key` made within the last day. Call it in the transaction
 * that answers; what it names may have been deleted since (`deletedSince`). Fails with `conflict` when the key came with another body.
 */
export async function makeOnce(transaction: Transaction, name: RequestName | null, make: () => Promise<number>): Promise<number> {
  if (name === null) return make();
  const remembered = await findRequest(transaction, name);
  if (remembered !== null) {
    if (Buffer.compare(remembered.bodyHmac, name.bodyHmac) === 0) return remembered.targetId;
    throw refuseIdempotencyKey("was used with another body within the last 24 hours");
  }
  const targetId = await make();
  if (await rememberRequest(transaction, name, targetId)) return targetId;
  throw platformError("database_conflict", { detail: "Another request used the same Idempotency-Key meanwhile." });
}

/** For a handler that finds nothing under the id of `makeOnce`: repeating the request must not undo somebody's deletion. */
export function deletedSince(): NativeRefusal {
  return refuseIdempotencyKey("was used for something that has been deleted since");
}

function refuseIdempotencyKey(message: string): NativeRefusal {
  return new NativeRefusal("conflict", { problems: [{ field: "Idempotency-Key", message }] });
}
