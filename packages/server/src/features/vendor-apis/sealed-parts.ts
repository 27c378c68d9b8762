import type { Random } from "@postern/core";
import { openBytes, type SealKey, sealBytes } from "../../platform/person-keys/sealed-bytes.ts";
import type { Header } from "./draft.ts";

/** What the secrets that sign an API's requests are sealed with. `key` is derived from the server's for this feature alone. */
export function secretOwner(key: Uint8Array, vendorApiId: number): SealKey {
  return { key, boundTo: `vendor api ${vendorApiId} secret` };
}

function headersOwner(key: Uint8Array, vendorApiId: number): SealKey {
  return { key, boundTo: `vendor api ${vendorApiId} headers` };
}

export function sealHeaders(
  key: Uint8Array,
  vendorApiId: number,
  { headers, random }: { readonly headers: readonly Header[]; readonly random: Random },
): Uint8Array {
  const plain = headers.map(({ name, value }) => ({ name, value }));
  return sealBytes(headersOwner(key, vendorApiId), Buffer.from(JSON.stringify(plain)), random);
}

/** null: sealed by another server's key. */
export function openHeaders(key: Uint8Array, vendorApiId: number, sealed: Uint8Array): readonly Header[] | null {
  const plain = openBytes(headersOwner(key, vendorApiId), sealed);
  return plain === null ? null : JSON.parse(Buffer.from(plain).toString("utf8"));
}
