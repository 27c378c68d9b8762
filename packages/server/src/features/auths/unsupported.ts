import type { ChangeCredentials, Problem } from "@postern/contract";

/** The parts of a request that this version cannot carry out. An auth without them would open less than was asked, so nothing is done. */
export function unsupportedParts(
  { faceImages }: ChangeCredentials,
  registrationTokens: readonly string[],
  prefix: "auth." | "",
): readonly Problem[] {
  const parts: readonly (readonly [field: string, isPresent: boolean])[] = [
    ["credentials.faceImages", (faceImages ?? []).length > 0],
    ["registrationTokens", registrationTokens.length > 0],
  ];
  return parts.filter(([, isPresent]) => isPresent).map(([field]) => ({ field: `${prefix}${field}`, message: "is not supported yet" }));
}
