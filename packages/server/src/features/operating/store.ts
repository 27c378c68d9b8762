import type { DoorCommand, DoorModeResource } from "@postern/contract";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";

export interface OperatedDoor {
  readonly doorId: number;
  readonly placeId: number;
  readonly deviceId: number;
  readonly controllerId: number | null;
  /** Whether its controller has a live connection. */
  readonly isConnected: boolean;
}

export async function findDoor(queryable: Queryable, doorId: number): Promise<OperatedDoor | null> {
  const [row] = await queryable.query<OperatedDoor>({
    name: "operating-find-door",
    text: `
      select door_id as "doorId", doors.place_id as "placeId", controller_id as "controllerId", connected_instance is not null as "isConnected",
        coalesce((select device_id from devices where devices.door_id = doors.door_id and side = 'ENTRY'), 0) as "deviceId"
      from doors left join controllers using (controller_id) where door_id = $1 and doors.deleted_at is null`,
    values: [doorId],
  });
  return row ?? null;
}

export interface OperatedDevice {
  readonly deviceId: number;
  readonly placeId: number;
  /** The door it stands at, where it stands at one. */
  readonly door: OperatedDoor | null;
}

export async function findDevice(queryable: Queryable, deviceId: number): Promise<OperatedDevice | null> {
  const [row] = await queryable.query<{ placeId: number; doorId: number | null }>({
    name: "operating-find-device",
    text: `select place_id as "placeId", door_id as "doorId" from devices where device_id = $1`,
    values: [deviceId],
  });
  if (row === undefined) return null;
  return { deviceId, placeId: row.placeId, door: row.doorId === null ? null : await findDoor(queryable, row.doorId) };
}

/** Those of the doors that stand in the place, in ascending order; `all` for every one. */
export async function findDoorIds(queryable: Queryable, placeId: number, doors: "all" | readonly number[]): Promise<readonly number[]> {
  const rows = await queryable.query<{ door_id: number }>({
    name: "operating-find-door-ids",
    text: "select door_id from doors where place_id = $1 and deleted_at is null and ($2::bigint[] is null or door_id = any($2)) order by door_id",
    values: [placeId, doors === "all" ? null : doors],
  });
  return rows.map((row) => row.door_id);
}

export type OperatorMode = DoorModeResource["operator"];

export async function writeOperatorMode(
  transaction: Transaction,
  door: { readonly doorId: number; readonly placeId: number },
  mode: { readonly operator: OperatorMode; readonly notAfterMs: number | null; readonly nowMs: number },
): Promise<void> {
  await transaction.query({
    name: "operating-write-mode",
    text: `
      insert into door_modes(door_id, place_id, operator, not_after, changed_at) values ($1, $2, $3, $4, $5)
      on conflict (door_id) do update set operator = excluded.operator, not_after = excluded.not_after, changed_at = excluded.changed_at`,
    values: [door.doorId, door.placeId, mode.operator, mode.notAfterMs, mode.nowMs],
  });
}

export async function writeLockdown(
  transaction: Transaction,
  placeId: number,
  { doorIds, isOn, nowMs }: { readonly doorIds: readonly number[]; readonly isOn: boolean; readonly nowMs: number },
): Promise<void> {
  await transaction.query({
    name: "operating-write-lockdown",
    text: `
      insert into door_modes(door_id, place_id, lockdown, changed_at) select door_id, $1, $3, $4 from unnest($2::bigint[]) as door(door_id)
      on conflict (door_id) do update set lockdown = excluded.lockdown, changed_at = excluded.changed_at`,
    values: [placeId, doorIds, isOn, nowMs],
  });
}

export async function readMode(queryable: Queryable, doorId: number): Promise<DoorModeResource> {
  const [row] = await queryable.query<DoorModeResource>({
    name: "operating-read-mode",
    text: `select operator, lockdown, not_after as "notAfter", changed_at as "changedAt" from door_modes where door_id = $1`,
    values: [doorId],
  });
  return row ?? { operator: "none", lockdown: false, notAfter: null, changedAt: null };
}

export async function readLockedDown(
  queryable: Queryable,
  placeId: number,
): Promise<{ readonly doorIds: readonly number[]; readonly isWhole: boolean }> {
  const [row] = await queryable.query<{ doorIds: number[]; isWhole: boolean }>({
    name: "operating-read-lockdown",
    text: `
      select coalesce(array_agg(door_id order by door_id) filter (where lockdown), '{}') as "doorIds", coalesce(bool_and(coalesce(lockdown, false)), false) as "isWhole"
      from doors left join door_modes using (door_id) where doors.place_id = $1 and doors.deleted_at is null`,
    values: [placeId],
  });
  return row ?? { doorIds: [], isWhole: false };
}

export interface UnconfirmedMode {
  readonly doorId: number;
  readonly placeId: number;
  readonly placeGroupId: number;
  readonly isConfirmed: boolean;
}

/** Unlocking modes whose time to be confirmed is over, and whether the door's controller has confirmed them. */
export async function readModesDue(queryable: Queryable, nowMs: number): Promise<readonly UnconfirmedMode[]> {
  return queryable.query<UnconfirmedMode>({
    name: "operating-modes-due",
    text: `
      select door_modes.door_id as "doorId", door_modes.place_id as "placeId", place_group_id as "placeGroupId",
        coalesce(controllers.urgent_revision >= items.revision, false) as "isConfirmed"
      from door_modes join doors using (door_id) join places on places.place_id = door_modes.place_id
      left join controllers using (controller_id)
      left join roster_items items on items.place_id = door_modes.place_id and items.item_key = 'mode:' || door_modes.door_id
      where operator = 'unlocked' and not_after is not null and not_after < $1 order by door_modes.door_id limit 100`,
    values: [nowMs],
  });
}

/** A mode that was confirmed in time stays until somebody ends it. False: somebody changed it meanwhile. */
export async function keepMode(queryable: Queryable, doorId: number, nowMs: number): Promise<boolean> {
  const text = "update door_modes set not_after = null where door_id = $1 and not_after < $2";
  return (await queryable.execute(text, [doorId, nowMs])) > 0;
}

/** Locks the mode while it is still the one whose time is over. */
export async function lockModeDue(transaction: Transaction, doorId: number, nowMs: number): Promise<boolean> {
  const text = "select 1 from door_modes where door_id = $1 and operator = 'unlocked' and not_after < $2 for update";
  return (await transaction.query(text, [doorId, nowMs])).length > 0;
}

/** As it stands in the table, where one for later waits like any other. */
export type CommandRow = Omit<DoorCommand, "card" | "state"> & {
  readonly state: Exclude<DoorCommand["state"], "scheduled">;
  readonly result: { readonly card?: DoorCommand["card"] } | null;
};

const COMMAND_COLUMNS = `
  command_id as "commandId", place_id as "placeId", door_id as "doorId", device_id as "deviceId", command, state, reason, result, asked_by as "askedBy",
  act_at as "actAt", not_after as "notAfter", made_at as "madeAt", sent_at as "sentAt", ended_at as "endedAt", relay_on_at as "relayOnAt", relay_off_at as "relayOffAt"`;

/** Forgets the cards that were learnt before this time. */
export async function dropLearntCards(queryable: Queryable, beforeMs: number): Promise<number> {
  return queryable.execute("update door_commands set result = null where result is not null and ended_at < $1", [beforeMs]);
}

export async function readCommandRow(queryable: Queryable, commandId: number): Promise<CommandRow | null> {
  const [row] = await queryable.query<CommandRow>({
    name: "operating-read-command",
    text: `select ${COMMAND_COLUMNS} from door_commands where command_id = $1`,
    values: [commandId],
  });
  return row ?? null;
}

export interface CommandsWanted extends PageWanted {
  readonly isOpen: boolean;
}

/** What was asked of a door, in the order of asking, with one row more than the page has. */
export async function listCommandRows(
  queryable: Queryable,
  { placeId, doorId }: Pick<OperatedDoor, "placeId" | "doorId">,
  { afterId, limit, isOpen }: CommandsWanted,
): Promise<readonly CommandRow[]> {
  return queryable.query<CommandRow>({
    name: "operating-list-commands",
    text: `select ${COMMAND_COLUMNS} from door_commands where place_id = $1 and door_id = $2 and command_id > $3
      and ($4::boolean is false or state in ('waiting', 'sent')) order by command_id limit $5`,
    values: [placeId, doorId, afterId, isOpen, limit + 1],
  });
}

/** Ends a command of a door that was not sent yet. False: it was, or has ended, or is for a device. */
export async function cancelCommand(transaction: Transaction, commandId: number, nowMs: number): Promise<boolean> {
  const text = `update door_commands set state = 'cancelled', reason = 'command_cancelled', ended_at = $2
    where command_id = $1 and state = 'waiting' and device_id is null`;
  return (await transaction.execute(text, [commandId, nowMs])) > 0;
}

export interface DueOrder {
  readonly commandId: number;
  readonly command: "ALWAYS_OPEN" | "ALWAYS_CLOSE" | "RELEASE_MANUAL_MODE";
  readonly doorId: number;
  readonly placeId: number;
  readonly placeGroupId: number;
}

/** Modes that were asked for by this time. */
export async function readOrdersDue(queryable: Queryable, nowMs: number): Promise<readonly DueOrder[]> {
  return queryable.query<DueOrder>({
    name: "operating-orders-due",
    text: `
      select command_id as "commandId", command, door_id as "doorId", place_id as "placeId", place_group_id as "placeGroupId"
      from door_commands join places using (place_id)
      where state = 'waiting' and command in ('ALWAYS_OPEN', 'ALWAYS_CLOSE', 'RELEASE_MANUAL_MODE') and act_at <= $1 and not_after >= $1
      order by act_at, command_id limit 100`,
    values: [nowMs],
  });
}

/** Notes that what was asked for is done, in its transaction. False: somebody else did it, or took it back. */
export async function endOrder(transaction: Transaction, commandId: number, nowMs: number): Promise<boolean> {
  const text = "update door_commands set state = 'done', sent_at = $2, ended_at = $2 where command_id = $1 and state = 'waiting'";
  return (await transaction.execute(text, [commandId, nowMs])) > 0;
}
