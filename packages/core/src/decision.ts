import type { Factor } from "./factor.ts";
import type { ConfirmedCredential } from "./roster-item.ts";

/** What the controller has to do about a presented credential. */
export type Decision =
  /** Release the bolt. */
  | { readonly kind: "granted"; readonly because: "auth" | "vendor" }
  /** The door stands unlocked anyway: a success event, no relay. */
  | { readonly kind: "unlocked"; readonly because: "fire" | "operator" | "schedule" }
  /** One of these factors must follow. */
  | { readonly kind: "wait_factor"; readonly wanted: readonly Factor[] }
  /** Ask the customer's server about this credential, then decide again. `identify`: it also says who this is. */
  | { readonly kind: "ask_vendor"; readonly credential: ConfirmedCredential; readonly identify: boolean }
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
  /** A code of ours: not signed by its phone, not of now, or one that has opened already. */
  | "qr_forged"
  | "qr_stale"
  | "qr_used"
  /** These are said by the controller around the decision; the last one when the decision itself fails. */
  | "factor_failed"
  | "factor_timeout"
  /** Wrong ones came before: this kind of factor has to wait here, right or wrong. */
  | "factor_delayed"
  /** More PINs wait to be checked than the controller can check at once. */
  | "busy"
  | "not_recorded"
  | "error";
