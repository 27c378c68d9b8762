import { assertNever, type Decision } from "@postern/core";
import { askVendor } from "./ask-vendor.ts";
import { type Attempt, chainOf, isProof, personOf, qrOf } from "./attempt.ts";
import { after, answer, grant, happeningAt, refuse } from "./conclude.ts";
import { decideHere } from "./decide-here.ts";
import { failEvent, successEvent } from "./door-events.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import { waitFor } from "./factor-wait.ts";
import { askWhetherUsed } from "./qr-use.ts";
import type { DoorEffect, DoorStep } from "./step-door.ts";

/** Decides about what was presented so far, and begins what follows from it. */
export function judge(state: DoorState, attempt: Attempt, facts: DoorFacts): DoorStep {
  const { auth, evidence } = attempt;
  // Of several factors the first ones were presented a while ago.
  if (auth !== null && !evidence.every((one) => isProof(one, auth, facts.roster))) return refuse(state, attempt, "unknown", facts);
  const { decision, fault } = decideHere(state, { auth, evidence, confirmation: "not_asked" }, facts);
  const carried = askWhetherUsed(state, attempt, decision, facts) ?? carryOut(state, attempt, decision, facts);
  const faults: readonly DoorEffect[] = fault === undefined ? [] : [{ kind: "report_fault", cause: fault }];
  return { state: carried.state, effects: [...faults, ...carried.effects] };
}

function carryOut(state: DoorState, attempt: Attempt, decision: Decision, facts: DoorFacts): DoorStep {
  const { presentation, auth, evidence } = attempt;
  const { presentationId, deviceId } = presentation;
  const person = personOf(auth);
  const happening = happeningAt(state, deviceId, facts);
  const success = successEvent(happening, person, evidence);
  switch (decision.kind) {
    case "granted": {
      const failure = failEvent(happening, { person, chain: chainOf(evidence), reason: "not_recorded", qrId: qrOf(evidence)?.id });
      const opened = { outcome: "opened", person } as const;
      return grant(state, { deviceId, presentationIds: [presentationId], outcome: opened, events: [success], failure }, facts);
    }
    case "unlocked":
      return after(answer(state, [presentationId], { outcome: "unlocked", because: decision.because, person }, facts), success);
    case "wait_factor":
      return person === null
        ? refuse(state, attempt, "error", facts)
        : waitFor(state, { presentation, evidence, person, wanted: decision.wanted, refusal: null }, facts);
    case "denied":
      return refuse(state, attempt, decision.because, facts);
    case "ask_vendor":
      return askVendor(state, attempt, decision, facts);
    default:
      return assertNever(decision);
  }
}
