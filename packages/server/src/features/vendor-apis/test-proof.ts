import { createHmac, timingSafeEqual } from "node:crypto";
import type { VendorDraft } from "./draft.ts";

const TIME_BYTES = 8;
const MAC_BYTES = 24;

interface Proven {
  readonly placeGroupId: number;
  readonly draft: VendorDraft;
}

/** What a test that succeeded gives to whoever asked for it: that this very API, its name aside, answered, as far as it is saved in time. */
export function proofOf(key: Uint8Array, proven: Proven, expiresAtMs: number): string {
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(expiresAtMs));
  return Buffer.concat([time, mac(key, proven, time)]).toString("base64url");
}

export function isProven(key: Uint8Array, proof: string, { nowMs, ...proven }: Proven & { readonly nowMs: number }): boolean {
  const bytes = Buffer.from(proof, "base64url");
  if (bytes.length !== TIME_BYTES + MAC_BYTES) return false;
  const time = bytes.subarray(0, TIME_BYTES);
  return timingSafeEqual(bytes.subarray(TIME_BYTES), mac(key, proven, time)) && time.readBigUInt64BE() > BigInt(nowMs);
}

function mac(key: Uint8Array, { placeGroupId, draft }: Proven, time: Buffer): Buffer {
  return createHmac("sha256", key).update(time).update(factsOf(placeGroupId, draft)).digest().subarray(0, MAC_BYTES);
}

/** One text for one API, without its name. */
function factsOf(placeGroupId: number, { credential, url, headers, autoFields, manualFields, result, ...rest }: VendorDraft): string {
  const { statusCodes, successMessage, failureMessage } = rest;
  return JSON.stringify([
    ...[placeGroupId, credential, url, headers.map(({ name, value }) => [name, value])],
    ...[autoFields.map(({ key, placeholder }) => [key, placeholder]), manualFields.map(({ key, type, value }) => [key, type, value])],
    ...[statusCodes, result === null ? null : [result.key, result.type, result.value], successMessage, failureMessage],
  ]);
}
