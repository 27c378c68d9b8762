import type { Device, Door } from "@postern/contract";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";
import { type DoorSettings, readDoorSettings } from "../../roster/door-settings.ts";
import { settingsResource } from "./settings-resource.ts";

/** A door as it stands in the tables. */
export interface KeptDoor {
  readonly door: StoredDoor;
  readonly settings: DoorSettings;
}

/** All of a door but what depends on the moment it is shown at. */
export type StoredDoor = Omit<Door, "beliefTooOld">;

interface DoorRow extends Omit<StoredDoor, "settings" | "mode"> {
  readonly settings: unknown;
  readonly operator: Door["mode"]["operator"];
  readonly lockdown: boolean;
  readonly notAfter: number | null;
  readonly changedAt: number | null;
}

const SELECT_DOOR = `
  select doors.door_id as "doorId", doors.place_id as "placeId", doors.name, doors.controller_id as "controllerId", doors.settings,
    entry.device_id as "entryDeviceId", exit.device_id as "exitDeviceId", controllers.connected_instance is not null as connected,
    controllers.last_heard_at as "lastHeardAt", coalesce(operator, 'none') as operator, coalesce(lockdown, false) as lockdown, not_after as "notAfter", changed_at as "changedAt"
  from doors
  join devices entry on entry.door_id = doors.door_id and entry.side = 'ENTRY'
  left join devices exit on exit.door_id = doors.door_id and exit.side = 'EXIT'
  left join controllers using (controller_id)
  left join door_modes on door_modes.door_id = doors.door_id
  where doors.deleted_at is null`;

function keptDoor({ operator, lockdown, notAfter, changedAt, settings: stored, ...row }: DoorRow): KeptDoor {
  const settings = readDoorSettings(stored);
  return { door: { ...row, settings: settingsResource(settings), mode: { operator, lockdown, notAfter, changedAt } }, settings };
}

export interface SearchedPage extends PageWanted {
  /** A part of a name, or of a device's serial, in any case; null: all. */
  readonly text: string | null;
}

/** In ascending id, with one row more than the page has. */
export async function listDoors(queryable: Queryable, placeId: number, page: SearchedPage): Promise<readonly KeptDoor[]> {
  const rows = await queryable.query<DoorRow>({
    name: "doors-list-native",
    text: `${SELECT_DOOR} and doors.place_id = $1 and doors.door_id > $2 and ($3::text is null or strpos(lower(doors.name), lower($3)) > 0)
      order by doors.door_id limit $4`,
    values: [placeId, page.afterId, page.text, page.limit + 1],
  });
  return rows.map(keptDoor);
}

export async function findDoor(queryable: Queryable, doorId: number): Promise<KeptDoor | null> {
  const text = `${SELECT_DOOR} and doors.door_id = $1`;
  const [row] = await queryable.query<DoorRow>({ name: "doors-find-native", text, values: [doorId] });
  return row === undefined ? null : keptDoor(row);
}

/** The same, and no controller is given it, or taken from it, until the commit. */
export async function lockDoor(transaction: Transaction, doorId: number): Promise<KeptDoor | null> {
  await transaction.query("select 1 from doors where door_id = $1 for no key update", [doorId]);
  return findDoor(transaction, doorId);
}

const SELECT_DEVICE = `
  select device_id as "deviceId", devices.place_id as "placeId", devices.door_id as "doorId", devices.serial, device_type as "deviceType",
    model_name as "modelName", devices.name, description, side, controllers.connected_instance is not null as connected,
    first_connected_at as "firstConnectedAt"
  from devices left join doors using (door_id) left join controllers using (controller_id)`;

/** In ascending id, with one row more than the page has; also those that stand at no door any more. */
export async function listDevices(queryable: Queryable, placeId: number, page: SearchedPage): Promise<readonly Device[]> {
  return queryable.query<Device>({
    name: "devices-list",
    text: `${SELECT_DEVICE} where devices.place_id = $1 and device_id > $2
      and ($3::text is null or strpos(lower(devices.name), lower($3)) > 0 or strpos(devices.serial, $3) > 0) order by device_id limit $4`,
    values: [placeId, page.afterId, page.text, page.limit + 1],
  });
}

export async function findDevice(queryable: Queryable, deviceId: number): Promise<Device | null> {
  const text = `${SELECT_DEVICE} where device_id = $1`;
  const [row] = await queryable.query<Device>({ name: "devices-find", text, values: [deviceId] });
  return row ?? null;
}

/** The same, and nobody else changes it until the commit. */
export async function lockDevice(transaction: Transaction, deviceId: number): Promise<Device | null> {
  await transaction.query("select 1 from devices where device_id = $1 for no key update", [deviceId]);
  return findDevice(transaction, deviceId);
}

export async function updateDevice(transaction: Transaction, device: Device): Promise<void> {
  const { deviceId, name, description, deviceType, modelName } = device;
  await transaction.execute("update devices set name = $2, description = $3, device_type = $4, model_name = $5 where device_id = $1", [
    deviceId,
    name,
    description,
    deviceType,
    modelName,
  ]);
}
