import { fitDetail, type LinkEvent } from "@postern/contract";
import { type AuthItem, assertNever, type Decision, type DenialReason } from "@postern/core";
import type { Outcome } from "../drivers/driver.ts";
import { isNobodys, isProof } from "./attempt.ts";
import { after, answer, grant, happeningAt } from "./conclude.ts";
import { decideHere, type Judgement } from "./decide-here.ts";
import { atDoor, doorEvent } from "./door-events.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import { guesserKey, withGuess } from "./guesses.ts";
import type { DoorEffect, DoorStep } from "./step-door.ts";
import { silentBecause, type VendorAnswer, type VendorWait, withoutWait, withRest } from "./vendor-wait.ts";

/** What came of asking, or that its time is over. An answer that nobody waits for any more changes nothing. */
export function takeAnswer(state: DoorState, waitId: number, given: VendorAnswer, facts: DoorFacts): DoorStep {
  const wait = state.vendorWaits.find((one) => one.waitId === waitId);
  if (wait === undefined) return { state, effects: [] };
  return concludeAnswer(withoutWait(state, wait), { wait, holder: holderNow(wait, facts), given, before: [] }, facts);
}

/** Who is known by the credential now. `another`: not whom it was asked about. */
type Holder = AuthItem | null | "another";

function holderNow({ person, evidence }: VendorWait, { roster }: DoorFacts): Holder {
  if (person === null) return evidence.every((one) => isNobodys(one, roster)) ? null : "another";
  const auth = roster.auth(person.authId);
  return auth !== null && evidence.every((one) => isProof(one, auth, roster)) ? auth : "another";
}

export interface Answered {
  readonly wait: VendorWait;
  readonly holder: Holder;
  readonly given: VendorAnswer;
  /** Events that are still to be written down before what the answer leads to. */
  readonly before: readonly LinkEvent[];
}

/** Decides again, by the door and the replica as they are now, and writes down which way it went with the trace of the answer. */
export function concludeAnswer(state: DoorState, answered: Answered, facts: DoorFacts): DoorStep {
  const { decision, fault } = decideAgain(state, answered, facts);
  const heard = hear(state, answered.given, facts);
  const carried = carryOut(heard.state, answered, decision, facts);
  const faults: readonly DoorEffect[] = fault === undefined ? [] : [{ kind: "report_fault", cause: fault }];
  return { state: carried.state, effects: [...faults, ...carried.effects, ...heard.effects] };
}

function decideAgain(state: DoorState, { wait, holder, given }: Answered, facts: DoorFacts): Judgement {
  if (holder === "another") return { decision: { kind: "denied", because: "unknown" } };
  const { verdict } = given;
  const judged = { auth: holder, evidence: wait.evidence };
  const bare = decideHere(state, { ...judged, confirmation: "not_asked" }, facts);
  const { decision } = bare;
  // Whom the customer refused nobody lets in, also where nobody would ask any more.
  if (verdict === "refused" && (decision.kind === "ask_vendor" || decision.kind === "granted")) {
    return { decision: { kind: "denied", because: "vendor_refused" } };
  }
  if (decision.kind !== "ask_vendor") return bare;
  // What is wanted by now may be another confirmation: that one was not given.
  const isWhatWasAsked = decision.credential === wait.credential && decision.identify === (wait.person === null);
  return decideHere(state, { ...judged, confirmation: isWhatWasAsked ? verdict : "silent" }, facts);
}

function carryOut(state: DoorState, answered: Answered, decision: Decision, facts: DoorFacts): DoorStep {
  const { wait, given } = answered;
  const { person, deviceId, presentationIds } = wait;
  switch (decision.kind) {
    case "granted": {
      const events = [...answered.before, passedEvent(state, answered, facts)];
      const failure = failedEvent(state, answered, "not_recorded", facts);
      const outcome = { outcome: "opened", person, ...messageOf(given, "confirmed") } as const;
      return grant(state, { deviceId, presentationIds, outcome, events, failure }, facts);
    }
    case "unlocked": {
      const event =
        given.verdict === "confirmed"
          ? passedEvent(state, answered, facts)
          : failedEvent(state, answered, given.verdict === "refused" ? "vendor_refused" : "vendor_silent", facts);
      const outcome = { outcome: "unlocked", because: decision.because, person, ...messageOf(given, "confirmed") } as const;
      return after(answer(state, presentationIds, outcome, facts), ...answered.before, event);
    }
    case "denied":
      return deny(state, answered, decision.because, facts);
    case "wait_factor":
      // The door has come to want more than was shown while it asked.
      return deny(state, answered, "factor_not_allowed", facts);
    case "ask_vendor":
      // Asked twice for one credential: the core never does, and a door does not guess.
      return deny(state, answered, "error", facts);
    default:
      return assertNever(decision);
  }
}

function deny(state: DoorState, answered: Answered, reason: DenialReason, facts: DoorFacts): DoorStep {
  const { wait, given } = answered;
  const { person, deviceId, evidence, presentationIds } = wait;
  const outcome: Outcome = { outcome: "refused", reason, person, ...messageOf(given, "refused") };
  const event = failedEvent(state, answered, reason, facts);
  if (given.verdict !== "refused") return after(answer(state, presentationIds, outcome, facts), ...answered.before, event);
  const isWrongPin = person === null && evidence[0]?.factor === "UNIQUE_PIN";
  const guessers = isWrongPin ? withGuess(state.guessers, guesserKey(deviceId, null), facts.stampMs) : state.guessers;
  const rested = withRest({ ...state, guessers }, wait, outcome, facts);
  return after(answer(rested, presentationIds, outcome, facts), ...answered.before, event);
}

/** Said to the person only where it goes with what happens. */
function messageOf({ verdict, message }: VendorAnswer, said: VendorAnswer["verdict"]): { readonly message?: string } {
  return verdict === said && message !== undefined ? { message } : {};
}

function passedEvent(state: DoorState, { wait, given }: Answered, facts: DoorFacts): LinkEvent {
  const detail = fitDetail(given.detail ?? {});
  const type = given.verdict === "confirmed" ? "VENDOR_AUTH_SUCCESS" : "VENDOR_AUTH_WAIVED";
  const trace = Object.keys(detail).length === 0 ? undefined : detail;
  return { ...doorEvent(happeningAt(state, wait.deviceId, facts), type, trace), ...wait.person };
}

/** With the reason of the door, and the verdict where the door refused in spite of it. */
function failedEvent(state: DoorState, { wait, given }: Answered, reason: DenialReason, facts: DoorFacts): LinkEvent {
  const verdict = given.verdict === "confirmed" ? { vendorVerdict: "confirmed" } : {};
  const detail = { ...fitDetail(given.detail ?? {}), ...verdict, reason };
  return { ...doorEvent(happeningAt(state, wait.deviceId, facts), "VENDOR_AUTH_FAIL", detail), ...wait.person };
}

/** Says once that the customer's server does not answer, and by which policy the door decides from now on; and once that it answers again. */
function hear(state: DoorState, { verdict }: VendorAnswer, facts: DoorFacts): DoorStep {
  const isVendorSilent = verdict === "silent";
  if (isVendorSilent === state.isVendorSilent) return { state, effects: [] };
  const policy = facts.roster.door(state.wiring.doorId)?.whenVendorSilent ?? "deny";
  const event = isVendorSilent
    ? doorEvent(atDoor(state, facts), "VENDOR_SILENCE_BEGIN", { policy })
    : doorEvent(atDoor(state, facts), "VENDOR_SILENCE_END");
  return { state: { ...state, isVendorSilent }, effects: [{ kind: "record", events: [event] }] };
}

/** The door is given up: nobody is let in by an answer that comes now, whatever the door's policy. */
export function giveUpAsks(state: DoorState, facts: DoorFacts): DoorStep {
  const given = silentBecause("stopping");
  return state.vendorWaits.reduce<DoorStep>(
    (step, wait) => {
      const denied = deny(withoutWait(step.state, wait), { wait, holder: null, given, before: [] }, "vendor_silent", facts);
      return { state: denied.state, effects: [...step.effects, ...denied.effects] };
    },
    { state, effects: [] },
  );
}
