import type { Problem } from "@postern/contract";

/** The parts of a request that this version cannot carry out. An auth without them would open less than was asked, so nothing is done. */
export function unsupportedParts(registrationTokens: readonly string[], prefix: "auth." | ""): readonly Problem[] {
  return registrationTokens.length === 0 ? [] : [{ field: `${prefix}registrationTokens`, message: "is not supported yet" }];
}
