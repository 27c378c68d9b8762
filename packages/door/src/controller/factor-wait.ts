import type { LinkEvent } from "@postern/contract";
import type { DenialReason, Factor } from "@postern/core";
import type { Outcome, Person } from "../drivers/driver.ts";
import { FACTOR_WAIT_MS } from "../limits.ts";
import { type Attempt, chainOf, qrOf } from "./attempt.ts";
import { answer, happeningAt } from "./conclude.ts";
import { failEvent } from "./door-events.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState, FactorWait } from "./door-state.ts";
import type { DoorStep } from "./step-door.ts";

export interface Wanted extends Pick<Attempt, "presentation" | "evidence"> {
  readonly person: Person | null;
  readonly wanted: readonly Factor[];
  readonly refusal: DenialReason | null;
}

export function waitFor(state: DoorState, { presentation, person, evidence, wanted, refusal }: Wanted, facts: DoorFacts): DoorStep {
  const { deviceId } = presentation;
  const wait: FactorWait = { waitId: state.nextWaitId, deviceId, person, evidence, wanted, refusal };
  const waitMs = facts.roster.door(state.wiring.doorId)?.factorMs ?? FACTOR_WAIT_MS;
  const next = { ...state, waits: [...state.waits, wait], nextWaitId: state.nextWaitId + 1 };
  // A typed code alone is answered alike whoever it names.
  const told = presentation.credential.kind === "code" ? { wanted: ["PIN" as const], person: null } : { wanted, person };
  const answered = answer(next, [presentation.presentationId], { outcome: "wait_factor", ...told }, facts);
  return { state: answered.state, effects: [{ kind: "wait", waitId: wait.waitId, waitMs }, ...answered.effects] };
}

/** A failure is named after the factor that was wanted, with the person who had come that far. */
export function waitFailure(wait: FactorWait, state: DoorState, facts: DoorFacts, reason: "factor_failed" | "factor_timeout"): LinkEvent {
  const chain = [...chainOf(wait.evidence), ...wait.wanted.slice(0, 1)];
  const failed = { person: wait.person, chain, reason: wait.refusal ?? reason, qrId: qrOf(wait.evidence)?.id };
  return failEvent(happeningAt(state, wait.deviceId, facts), failed);
}

/** The factor that was waited for did not come. */
export function timeOut(state: DoorState, waitId: number, facts: DoorFacts): DoorStep {
  const wait = state.waits.find((one) => one.waitId === waitId);
  if (wait === undefined) return { state, effects: [] };
  const outcome: Outcome = { outcome: "refused", reason: "factor_timeout", person: wait.person };
  const next = { ...state, waits: state.waits.filter((one) => one !== wait), last: { atMs: facts.stampMs, outcome } };
  return { state: next, effects: [{ kind: "record", events: [waitFailure(wait, state, facts, "factor_timeout")] }] };
}
