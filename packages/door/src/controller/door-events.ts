import { authEventType, type EventType, type LinkEvent } from "@postern/contract";
import type { Chain, DenialReason, DoorMode } from "@postern/core";
import type { Person } from "../drivers/driver.ts";
import { chainOf, type Evidence, qrOf } from "./attempt.ts";
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

/**
 * All factors were proven. What the event's name leaves out of a longer chain stands in its detail; so does which step of a dynamic QR it was: what was written
 * down is used.
 */
export function successEvent(happening: Happening, person: Person | null, evidence: readonly Evidence[]): LinkEvent {
  const chain = chainOf(evidence);
  const qr = qrOf(evidence);
  const detail = { ...(chain.length > 1 ? { chain: chain.join(",") } : {}), ...(qr === null ? {} : { qrId: qr.id, qrStep: qr.step }) };
  const isEmpty = Object.keys(detail).length === 0;
  return { ...doorEvent(happening, authEventType(chain, "success"), isEmpty ? undefined : detail), ...person };
}

export interface Failed {
  readonly person: Person | null;
  readonly chain: Chain;
  readonly reason: DenialReason;
  /** The dynamic QR among what was presented, by its number. */
  readonly qrId?: number | undefined;
}

/** Named after the last factor. Its detail says why and nothing else: no number of a card that nobody here knows, nothing that a code said. */
export function failEvent(happening: Happening, { person, chain, reason, qrId }: Failed): LinkEvent {
  const detail = { reason, ...(qrId === undefined ? {} : { qrId }) };
  return { ...doorEvent(happening, lockedQrEvent(chain, reason) ?? authEventType(chain, "fail"), detail), ...person };
}

/** CLUe has names of its own for a QR at a door that is held locked. */
function lockedQrEvent(chain: Chain, reason: DenialReason): EventType | null {
  if (chain.at(-1) !== "QR") return null;
  if (reason === "locked_by_schedule") return "DEV_QR_ACCESS_DENIED_ON_SCHEDULE_LOCK";
  return reason === "locked_by_operator" ? "DEV_QR_ACCESS_DENIED_ON_OPERATOR_LOCK" : null;
}

/** The event that a mode begins or ends, or null for modes that have none of their own: fire is recorded by its signal. */
export function modeEvent(mode: DoorMode, turn: "START" | "END"): EventType | null {
  if (mode.kind === "credentials" || mode.by === "fire") return null;
  if (mode.by === "lockdown") return turn === "START" ? "DOOR_LOCKDOWN_ON" : "DOOR_LOCKDOWN_OFF";
  const relay = mode.kind === "unlocked" ? "ON" : "OFF";
  return mode.by === "operator" ? `DEV_DOOR_${turn}_RELAY_${relay}_BY_OPERATOR` : `DEV_DOOR_${turn}_RELAY_${relay}_BY_SCHEDULE`;
}
