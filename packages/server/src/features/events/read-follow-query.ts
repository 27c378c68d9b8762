import type { Problem, Read } from "@postern/contract";
import { decodeLogId } from "../../ledger/log-id.ts";
import { FOLLOW_EVENTS_COUNT_DEFAULT, FOLLOW_EVENTS_COUNT_MAX, FOLLOW_WAIT_S_MAX } from "./limits.ts";

export interface FollowQuery {
  /** The sequence after which to read; `now`: only what is still to come. */
  readonly after: number | "now";
  readonly waitMs: number;
  readonly countMax: number;
}

/**
 * Reads `after`, `wait` and `limit`. A cursor is a `logId`: that of the last event a client has. Without one it reads from the beginning. A
 * cursor of another place is a mistake, not a way to read there.
 */
export function readFollowQuery(placeId: number, query: unknown): Read<FollowQuery> {
  const problems: Problem[] = [];
  const parameter = (name: string): string | null => {
    const value: unknown = typeof query === "object" && query !== null ? Reflect.get(query, name) : undefined;
    if (value === undefined || value === "") return null;
    if (typeof value === "string") return value;
    problems.push({ field: name, message: "must be given once" });
    return null;
  };
  const whole = (name: string, range: { readonly min: number; readonly max: number; readonly absent: number }): number => {
    const text = parameter(name);
    if (text === null) return range.absent;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.min && value <= range.max) return value;
    problems.push({ field: name, message: `must be a whole number from ${range.min} to ${range.max}` });
    return range.absent;
  };
  const after = readCursor(placeId, parameter("after"));
  if (after === null) problems.push({ field: "after", message: "is no cursor of this place" });
  const waitMs = whole("wait", { min: 0, max: FOLLOW_WAIT_S_MAX, absent: 0 }) * 1_000;
  const countMax = whole("limit", { min: 1, max: FOLLOW_EVENTS_COUNT_MAX, absent: FOLLOW_EVENTS_COUNT_DEFAULT });
  return after === null || problems.length > 0 ? { ok: false, problems } : { ok: true, value: { after, waitMs, countMax } };
}

function readCursor(placeId: number, text: string | null): FollowQuery["after"] | null {
  if (text === null) return 0;
  if (text === "now") return "now";
  const position = decodeLogId(text);
  return position === null || position.placeId !== placeId ? null : position.sequence;
}
