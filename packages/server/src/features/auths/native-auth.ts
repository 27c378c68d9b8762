import type { Auth } from "@postern/contract";
import type { AuthDetails } from "./auth-record.ts";

/** An auth as v2 shows it: PINs and fingerprints never, only that they are there. */
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
    credentials: {
      cards: auth.cards.map(({ cardNumber, formatType, formatData }) =>
        formatData === null ? { cardNumber, formatType } : { cardNumber, formatType, formatData },
      ),
      hasPin: auth.hasPin,
      hasUniquePin: auth.hasUniquePin,
      fingerprintCount: auth.fingerprints.length,
      phone: auth.phone,
      modes: [...auth.modes],
    },
    madeAt: auth.madeAtMs,
    lastModifiedAt: auth.lastModifiedMs,
  };
}
