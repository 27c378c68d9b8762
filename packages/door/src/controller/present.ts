import type { AuthItem, DenialReason } from "@postern/core";
import type { CheckedCredential } from "../drivers/driver.ts";
import { type Attempt, chainOf, evidenceOf, identify, type Named, type Presented, personOf, qrOf } from "./attempt.ts";
import { after, answer, happeningAt, refuse } from "./conclude.ts";
import { decideHere } from "./decide-here.ts";
import { failEvent } from "./door-events.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState, FactorWait } from "./door-state.ts";
import { waitFailure, waitFor } from "./factor-wait.ts";
import { guesserKey, withGuess, withoutGuesses } from "./guesses.ts";
import { judge } from "./judge.ts";
import { readPresentedQr } from "./read-presented-qr.ts";
import type { DoorEffect, DoorStep } from "./step-door.ts";

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
  if (credential.kind !== "qr") return presentNamed(state, { ...presentation, credential }, wait, facts);
  const read = readPresentedQr(credential, facts, state.wiring);
  if (read.kind === "refused") {
    const attempt = { presentation, auth: read.auth, evidence: [{ factor: "QR", key: null, ...read.evidence } as const] };
    return refuse(state, attempt, read.because, facts);
  }
  return presentNamed(state, { ...presentation, credential: read.credential }, wait, facts);
}

function presentNamed(state: DoorState, named: NamedPresentation, wait: FactorWait | undefined, facts: DoorFacts): DoorStep {
  const { credential } = named;
  const auth = isClaimStale(credential, wait) ? null : identify(credential, facts);
  if (wait === undefined) return presentFirst(state, named, auth, facts);
  const rest = { ...state, waits: state.waits.filter((one) => one !== wait) };
  if (auth !== null && auth.id === wait.person?.authId) {
    // The same card held up again begins anew; the factor that was wanted goes on.
    const evidence = evidenceOf(credential);
    const all = wait.wanted.includes(credential.factor) ? [...wait.evidence, evidence] : [evidence];
    return judge(rest, { presentation: named, auth, evidence: all }, facts);
  }
  const failed: DoorEffect = { kind: "record", events: [waitFailure(wait, state, facts, "factor_failed")] };
  const first = presentFirst(rest, named, auth, facts);
  return { state: first.state, effects: [failed, ...first.effects] };
}

/** Somebody at a device whose credential was looked at as far as that goes without anybody's right. */
interface NamedPresentation extends Presented {
  readonly credential: Named;
}

/** Found among one person's templates alone, because that person was waited for, and now is not: among all it might have been nobody's. */
function isClaimStale(credential: Named, wait: FactorWait | undefined): boolean {
  if (credential.kind !== "matched" || credential.claimedId === undefined) return false;
  return wait?.person?.authId !== credential.claimedId || !wait.wanted.includes(credential.factor);
}

function presentFirst(state: DoorState, presentation: NamedPresentation, auth: AuthItem | null, facts: DoorFacts): DoorStep {
  const { credential, deviceId } = presentation;
  const attempt: Attempt = { presentation, auth, evidence: [evidenceOf(credential)] };
  const isUnknownPin = credential.kind === "unique_pin_checked" && auth === null;
  if (credential.kind !== "code" && !isUnknownPin) return judge(state, attempt, facts);
  const { decision } = decideHere(state, { auth, evidence: attempt.evidence, confirmation: "not_asked" }, facts);
  if (isUnknownPin) {
    // Whether it was a wrong one, the customer's server may still say.
    const guessers = decision.kind === "ask_vendor" ? state.guessers : withGuess(state.guessers, guesserKey(deviceId, null), facts.stampMs);
    return judge({ ...state, guessers }, attempt, facts);
  }
  if (decision.kind !== "denied" || !TELLS_OF_PERSON.has(decision.because)) return judge(state, attempt, facts);
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
  const { credential, deviceId, presentationId } = presentation;
  if (credential.kind !== "pin_checked") return { state, effects: [] };
  const evidence = [...(wait?.evidence ?? []), evidenceOf(credential)];
  if (wait === null) return judge(state, { presentation, auth: null, evidence }, facts);
  const rest = { ...state, waits: state.waits.filter((one) => one !== wait) };
  const auth = wait.person === null ? null : facts.roster.auth(wait.person.authId);
  const key = guesserKey(deviceId, wait.person?.authId ?? null);
  const isTheirs = credential.isRight && credential.authId === wait.person?.authId && auth?.pin?.hash === credential.verifierHash;
  if (isTheirs && wait.refusal === null) {
    return judge({ ...rest, guessers: withoutGuesses(rest.guessers, key) }, { presentation, auth, evidence }, facts);
  }
  const guessers = isTheirs ? rest.guessers : withGuess(rest.guessers, key, facts.stampMs);
  const failed = {
    person: wait.person,
    chain: chainOf(evidence),
    reason: wait.refusal ?? "factor_failed",
    qrId: qrOf(evidence)?.id,
  } as const;
  const failure = failEvent(happeningAt(state, deviceId, facts), failed);
  // The log says why; the keypad says only that it was wrong.
  const outcome = { outcome: "refused", reason: "factor_failed", person: wait.person } as const;
  return after(answer({ ...rest, guessers }, [presentationId], outcome, facts), failure);
}

/** Not looked at: too many wrong ones came before. Whoever is waited for goes on being waited for. */
function withhold(state: DoorState, presentation: Presentation, wait: FactorWait | null, facts: DoorFacts): DoorStep {
  const { credential, deviceId, presentationId } = presentation;
  const reason = credential.kind === "withheld" ? credential.because : "error";
  const person = credential.factor === "PIN" ? (wait?.person ?? null) : null;
  const chain = credential.factor === "PIN" ? [...chainOf(wait?.evidence ?? []), credential.factor] : [credential.factor];
  const refused = answer(state, [presentationId], { outcome: "refused", reason, person }, facts);
  return after(refused, failEvent(happeningAt(state, deviceId, facts), { person, chain, reason }));
}
