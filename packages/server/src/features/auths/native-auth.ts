import type { Auth } from "@postern/contract";
import type { Queryable } from "../../platform/database.ts";
import { type AuthDetails, authDetails } from "./auth-record.ts";
import { authsOfUser } from "./store.ts";

/** Every auth that a person has or had at these places, as v2 shows it; `placeIds` null: everywhere. */
export async function authsOfPerson(
  database: Queryable,
  userId: number,
  placeIds: readonly number[] | null,
): Promise<(Auth & { readonly deletedAt: number | null })[]> {
  const auths = await authsOfUser(database, userId, placeIds);
  return auths.map(({ kept, doors, deletedAtMs }) => ({ ...nativeAuth(authDetails(kept, doors)), deletedAt: deletedAtMs }));
}

/** An auth as v2 shows it: PINs, fingerprints and faces never, only that they are there. */
export function nativeAuth(auth: AuthDetails): Auth {
  return {
    authId: auth.authId,
    placeId: auth.placeId,
    userId: auth.userId,
    userKey: auth.userKey,
    name: auth.name,
    status: auth.status,
    startAt: auth.startMs,
    endAt: auth.endMs,
    doors: auth.doors === "all" ? auth.doors : auth.doors.map((door) => door.doorId),
    scheduleId: auth.scheduleId,
    groupIds: [...auth.groupIds],
    faceConsent: auth.faceConsent,
    credentials: {
      cards: auth.cards.map(({ cardNumber, formatType, formatData }) =>
        formatData === null ? { cardNumber, formatType } : { cardNumber, formatType, formatData },
      ),
      hasPin: auth.hasPin,
      hasUniquePin: auth.hasUniquePin,
      fingerprintCount: auth.fingerprints.length,
      faceCount: auth.faceCount,
      phone: auth.phone,
      modes: [...auth.modes],
    },
    madeAt: auth.madeAtMs,
    lastModifiedAt: auth.lastModifiedMs,
  };
}
