import type { DenialReason } from "./decision.ts";

/** Why somebody was refused, in words for a person. */
const REASONS: Readonly<Record<DenialReason, string>> = {
  unknown: "nobody is known by this credential here",
  lockdown: "the place is in lockdown",
  locked_by_operator: "an operator holds the door locked",
  locked_by_schedule: "the door is locked at this time",
  inactive: "this person's right is not active",
  not_started: "this person's right has not begun",
  ended: "this person's right has ended",
  wrong_door: "this person may not use this door",
  outside_schedule: "not at this time",
  schedule_missing: "the schedule of this right is not known at the door",
  no_clock: "the controller does not know the time",
  belief_too_old: "the controller has not heard from the server for too long",
  factor_not_allowed: "this credential does not open this door",
  vendor_refused: "the customer's server refused",
  vendor_silent: "the customer's server did not answer",
  door_unknown: "the controller does not know this door",
  qr_forged: "the code was not made by the phone that it belongs to",
  qr_stale: "the code is not of now: the phone's clock is wrong, or it is a copy",
  qr_used: "this code, or a later one of the same phone, has been used already",
  factor_failed: "the second factor was wrong",
  factor_timeout: "the second factor did not come in time",
  factor_delayed: "too many wrong ones came before; try again later, or use a card",
  busy: "too much is being checked here at once; try again",
  not_recorded: "the controller could not record it, so it did not open",
  error: "something went wrong at the controller",
};

/** The words for a reason as an event or an answer carries it; an unknown one has none. */
export function reasonText(reason: string | undefined): string {
  const found = Object.entries(REASONS).find(([known]) => known === reason);
  return found?.[1] ?? "no reason was given";
}
