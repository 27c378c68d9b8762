import type { Clock } from "@postern/core";
import type { Database } from "../../platform/database.ts";
import { publishQrs } from "../../roster/publish-qrs.ts";
import { ENDED_KEPT_MS, RETIRED_AFTER_MS, RETIRED_AT_ONCE_MAX } from "./limits.ts";
import { dropEndedQrs, groupsToRetire, retireQrs, shareGroup } from "./store.ts";

/** Takes dynamic QRs that have ended from the doors, some at a time, and forgets those that ended long ago. */
export async function retireEndedQrs({ database, clock }: { readonly database: Database; readonly clock: Clock }): Promise<void> {
  const nowMs = clock.nowMs();
  const endedBeforeMs = nowMs - RETIRED_AFTER_MS;
  for (const placeGroupId of await groupsToRetire(database, endedBeforeMs))
    await database.transaction(async (tx) => {
      if (!(await shareGroup(tx, placeGroupId))) return;
      await publishQrs(tx, placeGroupId, await retireQrs(tx, placeGroupId, { endedBeforeMs, nowMs, countMax: RETIRED_AT_ONCE_MAX }));
    });
  await dropEndedQrs(database, nowMs - ENDED_KEPT_MS);
}
