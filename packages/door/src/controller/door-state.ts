import type { Chain, DenialReason, DoorMode, Factor } from "@postern/core";
import type { DoorWiring, Outcome, Person } from "../drivers/driver.ts";
import type { Guesser } from "./guesses.ts";
import { type Leaf, UNSEEN_LEAF } from "./leaf.ts";

/** A person whose next factor a device waits for. */
export interface FactorWait {
  /** Tells this wait from a later one at the same device. */
  readonly waitId: number;
  readonly deviceId: number;
  /** null: a code that nobody is known by. It is waited for all the same, so that the keypad tells nobody who exists. */
  readonly person: Person | null;
  readonly proven: Chain;
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
  readonly leaf: Leaf;
  readonly isFireSignalled: boolean;
  /** When the last first person of a scheduled unlock was let in; null: forgotten with its window. */
  readonly firstInMs: number | null;
  readonly isBeliefTooOld: boolean;
  /** At most one a device. */
  readonly waits: readonly FactorWait[];
  readonly nextWaitId: number;
  readonly guessers: readonly Guesser[];
  readonly last: LastDecision | null;
}

export interface LastDecision {
  readonly atMs: number;
  readonly outcome: Outcome;
}

const BY_CREDENTIALS: DoorMode = { kind: "credentials" };

export function newDoorState(wiring: DoorWiring): DoorState {
  return {
    wiring,
    mode: BY_CREDENTIALS,
    isRelayOn: false,
    leaf: UNSEEN_LEAF,
    isFireSignalled: false,
    firstInMs: null,
    isBeliefTooOld: false,
    waits: [],
    nextWaitId: 1,
    guessers: [],
    last: null,
  };
}
