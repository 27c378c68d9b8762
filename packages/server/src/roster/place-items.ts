import { VENDOR_BUDGET_MS } from "@postern/contract";
import {
  assert,
  type ConfirmedCredential,
  type DoorItem,
  type DoorModeItem,
  type PlaceItem,
  QR_STEPS_OFF,
  type Schedule,
  type ScheduleItem,
  utcTransitionsOf,
} from "@postern/core";
import type { DoorSettings } from "./door-settings.ts";

/** How far ahead a place's doors know its clock; the design's five years. */
const TRANSITIONS_MS_AHEAD = 5 * 366 * 86_400_000;

/** A door as the roster needs it. */
export interface RosterDoor {
  readonly doorId: number;
  readonly name: string;
  readonly entryDeviceId: number;
  readonly exitDeviceId: number | null;
  readonly settings: DoorSettings;
  /** What the customer's own server is asked about there, in ascending order. */
  readonly confirmed: readonly ConfirmedCredential[];
}

/** These name a person by themselves at the customer's server, who need not be known here (design §7). */
const IDENTIFYING: ReadonlySet<ConfirmedCredential> = new Set(["card", "unique_pin", "customer_qr"]);

export function doorItem({ doorId, name, entryDeviceId, exitDeviceId, settings, confirmed }: RosterDoor): DoorItem {
  return {
    kind: "door",
    id: doorId,
    name,
    entryDeviceId,
    exitDeviceId,
    unlockMs: settings.autoLockTimeoutMs,
    lockType: settings.lockType,
    chains: settings.chains,
    scheduledUnlockId: settings.scheduledUnlockId,
    scheduledLockId: settings.scheduledLockId,
    firstPersonIn: settings.firstPersonIn,
    sensorIgnore: settings.sensorIgnore,
    heldOpenMs: settings.heldOpenAlarm ? settings.heldOpenAlarmTimeoutMs : null,
    forcedOpenAlarm: settings.forceOpenAlarm,
    factorMs: settings.factorMs,
    confirmations: confirmed.map((credential) => ({ credential, identifies: IDENTIFYING.has(credential) })),
    beliefAgeMsMax: settings.beliefAgeMsMax,
    // Left out where there is nobody, so that the item of every other door stays what it was.
    ...(settings.staleUserIds.length === 0 ? {} : { staleUserIds: [...settings.staleUserIds].sort((one, other) => one - other) }),
    whenVendorSilent: settings.whenVendorSilent,
    ...(settings.whenVendorSilent === "allow_known" ? { vendorKnownMs: settings.vendorKnownMs } : {}),
    ...(settings.vendorBudgetMs === VENDOR_BUDGET_MS ? {} : { vendorBudgetMs: settings.vendorBudgetMs }),
    ...(settings.qrStepsOff === QR_STEPS_OFF ? {} : { qrStepsOff: settings.qrStepsOff }),
  };
}

/** A door that nothing holds: its schedules and credentials decide. */
export function restingMode(doorId: number): DoorModeItem {
  return { kind: "mode", id: doorId, operator: "none", lockdown: false };
}

/** A place as the roster needs it. */
export interface RosterPlace {
  readonly placeId: number;
  readonly timeZone: string;
  readonly uniquePinSalt: string;
}

/** The place's clock from `nowMs` on, for five years, and what its unique PINs are hashed with. */
export function placeItem({ placeId, timeZone, uniquePinSalt }: RosterPlace, nowMs: number): PlaceItem {
  const utcTransitions = utcTransitionsOf(timeZone, nowMs, nowMs + TRANSITIONS_MS_AHEAD);
  return { kind: "place", id: placeId, timeZone, utcTransitions, uniquePinSalt };
}

export function scheduleItem(scheduleId: number, schedule: Schedule): ScheduleItem {
  return { kind: "schedule", id: scheduleId, schedule };
}

/** What the place's clock is ahead of UTC at an instant. */
export function gmtOffsetSeconds(timeZone: string, atMs: number): number {
  const [holding] = utcTransitionsOf(timeZone, atMs, atMs);
  assert(holding !== undefined, "a zone has an offset at every instant");
  return holding.offsetSeconds;
}
