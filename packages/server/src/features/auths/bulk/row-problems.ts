import type { ClueError, ImportResult, Problem } from "@postern/contract";
import { ROW_PROBLEMS_COUNT_MAX } from "./limits.ts";

export function failedRow(row: number, problems: readonly Problem[]): ImportResult {
  return {
    row,
    outcome: "failed",
    // What was sent is not kept: the row names somebody, and its result does not.
    problems: problems.slice(0, ROW_PROBLEMS_COUNT_MAX).map(({ field, message, authId }) => ({
      field,
      message: authId === undefined || message.includes(String(authId)) ? message : `${message}: ${authId}`,
    })),
  };
}

/** What a refusal says, field by field. */
export function problemsOf(refusal: ClueError): readonly Problem[] {
  return refusal.details.length > 0 ? refusal.details : [{ field: "row", message: refusal.publicMessage }];
}
