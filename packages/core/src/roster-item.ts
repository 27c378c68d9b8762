import { assertNever } from "./assert.ts";
import type { Chain } from "./factor.ts";
import type { Schedule } from "./schedule.ts";
import type { UtcTransition } from "./time-zone.ts";

/**
 * What a door must know, item by item. The content of an item is exactly what `decideAccess` and the drivers use: two replicas that hold
 * equal contents decide alike, which is why the roster digest is made of contents and of nothing else.
 */
export type RosterItem = PlaceItem | ScheduleItem | DoorItem | DoorModeItem | AuthItem | QrItem | DisplayItem;

export type RosterKind = RosterItem["kind"];

/** `auth:1000`, `door:234`: unique within a place. */
export type ItemKey = `${RosterKind}:${number}`;

/** The place itself: its clock. Concerns every door. */
export interface PlaceItem {
  readonly kind: "place";
  readonly id: number;
  readonly timeZone: string;
  /** In ascending order of `fromMs`; the first one holds for all time before the second. */
  readonly utcTransitions: readonly UtcTransition[];
  /** What unique PINs of this place are hashed with; base64. */
  readonly uniquePinSalt: string;
}

/** Weekly windows and holidays. Concerns every door. */
export interface ScheduleItem {
  readonly kind: "schedule";
  readonly id: number;
  readonly schedule: Schedule;
}

/** An opening's settings. Concerns that door alone. */
export interface DoorItem {
  readonly kind: "door";
  readonly id: number;
  readonly name: string;
  readonly entryDeviceId: number;
  readonly exitDeviceId: number | null;
  /** How long one grant keeps the bolt released. */
  readonly unlockMs: number;
  readonly lockType: "fail_safe" | "fail_secure";
  /** The least a person must present here, whatever their auth allows. Empty: the auth's chains decide alone. */
  readonly chains: readonly Chain[];
  readonly scheduledUnlockId: number | null;
  readonly scheduledLockId: number | null;
  /** The scheduled unlock begins with the first person let in during its window, not with the window. */
  readonly firstPersonIn: boolean;
  /** The sensor's word changes nothing here: no alarm, and the bolt falls when its time is over. */
  readonly sensorIgnore: boolean;
  /** How long the door may stand open after a passage before it is an alarm; null: for ever. */
  readonly heldOpenMs: number | null;
  /** Whether opening without a passage is an alarm. */
  readonly forcedOpenAlarm: boolean;
  /** How long somebody has for the next factor. */
  readonly factorMs: number;
  /** Credential types that the customer's own server confirms at this door (CLUe §3). */
  readonly confirmations: readonly Confirmation[];
  /** How long the door may decide without having heard from the server, or null for ever. */
  readonly beliefAgeMsMax: number | null;
  /** Users who may pass nevertheless, by what is held of them, when the belief is older than that. Absent: nobody. */
  readonly staleUserIds?: readonly number[];
  /** What to do when confirmation is wanted and cannot be had. */
  readonly whenVendorSilent: VendorSilencePolicy;
  /** With `allow_known`: how recently the customer's server must have confirmed somebody here. Absent otherwise. */
  readonly vendorKnownMs?: number;
  /** How long a person is kept waiting for the customer's server in all. Absent: three seconds, so that items are what they were before it could be set. */
  readonly vendorBudgetMs?: number;
  /** Steps of five seconds by which a phone's code may be off the door's clock, to either side. Absent: one. */
  readonly qrStepsOff?: number;
}

/** Whom a door lets in when the customer's server does not answer: nobody; everybody with a right; or those it confirmed there before. */
export type VendorSilencePolicy = "deny" | "allow" | "allow_known";

export interface Confirmation {
  readonly credential: ConfirmedCredential;
  /** The customer's server names the person: the credential need not be known here (card, unique PIN, customer's QR). */
  readonly identifies: boolean;
}

export type ConfirmedCredential = "card" | "face" | "fingerprint" | "unique_pin" | "qr" | "customer_qr";

/** What holds a door locked or unlocked beside its schedules. Concerns that door alone. */
export interface DoorModeItem {
  readonly kind: "mode";
  /** The door's id. */
  readonly id: number;
  readonly operator: "none" | "locked" | "unlocked";
  readonly lockdown: boolean;
}

/** Doors at times. */
export interface Grant {
  /** `all`, or the ids in ascending order. */
  readonly doors: "all" | readonly number[];
  /** null: always. */
  readonly scheduleId: number | null;
}

/** What proves a PIN without holding it: memory-hard, about 20 ms to check (see `pin.ts`). Both in base64. */
export interface PinVerifier {
  readonly salt: string;
  readonly hash: string;
}

/** A person's right at this place. */
export interface AuthItem extends Grant {
  readonly kind: "auth";
  readonly id: number;
  readonly userId: number;
  /** Shown on the device. */
  readonly name: string;
  readonly status: "ACTIVE" | "INACTIVE";
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
  /** Alternative chains that open; each one alone is enough. */
  readonly chains: readonly Chain[];
  /** Doors and schedules that come through access groups, each beside the auth's own. */
  readonly grants: readonly Grant[];
  /** Canonical card keys (see `cardKey`), in ascending order. */
  readonly cards: readonly string[];
  /** Checked when the person is known by another factor; null: none. */
  readonly pin: PinVerifier | null;
  /** Identifies its holder alone: the PIN hashed with the place's salt (see `uniquePinKey`); null: none. */
  readonly uniquePin: string | null;
  /** The marks of its fingers' templates (see `fingerMark`), in their order. The templates travel and are kept beside the item. */
  readonly fingerprints: readonly string[];
  /** The same of its faces (see `faceMark`); left out where there is none, so that items without a face are what they were before there were any. */
  readonly faces?: readonly string[];
}

/** A dynamic QR that a phone has been bound to (CLUe §1.9). Concerns every door of each place of its group. What signs its codes never leaves the phone. */
export interface QrItem {
  readonly kind: "qr";
  readonly id: number;
  /** What its codes carry: a UUID. */
  readonly qid: string;
  /** The phone's, as `readQrKey` reads it. */
  readonly publicKey: string;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** Whom it was issued to. Whether they have a right here, their auth says; without one only the customer's own server can. */
  readonly userId: number;
}

/** Which picture a device shows when. */
export const DISPLAY_IMAGE_TYPES = ["DEFAULT", "SUCCESS", "FAILURE", "UNLOCKED", "LOCKED"] as const;
export type DisplayImageType = (typeof DISPLAY_IMAGE_TYPES)[number];

/** A picture of a device's display. Its bytes are fetched by its key, and are those whose hash this is. */
export interface DisplayPicture {
  readonly type: DisplayImageType;
  /** Of the server's, for whoever fetches it; says nothing of the picture. */
  readonly key: string;
  /** SHA-256 of the bytes, in hexadecimal digits. */
  readonly sha256: string;
  readonly mediaType: "image/jpeg" | "image/png";
}

/** What a device shows (CLUe §1.8). Concerns the door it stands at. Its id is the device's. */
export interface DisplayItem {
  readonly kind: "display";
  readonly id: number;
  readonly doorId: number;
  /** null: none. */
  readonly message: string | null;
  /** Each type once, in the order of `DISPLAY_IMAGE_TYPES`. */
  readonly pictures: readonly DisplayPicture[];
}

export function itemKey(item: { readonly kind: RosterKind; readonly id: number }): ItemKey {
  return `${item.kind}:${item.id}`;
}

/** The common part of a place's roster, which every door holds. */
export const COMMON_SCOPE = 0;

/** The parts of the roster that hold an item: `COMMON_SCOPE`, or the ids of the doors it concerns. */
export function itemScopes(item: RosterItem): readonly number[] {
  switch (item.kind) {
    case "place":
    case "schedule":
    case "qr":
      return [COMMON_SCOPE];
    case "door":
    case "mode":
      return [item.id];
    case "display":
      return [item.doorId];
    case "auth":
      return grantScopes([item, ...item.grants]);
    default:
      return assertNever(item);
  }
}

function grantScopes(grants: readonly Grant[]): readonly number[] {
  const [own, ...others] = grants;
  if (own !== undefined && others.length === 0) return own.doors === "all" ? [COMMON_SCOPE] : own.doors;
  const doorIds = new Set<number>();
  for (const { doors } of grants) {
    if (doors === "all") return [COMMON_SCOPE];
    for (const doorId of doors) doorIds.add(doorId);
  }
  return [...doorIds].sort((left, right) => left - right);
}
