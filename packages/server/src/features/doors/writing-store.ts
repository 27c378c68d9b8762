import type { NewDevice } from "@postern/contract";
import { assert } from "@postern/core";
import type { Transaction } from "../../platform/database.ts";
import type { DoorSettings } from "../../roster/door-settings.ts";

/** Locks the place, so that its doors and controllers are counted and given to each other one after the other. */
export async function lockPlace(transaction: Transaction, placeId: number): Promise<void> {
  await transaction.query("select 1 from places where place_id = $1 for no key update", [placeId]);
}

export async function countDoors(transaction: Transaction, placeId: number): Promise<number> {
  const text = "select count(*) as count from doors where place_id = $1 and deleted_at is null";
  const [row] = await transaction.query<{ count: number }>(text, [placeId]);
  return row?.count ?? 0;
}

/** Those of the schedules that the place has. */
export async function knownSchedules(
  transaction: Transaction,
  placeId: number,
  scheduleIds: readonly number[],
): Promise<ReadonlySet<number>> {
  const text = "select schedule_id from schedules where place_id = $1 and schedule_id = any($2)";
  const rows = await transaction.query<{ schedule_id: number }>(text, [placeId, scheduleIds]);
  return new Set(rows.map((row) => row.schedule_id));
}

/** How many doors a controller serves, which is not taken away until the commit; null when the place has no such controller. */
export async function lockAndCountServed(transaction: Transaction, placeId: number, controllerId: number): Promise<number | null> {
  const [row] = await transaction.query<{ count: number }>(
    `select (select count(*) from doors where doors.controller_id = controllers.controller_id) as count
     from controllers where place_id = $1 and controller_id = $2 for key share`,
    [placeId, controllerId],
  );
  return row?.count ?? null;
}

export interface DoorRecord {
  readonly name: string;
  readonly controllerId: number | null;
  readonly settings: DoorSettings;
}

/** Returns the new door's id. */
export async function insertDoorRow(transaction: Transaction, placeId: number, record: DoorRecord, nowMs: number): Promise<number> {
  const [row] = await transaction.query<{ door_id: number }>(
    `insert into doors(door_id, place_id, controller_id, name, settings, made_at) values (nextval('door_ids'), $1, $2, $3, $4, $5) returning door_id`,
    [placeId, record.controllerId, record.name, JSON.stringify(record.settings), nowMs],
  );
  assert(row !== undefined, "an inserted door returns its id");
  return row.door_id;
}

export async function updateDoorRow(transaction: Transaction, doorId: number, record: DoorRecord): Promise<void> {
  const text = "update doors set name = $2, controller_id = $3, settings = $4 where door_id = $1";
  await transaction.execute(text, [doorId, record.name, record.controllerId, JSON.stringify(record.settings)]);
}

/** Who has a serial, if anybody. */
export interface SerialHolder {
  /** null: it is a controller's. */
  readonly deviceId: number | null;
  readonly placeId: number;
  readonly doorId: number | null;
}

export async function findSerial(transaction: Transaction, serial: string): Promise<SerialHolder | null> {
  const [row] = await transaction.query<SerialHolder>(
    `select device_id as "deviceId", place_id as "placeId", door_id as "doorId" from devices where serial = $1
     union all select null, place_id, null from controllers where serial = $1`,
    [serial],
  );
  return row ?? null;
}

/** Where a device stands. */
export interface Seat {
  readonly placeId: number;
  readonly doorId: number;
  readonly side: "ENTRY" | "EXIT";
}

export type WholeDevice = Required<NewDevice>;

/** False: the serial is taken. */
export async function insertDevice(transaction: Transaction, { placeId, doorId, side }: Seat, device: WholeDevice): Promise<boolean> {
  const count = await transaction.execute(
    `insert into devices(device_id, place_id, door_id, serial, device_type, model_name, name, description, side)
     select nextval('device_ids'), $1, $2, $3, $4, $5, $6, $7, $8 where not exists (select from controllers where serial = $3)
     on conflict (serial) do nothing`,
    [placeId, doorId, device.serial, device.deviceType, device.modelName, device.name, device.description, side],
  );
  return count > 0;
}

/** Puts a device that stands at no door to one. */
export async function seatDevice(transaction: Transaction, deviceId: number, { doorId, side }: Seat): Promise<void> {
  await transaction.execute("update devices set door_id = $2, side = $3 where device_id = $1", [deviceId, doorId, side]);
}

/** The device stays known, for its events and for another door. */
export async function unseatDevice(transaction: Transaction, deviceId: number): Promise<void> {
  await transaction.execute("update devices set door_id = null where device_id = $1", [deviceId]);
}

/** Takes a door away: its name stays for its events, its devices stand at no door, and what it was told to do and has not done fails. */
export async function deleteDoorRow(transaction: Transaction, doorId: number, nowMs: number): Promise<void> {
  await transaction.execute(
    `update door_commands set state = 'failed', reason = 'door_deleted', ended_at = $2 where door_id = $1 and state in ('waiting', 'sent')`,
    [doorId, nowMs],
  );
  await transaction.execute("delete from door_modes where door_id = $1", [doorId]);
  await transaction.execute("update devices set door_id = null where door_id = $1", [doorId]);
  await transaction.execute("update doors set deleted_at = $2, controller_id = null where door_id = $1", [doorId, nowMs]);
}

/** Takes a door out of the auths that name it. Returns their ids. */
export async function dropFromAuths(transaction: Transaction, placeId: number, doorId: number, nowMs: number): Promise<readonly number[]> {
  const rows = await transaction.query<{ auth_id: number }>(
    `update auths set door_ids = array_remove(door_ids, $2::bigint), last_modified_at = $3
     where place_id = $1 and door_ids @> array[$2::bigint] and deleted_at is null returning auth_id`,
    [placeId, doorId, nowMs],
  );
  return rows.map((row) => row.auth_id);
}

/** Takes a door out of the access groups that name it. Returns the auths that belong to these. */
export async function dropFromGroups(transaction: Transaction, placeId: number, doorId: number): Promise<readonly number[]> {
  const rows = await transaction.query<{ auth_id: number }>(
    `with changed as (
       update access_groups set grants = (
         select jsonb_agg(case when jsonb_typeof(item->'doors') = 'array' then jsonb_set(item, '{doors}', (
             select coalesce(jsonb_agg(door order by position), '[]') from jsonb_array_elements(item->'doors') with ordinality named(door, position)
             where door <> to_jsonb($2::bigint))) else item end order by ordinal)
         from jsonb_array_elements(grants) with ordinality granted(item, ordinal))
       where place_id = $1 and grants @> jsonb_build_array(jsonb_build_object('doors', jsonb_build_array($2::bigint))) returning group_id
     )
     select distinct auth_id from access_group_members members join changed using (group_id) where members.place_id = $1 order by auth_id`,
    [placeId, doorId],
  );
  return rows.map((row) => row.auth_id);
}
