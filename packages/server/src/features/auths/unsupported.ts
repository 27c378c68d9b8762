import type { CreateAuth, Problem } from "@postern/contract";

/** The parts of a create request that this version cannot carry out. An auth without them would open less than was asked, so none is made. */
export function unsupportedParts({ credentials, registrationTokens }: CreateAuth): readonly Problem[] {
  const parts: readonly (readonly [field: string, isPresent: boolean])[] = [
    ["auth.credentials.faceImages", credentials.faceImages.length > 0],
    ["auth.credentials.fingerprints", credentials.fingerprints.length > 0],
    ["auth.credentials.pin", credentials.pin !== null],
    ["auth.credentials.uniquePin", credentials.uniquePin !== null],
    ["auth.registrationTokens", registrationTokens.length > 0],
  ];
  return parts.filter(([, isPresent]) => isPresent).map(([field]) => ({ field, message: "is not supported yet" }));
}
