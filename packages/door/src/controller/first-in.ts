import { isInSameWindow, type Schedule, windowsAt } from "@postern/core";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import type { DoorStep } from "./step-door.ts";

/** When the first person of a door's scheduled unlock was let in, beyond the life of the process. */
export interface FirstIns {
  /** By door. */
  read(): ReadonlyMap<number, number>;
  /** null: forgotten. Throws when it cannot be written down. */
  write(doorId: number, firstInMs: number | null): void;
}

/**
 * Somebody was let in. At the entry of a door that waits for its first person, during a window, that begins the scheduled unlock. Who leaves does not
 * count: somebody stayed over night.
 */
export function letIn(state: DoorState, deviceId: number, facts: DoorFacts): DoorStep {
  const waiting = waitingSchedule(state, facts);
  const isFirst = waiting !== null && deviceId === state.wiring.entryDeviceId && windowsAt(...waiting).length > 0;
  return isFirst ? keep(state, waiting[2]) : { state, effects: [] };
}

/** Forgets a first person whose window is over. A clock that lags behind, and a replica without the schedule, say nothing of that. */
export function judgeFirstIn(step: DoorStep, facts: DoorFacts): DoorStep {
  const { firstInMs } = step.state;
  const waiting = waitingSchedule(step.state, facts);
  if (firstInMs === null || waiting === null || firstInMs > waiting[2]) return step;
  const [schedule, transitions, nowMs] = waiting;
  if (isInSameWindow(schedule, transitions, firstInMs, nowMs)) return step;
  const forgotten = keep(step.state, null);
  return { state: forgotten.state, effects: [...step.effects, ...forgotten.effects] };
}

/** The schedule that waits for a first person, by which clock, and the time; null when there is none. */
function waitingSchedule(
  { wiring }: DoorState,
  { roster, nowMs }: DoorFacts,
): [Schedule, DoorFacts["roster"]["utcTransitions"], number] | null {
  const settings = roster.door(wiring.doorId);
  const schedule = settings?.firstPersonIn === true ? roster.schedule(settings.scheduledUnlockId) : null;
  return schedule === null || nowMs === null || roster.utcTransitions.length === 0 ? null : [schedule, roster.utcTransitions, nowMs];
}

function keep(state: DoorState, firstInMs: number | null): DoorStep {
  return { state: { ...state, firstInMs }, effects: [{ kind: "keep_first_in", firstInMs }] };
}
