import type { Clock } from "@postern/core";
import type { Database } from "../../platform/database.ts";
import { deriveRoster } from "../../roster/derive-roster.ts";
import { lockRoster } from "../../roster/roster-store.ts";
import { endTemplates, endUnconsented, placesWithEnded, placesWithEndedConsent } from "./end-biometrics-store.ts";
import { BIOMETRICS_ENDED_AT_ONCE_MAX, BIOMETRICS_KEPT_MS } from "./limits.ts";

/** Ends the templates of faces and fingers of rights that ended 30 days ago, here and at the doors (design §11). What is left is ended the next time. */
export async function endBiometrics({ database, clock }: { readonly database: Database; readonly clock: Clock }): Promise<void> {
  const nowMs = clock.nowMs();
  const endedBeforeMs = nowMs - BIOMETRICS_KEPT_MS;
  for (const placeId of await placesWithEnded(database, endedBeforeMs, BIOMETRICS_ENDED_AT_ONCE_MAX)) {
    await database.transaction(async (tx) => {
      await lockRoster(tx, placeId);
      const auths = await endTemplates(tx, placeId, endedBeforeMs, BIOMETRICS_ENDED_AT_ONCE_MAX);
      if (auths.length > 0) await deriveRoster(tx, placeId, { touched: { auths }, nowMs });
    });
  }
}

/** Ends the faces whose consent has ended, here and at the doors. */
export async function endConsents({ database, clock }: { readonly database: Database; readonly clock: Clock }): Promise<void> {
  const nowMs = clock.nowMs();
  for (const placeId of await placesWithEndedConsent(database, nowMs, BIOMETRICS_ENDED_AT_ONCE_MAX)) {
    await database.transaction(async (tx) => {
      await lockRoster(tx, placeId);
      const auths = await endUnconsented(tx, placeId, nowMs, BIOMETRICS_ENDED_AT_ONCE_MAX);
      if (auths.length > 0) await deriveRoster(tx, placeId, { touched: { auths }, nowMs });
    });
  }
}
