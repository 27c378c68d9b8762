import { type AuthItem, type Chain, type ConfirmationState, type Decision, decideAccess } from "@postern/core";
import { accessFacts, type DoorFacts, modeNow } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";

export interface Judged {
  readonly auth: AuthItem | null;
  readonly proven: Chain;
  readonly confirmation: ConfirmationState;
}

export interface Judgement {
  readonly decision: Decision;
  /** What the decision failed with. */
  readonly fault?: unknown;
}

/** What the core says, by the door and the replica as they are now. */
export function decideHere(state: DoorState, judged: Judged, facts: DoorFacts): Judgement {
  try {
    const question = { doorId: state.wiring.doorId, mode: modeNow(state, facts), ...judged };
    return { decision: decideAccess(accessFacts(question, facts)) };
  } catch (cause) {
    // A decision that fails is our bug, and never an open door.
    return { decision: { kind: "denied", because: "error" }, fault: cause };
  }
}
