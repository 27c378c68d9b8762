import type { FaceMatchableDevice } from "@postern/contract";
import type { Queryable } from "../../platform/database.ts";

/** The devices that stand at a door whose controller has a live connection. */
export async function matchableDevices(queryable: Queryable, placeId: number): Promise<readonly FaceMatchableDevice[]> {
  return queryable.query<FaceMatchableDevice>({
    name: "faces-matchable",
    text: `
      select device_id as "deviceId", devices.name as "deviceName", devices.serial as "deviceSerial", device_type as "deviceType"
      from devices join doors using (door_id) join controllers using (controller_id)
      where devices.place_id = $1 and doors.deleted_at is null and connected_instance is not null order by device_id`,
    values: [placeId],
  });
}

export interface MatchingDevice {
  readonly deviceId: number;
  readonly placeId: number;
  /** null: it stands at no door. */
  readonly doorId: number | null;
  readonly isConnected: boolean;
}

export async function findDevice(queryable: Queryable, deviceId: number): Promise<MatchingDevice | null> {
  const [row] = await queryable.query<MatchingDevice>({
    name: "faces-find-device",
    text: `
      select device_id as "deviceId", devices.place_id as "placeId", doors.door_id as "doorId", connected_instance is not null as "isConnected"
      from devices left join doors on doors.door_id = devices.door_id and doors.deleted_at is null left join controllers using (controller_id)
      where device_id = $1`,
    values: [deviceId],
  });
  return row ?? null;
}

export interface MatchTask {
  readonly taskUuid: string;
  readonly placeId: number;
  readonly deviceId: number;
  readonly authIds: readonly number[];
  readonly madeAtMs: number;
}

/** Keeps what was found, and forgets what was found before. */
export async function insertTask(
  queryable: Queryable,
  task: MatchTask,
  { forgottenToMs }: { readonly forgottenToMs: number },
): Promise<void> {
  await queryable.query({
    name: "faces-insert-task",
    text: `
      with forgotten as (delete from face_matches where made_at <= $6)
      insert into face_matches(task_uuid, place_id, device_id, duplicated_auth_ids, made_at) values ($1, $2, $3, $4, $5)`,
    values: [task.taskUuid, task.placeId, task.deviceId, task.authIds, task.madeAtMs, forgottenToMs],
  });
}

/** null: there is none, or its time is over. */
export async function findTask(
  queryable: Queryable,
  taskUuid: string,
  { forgottenToMs }: { readonly forgottenToMs: number },
): Promise<MatchTask | null> {
  const [row] = await queryable.query<MatchTask>({
    name: "faces-find-task",
    text: `
      select task_uuid as "taskUuid", place_id as "placeId", device_id as "deviceId", duplicated_auth_ids as "authIds", made_at as "madeAtMs"
      from face_matches where task_uuid = $1::uuid and made_at > $2`,
    values: [taskUuid, forgottenToMs],
  });
  return row ?? null;
}
