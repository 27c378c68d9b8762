import {
  type AuthItem,
  assertNever,
  type Chain,
  cardKey,
  type Decision,
  type DenialReason,
  decideAccess,
  type Factor,
} from "@postern/core";
import type { CheckedCredential, Outcome, Person } from "../drivers/driver.ts";
import { FACTOR_WAIT_MS, UNLOCK_MS_WITHOUT_SETTINGS } from "../limits.ts";
import { doorEvent, failEvent, type Happening, successEvent, vendorFailEvent } from "./door-events.ts";
import { accessFacts, type DoorFacts, modeNow } from "./door-facts.ts";
import type { DoorState, FactorWait } from "./door-state.ts";
import { guesserKey, withGuess, withoutGuesses } from "./guesses.ts";
import type { DoorEffect, DoorStep, Unrecorded } from "./step-door.ts";

/** Somebody at a device of the door. */
export interface Presentation {
  /** Names the one who waits for the answer. */
  readonly presentationId: number;
  readonly deviceId: number;
  readonly credential: CheckedCredential;
}

/** Somebody presented a credential: a first one, or the one that was waited for. */
export function present(state: DoorState, presentation: Presentation, facts: DoorFacts): DoorStep {
  const { credential, deviceId } = presentation;
  const wait = state.waits.find((one) => one.deviceId === deviceId);
  if (credential.kind === "withheld") return withhold(state, presentation, wait ?? null, facts);
  if (credential.kind === "pin_checked") return presentPin(state, presentation, wait ?? null, facts);
  const auth = isClaimStale(credential, wait) ? null : identify(credential, facts);
  if (wait === undefined) return presentFirst(state, presentation, auth, facts);
  const rest = { ...state, waits: state.waits.filter((one) => one !== wait) };
  if (auth !== null && auth.id === wait.person?.authId) {
    // The same card held up again begins anew; the factor that was wanted goes on.
    const proven = wait.wanted.includes(credential.factor) ? [...wait.proven, credential.factor] : [credential.factor];
    return judge({ state: rest, effects: [] }, { presentation, auth, proven }, facts);
  }
  const failed: DoorEffect = { kind: "record", events: [waitFailure(wait, state, facts, "factor_failed")] };
  const first = presentFirst(rest, presentation, auth, facts);
  return { state: first.state, effects: [failed, ...first.effects] };
}

/** Found among one person's templates alone, because that person was waited for, and now is not: among all it might have been nobody's. */
function isClaimStale(credential: Named, wait: FactorWait | undefined): boolean {
  if (credential.kind !== "matched" || credential.claimedId === undefined) return false;
  return wait?.person?.authId !== credential.claimedId || !wait.wanted.includes(credential.factor);
}

function presentFirst(state: DoorState, presentation: Presentation, auth: AuthItem | null, facts: DoorFacts): DoorStep {
  const { credential, deviceId } = presentation;
  const attempt: Attempt = { presentation, auth, proven: [credential.factor] };
  if (credential.kind === "unique_pin_checked" && auth === null) {
    const guessers = withGuess(state.guessers, guesserKey(deviceId, null), facts.stampMs);
    return judge({ state: { ...state, guessers }, effects: [] }, attempt, facts);
  }
  if (credential.kind !== "code") return judge({ state, effects: [] }, attempt, facts);
  const { decision } = decide(state, attempt, facts);
  if (decision.kind !== "denied" || !TELLS_OF_PERSON.has(decision.because)) return judge({ state, effects: [] }, attempt, facts);
  // Whoever types a code learns nothing from it: not that it is nobody's, nor that its person has no right here.
  return waitFor(state, { ...attempt, person: personOf(auth), wanted: ["PIN"], refusal: decision.because }, facts);
}

/** Reasons that would say something of a person to whoever typed their code. */
const TELLS_OF_PERSON: ReadonlySet<DenialReason> = new Set([
  "unknown",
  "inactive",
  "not_started",
  "ended",
  "wrong_door",
  "outside_schedule",
  "schedule_missing",
  "factor_not_allowed",
]);

/** The PIN of the person who is waited for, judged on what the replica holds now: a PIN or a right that was taken away meanwhile opens nothing. */
function presentPin(state: DoorState, presentation: Presentation, wait: FactorWait | null, facts: DoorFacts): DoorStep {
  const { credential, deviceId } = presentation;
  if (wait === null || credential.kind !== "pin_checked") {
    return judge({ state, effects: [] }, { presentation, auth: null, proven: [credential.factor] }, facts);
  }
  const rest = { ...state, waits: state.waits.filter((one) => one !== wait) };
  const auth = wait.person === null ? null : facts.roster.auth(wait.person.authId);
  const proven = [...wait.proven, credential.factor];
  const key = guesserKey(deviceId, wait.person?.authId ?? null);
  const isTheirs = credential.isRight && credential.authId === wait.person?.authId && auth?.pin?.hash === credential.verifierHash;
  if (isTheirs && wait.refusal === null) {
    return judge({ state: { ...rest, guessers: withoutGuesses(rest.guessers, key) }, effects: [] }, { presentation, auth, proven }, facts);
  }
  const guessers = isTheirs ? rest.guessers : withGuess(rest.guessers, key, facts.stampMs);
  const failure = failEvent(happeningAt(state, deviceId, facts), wait.person, proven, wait.refusal ?? "factor_failed");
  // The log says why; the keypad says only that it was wrong.
  const refused = answer({ ...rest, guessers }, presentation, { outcome: "refused", reason: "factor_failed", person: wait.person }, facts);
  return after(refused, failure);
}

/** Not looked at: too many wrong ones came before. Whoever is waited for goes on being waited for. */
function withhold(state: DoorState, presentation: Presentation, wait: FactorWait | null, facts: DoorFacts): DoorStep {
  const { credential, deviceId } = presentation;
  const reason = credential.kind === "withheld" ? credential.because : "error";
  const person = credential.factor === "PIN" ? (wait?.person ?? null) : null;
  const chain = credential.factor === "PIN" ? [...(wait?.proven ?? []), credential.factor] : [credential.factor];
  const refused = answer(state, presentation, { outcome: "refused", reason, person }, facts);
  return after(refused, failEvent(happeningAt(state, deviceId, facts), person, chain, reason));
}

/** The factor that was waited for did not come. */
export function timeOut(state: DoorState, waitId: number, facts: DoorFacts): DoorStep {
  const wait = state.waits.find((one) => one.waitId === waitId);
  if (wait === undefined) return { state, effects: [] };
  const outcome: Outcome = { outcome: "refused", reason: "factor_timeout", person: wait.person };
  const next = { ...state, waits: state.waits.filter((one) => one !== wait), last: { atMs: facts.stampMs, outcome } };
  return { state: next, effects: [{ kind: "record", events: [waitFailure(wait, state, facts, "factor_timeout")] }] };
}

/** A grant that could not be written down is none. */
export function withdraw(state: DoorState, about: Unrecorded & { readonly kind: "grant" }, facts: DoorFacts): DoorStep {
  const { authId, userId } = about.failure;
  const person = authId === undefined || userId === undefined ? null : { authId, userId };
  const refused = answer(state, about.presentation, { outcome: "refused", reason: "not_recorded", person }, facts);
  return { state: refused.state, effects: [{ kind: "record", events: [about.failure] }, ...refused.effects] };
}

interface Attempt {
  readonly presentation: Presentation;
  readonly auth: AuthItem | null;
  readonly proven: Chain;
}

interface Judgement {
  readonly decision: Decision;
  /** The vendor was wanted; there is no way to ask one yet, which counts as silence. */
  readonly isVendorWanted: boolean;
  /** What the decision failed with. */
  readonly fault?: unknown;
}

type Named = Exclude<CheckedCredential, { readonly kind: "withheld" | "pin_checked" }>;

function identify(credential: Named, { roster }: DoorFacts): AuthItem | null {
  switch (credential.kind) {
    case "card":
      return roster.authByCard(cardKey(credential.card));
    case "code":
      return roster.authByUser(credential.userId);
    case "unique_pin_checked":
      return roster.authByUniquePin(credential.key);
    case "matched":
      return matchedAuth(credential, roster);
    default:
      return assertNever(credential);
  }
}

/** A reader may still match a finger, or a face, that was taken away a moment ago: only an auth that holds one is known by one. */
function matchedAuth({ authId, factor }: Named & { readonly kind: "matched" }, roster: DoorFacts["roster"]): AuthItem | null {
  const auth = authId === null ? null : roster.auth(authId);
  if (factor === "FINGERPRINT" && auth?.fingerprints.length === 0) return null;
  return factor === "FACE" && auth?.faces === undefined ? null : auth;
}

function judge(step: DoorStep, attempt: Attempt, facts: DoorFacts): DoorStep {
  const judgement = decide(step.state, attempt, facts);
  const faults: readonly DoorEffect[] = judgement.fault === undefined ? [] : [{ kind: "report_fault", cause: judgement.fault }];
  const silent = judgement.isVendorWanted
    ? fallSilent(step.state, attempt.presentation.deviceId, facts)
    : { state: step.state, effects: [] };
  const carried = carryOut(silent.state, attempt, judgement, facts);
  return { state: carried.state, effects: [...step.effects, ...faults, ...carried.effects, ...silent.effects] };
}

/** Says once that the customer's server does not answer, and by which policy the door decides from now on: behind what it was asked for. */
function fallSilent(state: DoorState, deviceId: number, facts: DoorFacts): DoorStep {
  if (state.isVendorSilent) return { state, effects: [] };
  const policy = facts.roster.door(state.wiring.doorId)?.whenVendorSilent ?? "deny";
  const event = doorEvent({ ...happeningAt(state, deviceId, facts), deviceId: state.wiring.entryDeviceId }, "VENDOR_SILENCE_BEGIN", {
    policy,
  });
  return { state: { ...state, isVendorSilent: true }, effects: [{ kind: "record", events: [event] }] };
}

function decide(state: DoorState, { auth, proven }: Attempt, facts: DoorFacts): Judgement {
  const { doorId } = state.wiring;
  try {
    const mode = modeNow(state, facts);
    const question = { doorId, mode, auth, proven };
    const decision = decideAccess(accessFacts({ ...question, confirmation: "not_asked" }, facts));
    if (decision.kind !== "ask_vendor") return { decision, isVendorWanted: false };
    return { decision: decideAccess(accessFacts({ ...question, confirmation: "silent" }, facts)), isVendorWanted: true };
  } catch (cause) {
    // A decision that fails is our bug, and never an open door.
    return { decision: { kind: "denied", because: "error" }, isVendorWanted: false, fault: cause };
  }
}

function carryOut(state: DoorState, attempt: Attempt, { decision, isVendorWanted }: Judgement, facts: DoorFacts): DoorStep {
  const { presentation, auth, proven } = attempt;
  const person = personOf(auth);
  const happening = happeningAt(state, presentation.deviceId, facts);
  switch (decision.kind) {
    case "granted":
      return grant(state, attempt, facts);
    case "unlocked":
      return after(
        answer(state, presentation, { outcome: "unlocked", because: decision.because, person }, facts),
        successEvent(happening, person, proven),
      );
    case "wait_factor":
      return person === null
        ? refuse(state, attempt, "error", facts)
        : waitFor(state, { ...attempt, person, wanted: decision.wanted, refusal: null }, facts);
    case "denied": {
      if (!isVendorWanted) return refuse(state, attempt, decision.because, facts);
      const refused = answer(state, presentation, { outcome: "refused", reason: decision.because, person }, facts);
      return after(refused, successEvent(happening, person, proven), vendorFailEvent(happening, person, decision.because));
    }
    case "ask_vendor":
      // Asked twice for one credential: the core never does, and a door does not guess.
      return refuse(state, attempt, "error", facts);
    default:
      return assertNever(decision);
  }
}

function grant(state: DoorState, { presentation, auth, proven }: Attempt, facts: DoorFacts): DoorStep {
  const person = personOf(auth);
  const happening = happeningAt(state, presentation.deviceId, facts);
  const unlockMs = facts.roster.door(state.wiring.doorId)?.unlockMs ?? UNLOCK_MS_WITHOUT_SETTINGS;
  const about: Unrecorded = { kind: "grant", presentation, failure: failEvent(happening, person, proven, "not_recorded") };
  const answered = answer(state, presentation, { outcome: "opened", person }, facts);
  const recorded: DoorEffect = { kind: "record_first", events: [successEvent(happening, person, proven)], about };
  return {
    state: answered.state,
    effects: [recorded, { kind: "pulse", unlockMs }, ...answered.effects, { kind: "let_in", deviceId: presentation.deviceId }],
  };
}

function refuse(state: DoorState, { presentation, auth, proven }: Attempt, reason: DenialReason, facts: DoorFacts): DoorStep {
  const person = personOf(auth);
  const refused = answer(state, presentation, { outcome: "refused", reason, person }, facts);
  return after(refused, failEvent(happeningAt(state, presentation.deviceId, facts), person, proven, reason));
}

interface Wanted extends Attempt {
  readonly person: Person | null;
  readonly wanted: readonly Factor[];
  readonly refusal: DenialReason | null;
}

function waitFor(state: DoorState, { presentation, person, proven, wanted, refusal }: Wanted, facts: DoorFacts): DoorStep {
  const { deviceId } = presentation;
  const wait: FactorWait = { waitId: state.nextWaitId, deviceId, person, proven, wanted, refusal };
  const waitMs = facts.roster.door(state.wiring.doorId)?.factorMs ?? FACTOR_WAIT_MS;
  const next = { ...state, waits: [...state.waits, wait], nextWaitId: state.nextWaitId + 1 };
  // A typed code alone is answered alike whoever it names.
  const told = presentation.credential.kind === "code" ? { wanted: ["PIN" as const], person: null } : { wanted, person };
  const answered = answer(next, presentation, { outcome: "wait_factor", ...told }, facts);
  return { state: answered.state, effects: [{ kind: "wait", waitId: wait.waitId, waitMs }, ...answered.effects] };
}

/** A failure is named after the factor that was wanted, with the person who had come that far. */
function waitFailure(
  wait: FactorWait,
  state: DoorState,
  facts: DoorFacts,
  reason: "factor_failed" | "factor_timeout",
): ReturnType<typeof failEvent> {
  const chain = [...wait.proven, ...wait.wanted.slice(0, 1)];
  return failEvent(happeningAt(state, wait.deviceId, facts), wait.person, chain, wait.refusal ?? reason);
}

function answer(state: DoorState, { presentationId }: Presentation, outcome: Outcome, facts: DoorFacts): DoorStep {
  return { state: { ...state, last: { atMs: facts.stampMs, outcome } }, effects: [{ kind: "answer", presentationId, outcome }] };
}

/** Writes the events down before the answer is given. */
function after(step: DoorStep, ...events: readonly ReturnType<typeof failEvent>[]): DoorStep {
  return { state: step.state, effects: [{ kind: "record", events }, ...step.effects] };
}

function happeningAt(state: DoorState, deviceId: number, facts: DoorFacts): Happening {
  return { eventAt: facts.stampMs, doorId: state.wiring.doorId, deviceId };
}

function personOf(auth: AuthItem | null): Person | null {
  return auth === null ? null : { authId: auth.id, userId: auth.userId };
}
