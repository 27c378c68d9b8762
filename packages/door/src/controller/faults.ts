import type { EventType } from "@postern/contract";
import type { DoorPart, DoorWiring } from "../drivers/driver.ts";
import { DRIVER_RETRY_MS_FIRST, DRIVER_RETRY_MS_MAX } from "../limits.ts";
import { atDoor, doorEvent } from "./door-events.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import type { DoorEffect, DoorStep } from "./step-door.ts";

/** A part of a door's hardware that does not work. */
export interface Fault {
  readonly part: DoorPart;
  /** How often it was tried since. */
  readonly tryCount: number;
}

/** A part does not work. That is recorded once, however often it is tried, and the next try comes after a longer pause. */
export function failPart(state: DoorState, part: DoorPart, facts: DoorFacts): DoorStep {
  const known = state.faults.find((fault) => fault.part === part);
  const again: DoorEffect = { kind: "retry_later", part, afterMs: retryPauseMs(known?.tryCount ?? 0) };
  if (known !== undefined) return { state, effects: [again] };
  const faults = [...state.faults, { part, tryCount: 0 }];
  return { state: { ...state, faults }, effects: [recordPart(state, part, "DRIVER_FAILED", facts), again] };
}

/** Tries a part that does not work. A relay is told anew what it should do, whatever it was told while it did not listen. */
export function retryPart(state: DoorState, part: DoorPart): DoorStep {
  if (!hasFault(state, part)) return { state, effects: [] };
  const faults = state.faults.map((fault) => (fault.part === part ? { part, tryCount: fault.tryCount + 1 } : fault));
  return { state: { ...state, faults }, effects: [part === "relay" ? bring(state) : { kind: "revive", part }] };
}

/** A part works. After what takes the relay with it, the relay may stand in any way. */
export function recoverPart(state: DoorState, part: DoorPart, facts: DoorFacts): DoorStep {
  if (!hasFault(state, part)) return { state, effects: [] };
  const next = { ...state, faults: state.faults.filter((fault) => fault.part !== part) };
  const recovered = recordPart(state, part, "DRIVER_RECOVERED", facts);
  return { state: next, effects: part === "connection" || part === "power" ? [recovered, bring(state)] : [recovered] };
}

/** Whether nobody knows what the relay does: it is tried by itself, and not at each look besides. */
export function isRelayLost(state: DoorState): boolean {
  return hasFault(state, "relay") || hasFault(state, "connection") || hasFault(state, "power");
}

/** The pause before the next try, after so many: doubled up to the longest. */
export function retryPauseMs(tryCount: number): number {
  return Math.min(DRIVER_RETRY_MS_MAX, DRIVER_RETRY_MS_FIRST * 2 ** Math.min(tryCount, 16));
}

export function hasFault({ faults }: DoorState, part: DoorPart): boolean {
  return faults.some((fault) => fault.part === part);
}

/** Nothing but a mode keeps a door unlocked for longer than a moment, and that moment is over. */
function bring({ mode }: DoorState): DoorEffect {
  return mode.kind === "unlocked" ? { kind: "hold", isOn: true } : { kind: "lock" };
}

function recordPart(state: DoorState, part: DoorPart, eventType: EventType, facts: DoorFacts): DoorEffect {
  const happening = { ...atDoor(state, facts), deviceId: deviceOf(state.wiring, part) };
  return { kind: "record", events: [doorEvent(happening, eventType, { part })] };
}

function deviceOf({ entryDeviceId, exitDeviceId }: DoorWiring, part: DoorPart): number {
  return part === "exit_reader" ? (exitDeviceId ?? entryDeviceId) : entryDeviceId;
}
