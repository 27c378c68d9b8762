import { modeToChain } from "@postern/contract";
import {
  type AuthItem,
  assert,
  type Chain,
  type DisplayItem,
  type DoorItem,
  type DoorModeItem,
  itemKey,
  type QrItem,
  type RosterItem,
  type RosterKind,
} from "@postern/core";
import type { Transaction } from "../platform/database.ts";
import {
  type AuthRow,
  type DisplayRow,
  type DoorRow,
  type ModeRow,
  type PlaceRow,
  type QrRow,
  readAuthRows,
  readDisplayRows,
  readDoorRows,
  readModeRows,
  readPlaceRow,
  readQrRows,
  readScheduleRows,
  type ScheduleRow,
} from "./derive-store.ts";
import { readDoorSettings } from "./door-settings.ts";
import { doorItem, placeItem, scheduleItem } from "./place-items.ts";
import type { RosterChange } from "./plan-change.ts";
import { changeRoster } from "./roster-store.ts";

/** The kinds of things of a place that may have changed, by id; `all` for every one there is. */
export interface Touched {
  readonly place?: true;
  readonly schedules?: readonly number[] | "all";
  readonly doors?: readonly number[] | "all";
  readonly modes?: readonly number[] | "all";
  readonly auths?: readonly number[] | "all";
  /** Devices whose display changed. Doors that are touched bring those of all devices of the place along: one may stand elsewhere now. */
  readonly displays?: readonly number[];
  /** Dynamic QRs. Those that concern a whole group are brought to all its places by `changeGroupRosters`. */
  readonly qrs?: readonly number[] | "all";
}

/**
 * Brings the roster of a place in line with its tables, for the things named: what is there becomes an item, what is not becomes a tombstone, what
 * stayed the same costs the doors nothing. Call it last in the transaction of the cause, after `lockRoster` at its beginning, so that two causes
 * never derive from each other's past. Returns the revision of the last change.
 */
export async function deriveRoster(
  transaction: Transaction,
  placeId: number,
  { touched, nowMs }: { touched: Touched; nowMs: number },
): Promise<number> {
  const changes: RosterChange[] = [];
  if (touched.place === true)
    changes.push(
      ...itemsOf(
        "place",
        [placeId],
        (await readPlaceRow(transaction, placeId)).map((row) => toPlaceItem(row, nowMs)),
      ),
    );
  if (touched.schedules !== undefined)
    changes.push(
      ...itemsOf("schedule", touched.schedules, (await readScheduleRows(transaction, placeId, touched.schedules)).map(toScheduleItem)),
    );
  if (touched.doors !== undefined)
    changes.push(...itemsOf("door", touched.doors, (await readDoorRows(transaction, [placeId], touched.doors)).map(toDoorItem)));
  const displays = touched.doors === undefined ? touched.displays : "all";
  if (displays !== undefined) changes.push(...displayChanges(displays, await readDisplayRows(transaction, placeId, displays)));
  if (touched.modes !== undefined)
    changes.push(...itemsOf("mode", touched.modes, (await readModeRows(transaction, placeId, touched.modes)).map(toModeItem)));
  if (touched.auths !== undefined)
    changes.push(...itemsOf("auth", touched.auths, (await readAuthRows(transaction, placeId, touched.auths)).map(toAuthItem)));
  if (touched.qrs !== undefined)
    changes.push(...itemsOf("qr", touched.qrs, (await readQrRows(transaction, placeId, touched.qrs)).map(toQrItem)));
  return changeRoster(transaction, placeId, { changes, nowMs });
}

/** What was found, and a tombstone for each id that was named and not found. */
export function itemsOf(kind: RosterKind, ids: readonly number[] | "all", items: readonly RosterItem[]): RosterChange[] {
  const found = new Set(items.map((item) => item.id));
  const missing = ids === "all" ? [] : ids.filter((id) => !found.has(id));
  return [...items.map((item) => ({ key: itemKey(item), item })), ...missing.map((id) => ({ key: itemKey({ kind, id }), item: null }))];
}

/** A device that stands at no door, or shows nothing of the server's, has no item. */
function displayChanges(ids: readonly number[] | "all", rows: readonly DisplayRow[]): RosterChange[] {
  const items = rows.flatMap((row): DisplayItem[] => {
    const { device_id: id, door_id: doorId, message, pictures } = row;
    return doorId === null || (message === null && pictures.length === 0) ? [] : [{ kind: "display", id, doorId, message, pictures }];
  });
  return itemsOf("display", ids === "all" ? rows.map((row) => row.device_id) : ids, items);
}

function toPlaceItem(row: PlaceRow, nowMs: number): RosterItem {
  return placeItem({ placeId: row.place_id, timeZone: row.time_zone, uniquePinSalt: row.unique_pin_salt }, nowMs);
}

/** A schedule with the holidays of the calendar it names. */
function toScheduleItem({ schedule_id, schedule, holidays }: ScheduleRow): RosterItem {
  const days = (holidays ?? schedule.holidays).map(({ date, windows }) => ({ date, windows }));
  return scheduleItem(schedule_id, { weekly: schedule.weekly, holidays: days });
}

export function toDoorItem(row: DoorRow): DoorItem {
  return doorItem({
    doorId: row.door_id,
    name: row.name,
    settings: readDoorSettings(row.settings),
    entryDeviceId: row.entry_device_id,
    exitDeviceId: row.exit_device_id,
    confirmed: row.confirmed,
  });
}

function toModeItem(row: ModeRow): DoorModeItem {
  return { kind: "mode", id: row.door_id, operator: row.operator, lockdown: row.lockdown };
}

/** What the doors hold of an auth. */
export function toAuthItem(row: AuthRow): AuthItem {
  return {
    kind: "auth",
    id: row.auth_id,
    userId: row.user_id,
    name: row.name,
    status: row.status,
    startMs: row.start_at,
    endMs: row.end_at,
    doors: row.door_access_type === "ALL_DOOR" ? "all" : [...row.door_ids].sort((left, right) => left - right),
    scheduleId: row.schedule_id,
    chains: row.modes.map(chainOf),
    grants: row.grants.map(({ doors, scheduleId }) => ({ doors, scheduleId })),
    cards: [...row.card_keys].sort(),
    pin: row.pin_verifier,
    uniquePin: row.unique_pin_hash,
    fingerprints: row.fingerprints.map(({ mark }) => mark),
    ...(row.faces.length === 0 ? {} : { faces: row.faces.map(({ mark }) => mark) }),
  };
}

export function toQrItem(row: QrRow): QrItem {
  return {
    kind: "qr",
    id: row.qr_id,
    qid: row.qid,
    publicKey: row.public_key,
    fromMs: row.valid_from,
    toMs: row.valid_to,
    userId: row.user_id,
  };
}

function chainOf(mode: string): Chain {
  const chain = modeToChain(mode);
  assert(chain !== null, "modes were checked when they were read");
  return chain;
}
