import type { DoorMode } from "./door-mode.ts";
import type { Chain, Factor } from "./factor.ts";
import type { AuthItem, DoorItem } from "./roster-item.ts";
import type { Schedule } from "./schedule.ts";
import type { UtcTransition } from "./time-zone.ts";

/** Everything a decision depends on. The caller looks it up; `decideAccess` only judges. */
export interface AccessFacts {
  /** The controller's best time, or null when it has no clock it can trust. */
  readonly nowMs: number | null;
  /** The door's settings in the replica, or null when the replica has none. */
  readonly door: DoorItem | null;
  /** What holds the door now, from `doorMode`. */
  readonly mode: DoorMode;
  /** Who the credential belongs to, or null when nobody here is known by it. */
  readonly auth: AuthItem | null;
  /** The schedule that `auth.scheduleId` names, or null when the replica has none. */
  readonly schedule: Schedule | null;
  readonly utcTransitions: readonly UtcTransition[];
  /** Factors proven so far, in the order in which they were presented. */
  readonly proven: Chain;
  readonly confirmation: ConfirmationState;
  /** How long ago the server was last heard, or null when never. */
  readonly beliefAgeMs: number | null;
}

/** What is known of the customer's own answer. */
export type ConfirmationState = "not_asked" | "confirmed" | "refused" | "silent";

export type Decision =
  /** Release the bolt. */
  | { readonly kind: "granted"; readonly because: "auth" | "vendor" }
  /** The door stands unlocked anyway: a success event, no relay. */
  | { readonly kind: "unlocked"; readonly because: "fire" | "operator" | "schedule" }
  /** One of these factors must follow. */
  | { readonly kind: "wait_factor"; readonly wanted: readonly Factor[] }
  /** Ask the customer's server, then decide again. `identify`: it also says who this is. */
  | { readonly kind: "ask_vendor"; readonly identify: boolean }
  | { readonly kind: "denied"; readonly because: DenialReason };

export type DenialReason =
  | "unknown"
  | "lockdown"
  | "locked_by_operator"
  | "locked_by_schedule"
  | "inactive"
  | "not_started"
  | "ended"
  | "wrong_door"
  | "outside_schedule"
  | "schedule_missing"
  | "no_clock"
  | "belief_too_old"
  | "factor_not_allowed"
  | "vendor_refused"
  | "vendor_silent"
  | "door_unknown"
  /** These three are said by the controller around the decision. */
  | "factor_failed"
  | "factor_timeout"
  | "not_recorded"
  | "error";
