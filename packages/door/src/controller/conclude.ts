import type { LinkEvent } from "@postern/contract";
import type { DenialReason } from "@postern/core";
import type { Outcome } from "../drivers/driver.ts";
import { UNLOCK_MS_WITHOUT_SETTINGS } from "../limits.ts";
import { type Attempt, chainOf, personOf, qrOf } from "./attempt.ts";
import { failEvent, type Happening } from "./door-events.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import type { DoorEffect, DoorStep, Unrecorded } from "./step-door.ts";

/** Where at the door, and when. */
export function happeningAt(state: DoorState, deviceId: number, facts: DoorFacts): Happening {
  return { eventAt: facts.stampMs, doorId: state.wiring.doorId, deviceId };
}

/** Tells everybody who waits for this outcome. */
export function answer(state: DoorState, presentationIds: readonly number[], outcome: Outcome, facts: DoorFacts): DoorStep {
  return {
    state: { ...state, last: { atMs: facts.stampMs, outcome } },
    effects: presentationIds.map((presentationId): DoorEffect => ({ kind: "answer", presentationId, outcome })),
  };
}

/** Writes the events down before the answer is given. */
export function after(step: DoorStep, ...events: readonly LinkEvent[]): DoorStep {
  return { state: step.state, effects: [{ kind: "record", events }, ...step.effects] };
}

export function refuse(state: DoorState, { presentation, auth, evidence }: Attempt, reason: DenialReason, facts: DoorFacts): DoorStep {
  const person = personOf(auth);
  const refused = answer(state, [presentation.presentationId], { outcome: "refused", reason, person }, facts);
  const failed = { person, chain: chainOf(evidence), reason, qrId: qrOf(evidence)?.id };
  return after(refused, failEvent(happeningAt(state, presentation.deviceId, facts), failed));
}

/** A grant, and what has to be written down before the bolt moves for it. */
export interface Grant {
  readonly deviceId: number;
  readonly presentationIds: readonly number[];
  readonly outcome: Outcome & { readonly outcome: "opened" };
  readonly events: readonly LinkEvent[];
  /** What is written down, as soon as it can be, when those cannot. */
  readonly failure: LinkEvent;
}

export function grant(state: DoorState, { deviceId, presentationIds, outcome, events, failure }: Grant, facts: DoorFacts): DoorStep {
  const unlockMs = facts.roster.door(state.wiring.doorId)?.unlockMs ?? UNLOCK_MS_WITHOUT_SETTINGS;
  const answered = answer(state, presentationIds, outcome, facts);
  const about: Unrecorded = { kind: "grant", presentationIds, failure };
  return {
    state: answered.state,
    effects: [{ kind: "record_first", events, about }, { kind: "pulse", unlockMs }, ...answered.effects, { kind: "let_in", deviceId }],
  };
}

/** A grant that could not be written down is none. */
export function withdraw(
  state: DoorState,
  { presentationIds, failure }: Unrecorded & { readonly kind: "grant" },
  facts: DoorFacts,
): DoorStep {
  const { authId, userId } = failure;
  const person = authId === undefined || userId === undefined ? null : { authId, userId };
  return after(answer(state, presentationIds, { outcome: "refused", reason: "not_recorded", person }, facts), failure);
}
