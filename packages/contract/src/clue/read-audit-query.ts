import { PAGE_SIZE_MAX } from "./clue-limits.ts";
import { type Page, queryMembers, readPage } from "./query.ts";
import { readEpochMs, readId } from "./read-create-auth.ts";
import { type Read, Spot } from "./spot.ts";

export interface AuditLogsQuery extends Page {
  /** null: every place within reach, and what concerns the whole group. */
  readonly placeId: number | null;
  /** Both inclusive; null: from the first row, to the last. */
  readonly startMs: number | null;
  readonly endMs: number | null;
}

/** Reads the query of the audit log's call (CLUe §1.4); paging as for events. Never throws; all mistakes are told. */
export function readAuditLogsQuery(query: unknown): Read<AuditLogsQuery> {
  const spot = Spot.root();
  const parameters = queryMembers(query, spot);
  const value: AuditLogsQuery = {
    placeId: parameters.optional("placeId", readId) ?? null,
    startMs: parameters.optional("startAt", readEpochMs) ?? null,
    endMs: parameters.optional("endAt", readEpochMs) ?? null,
    ...readPage(parameters, PAGE_SIZE_MAX),
  };
  if (value.startMs !== null && value.endMs !== null && value.endMs < value.startMs)
    spot.member("endAt").refuse("must not be before startAt");
  return spot.problems.length > 0 ? { ok: false, problems: spot.problems } : { ok: true, value };
}
