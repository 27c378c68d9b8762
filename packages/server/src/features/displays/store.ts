import type { DisplayImageName } from "@postern/contract";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { FittedPicture } from "./fit-picture.ts";

export interface DisplayDevice {
  readonly deviceId: number;
  readonly placeId: number;
  readonly deviceType: string;
  readonly modelName: string;
}

export async function findDevice(queryable: Queryable, deviceId: number): Promise<DisplayDevice | null> {
  const [row] = await queryable.query<DisplayDevice>({
    name: "displays-find-device",
    text: `select device_id as "deviceId", place_id as "placeId", device_type as "deviceType", model_name as "modelName" from devices where device_id = $1`,
    values: [deviceId],
  });
  return row ?? null;
}

export interface KeptMessage {
  readonly text: string;
  readonly isUsed: boolean;
  readonly changedAt: number;
}

export async function readMessage(queryable: Queryable, deviceId: number): Promise<KeptMessage | null> {
  const [row] = await queryable.query<KeptMessage>({
    name: "displays-read-message",
    text: `select message as text, is_used as "isUsed", changed_at as "changedAt" from device_messages where device_id = $1`,
    values: [deviceId],
  });
  return row ?? null;
}

export async function writeMessage(
  transaction: Transaction,
  { deviceId, placeId }: DisplayDevice,
  { text, isUsed, changedAt }: KeptMessage,
): Promise<void> {
  await transaction.query({
    name: "displays-write-message",
    text: `
      insert into device_messages(device_id, place_id, message, is_used, changed_at) values ($1, $2, $3, $4, $5)
      on conflict (device_id) do update set message = excluded.message, is_used = excluded.is_used, changed_at = excluded.changed_at`,
    values: [deviceId, placeId, text, isUsed, changedAt],
  });
}

/** False: there was none. */
export async function deleteMessage(transaction: Transaction, deviceId: number): Promise<boolean> {
  return (await transaction.execute("delete from device_messages where device_id = $1", [deviceId])) > 0;
}

/** All of a picture but its bytes. */
export interface KeptImage {
  readonly imageId: number;
  readonly type: DisplayImageName;
  readonly fileName: string;
  readonly key: string;
  readonly mediaType: FittedPicture["mediaType"];
  readonly width: number;
  readonly height: number;
  readonly byteCount: number;
  readonly changedAt: number;
}

export async function readImages(queryable: Queryable, deviceId: number): Promise<readonly KeptImage[]> {
  return queryable.query<KeptImage>({
    name: "displays-read-images",
    text: `
      select image_id as "imageId", type, file_name as "fileName", image_key as key, media_type as "mediaType", width, height,
        octet_length(bytes) as "byteCount", changed_at as "changedAt"
      from device_images where device_id = $1 order by type`,
    values: [deviceId],
  });
}

export interface NewImage {
  readonly type: DisplayImageName;
  readonly fileName: string;
  readonly key: string;
  readonly sha256: Uint8Array;
  readonly picture: FittedPicture;
  readonly changedAt: number;
}

/** In place of what was there. */
export async function writeImage(transaction: Transaction, { deviceId, placeId }: DisplayDevice, image: NewImage): Promise<void> {
  const { type, fileName, key, sha256, picture, changedAt } = image;
  await transaction.query({
    name: "displays-write-image",
    text: `
      insert into device_images(image_id, place_id, device_id, type, file_name, image_key, media_type, width, height, sha256, bytes, changed_at)
      values (nextval('device_image_ids'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
      on conflict (device_id, type) do update set image_id = excluded.image_id, file_name = excluded.file_name, image_key = excluded.image_key,
        media_type = excluded.media_type, width = excluded.width, height = excluded.height, sha256 = excluded.sha256, bytes = excluded.bytes,
        changed_at = excluded.changed_at`,
    values: [
      ...[placeId, deviceId, type, fileName, key, picture.mediaType, picture.width, picture.height],
      ...[sha256, picture.bytes, changedAt],
    ],
  });
}

/** False: there was none. */
export async function deleteImage(transaction: Transaction, deviceId: number, type: DisplayImageName): Promise<boolean> {
  return (await transaction.execute("delete from device_images where device_id = $1 and type = $2", [deviceId, type])) > 0;
}

export async function readPicture(
  queryable: Queryable,
  key: string,
): Promise<{ readonly mediaType: FittedPicture["mediaType"]; readonly bytes: Uint8Array } | null> {
  const [row] = await queryable.query<{ mediaType: FittedPicture["mediaType"]; bytes: Uint8Array }>({
    name: "displays-read-picture",
    text: `select media_type as "mediaType", bytes from device_images where image_key = $1`,
    values: [key],
  });
  return row ?? null;
}
