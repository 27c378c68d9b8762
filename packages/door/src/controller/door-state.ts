import type { DenialReason, DoorMode, Factor } from "@postern/core";
import type { DoorWiring, Outcome, Person } from "../drivers/driver.ts";
import type { Guesser } from "../guesser.ts";
import type { Alarm, OpenAlarm } from "../outbox/open-alarms.ts";
import type { Evidence } from "./attempt.ts";
import type { Fault } from "./faults.ts";
import { type Leaf, UNSEEN_LEAF } from "./leaf.ts";
import type { Learning } from "./learning.ts";
import type { QrUse } from "./qr-use.ts";
import type { VendorRest, VendorWait } from "./vendor-wait.ts";

/** A person whose next factor a device waits for. */
export interface FactorWait {
  /** Tells this wait from a later one at the same device. */
  readonly waitId: number;
  readonly deviceId: number;
  /** null: a code that nobody is known by. It is waited for all the same, so that the keypad tells nobody who exists. */
  readonly person: Person | null;
  readonly evidence: readonly Evidence[];
  readonly wanted: readonly Factor[];
  /** Why the person will be refused whatever comes, as `person` above; null: what comes decides. */
  readonly refusal: DenialReason | null;
}

export interface DoorState {
  readonly wiring: DoorWiring;
  /** What holds the door, as last acted upon. */
  readonly mode: DoorMode;
  /** What the hardware last reported; null before it has. */
  readonly isRelayOn: boolean;
  /** The last command that the bolt was released for; null: it was not, or has fallen since. */
  readonly openedBy: number | null;
  readonly leaf: Leaf;
  readonly isFireSignalled: boolean;
  /** When the last first person of a scheduled unlock was let in; null: forgotten with its window. */
  readonly firstInMs: number | null;
  /** Devices whose case is not whole. */
  readonly tamperedIds: readonly number[];
  /** What of the hardware does not work. */
  readonly faults: readonly Fault[];
  readonly isBeliefTooOld: boolean;
  /** The customer's own server did not answer when it was asked last, and the door's policy decides. */
  readonly isVendorSilent: boolean;
  /** At most one a device. */
  readonly waits: readonly FactorWait[];
  /** People about whom the customer's own server is asked; at most `VENDOR_ASKS_PER_DOOR_MAX`. */
  readonly vendorWaits: readonly VendorWait[];
  readonly vendorRests: readonly VendorRest[];
  /** Codes of dynamic QRs of which the server is asked whether they were used elsewhere. */
  readonly qrUses: readonly QrUse[];
  /** Of all kinds of waits. */
  readonly nextWaitId: number;
  /** At most one a device. */
  readonly learnings: readonly Learning[];
  readonly guessers: readonly Guesser[];
  readonly last: LastDecision | null;
}

/** What the disk says of a door when it is taken charge of. */
export interface FoundDoor {
  /** The relay was last recorded as on, and nothing has been heard of it since. */
  readonly wasRelayOn: boolean;
  readonly firstInMs: number | null;
  readonly guessers: readonly Guesser[];
  /** Alarms that began before, and whose ends are still to be recorded. */
  readonly alarms: readonly OpenAlarm[];
}

export interface LastDecision {
  readonly atMs: number;
  readonly outcome: Outcome;
}

/** Goes on with what was found. */
export function withFound(state: DoorState, { firstInMs, guessers, alarms }: FoundDoor): DoorState {
  const has = (alarm: Alarm): boolean => alarms.some((one) => one.alarm === alarm);
  const leaf = { ...state.leaf, isHeldOpenAlarm: has("held_open"), isForcedOpenAlarm: has("forced_open") };
  const tamperedIds = alarms.filter(({ alarm }) => alarm === "tamper").map(({ deviceId }) => deviceId);
  return { ...state, firstInMs, guessers, leaf, tamperedIds, isBeliefTooOld: has("belief_too_old"), isVendorSilent: has("vendor_silent") };
}

const BY_CREDENTIALS: DoorMode = { kind: "credentials" };

export function newDoorState(wiring: DoorWiring): DoorState {
  return {
    wiring,
    mode: BY_CREDENTIALS,
    isRelayOn: false,
    openedBy: null,
    leaf: UNSEEN_LEAF,
    isFireSignalled: false,
    firstInMs: null,
    tamperedIds: [],
    faults: [],
    isBeliefTooOld: false,
    isVendorSilent: false,
    waits: [],
    vendorWaits: [],
    vendorRests: [],
    qrUses: [],
    nextWaitId: 1,
    learnings: [],
    guessers: [],
    last: null,
  };
}
