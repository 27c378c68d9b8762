import { authEventType, type EventType, type LinkEvent } from "@postern/contract";
import type { Chain, DenialReason, DoorMode } from "@postern/core";
import type { Person } from "../drivers/driver.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";

/** Where and when something happened. */
export interface Happening {
  readonly eventAt: number;
  readonly doorId: number;
  readonly deviceId: number;
}

/** Things that happen to a door itself are filed under its entry device. */
export function atDoor({ wiring }: DoorState, { stampMs }: DoorFacts): Happening {
  return { eventAt: stampMs, doorId: wiring.doorId, deviceId: wiring.entryDeviceId };
}

export type EventDetail = NonNullable<LinkEvent["detail"]>;

export function doorEvent(happening: Happening, eventType: EventType, detail?: EventDetail): LinkEvent {
  const { eventAt, doorId, deviceId } = happening;
  return { eventAt, eventType, doorId, deviceId, ...(detail === undefined ? {} : { detail }) };
}

/** All factors were proven. What the event's name leaves out of a longer chain stands in its detail. */
export function successEvent(happening: Happening, person: Person | null, chain: Chain): LinkEvent {
  const detail = chain.length > 1 ? { chain: chain.join(",") } : undefined;
  return { ...doorEvent(happening, authEventType(chain, "success"), detail), ...person };
}

/** Named after the last factor. Its detail says why and nothing else: no number of a card that nobody here knows. */
export function failEvent(happening: Happening, person: Person | null, chain: Chain, reason: DenialReason): LinkEvent {
  return { ...doorEvent(happening, authEventType(chain, "fail"), { reason }), ...person };
}

/** The event that a mode begins or ends, or null for modes that have none of their own: fire is recorded by its signal. */
export function modeEvent(mode: DoorMode, turn: "START" | "END"): EventType | null {
  if (mode.kind === "credentials" || mode.by === "fire") return null;
  if (mode.by === "lockdown") return turn === "START" ? "DOOR_LOCKDOWN_ON" : "DOOR_LOCKDOWN_OFF";
  const relay = mode.kind === "unlocked" ? "ON" : "OFF";
  return mode.by === "operator" ? `DEV_DOOR_${turn}_RELAY_${relay}_BY_OPERATOR` : `DEV_DOOR_${turn}_RELAY_${relay}_BY_SCHEDULE`;
}
