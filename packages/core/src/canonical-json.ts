import { assert } from "./assert.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

/**
 * One text for one value: names in code-unit order, no blanks, absent and undefined members left out (the rules of RFC 8785 for the
 * values we use). Hashes of it agree between server and door whatever order either built its objects in.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") {
    assert(typeof value !== "number" || Number.isFinite(value), "a canonical number is finite");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: what is neither plain nor a list is an object of members.
  const members = value as { readonly [name: string]: Json | undefined };
  const parts: string[] = [];
  for (const name of Object.keys(members).sort()) {
    const member = members[name];
    if (member !== undefined) parts.push(`${JSON.stringify(name)}:${canonicalJson(member)}`);
  }
  return `{${parts.join(",")}}`;
}
