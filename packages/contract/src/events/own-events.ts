import type { EventRow } from "./event-spec.ts";

/** Facts about the ledger, the roster, the link and what people order, written by the server. CLUe has no names for them. */
export const OWN_SERVER_EVENTS = {
  EVENT_REFUSED: { code: 1001, meaning: "A controller's event could not be accepted; this stub keeps its place and number." },
  LOG_LOST: { code: 1002, meaning: "A controller declared a range of its own events lost for ever." },
  LOG_FORKED: {
    code: 1003,
    meaning: "A controller's log disagrees with what was stored of it, as after a disk restored from an old copy.",
  },
  CONTROLLER_SESSION_REFUSED: { code: 1004, meaning: "A second live connection of the same controller was refused." },
  ROSTER_ITEM_FAILED: { code: 1005, meaning: "A controller could not take over one item of its roster." },
  LOCKDOWN_BEGIN_REQ: { code: 1006, meaning: "A person ordered a lockdown of doors of the place." },
  LOCKDOWN_END_REQ: { code: 1007, meaning: "A person ended the lockdown of doors of the place." },
  FACE_DUPLICATED: { code: 1008, meaning: "A face was enrolled that looks like another person's of the place." },
} as const satisfies Record<string, EventRow>;

/** Written by controllers. CLUe has no names for them. */
export const OWN_CONTROLLER_EVENTS = {
  DEV_UNIQUE_PIN_AUTH_SUCCESS: { code: 1101, meaning: "A PIN that identifies its holder alone was accepted." },
  DEV_UNIQUE_PIN_AUTH_FAIL: { code: 1102, meaning: "A PIN that should identify its holder alone was refused." },
  DEV_CODE_AUTH_SUCCESS: { code: 1103, meaning: "A typed user id named its holder at a door that stood unlocked; nothing was proven." },
  CLOCK_STEPPED: { code: 1104, meaning: "The controller's clock jumped against the time that had passed." },
  BELIEF_TOO_OLD: {
    code: 1105,
    meaning: "The controller has not heard from the server for longer than a door allows, and refuses people there.",
  },
  FIRE_SIGNAL_ON: { code: 1106, meaning: "The fire signal is on." },
  FIRE_SIGNAL_OFF: { code: 1107, meaning: "The fire signal is off." },
  DRIVER_FAILED: { code: 1108, meaning: "The driver of a reader, relay, sensor or board failed." },
  DRIVER_RECOVERED: { code: 1109, meaning: "The driver of a reader, relay, sensor or board works again." },
  DOOR_OPENED_BY_COMMAND: { code: 1110, meaning: "The controller opens the door once, because somebody asked for it from afar." },
  DOOR_LOCKDOWN_ON: { code: 1111, meaning: "From now on a lockdown holds the door locked." },
  DOOR_LOCKDOWN_OFF: { code: 1112, meaning: "A lockdown no longer holds the door locked." },
  BELIEF_RENEWED: { code: 1113, meaning: "The door no longer refuses people for the age of what its controller knows." },
  VENDOR_SILENCE_BEGIN: {
    code: 1114,
    meaning: "The customer's own server, which this door asks, does not answer: from now on the door's policy for that decides.",
  },
  VENDOR_SILENCE_END: { code: 1115, meaning: "The customer's own server answers this door again, or is no longer asked." },
  VENDOR_AUTH_WAIVED: {
    code: 1116,
    meaning: "The customer's own server gave no answer, and the door lets this person in all the same, as its settings have it.",
  },
} as const satisfies Record<string, EventRow>;
