import type { DoorMode } from "./door-mode.ts";
import type { Chain } from "./factor.ts";
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
  /** Every schedule of the replica, by id. */
  readonly schedules: ReadonlyMap<number, Schedule>;
  readonly utcTransitions: readonly UtcTransition[];
  /** Factors proven so far, in the order in which they were presented. While `auth` is null: the one that was presented. */
  readonly proven: Chain;
  /** The QR among them is a good one of ours, issued to `auth`'s person, or to somebody without an auth. Absent: a QR is the customer's own. */
  readonly isQrIssued?: boolean;
  readonly confirmation: ConfirmationState;
  /** How long ago the server was last heard, or null when never. */
  readonly beliefAgeMs: number | null;
  /** How long ago the customer's own server confirmed this person at this controller; null or absent: never, or that cannot be told. */
  readonly vendorConfirmedAgoMs?: number | null;
}

/** What is known of the customer's own answer. */
export type ConfirmationState = "not_asked" | "confirmed" | "refused" | "silent";
