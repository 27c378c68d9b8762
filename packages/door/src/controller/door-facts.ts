import {
  type AccessFacts,
  type AuthItem,
  type Chain,
  type ConfirmationState,
  type DoorItem,
  type DoorMode,
  type DoorModeItem,
  doorMode,
  type QrItem,
  type Schedule,
  type UtcTransition,
} from "@postern/core";
import type { DoorState } from "./door-state.ts";

/** What decisions ask of a replica. */
export interface RosterView {
  readonly utcTransitions: readonly UtcTransition[];
  auth(id: number): AuthItem | null;
  authByCard(card: string): AuthItem | null;
  authByUser(userId: number): AuthItem | null;
  /** `key` as `uniquePinKey` makes it. */
  authByUniquePin(key: string): AuthItem | null;
  /** A dynamic QR, by the id that its codes carry. */
  qr(qid: string): QrItem | null;
  /** null while the place itself is not held. */
  readonly uniquePinSalt: string | null;
  door(id: number): DoorItem | null;
  mode(doorId: number): DoorModeItem | null;
  schedule(id: number | null): Schedule | null;
  readonly schedules: ReadonlyMap<number, Schedule>;
}

/** The world around a door at one moment. */
export interface DoorFacts {
  /** Null without a clock that can be trusted. */
  readonly nowMs: number | null;
  /** What events are dated with; always a number. */
  readonly stampMs: number;
  /** Time that never jumps; its origin means nothing. */
  readonly monotonicMs: number;
  readonly beliefAgeMs: number | null;
  /** Whether there is a link, over which the customer's own server can be asked. */
  readonly isServerReachable: boolean;
  /** When the customer's own server last confirmed the holder of an auth at this controller; null: never. */
  readonly vendorConfirmedMs: (authId: number) => number | null;
  /** The newest step of a dynamic QR that was accepted at this controller; null: none was. */
  readonly qrUsedStep: (qrId: number) => number | null;
  readonly roster: RosterView;
}

/** What holds the door now. */
export function modeNow({ wiring, isFireSignalled, firstInMs }: DoorState, { roster, nowMs }: DoorFacts): DoorMode {
  const { doorId } = wiring;
  const door = roster.door(doorId);
  return doorMode({
    isFireSignalled,
    mode: roster.mode(doorId),
    scheduledLock: roster.schedule(door?.scheduledLockId ?? null),
    scheduledUnlock: roster.schedule(door?.scheduledUnlockId ?? null),
    firstIn: door?.firstPersonIn === true ? (firstInMs ?? "nobody") : "not_needed",
    utcTransitions: roster.utcTransitions,
    nowMs,
  });
}

export interface Question {
  readonly doorId: number;
  readonly mode: DoorMode;
  readonly auth: AuthItem | null;
  readonly proven: Chain;
  /** See `AccessFacts`. */
  readonly isQrIssued: boolean;
  readonly confirmation: ConfirmationState;
}

/** The facts of one decision, looked up in the replica as it is now. */
export function accessFacts(
  { doorId, mode, auth, proven, isQrIssued, confirmation }: Question,
  { roster, nowMs, beliefAgeMs, vendorConfirmedMs }: DoorFacts,
): AccessFacts {
  // Looked up where silence is judged, and nowhere else: a decision asks the disk for nothing.
  const confirmedMs = confirmation === "silent" && auth !== null ? vendorConfirmedMs(auth.id) : null;
  return {
    nowMs,
    door: roster.door(doorId),
    mode,
    auth,
    schedules: roster.schedules,
    utcTransitions: roster.utcTransitions,
    proven,
    isQrIssued,
    confirmation,
    beliefAgeMs,
    vendorConfirmedAgoMs: nowMs === null || confirmedMs === null ? null : nowMs - confirmedMs,
  };
}
