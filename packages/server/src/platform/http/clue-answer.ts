import { type ClueCode, ClueError, NATIVE_CODES, type NativeCode } from "@postern/contract";
import { NativeRefusal } from "./native-refusal.ts";

/** CLUe's code for what v2 calls otherwise. CLUe knows no word for a missing method, a limit on size and the like: the nearest is taken. */
const CLUE_CODE_OF: Readonly<Record<NativeCode, ClueCode>> = {
  argument_invalid: "e1005",
  body_malformed: "e1004",
  body_too_large: "e1006",
  media_type_unsupported: "e1003",
  key_refused: "e1001",
  not_permitted: "e1001",
  not_found: "e1007",
  conflict: "e1006",
  changed_meanwhile: "e1006",
  too_many_requests: "e1010",
  device_offline: "e1006",
  unlock_unconfirmed: "e1000",
  outcome_unknown: "e1000",
  database_away: "e1000",
  stopping: "e1000",
  internal: "e1000",
};

/** Any failure as v1 answers it. What nobody foresaw is our own fault, and says nothing about itself. */
export function clueErrorOf(failure: unknown): ClueError {
  if (failure instanceof ClueError) return failure;
  if (!(failure instanceof NativeRefusal)) return new ClueError("e1000", { cause: failure });
  const code = CLUE_CODE_OF[failure.code];
  return new ClueError(code, {
    cause: failure,
    context: failure.context,
    details: failure.problems,
    ...(failure.detail === null ? {} : { message: failure.detail }),
    // CLUe's own sentence for e1001 speaks of a key that is good and not enough.
    ...(failure.code === "key_refused" ? { status: 401, message: NATIVE_CODES.key_refused.summary } : {}),
    ...(failure.retryAfterS === null ? {} : { retryAfterS: failure.retryAfterS }),
  });
}
