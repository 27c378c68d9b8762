import type { AccessFacts, ConfirmationState } from "./access-facts.ts";
import { assertNever } from "./assert.ts";
import { confirmationOf, identifyingConfirmationOf } from "./confirmation.ts";
import type { Decision, DenialReason } from "./decision.ts";
import type { DoorMode } from "./door-mode.ts";
import type { Chain } from "./factor.ts";
import { factorProgress, meetsDoorMinimum } from "./factor-progress.ts";
import { periodState } from "./period.ts";
import type { AuthItem, Confirmation, DoorItem, Grant } from "./roster-item.ts";
import { isWithinSchedule } from "./schedule.ts";

/**
 * Whether this person may pass this door now. Called again after every wait, with the facts as they are then.
 *
 * In this order, the first that applies:
 * 1. A door without settings denies. A credential that nobody is known by is denied as `unknown`, unless the door maps its type to a vendor that
 *    names people by itself.
 * 2. The door's mode. A locked door denies, an unlocked one lets pass; neither asks a vendor.
 * 3. A belief older than the door's policy allows denies, as does one of unknown age, everybody but those whom the policy names.
 * 4. The auth: INACTIVE; no clock, which denies everybody, because every auth has a period; before its start; from its end on.
 * 5. The door is not among the auth's doors.
 * 6. The schedule: missing, without local time, or outside its windows.
 * 7. Another factor is wanted, or those presented lead nowhere (see `factorProgress`).
 * 8. The vendor has to be asked, or has refused. Silence is judged by the door's policy: nobody, everybody, or those whom the vendor confirmed here lately.
 * 9. Granted.
 *
 * Somebody whom only the vendor can name has no auth: 4 to 6 do not apply, the door's own minimum stands for 7, and silence always denies.
 */
export function decideAccess(facts: AccessFacts): Decision {
  const { door } = facts;
  if (door === null) return denied("door_unknown");
  const holder = identify(facts, door);
  if (holder.kind === "nobody") return denied("unknown");
  const byMode = decideByMode(facts.mode);
  if (byMode !== null) return byMode;
  if (isBeliefTooOld(door, facts.beliefAgeMs) && !isTrustedWhenStale(holder, door)) return denied("belief_too_old");
  switch (holder.kind) {
    case "auth":
      return decideByAuth(holder.auth, door, facts);
    case "named_by_vendor":
      return decideByVendorAlone(holder.confirmation, door, facts);
    default:
      return assertNever(holder);
  }
}

type Holder =
  | { readonly kind: "auth"; readonly auth: AuthItem }
  | { readonly kind: "named_by_vendor"; readonly confirmation: Confirmation }
  | { readonly kind: "nobody" };

function identify({ auth, proven, isQrIssued = false }: AccessFacts, door: DoorItem): Holder {
  if (auth !== null) return { kind: "auth", auth };
  const confirmation = identifyingConfirmationOf(proven, door.confirmations, isQrIssued);
  return confirmation === null ? { kind: "nobody" } : { kind: "named_by_vendor", confirmation };
}

function decideByMode(mode: DoorMode): Decision | null {
  switch (mode.kind) {
    case "credentials":
      return null;
    case "unlocked":
      return { kind: "unlocked", because: mode.by };
    case "locked":
      return denied(lockReason(mode.by));
    default:
      return assertNever(mode);
  }
}

function lockReason(by: "lockdown" | "operator" | "schedule"): DenialReason {
  switch (by) {
    case "lockdown":
      return "lockdown";
    case "operator":
      return "locked_by_operator";
    case "schedule":
      return "locked_by_schedule";
    default:
      return assertNever(by);
  }
}

/** Whether a door of this policy refuses people for the age of what it knows. */
export function isBeliefTooOld({ beliefAgeMsMax }: Pick<DoorItem, "beliefAgeMsMax">, beliefAgeMs: number | null): boolean {
  if (beliefAgeMsMax === null) return false;
  // Fresh has to be shown: an age that is no number is too old.
  return beliefAgeMs === null || !(beliefAgeMs <= beliefAgeMsMax);
}

function isTrustedWhenStale(holder: Holder, { staleUserIds = [] }: DoorItem): boolean {
  return holder.kind === "auth" && staleUserIds.includes(holder.auth.userId);
}

function decideByAuth(auth: AuthItem, door: DoorItem, facts: AccessFacts): Decision {
  const refusal = refusalOfRight(auth, door, facts);
  if (refusal !== null) return denied(refusal);
  const authChains = facts.isQrIssued === true ? [...auth.chains, ISSUED_QR] : auth.chains;
  const progress = factorProgress({ proven: facts.proven, authChains, doorChains: door.chains });
  switch (progress.kind) {
    case "not_allowed":
      return denied("factor_not_allowed");
    case "wanted":
      return { kind: "wait_factor", wanted: progress.factors };
    case "proven": {
      const wanted = confirmationOf(facts.proven, door.confirmations);
      return wanted === null
        ? { kind: "granted", because: "auth" }
        : decideByConfirmation(wanted, passesInSilence(door, facts.vendorConfirmedAgoMs ?? null), facts.confirmation);
    }
    default:
      return assertNever(progress);
  }
}

/** Issued to a person beside what their auth holds: alone enough, unless the door wants more. */
const ISSUED_QR: Chain = ["QR"];

/** Why the auth gives no right here and now, whatever is presented; null when it does. */
function refusalOfRight(auth: AuthItem, door: DoorItem, facts: AccessFacts): DenialReason | null {
  if (auth.status !== "ACTIVE") return "inactive";
  if (facts.nowMs === null) return "no_clock";
  const period = periodState(auth.startMs, auth.endMs, facts.nowMs);
  if (period !== "within") return period;
  return refusalOfGrants(auth, door.id, { ...facts, nowMs: facts.nowMs });
}

type Moment = Pick<AccessFacts, "schedules" | "utcTransitions"> & { readonly nowMs: number };

/** Null when the auth's own doors and times, or those of one of its groups, cover this door now; else why the one that comes closest does not. */
function refusalOfGrants(auth: AuthItem, doorId: number, moment: Moment): DenialReason | null {
  let refusal = refusalOfGrant(auth, doorId, moment);
  for (const grant of auth.grants) {
    if (refusal === null) return null;
    const other = refusalOfGrant(grant, doorId, moment);
    if (refusal === "wrong_door" || other === null) refusal = other;
  }
  return refusal;
}

function refusalOfGrant(grant: Grant, doorId: number, { schedules, utcTransitions, nowMs }: Moment): DenialReason | null {
  if (grant.doors !== "all" && !grant.doors.includes(doorId)) return "wrong_door";
  if (grant.scheduleId === null) return null;
  const schedule = schedules.get(grant.scheduleId);
  if (schedule === undefined) return "schedule_missing";
  // Without offsets the controller knows the time, but not the place's.
  if (utcTransitions.length === 0) return "no_clock";
  return isWithinSchedule(schedule, utcTransitions, nowMs) ? null : "outside_schedule";
}

function decideByVendorAlone(identifying: Confirmation, door: DoorItem, { proven, confirmation }: AccessFacts): Decision {
  if (!meetsDoorMinimum(proven, door.chains)) return denied("factor_not_allowed");
  const decision = decideByConfirmation(identifying, false, confirmation);
  return decision.kind === "ask_vendor" ? { ...decision, identify: true } : decision;
}

/** Known has to be shown: an age that is no number, or a door that does not say how long it lasts, lets nobody pass. */
function passesInSilence({ whenVendorSilent, vendorKnownMs }: DoorItem, confirmedAgoMs: number | null): boolean {
  switch (whenVendorSilent) {
    case "deny":
      return false;
    case "allow":
      return true;
    case "allow_known":
      return vendorKnownMs !== undefined && confirmedAgoMs !== null && confirmedAgoMs >= 0 && confirmedAgoMs <= vendorKnownMs;
    default:
      return assertNever(whenVendorSilent);
  }
}

function decideByConfirmation({ credential }: Confirmation, passesSilent: boolean, state: ConfirmationState): Decision {
  switch (state) {
    case "not_asked":
      return { kind: "ask_vendor", credential, identify: false };
    case "confirmed":
      return { kind: "granted", because: "vendor" };
    case "refused":
      return denied("vendor_refused");
    case "silent":
      return passesSilent ? { kind: "granted", because: "auth" } : denied("vendor_silent");
    default:
      return assertNever(state);
  }
}

function denied(because: DenialReason): Decision {
  return { kind: "denied", because };
}
