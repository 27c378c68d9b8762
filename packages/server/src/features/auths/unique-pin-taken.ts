import { ClueError } from "@postern/contract";
import type { AuthFields } from "./auth-fields.ts";

/** Names nobody: who asks learns that this PIN opens for somebody, and each such answer is counted. */
export class UniquePinTaken extends ClueError {}

export function uniquePinTaken(fields: AuthFields): UniquePinTaken {
  return new UniquePinTaken("e1006", { details: [{ field: fields.uniquePin, message: "cannot be used; choose another" }] });
}
