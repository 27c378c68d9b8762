import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "@postern/core";
import { NativeRefusal } from "../http/native-refusal.ts";

/** The strong `ETag` of an answer (RFC 9110 §8.8.3): equal answers have equal tags. */
export function versionTag(answer: unknown): string {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: an answer is plain data by its schema.
  const hash = createHash("sha256").update(canonicalJson(answer as Json));
  return `"${hash.digest("base64url").slice(0, 22)}"`;
}

/** Whether one of a list of tags, or `*`, names the version. Weak tags are compared by their text. */
export function namesVersion(header: string, tag: string): boolean {
  if (header.trim() === "*") return true;
  return header.split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}

/** Fails with `changed_meanwhile` when `If-Match` names another version than the present one. Call it in the transaction of the change. */
export function refuseStale(ifMatch: string | null, present: unknown): void {
  if (ifMatch === null || namesVersion(ifMatch, versionTag(present))) return;
  throw new NativeRefusal("changed_meanwhile");
}
