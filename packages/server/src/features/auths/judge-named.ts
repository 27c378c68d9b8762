import { ClueError, PROBLEMS_COUNT_MAX, type Problem } from "@postern/contract";
import type { ExcessOfGrants } from "../../roster/grant-limits.ts";
import type { AuthFields } from "./auth-fields.ts";
import type { NamedThings, ThingsFound } from "./facts-store.ts";
import { UNIQUE_PIN_GUESSES_MIN } from "./limits.ts";

/** Names every door, schedule and group that the place does not have (`e1007`; on v2 as a wrong argument); nobody learns whether another place has them. */
export function refuseUnknown(named: NamedThings, found: ThingsFound, fields: AuthFields): void {
  const doors = new Set(found.doors.map((door) => door.doorId));
  const groups = new Set(found.groupIds);
  const problems: Problem[] = [
    ...named.doorIds
      .filter((doorId) => !doors.has(doorId))
      .map((doorId) => ({ field: fields.door(doorId), message: "is no door of this place", rejectedValue: doorId })),
    ...named.groupIds
      .filter((groupId) => !groups.has(groupId))
      .map((groupId) => ({ field: fields.group(groupId), message: "is no access group of this place", rejectedValue: groupId })),
  ]
    // In the order of the request, which says nothing of the ids: they were read in theirs.
    .toSorted((one, other) => one.field.localeCompare(other.field, "en", { numeric: true }))
    .slice(0, PROBLEMS_COUNT_MAX);
  if (named.scheduleId !== null && !found.hasSchedule) {
    problems.push({ field: fields.scheduleId, message: "is no schedule of this place", rejectedValue: named.scheduleId });
  }
  if (problems.length > 0) throw new ClueError(fields.unknownCode, { details: problems });
}

/** Fails with `e1006` when what was found is too much. */
export function refuseExcess(excess: ExcessOfGrants | { readonly message: string } | null, { groupIds }: AuthFields): void {
  if (excess !== null) throw new ClueError("e1006", { details: [{ field: groupIds, ...excess }] });
}

/** Cards in the order in which the request has them. `ownId`: the auth that may hold them. Fails with `e1006`. */
export function refuseTakenCards(cardKeys: readonly string[], found: ThingsFound, fields: AuthFields, ownId: number | null): void {
  const holders = new Map(found.takenCards.map((card) => [card.key, card.authId]));
  const problems = cardKeys.flatMap((key, index): Problem[] => {
    const authId = holders.get(key);
    if (authId === undefined || authId === ownId) return [];
    return [{ field: fields.card(index), message: "belongs to another auth at this place", authId }];
  });
  if (problems.length > 0) throw new ClueError("e1006", { details: problems });
}

/** A PIN that identifies its holder alone may be nobody else's, and must be long enough for as many as have one (CLUe §7). */
export function refuseUniquePin(digits: string, found: ThingsFound, fields: AuthFields, ownId: number | null): "taken" | null {
  if (found.uniquePinAuthId !== null && found.uniquePinAuthId !== ownId) return "taken";
  if (10 ** digits.length >= UNIQUE_PIN_GUESSES_MIN * (found.uniquePinCount + 1)) return null;
  const message = `must be longer: ${found.uniquePinCount} people have one here, and a guess would meet one of them too soon`;
  throw new ClueError("e1005", { details: [{ field: fields.uniquePin, message }] });
}
