import { createHash, createHmac } from "node:crypto";
import { canonicalJson, type Json } from "@postern/core";
import type { WantedAuth } from "./wanted-auth.ts";

/**
 * HMAC-SHA-256 of what a create request asked for, in one form whatever way it was written: equal for a retry, and useless to somebody who
 * reads the database and would like to guess a card, a PIN or a name. `key` is derived from the server's for this purpose alone.
 */
export function createBodyHmac(key: Uint8Array, wanted: WantedAuth): Uint8Array {
  return createHmac("sha256", key)
    .update(canonicalJson(createBodyJson(wanted)))
    .digest();
}

/** Absent credentials are left out, so that a body's HMAC stays as it is when later versions read more of them. */
function createBodyJson({
  userKey,
  name,
  status,
  startMs,
  endMs,
  doors,
  scheduleId,
  groupIds,
  faceConsent,
  credentials,
  registrationTokens,
}: WantedAuth): Json {
  const cards = credentials.cards.map(({ cardNumber, formatType, formatData }) => ({ cardNumber, formatType, formatData }));
  const fingerprints = credentials.fingerprints.map(({ fingerFormat, fingerFlag, fingerData }) => ({
    fingerFormat,
    fingerFlag,
    fingerData,
  }));
  // Of a photo its hash alone, so that it is not written out once more.
  const faceImages = credentials.faceImages.map((image) => createHash("sha256").update(image, "base64").digest("base64"));
  return {
    userKey,
    name,
    status,
    startMs,
    endMs,
    doors,
    scheduleId,
    cards,
    groupIds: groupIds.length === 0 ? undefined : groupIds,
    faceConsent: faceConsent === null ? undefined : { ...faceConsent },
    fingerprints: fingerprints.length === 0 ? undefined : fingerprints,
    faceImages: faceImages.length === 0 ? undefined : faceImages,
    pin: credentials.pin ?? undefined,
    uniquePin: credentials.uniquePin ?? undefined,
    phone: credentials.phone ?? undefined,
    modes: credentials.modes ?? undefined,
    // The scan and not what was scanned: a retry is known when that is forgotten.
    registrationTokens: registrationTokens.length === 0 ? undefined : registrationTokens,
  };
}
