import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "@postern/core";
import { NativeRefusal } from "../http/native-refusal.ts";

/** The `ETag` of an answer (RFC 9110 §8.8.3) without the members that are no part of its version: what is the same has the same tag. */
export function versionTag(answer: unknown, leavesOut: readonly string[] = []): string {
  const isVersioned = ([name]: readonly [string, unknown]): boolean => !leavesOut.includes(name);
  const versioned: unknown =
    typeof answer === "object" && answer !== null && leavesOut.length > 0
      ? Object.fromEntries(Object.entries(answer).filter(isVersioned))
      : answer;
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: an answer is plain data by its schema.
  const hash = createHash("sha256").update(canonicalJson(versioned as Json));
  return `"${hash.digest("base64url").slice(0, 22)}"`;
}

/** Whether one of a list of tags, or `*`, names the version. Weak tags are compared by their text. */
export function namesVersion(header: string, tag: string): boolean {
  if (header.trim() === "*") return true;
  return header.split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}

/** Fails with `changed_meanwhile` when `If-Match` names another version than the present one. Call it in the transaction of the change. */
export function refuseStale(ifMatch: string | null, present: unknown, leavesOut: readonly string[] = []): void {
  if (ifMatch === null || namesVersion(ifMatch, versionTag(present, leavesOut))) return;
  throw new NativeRefusal("changed_meanwhile");
}
