import type { Schedule } from "@postern/core";
import type { Queryable, Transaction } from "../../platform/database.ts";

export interface NewPlace {
  readonly placeGroupId: number;
  readonly placeId: number;
  readonly name: string;
  readonly timeZone: string;
  readonly madeAtMs: number;
}

/** Writes a place group and its place. Null when the group is there already, made by this server or by another that started beside it. */
export async function insertPlace(transaction: Transaction, place: NewPlace): Promise<{ readonly uniquePinSalt: string } | null> {
  const { placeGroupId, placeId, name, timeZone, madeAtMs } = place;
  const count = await transaction.execute(
    "insert into place_groups(place_group_id, name, made_at) values ($1, $2, $3) on conflict (place_group_id) do nothing",
    [placeGroupId, name, madeAtMs],
  );
  if (count === 0) return null;
  const [row] = await transaction.query<{ uniquePinSalt: string }>(
    `insert into places(place_id, place_group_id, name, time_zone, made_at) values ($1, $2, $3, $4, $5) returning unique_pin_salt as "uniquePinSalt"`,
    [placeId, placeGroupId, name, timeZone, madeAtMs],
  );
  return row ?? null;
}

export interface NewController {
  readonly placeId: number;
  readonly controllerId: number;
  readonly serial: string;
  readonly name: string;
  readonly madeAtMs: number;
}

export async function insertController(transaction: Transaction, controller: NewController): Promise<void> {
  const { placeId, controllerId, serial, name, madeAtMs } = controller;
  await transaction.execute("insert into controllers(controller_id, place_id, serial, name, made_at) values ($1, $2, $3, $4, $5)", [
    controllerId,
    placeId,
    serial,
    name,
    madeAtMs,
  ]);
}

export async function insertSchedule(
  transaction: Transaction,
  schedule: { readonly placeId: number; readonly scheduleId: number; readonly name: string; readonly schedule: Schedule },
): Promise<void> {
  await transaction.execute("insert into schedules(schedule_id, place_id, name, schedule) values ($1, $2, $3, $4)", [
    schedule.scheduleId,
    schedule.placeId,
    schedule.name,
    JSON.stringify(schedule.schedule),
  ]);
}

export async function hasPlace(queryable: Queryable): Promise<boolean> {
  const [row] = await queryable.query<{ found: boolean }>("select exists (select from places) as found");
  return row?.found === true;
}

/** The zone of a place, or null when there is no such place. */
export async function findTimeZone(queryable: Queryable, placeId: number): Promise<string | null> {
  const [row] = await queryable.query<{ time_zone: string }>("select time_zone from places where place_id = $1", [placeId]);
  return row?.time_zone ?? null;
}
