import type { ClueCard, Consent } from "@postern/contract";
import type { FaceRecord } from "../../platform/faces/prove-faces.ts";
import type { DoorName, FingerprintRecord, KeptAuth } from "./auth-record.ts";

/** Of `auths` joined with the user's `key`: everything that may be shown, and of secrets that they are there. */
export const AUTH_COLUMNS = `
  place_id, auth_id, user_id, key, auths.made_at, last_modified_at, name, status, start_at, end_at, door_access_type, door_ids, schedule_id, modes_asked, phone, cards,
  fingerprints, faces, face_consent, pin_verifier is not null as has_pin, unique_pin_hash is not null as has_unique_pin,
  array(select group_id from access_group_members members where members.place_id = auths.place_id and members.auth_id = auths.auth_id order by group_id) as group_ids,
  (select coalesce(jsonb_agg(jsonb_build_object('doorId', door_id, 'doorName', name) order by door_id), '[]')
    from doors where doors.place_id = auths.place_id and door_id = any(door_ids)) as doors`;

export interface AuthRow {
  readonly place_id: number;
  readonly auth_id: number;
  readonly user_id: number;
  readonly key: string;
  readonly made_at: number;
  readonly last_modified_at: number;
  readonly name: string;
  readonly status: "ACTIVE" | "INACTIVE";
  readonly start_at: number;
  readonly end_at: number;
  readonly door_access_type: "ALL_DOOR" | "SPECIFIC";
  readonly door_ids: number[];
  readonly schedule_id: number | null;
  readonly modes_asked: string[] | null;
  readonly phone: string | null;
  readonly cards: ClueCard[];
  readonly fingerprints: FingerprintRecord[];
  readonly faces: FaceRecord[];
  readonly face_consent: Consent | null;
  readonly has_pin: boolean;
  readonly has_unique_pin: boolean;
  readonly group_ids: number[];
  readonly doors: readonly DoorName[];
}

export function keptAuth(row: AuthRow): KeptAuth {
  return {
    placeId: row.place_id,
    authId: row.auth_id,
    userId: row.user_id,
    userKey: row.key,
    madeAtMs: row.made_at,
    lastModifiedMs: row.last_modified_at,
    record: {
      name: row.name,
      status: row.status,
      startMs: row.start_at,
      endMs: row.end_at,
      doors: row.door_access_type === "ALL_DOOR" ? "all" : row.door_ids,
      scheduleId: row.schedule_id,
      groupIds: row.group_ids,
      modesAsked: row.modes_asked,
      phone: row.phone,
      cards: row.cards,
      fingerprints: row.fingerprints,
      faces: row.faces,
      faceConsent: row.face_consent,
      hasPin: row.has_pin,
      hasUniquePin: row.has_unique_pin,
    },
  };
}
