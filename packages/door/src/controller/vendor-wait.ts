import type { AnswerFrame, AskFrame } from "@postern/contract";
import type { ConfirmedCredential } from "@postern/core";
import type { Outcome, Person } from "../drivers/driver.ts";
import { VENDOR_REST_MS, VENDOR_RESTS_MAX } from "../limits.ts";
import { type Evidence, isSameEvidence } from "./attempt.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";

/** Who holds what to which device. */
export interface Asker {
  readonly deviceId: number;
  /** null: the customer's server alone knows who it is. */
  readonly person: Person | null;
  readonly evidence: readonly Evidence[];
}

/** Somebody about whom the customer's own server is asked. */
export interface VendorWait extends Asker {
  readonly waitId: number;
  readonly credential: ConfirmedCredential;
  /** Whoever waits for the answer: the same credential may be held up again meanwhile. */
  readonly presentationIds: readonly number[];
}

/** Whom the customer's server has just refused: held up again at once, the same credential is answered alike. */
export interface VendorRest extends Asker {
  /** By the time that never jumps. */
  readonly untilMs: number;
  readonly outcome: Outcome;
}

/** A door's question to the customer's own server. */
export type VendorAsk = Omit<AskFrame, "session" | "askId" | "budgetMs">;

export type VendorAnswer = Omit<AnswerFrame, "askId">;

/** Asks through the link. Ends with an answer, whatever happens to the link; the signal says that nobody waits for it any more. */
export type AskThroughLink = (ask: VendorAsk & { readonly budgetMs: number }, signal: AbortSignal) => Promise<VendorAnswer>;

/** Why there is no answer: `vendorReason` of the event's detail. */
export function silentBecause(vendorReason: string): VendorAnswer {
  return { verdict: "silent", detail: { vendorReason } };
}

export function isSameAsker(one: Asker, other: Asker): boolean {
  return one.deviceId === other.deviceId && one.person?.authId === other.person?.authId && isSameEvidence(one.evidence, other.evidence);
}

/** What somebody was told a moment ago who was refused; null: nothing, or long ago. */
export function restOf({ vendorRests }: DoorState, asker: Asker, { monotonicMs }: DoorFacts): Outcome | null {
  return vendorRests.find((rest) => rest.untilMs > monotonicMs && isSameAsker(rest, asker))?.outcome ?? null;
}

export function withRest(state: DoorState, { deviceId, person, evidence }: Asker, outcome: Outcome, { monotonicMs }: DoorFacts): DoorState {
  const going = state.vendorRests.filter((rest) => rest.untilMs > monotonicMs).slice(1 - VENDOR_RESTS_MAX);
  return { ...state, vendorRests: [...going, { deviceId, person, evidence, untilMs: monotonicMs + VENDOR_REST_MS, outcome }] };
}

export function withoutWait(state: DoorState, wait: VendorWait): DoorState {
  return { ...state, vendorWaits: state.vendorWaits.filter((one) => one !== wait) };
}
