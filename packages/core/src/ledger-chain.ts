import { hash } from "node:crypto";

/** What stands before the first event of a chain. It names the place and the event, so that no chain passes for another's or for one that began earlier. */
export function chainOrigin(placeId: number, firstSequence: number): string {
  return hash("sha256", `postern ledger 1\nplace ${placeId}\nfrom ${firstSequence}`);
}

/** The hash over all events up to this one: of the hash before it, and of its line. Both are written as text, so that `sha256sum` can do the same. */
export function chainHash(before: string, line: string | Uint8Array): string {
  return hash("sha256", before + hash("sha256", line));
}
