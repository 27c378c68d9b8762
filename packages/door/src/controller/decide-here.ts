import { type AuthItem, type ConfirmationState, type Decision, decideAccess } from "@postern/core";
import { chainOf, type Evidence, qrOf } from "./attempt.ts";
import { accessFacts, type DoorFacts, modeNow } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";

export interface Judged {
  readonly auth: AuthItem | null;
  readonly evidence: readonly Evidence[];
  readonly confirmation: ConfirmationState;
}

export interface Judgement {
  readonly decision: Decision;
  /** What the decision failed with. */
  readonly fault?: unknown;
}

/** What the core says, by the door and the replica as they are now. */
export function decideHere(state: DoorState, { auth, evidence, confirmation }: Judged, facts: DoorFacts): Judgement {
  try {
    const what = { auth, proven: chainOf(evidence), isQrIssued: qrOf(evidence) !== null, confirmation };
    const question = { doorId: state.wiring.doorId, mode: modeNow(state, facts), ...what };
    return { decision: decideAccess(accessFacts(question, facts)) };
  } catch (cause) {
    // A decision that fails is our bug, and never an open door.
    return { decision: { kind: "denied", because: "error" }, fault: cause };
  }
}
