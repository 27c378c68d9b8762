import { createHash } from "node:crypto";

/** SHA-256 of a face's template with its pack (see `writeTemplate` of the face package), in base64: proves that a door holds the right one. */
export function faceMark(templateText: string): string {
  return createHash("sha256").update(`face\n${templateText}`).digest("base64");
}
