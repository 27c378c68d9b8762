import { assert } from "@postern/core";
import { AUTH_FAIL_EVENTS, AUTH_SUCCESS_EVENTS } from "./auth-events.ts";
import { DEVICE_STATE_EVENTS, DOOR_STATE_EVENTS, QR_REFUSED_EVENTS } from "./device-events.ts";
import type { EventFamily, EventOrigin, EventRow, EventSpec } from "./event-spec.ts";
import { OWN_CONTROLLER_EVENTS, OWN_SERVER_EVENTS } from "./own-events.ts";
import { CONFIRMATION_EVENTS, DEVICE_COMMAND_EVENTS, INCIDENT_EVENTS, PLACE_EVENTS, REMOTE_DOOR_EVENTS } from "./server-events.ts";

interface FamilyFacts {
  readonly family: EventFamily;
  readonly origin: EventOrigin;
  readonly source: EventSpec["source"];
}

const CLUE = "CLUe §2.1";

export type EventType =
  | keyof typeof CONFIRMATION_EVENTS
  | keyof typeof INCIDENT_EVENTS
  | keyof typeof REMOTE_DOOR_EVENTS
  | keyof typeof DEVICE_COMMAND_EVENTS
  | keyof typeof PLACE_EVENTS
  | keyof typeof DEVICE_STATE_EVENTS
  | keyof typeof DOOR_STATE_EVENTS
  | keyof typeof AUTH_SUCCESS_EVENTS
  | keyof typeof AUTH_FAIL_EVENTS
  | keyof typeof QR_REFUSED_EVENTS
  | keyof typeof OWN_SERVER_EVENTS
  | keyof typeof OWN_CONTROLLER_EVENTS;

/** Every event that can stand in a ledger, by name. */
export const EVENT_CATALOGUE: Readonly<Record<EventType, EventSpec>> = {
  ...family(CONFIRMATION_EVENTS, { family: "confirmation", origin: "device", source: CLUE }),
  ...family(INCIDENT_EVENTS, { family: "incident", origin: "server", source: CLUE }),
  ...family(REMOTE_DOOR_EVENTS, { family: "remote_door", origin: "server", source: CLUE }),
  ...family(DEVICE_COMMAND_EVENTS, { family: "device_command", origin: "server", source: CLUE }),
  ...family(PLACE_EVENTS, { family: "place", origin: "server", source: CLUE }),
  ...family(DEVICE_STATE_EVENTS, { family: "device_state", origin: "device", source: CLUE }),
  ...family(DOOR_STATE_EVENTS, { family: "door_state", origin: "device", source: CLUE }),
  ...family(AUTH_SUCCESS_EVENTS, { family: "auth_success", origin: "device", source: CLUE }),
  ...family(AUTH_FAIL_EVENTS, { family: "auth_fail", origin: "device", source: CLUE }),
  ...family(QR_REFUSED_EVENTS, { family: "qr_refused", origin: "device", source: CLUE }),
  ...family(OWN_SERVER_EVENTS, { family: "ledger", origin: "server", source: "ours" }),
  ...family(OWN_CONTROLLER_EVENTS, { family: "controller", origin: "device", source: "ours" }),
};

const NAMES_BY_CODE: ReadonlyMap<number, EventType> = namesByCode();

export function isEventType(text: string): text is EventType {
  return Object.hasOwn(EVENT_CATALOGUE, text);
}

/** The number that the ledger stores for an event. */
export function eventCode(name: EventType): number {
  return EVENT_CATALOGUE[name].code;
}

/** The event behind a stored number, or null for a number that no release has ever given. */
export function eventName(code: number): EventType | null {
  return NAMES_BY_CODE.get(code) ?? null;
}

/** Which side may write the event: what a controller sends is refused unless this says `device`. */
export function eventOrigin(name: EventType): EventOrigin {
  return EVENT_CATALOGUE[name].origin;
}

/** In the order of their codes. */
export function eventTypes(): readonly EventType[] {
  return [...NAMES_BY_CODE.values()];
}

function family<Table extends Record<string, EventRow>>(table: Table, facts: FamilyFacts): Record<keyof Table, EventSpec> {
  const entries = Object.entries(table).map(([name, row]) => [name, Object.freeze({ name, ...row, ...facts })]);
  return Object.fromEntries(entries);
}

function namesByCode(): ReadonlyMap<number, EventType> {
  const names = Object.keys(EVENT_CATALOGUE).filter(isEventType);
  const byCode = new Map(names.map((name) => [EVENT_CATALOGUE[name].code, name]));
  assert(byCode.size === names.length, "every event has a code of its own");
  return new Map([...byCode].sort(([left], [right]) => left - right));
}
