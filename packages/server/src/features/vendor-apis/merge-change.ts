import type { ChangedVendorApi, Problem, Read } from "@postern/contract";
import type { Header, WrittenApi } from "./draft.ts";
import type { KeptApi } from "./store.ts";

/**
 * An API with what shall be different. A header without a value keeps the one it has, which goes to the server that it was written for and to no other:
 * else whoever may change an address could have it sent to themselves.
 */
export function mergeChange(kept: KeptApi, keptHeaders: readonly Header[], change: ChangedVendorApi): Read<WrittenApi> {
  const { name = kept.name, url = kept.url } = change;
  const isSameServer = originOf(url) === originOf(kept.url);
  const problems: Problem[] = [];
  const wanted: readonly { readonly name: string; readonly value?: string | undefined }[] =
    change.headers ?? keptHeaders.map((header) => ({ name: header.name }));
  const headers = wanted.map((header, index): Header => {
    if (header.value !== undefined) return { name: header.name, value: header.value };
    const own = keptHeaders.find((one) => one.name.toLowerCase() === header.name.toLowerCase());
    const field = change.headers === undefined ? "headers" : `headers[${index}].value`;
    if (own === undefined) problems.push({ field, message: "is required: the header has none yet" });
    else if (!isSameServer)
      problems.push({ field, message: `must be given again for ${header.name}, because the address leads to another server` });
    return { name: header.name, value: own?.value ?? "" };
  });
  if (problems.length > 0) return { ok: false, problems };
  const { autoFields, manualFields, statusCodes, result, successMessage, failureMessage } = { ...kept, ...given(change) };
  const rules = { autoFields, manualFields, statusCodes, result, successMessage, failureMessage };
  return { ok: true, value: { credential: kept.credential, name, url, headers, ...rules } };
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}

/** Without members that are there and undefined. */
function given(change: ChangedVendorApi): Partial<ChangedVendorApi> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
