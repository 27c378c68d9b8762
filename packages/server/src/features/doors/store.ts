import type { DoorsQuery } from "@postern/contract";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { DoorSettings } from "../../roster/door-settings.ts";

export interface DeviceRow {
  readonly deviceId: number;
  readonly serial: string;
  readonly deviceType: string;
  readonly modelName: string;
  readonly name: string;
  readonly description: string;
  readonly side: "ENTRY" | "EXIT";
  readonly firstConnectedAt: number | null;
}

export interface DoorRow {
  readonly doorId: number;
  readonly name: string;
  /** As stored; see `readDoorSettings`. */
  readonly settings: unknown;
  /** Whether the controller that serves the door has a live connection. */
  readonly isConnected: boolean;
  readonly connectedAt: number | null;
  readonly devices: readonly DeviceRow[];
}

export interface DoorsPage {
  /** How many doors match, whatever the page shows. */
  readonly total: number;
  readonly doors: readonly DoorRow[];
}

/** Code points order names alike in every database; equal ones follow their ids. */
const ORDERS = {
  "id,asc": "page.door_id asc",
  "id,desc": "page.door_id desc",
  "name,asc": `lower(page.name) collate "C" asc, page.door_id asc`,
  "name,desc": `lower(page.name) collate "C" desc, page.door_id desc`,
} as const;

const LIST_DOORS = (order: string): string => `
  with matching as (
    select door_id, name, settings, controller_id from doors
    where place_id = $1 and deleted_at is null and ($2::text is null or strpos(lower(name), lower($2)) > 0)
  ), page as (
    select * from matching as page order by ${order} limit $3 offset $4
  ), matched as (
    select count(*) as total from matching
  )
  select matched.total, page.door_id, page.name, page.settings, controllers.connected_instance is not null as is_connected, controllers.connected_at,
    (select coalesce(jsonb_agg(jsonb_build_object('deviceId', device_id, 'serial', serial, 'deviceType', device_type, 'modelName', model_name,
        'name', devices.name, 'description', description, 'side', side, 'firstConnectedAt', first_connected_at) order by device_id), '[]')
      from devices where devices.door_id = page.door_id) as devices
  from matched left join page on true left join controllers using (controller_id)
  order by ${order}`;

interface ListedRow {
  readonly total: number;
  readonly door_id: number | null;
  readonly name: string;
  readonly settings: unknown;
  readonly is_connected: boolean;
  readonly connected_at: number | null;
  readonly devices: readonly DeviceRow[];
}

/** One page of a place's doors and how many there are, of one moment. */
export async function listDoors(queryable: Queryable, placeId: number, query: DoorsQuery): Promise<DoorsPage> {
  const order = `${query.order.by},${query.order.direction}` as const;
  const rows = await queryable.query<ListedRow>({
    name: `doors-list-${order}`,
    text: LIST_DOORS(ORDERS[order]),
    values: [placeId, query.text, query.size, query.page * query.size],
  });
  const doors = rows.flatMap((row) => (row.door_id === null ? [] : [doorRow({ ...row, door_id: row.door_id })]));
  return { total: rows[0]?.total ?? 0, doors };
}

function doorRow(row: ListedRow & { readonly door_id: number }): DoorRow {
  return {
    doorId: row.door_id,
    name: row.name,
    settings: row.settings,
    isConnected: row.is_connected,
    connectedAt: row.connected_at,
    devices: row.devices,
  };
}

export interface NewDevice {
  readonly deviceId: number;
  readonly serial: string;
  readonly deviceType: string;
  readonly modelName: string;
  readonly name: string;
  readonly side: "ENTRY" | "EXIT";
}

export interface NewDoor {
  readonly placeId: number;
  readonly doorId: number;
  readonly controllerId: number;
  readonly name: string;
  readonly settings: DoorSettings;
  readonly devices: readonly NewDevice[];
  readonly madeAtMs: number;
}

/** Writes a door and its devices. */
export async function insertDoor(transaction: Transaction, door: NewDoor): Promise<void> {
  const { placeId, doorId, controllerId, name, settings, devices, madeAtMs } = door;
  await transaction.execute(
    "insert into doors(door_id, place_id, controller_id, name, settings, made_at) values ($1, $2, $3, $4, $5, $6)",
    [doorId, placeId, controllerId, name, JSON.stringify(settings), madeAtMs],
  );
  const column = <Value>(pick: (device: NewDevice) => Value): Value[] => devices.map(pick);
  await transaction.execute(
    `insert into devices(device_id, place_id, door_id, serial, device_type, model_name, name, side)
     select device_id, $1, $2, serial, device_type, model_name, name, side
     from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) as device(device_id, serial, device_type, model_name, name, side)`,
    [
      placeId,
      doorId,
      column((device) => device.deviceId),
      column((device) => device.serial),
      column((device) => device.deviceType),
      column((device) => device.modelName),
      column((device) => device.name),
      column((device) => device.side),
    ],
  );
}
