import { assertNever } from "./assert.ts";
import type { DoorModeItem } from "./roster-item.ts";
import { isInSameWindow, isWithinSchedule, type Schedule } from "./schedule.ts";
import type { UtcTransition } from "./time-zone.ts";

/** What holds a door: the strongest of fire, lockdown, operator, scheduled lock, scheduled unlock; else credentials decide. */
export type DoorMode =
  | { readonly kind: "unlocked"; readonly by: "fire" | "operator" | "schedule" }
  | { readonly kind: "locked"; readonly by: "lockdown" | "operator" | "schedule" }
  | { readonly kind: "credentials" };

/** What the scheduled unlock waits for: nothing; the first person let in during its window, of whom nothing is known yet; or when that person was (epoch milliseconds). */
export type FirstIn = "not_needed" | "nobody" | number;

export interface DoorModeFacts {
  readonly isFireSignalled: boolean;
  /** The door's item, or null when the replica has none: then neither lockdown nor operator holds the door. */
  readonly mode: DoorModeItem | null;
  /** The schedule that `door.scheduledLockId` names; null when it names none, or one that the replica does not hold. */
  readonly scheduledLock: Schedule | null;
  /** The schedule that `door.scheduledUnlockId` names; null as above. */
  readonly scheduledUnlock: Schedule | null;
  readonly firstIn: FirstIn;
  readonly utcTransitions: readonly UtcTransition[];
  /** The controller's best time, or null when it has no clock it can trust. */
  readonly nowMs: number | null;
}

/**
 * What holds the door at this moment.
 *
 * A schedule that is named but missing holds nothing. For the unlocking one that is the safe side. For the locking one it leaves the
 * decision to credentials, each of which still needs a right of its own: a hole in the replica, which the digests are about to mend,
 * must not lock out a whole place.
 *
 * Where the first person begins the scheduled unlock, it holds from then to the end of that window, whatever held the door in between; the next
 * window waits for somebody anew.
 *
 * Without local time (no clock, or no offsets) a locking schedule locks and an unlocking one does not: nobody can show that the door
 * should be open.
 */
export function doorMode(facts: DoorModeFacts): DoorMode {
  if (facts.isFireSignalled) return { kind: "unlocked", by: "fire" };
  if (facts.mode?.lockdown === true) return { kind: "locked", by: "lockdown" };
  const byOperator = modeByOperator(facts.mode?.operator ?? "none");
  if (byOperator !== null) return byOperator;
  if (holds(facts.scheduledLock, facts, "without_time_it_holds")) return { kind: "locked", by: "schedule" };
  if (holds(facts.scheduledUnlock, facts, "without_time_it_does_not") && hasBegun(facts)) return { kind: "unlocked", by: "schedule" };
  return { kind: "credentials" };
}

function hasBegun({ firstIn, scheduledUnlock, utcTransitions, nowMs }: DoorModeFacts): boolean {
  if (firstIn === "not_needed") return true;
  if (firstIn === "nobody" || scheduledUnlock === null || nowMs === null) return false;
  return isInSameWindow(scheduledUnlock, utcTransitions, firstIn, nowMs);
}

function modeByOperator(operator: DoorModeItem["operator"]): DoorMode | null {
  switch (operator) {
    case "none":
      return null;
    case "locked":
      return { kind: "locked", by: "operator" };
    case "unlocked":
      return { kind: "unlocked", by: "operator" };
    default:
      return assertNever(operator);
  }
}

function holds(
  schedule: Schedule | null,
  { nowMs, utcTransitions }: DoorModeFacts,
  withoutTime: "without_time_it_holds" | "without_time_it_does_not",
): boolean {
  if (schedule === null) return false;
  if (nowMs === null || utcTransitions.length === 0) return withoutTime === "without_time_it_holds";
  return isWithinSchedule(schedule, utcTransitions, nowMs);
}
