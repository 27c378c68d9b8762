import { readRosterItem } from "@postern/contract";
import {
  type AccessFacts,
  type AuthItem,
  type Chain,
  type DoorItem,
  type DoorMode,
  type DoorModeItem,
  doorMode,
  type ItemKey,
  itemKey,
  type PlaceItem,
  type Schedule,
} from "@postern/core";
import type { Queryable } from "../../platform/database.ts";
import { loadItems } from "./store.ts";

/** What the roster of a place says about one door: the very items that its controller holds. */
export interface DoorRoster {
  readonly place: PlaceItem | null;
  readonly door: DoorItem | null;
  readonly mode: DoorModeItem | null;
  readonly schedules: ReadonlyMap<number, Schedule>;
}

export interface Asked {
  readonly placeId: number;
  readonly doorId: number;
}

/** The door's items, and those schedules that it or one of these auths names: never the whole place. */
export async function readDoorRoster(queryable: Queryable, { placeId, doorId }: Asked, auths: readonly AuthItem[]): Promise<DoorRoster> {
  const keys = [itemKey({ kind: "place", id: placeId }), itemKey({ kind: "door", id: doorId }), itemKey({ kind: "mode", id: doorId })];
  const items = await readItems(queryable, placeId, keys);
  const door = items.find((item) => item.kind === "door") ?? null;
  const named = auths.flatMap((auth) => [auth.scheduleId, ...auth.grants.map((grant) => grant.scheduleId)]);
  const scheduleIds = new Set([...named, door?.scheduledLockId ?? null, door?.scheduledUnlockId ?? null].filter((id) => id !== null));
  const found = await readItems(
    queryable,
    placeId,
    [...scheduleIds].map((id) => itemKey({ kind: "schedule", id })),
  );
  return {
    place: items.find((item) => item.kind === "place") ?? null,
    door,
    mode: items.find((item) => item.kind === "mode") ?? null,
    schedules: new Map(found.flatMap((item) => (item.kind === "schedule" ? [[item.id, item.schedule]] : []))),
  };
}

export async function readAuthItem(queryable: Queryable, placeId: number, authId: number): Promise<AuthItem | null> {
  const items = await readItems(queryable, placeId, [itemKey({ kind: "auth", id: authId })]);
  return items.find((item) => item.kind === "auth") ?? null;
}

async function readItems(queryable: Queryable, placeId: number, keys: readonly ItemKey[]) {
  if (keys.length === 0) return [];
  const items = await loadItems(queryable, placeId, keys);
  return items.map(readRosterItem).filter((item) => item !== null);
}

/**
 * What will hold the door at a time, as far as it can be known: no fire, and today's operator. Where the first person opens, nobody is taken to
 * have come: who it will be, and whether, is not known.
 */
export function modeAt({ place, door, mode, schedules }: DoorRoster, atMs: number): DoorMode {
  const scheduleOf = (id: number | null | undefined): Schedule | null => (id == null ? null : (schedules.get(id) ?? null));
  return doorMode({
    isFireSignalled: false,
    mode,
    scheduledLock: scheduleOf(door?.scheduledLockId),
    scheduledUnlock: scheduleOf(door?.scheduledUnlockId),
    firstIn: door?.firstPersonIn === true ? "nobody" : "not_needed",
    utcTransitions: place?.utcTransitions ?? [],
    nowMs: atMs,
  });
}

export interface Presented {
  readonly auth: AuthItem | null;
  readonly proven: Chain;
  readonly atMs: number;
  readonly mode: DoorMode;
}

/** The facts that a connected door would decide on; no customer's server has been asked. */
export function factsOf(roster: DoorRoster, { auth, proven, atMs, mode }: Presented): AccessFacts {
  return {
    nowMs: atMs,
    door: roster.door,
    mode,
    auth,
    schedules: roster.schedules,
    utcTransitions: roster.place?.utcTransitions ?? [],
    proven,
    confirmation: "not_asked",
    beliefAgeMs: 0,
  };
}
