import { chainToMode, type MayOpen, readRosterItem, type WhoMayOpenAnswer } from "@postern/contract";
import { type AuthItem, type Chain, type DoorMode, decideAccess, wallClockText } from "@postern/core";
import type { Queryable } from "../../platform/database.ts";
import { gmtOffsetSeconds } from "../../roster/place-items.ts";
import { CANDIDATES_COUNT_MAX, FACTORS_COUNT_MAX } from "./limits.ts";
import { type DoorRoster, factsOf, modeAt, readDoorRoster } from "./roster-facts.ts";
import { type CandidateRow, loadCandidates } from "./store.ts";

export interface OpenersQuestion {
  readonly placeId: number;
  readonly timeZone: string;
  readonly doorId: number;
  readonly atMs: number;
  readonly afterAuthId: number;
  readonly limit: number;
}

/**
 * One page of who may open a door by a right of their own. A locked door is opened by nobody. A page may hold fewer than `limit`, or none, and yet have
 * a `next`: it ends where enough auths have been looked at.
 */
export async function whoMayOpen(queryable: Queryable, question: OpenersQuestion): Promise<WhoMayOpenAnswer> {
  const { atMs, limit } = question;
  const rows = await loadCandidates(queryable, question, { afterAuthId: question.afterAuthId, countMax: CANDIDATES_COUNT_MAX });
  const candidates = rows.map((row) => ({ row, auth: authOf(row) }));
  const auths = candidates.flatMap(({ auth }) => (auth === null ? [] : [auth]));
  const roster = await readDoorRoster(queryable, question, auths);
  const mode = modeAt(roster, atMs);
  const base = { at: atMs, localTime: wallClockText(atMs, gmtOffsetSeconds(question.timeZone, atMs)), mode: modeText(mode) };
  if (mode.kind === "locked") return { ...base, items: [] };
  const items: MayOpen[] = [];
  let lastId = question.afterAuthId;
  for (const { row, auth } of candidates) {
    if (items.length === limit) break;
    lastId = row.authId;
    const modes = auth === null ? [] : openingModes(auth, roster, atMs);
    if (modes.length > 0) items.push({ authId: row.authId, userId: row.userId, userKey: row.userKey, name: row.name, modes });
  }
  const isWhole = rows.length < CANDIDATES_COUNT_MAX && lastId === (rows.at(-1)?.authId ?? lastId);
  return { ...base, items, ...(isWhole ? {} : { next: String(lastId) }) };
}

function authOf({ item }: CandidateRow): AuthItem | null {
  const read = readRosterItem(item);
  return read?.kind === "auth" ? read : null;
}

/** What this person can present to open the door by themselves, with what the door wants beyond it. */
function openingModes(auth: AuthItem, roster: DoorRoster, atMs: number): string[] {
  const opening = auth.chains.flatMap((chain) => opener(chain, auth, roster, atMs) ?? []);
  return [...new Set(opening)];
}

function opener(chain: Chain, auth: AuthItem, roster: DoorRoster, atMs: number): string | null {
  let proven = chain;
  for (let count = 0; count < FACTORS_COUNT_MAX; count += 1) {
    const decision = decideAccess(factsOf(roster, { auth, proven, atMs, mode: { kind: "credentials" } }));
    if (decision.kind === "granted" || decision.kind === "ask_vendor") return chainToMode(proven);
    const next = decision.kind === "wait_factor" ? decision.wanted[0] : undefined;
    if (next === undefined) return null;
    proven = [...proven, next];
  }
  return null;
}

function modeText(mode: DoorMode): string {
  return mode.kind === "credentials" ? "credentials" : `${mode.kind} by ${mode.by}`;
}
