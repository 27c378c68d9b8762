import { createHash } from "node:crypto";

/** SHA-256 of a finger's template, in base64: proves that a door holds the right one, and tells nothing about the finger. */
export function fingerMark(templateBase64: string): string {
  return createHash("sha256").update(`fingerprint\n${templateBase64}`).digest("base64");
}
