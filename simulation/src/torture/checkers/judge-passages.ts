import { PassageChecker } from "../../checkers/passage-checker.ts";
import type { PlaceHistory } from "../../checkers/place-history.ts";
import type { Claim } from "../../checkers/roster-checker.ts";
import type { Accuse } from "../../checkers/violation.ts";
import type { DoorDisk, Evidence, LoggedEvent } from "../evidence/evidence.ts";
import { CLOCK_BESIDE_MS_MAX } from "../limits.ts";
import type { Presented } from "../people/journal.ts";
import { type Grant, grantsOf } from "./presentation-windows.ts";

/**
 * Nobody passes by what a door was known to have lost: each grant in the doors' logs is judged by the place's history from what its controller had
 * confirmed when the card was held to the reader, to what had been written by the time of the answer. Returns how many grants were judged.
 */
export function judgePassages({ journal, doors, database }: Evidence, history: PlaceHistory, accuse: Accuse): number {
  const grants = grantsOf(doors, journal.presented, history, accuse);
  for (const grant of grants)
    judgeGrant(grant, { history, accuse, confirmedAt: (id, atMs) => confirmedAt({ journal, database }, id, atMs) });
  for (const door of doors) judgeRelays(door, { history, commands: journal.commands, accuse });
  return grants.length;
}

interface Judging {
  readonly history: PlaceHistory;
  readonly accuse: Accuse;
  readonly confirmedAt: (controllerId: number, atMs: number) => Claim | null;
}

function confirmedAt({ journal, database }: Pick<Evidence, "journal" | "database">, controllerId: number, atMs: number): Claim | null {
  const known = journal.confirmed.filter((each) => each.controllerId === controllerId && each.knownMs <= atMs);
  const urgentTo = known.reduce((most, { revision }) => Math.max(most, revision), 0);
  return urgentTo === 0 ? null : { epoch: database.epoch, urgentTo };
}

/** Right when it is right for one of the presentations that it may be of. */
function judgeGrant(grant: Grant, judging: Judging): void {
  const found = grant.candidates.map((presented) => wrongsOf(grant, presented, judging));
  if (found.some((wrongs) => wrongs.length === 0)) return;
  for (const [checker, what] of found[0] ?? []) judging.accuse(checker, what);
}

function wrongsOf({ door, doorId, logged }: Grant, presented: Presented, { history, confirmedAt: confirmed }: Judging): [string, string][] {
  const wrongs: [string, string][] = [];
  const passages = new PassageChecker(history, (checker, what) => wrongs.push([checker, `${what} (number ${logged.number} of its log)`]));
  const { eventAt } = logged.event;
  passages.passed({
    ...{ machine: door, doorId, event: logged.event, atMs: presented.answeredMs, heardMs: presented.answeredMs },
    doorMs: eventAt,
    confirmed: confirmed(door.controllerId, presented.askedMs),
  });
  if (eventAt < presented.askedMs - CLOCK_BESIDE_MS_MAX || eventAt > presented.answeredMs + CLOCK_BESIDE_MS_MAX)
    wrongs.push(["clock", `${door.name} wrote ${eventAt} at ${presented.answeredMs}`]);
  return wrongs;
}

interface RelayJudging {
  readonly history: PlaceHistory;
  readonly commands: ReadonlyMap<number, number>;
  readonly accuse: Accuse;
}

/** A bolt that moved has an event before it that says why; a command moves one once, and in its time. */
function judgeRelays(door: DoorDisk, { history, commands, accuse }: RelayJudging): void {
  const passages = new PassageChecker(history, accuse);
  passages.notAfter = (commandId) => commands.get(commandId);
  const last = new Map<number, LoggedEvent>();
  for (const logged of door.events) {
    const { doorId, eventType, eventAt } = logged.event;
    if (doorId === undefined) continue;
    const cause = last.get(doorId)?.event;
    const isCaused = cause?.eventType.endsWith("_AUTH_SUCCESS") === true || cause?.eventType === "DOOR_OPENED_BY_COMMAND";
    const passage = { machine: door, doorId, atMs: eventAt, heardMs: eventAt, doorMs: eventAt, confirmed: null };
    if (eventType === "DOOR_OPENED_BY_COMMAND") passages.passed({ ...passage, event: logged.event });
    if (eventType === "DEV_DOOR_RELAY_ON" && !isCaused) passages.passed({ ...passage, event: cause });
    if (!eventType.startsWith("DEV_DOOR_RELAY_")) last.set(doorId, logged);
  }
}
