import type { AuthItem } from "@postern/core";
import { toAuthItem } from "../../roster/derive-roster.ts";
import { type AuthRecord, modesOf } from "./auth-record.ts";
import type { Secrets } from "./secrets.ts";
import type { AuthIds } from "./store.ts";

/** What the doors hold of a new auth without groups, as if it had been read from its row: an enrolment then asks the database for nothing more. */
export function newAuthItem(
  ids: AuthIds,
  record: AuthRecord,
  { cardKeys, secrets }: { readonly cardKeys: readonly string[]; readonly secrets: Secrets },
): AuthItem {
  return toAuthItem({
    auth_id: ids.authId,
    user_id: ids.userId,
    name: record.name,
    status: record.status,
    start_at: record.startMs,
    end_at: record.endMs,
    door_access_type: record.doors === "all" ? "ALL_DOOR" : "SPECIFIC",
    door_ids: record.doors === "all" ? [] : record.doors,
    schedule_id: record.scheduleId,
    modes: modesOf(record),
    card_keys: cardKeys,
    grants: [],
    pin_verifier: secrets.pin?.verifier ?? null,
    unique_pin_hash: secrets.uniquePin?.hash ?? null,
    fingerprints: record.fingerprints,
    faces: record.faces,
  });
}
