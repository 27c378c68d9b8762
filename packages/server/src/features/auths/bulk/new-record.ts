import { ClueError, type ImportRowWanted, type Problem } from "@postern/contract";
import type { AuthRecord } from "../auth-record.ts";

const NEEDED = [
  ["startMs", "startAt"],
  ["endMs", "endAt"],
  ["doors", "doors"],
] as const;

/** The right of somebody who has none here yet, before what the row says. Fails with `e1005` when the row does not say enough. */
export function newRecord(wanted: ImportRowWanted): AuthRecord {
  const problems = NEEDED.flatMap(([member, field]): Problem[] =>
    wanted[member] === undefined ? [{ field, message: "is required for somebody who has no right here yet" }] : [],
  );
  if (problems.length > 0) throw new ClueError("e1005", { details: problems });
  return {
    name: wanted.userKey,
    status: "ACTIVE",
    startMs: 0,
    endMs: 0,
    doors: [],
    scheduleId: null,
    groupIds: [],
    modesAsked: null,
    phone: null,
    cards: [],
    fingerprints: [],
    faces: [],
    faceConsent: null,
    hasPin: false,
    hasUniquePin: false,
  };
}
