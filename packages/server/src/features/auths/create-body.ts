import { createHmac } from "node:crypto";
import type { CreateAuth } from "@postern/contract";
import { canonicalJson, type Json } from "@postern/core";

/**
 * HMAC-SHA-256 of what a create request asked for, in one form whatever way it was written: equal for a retry, and useless to somebody who
 * reads the database and would like to guess a card or a name. `key` is derived from the server's for this purpose alone.
 */
export function createBodyHmac(key: Uint8Array, create: CreateAuth): Uint8Array {
  return createHmac("sha256", key)
    .update(canonicalJson(createBodyJson(create)))
    .digest();
}

/** Absent credentials are left out, so that a body's HMAC stays as it is when later versions read more of them. */
function createBodyJson({ userKey, name, status, startMs, endMs, doors, scheduleId, credentials }: CreateAuth): Json {
  const cards = credentials.cards.map(({ cardNumber, formatType, formatData }) => ({ cardNumber, formatType, formatData }));
  return {
    userKey,
    name,
    status,
    startMs,
    endMs,
    doors,
    scheduleId,
    cards,
    phone: credentials.phone ?? undefined,
    modes: credentials.modes ?? undefined,
  };
}
