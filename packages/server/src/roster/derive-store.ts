import type { ConfirmedCredential, DisplayItem, Grant, Holiday, PinVerifier, Schedule } from "@postern/core";
import type { Transaction } from "../platform/database.ts";

type Ids = readonly number[] | "all";

/** Null selects every row: statements say `$2::bigint[] is null or id = any($2)`. */
function idsOrNull(ids: Ids): readonly number[] | null {
  return ids === "all" ? null : ids;
}

export interface PlaceRow {
  readonly place_id: number;
  readonly time_zone: string;
  readonly unique_pin_salt: string;
}

export function readPlaceRow(transaction: Transaction, placeId: number): Promise<PlaceRow[]> {
  return transaction.query({
    name: "derive-place",
    text: "select place_id, time_zone, unique_pin_salt from places where place_id = $1",
    values: [placeId],
  });
}

export interface ScheduleRow {
  readonly schedule_id: number;
  readonly schedule: Schedule;
  /** Of the calendar it names, or null when it names none. */
  readonly holidays: readonly Holiday[] | null;
}

export function readScheduleRows(transaction: Transaction, placeId: number, ids: Ids): Promise<ScheduleRow[]> {
  return transaction.query({
    name: "derive-schedules",
    text: `
      select schedule_id, schedule, holiday_calendars.holidays from schedules left join holiday_calendars using (calendar_id)
      where schedules.place_id = $1 and ($2::bigint[] is null or schedule_id = any($2)) order by schedule_id`,
    values: [placeId, idsOrNull(ids)],
  });
}

export interface DoorRow {
  readonly door_id: number;
  readonly name: string;
  readonly settings: unknown;
  readonly entry_device_id: number;
  readonly exit_device_id: number | null;
  readonly place_id: number;
  /** What the customer's own server is asked about at its place, in ascending order. */
  readonly confirmed: readonly ConfirmedCredential[];
}

/** Of one place, or all doors of many. */
export function readDoorRows(transaction: Transaction, placeIds: readonly number[], ids: Ids): Promise<DoorRow[]> {
  return transaction.query({
    name: "derive-doors",
    text: `
      with confirmed as (
        select place_id, jsonb_agg(credential order by credential) as credentials from place_vendor_apis
        where place_id = any($1) and vendor_api_id is not null and access_type in ('VENDOR', 'MIXED') group by place_id
      )
      select doors.place_id, doors.door_id, doors.name, doors.settings, entry.device_id as entry_device_id, exit.device_id as exit_device_id,
        coalesce(confirmed.credentials, '[]') as confirmed
      from doors
      join devices entry on entry.door_id = doors.door_id and entry.side = 'ENTRY'
      left join devices exit on exit.door_id = doors.door_id and exit.side = 'EXIT'
      left join confirmed on confirmed.place_id = doors.place_id
      where doors.place_id = any($1) and doors.deleted_at is null and ($2::bigint[] is null or doors.door_id = any($2))
      order by doors.place_id, doors.door_id`,
    values: [placeIds, idsOrNull(ids)],
  });
}

export interface ModeRow {
  readonly door_id: number;
  readonly operator: "none" | "locked" | "unlocked";
  readonly lockdown: boolean;
}

/** One row a door: a door without a mode of its own rests. */
export function readModeRows(transaction: Transaction, placeId: number, ids: Ids): Promise<ModeRow[]> {
  return transaction.query({
    name: "derive-modes",
    text: `
      select doors.door_id, coalesce(operator, 'none') as operator, coalesce(lockdown, false) as lockdown
      from doors left join door_modes using (door_id)
      where doors.place_id = $1 and doors.deleted_at is null and ($2::bigint[] is null or doors.door_id = any($2)) order by doors.door_id`,
    values: [placeId, idsOrNull(ids)],
  });
}

export interface AuthRow {
  readonly auth_id: number;
  readonly user_id: number;
  readonly name: string;
  readonly status: "ACTIVE" | "INACTIVE";
  readonly start_at: number;
  readonly end_at: number;
  readonly door_access_type: "ALL_DOOR" | "SPECIFIC";
  readonly door_ids: readonly number[];
  readonly schedule_id: number | null;
  readonly modes: readonly string[];
  readonly card_keys: readonly string[];
  /** Of the groups it belongs to, in the order of their ids. */
  readonly grants: readonly Grant[];
  readonly pin_verifier: PinVerifier | null;
  readonly unique_pin_hash: string | null;
  readonly fingerprints: readonly { readonly mark: string }[];
  readonly faces: readonly { readonly mark: string }[];
}

export function readAuthRows(transaction: Transaction, placeId: number, ids: Ids): Promise<AuthRow[]> {
  return transaction.query({
    name: "derive-auths",
    text: `
      select auth_id, user_id, name, status, start_at, end_at, door_access_type, door_ids, schedule_id, modes, pin_verifier, unique_pin_hash, fingerprints, faces,
        (select coalesce(array_agg(card_key), '{}') from cards where cards.place_id = auths.place_id and cards.auth_id = auths.auth_id) as card_keys,
        (select coalesce(jsonb_agg(granted.value order by members.group_id, granted.ordinality), '[]')
          from access_group_members members join access_groups using (group_id)
          cross join lateral jsonb_array_elements(access_groups.grants) with ordinality granted
          where members.place_id = auths.place_id and members.auth_id = auths.auth_id) as grants
      from auths
      where place_id = $1 and deleted_at is null and ($2::bigint[] is null or auth_id = any($2)) order by auth_id`,
    values: [placeId, idsOrNull(ids)],
  });
}

export interface DisplayRow {
  readonly device_id: number;
  /** The door it stands at; null: none. */
  readonly door_id: number | null;
  /** null: none is shown. */
  readonly message: string | null;
  readonly pictures: DisplayItem["pictures"];
}

/** What devices of a place show, also those that stand at no door any more. */
export function readDisplayRows(transaction: Transaction, placeId: number, deviceIds: Ids): Promise<DisplayRow[]> {
  return transaction.query({
    name: "derive-displays",
    text: `
      select device_id, doors.door_id, case when messages.is_used then messages.message end as message, coalesce(images.pictures, '[]') as pictures
      from (
        select device_id from device_messages where place_id = $1 union select device_id from device_images where place_id = $1
      ) as shown
      join devices using (device_id)
      left join doors on doors.door_id = devices.door_id and doors.deleted_at is null
      left join device_messages messages using (device_id)
      left join lateral (
        select jsonb_agg(jsonb_build_object('type', type, 'key', image_key, 'sha256', encode(sha256, 'hex'), 'mediaType', media_type)
          order by array_position(array['DEFAULT', 'SUCCESS', 'FAILURE', 'UNLOCKED', 'LOCKED'], type)) as pictures
        from device_images where device_images.device_id = devices.device_id
      ) as images on true
      where $2::bigint[] is null or device_id = any($2) order by device_id`,
    values: [placeId, idsOrNull(deviceIds)],
  });
}

export interface QrRow {
  readonly qr_id: number;
  readonly qid: string;
  readonly public_key: string;
  readonly valid_from: number;
  readonly valid_to: number;
  readonly user_id: number;
}

const QR_COLUMNS = "qr_id, qid, public_key, valid_from, valid_to, user_id";

/** Those of a place's group that doors must know: a phone is bound to them, and they have not ended long ago. */
export function readQrRows(transaction: Transaction, placeId: number, ids: Ids): Promise<QrRow[]> {
  return transaction.query({
    name: "derive-qrs",
    text: `
      select ${QR_COLUMNS} from places join dynamic_qrs using (place_group_id)
      where place_id = $1 and public_key is not null and retired_at is null and ($2::bigint[] is null or qr_id = any($2)) order by qr_id`,
    values: [placeId, idsOrNull(ids)],
  });
}

/** The same of these, whatever the place. */
export function readQrRowsOf(transaction: Transaction, qrIds: readonly number[]): Promise<QrRow[]> {
  return transaction.query({
    name: "derive-qrs-of-group",
    text: `select ${QR_COLUMNS} from dynamic_qrs where public_key is not null and retired_at is null and qr_id = any($1) order by qr_id`,
    values: [qrIds],
  });
}
