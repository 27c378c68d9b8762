import type { Clock, Log } from "@postern/core";
import type { Database } from "../../platform/database.ts";
import type { PersonKeys } from "../../platform/person-keys/person-keys.ts";
import { erasePerson } from "./erase.ts";
import { type ErasedPerson, findReturned, listErasures } from "./erase-store.ts";
import type { ErasureLog } from "./erasure-log.ts";
import { ERASURES_BATCH_MAX } from "./limits.ts";

export interface ReplayDeps {
  readonly database: Database;
  readonly personKeys: Pick<PersonKeys, "destroy">;
  readonly erasures: ErasureLog;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Before anybody can connect: erases again whom a backup brought back, and keeps apart what other servers of the same database, or this one before it
 * died, had erased.
 */
export async function replayErasures(deps: ReplayDeps): Promise<void> {
  const { people } = deps.erasures;
  for (let from = 0; from < people.length; from += ERASURES_BATCH_MAX)
    await eraseReturned(deps, people.slice(from, from + ERASURES_BATCH_MAX));
  for (let afterId: number | undefined = 0; afterId !== undefined; ) {
    const erased: readonly ErasedPerson[] = await listErasures(deps.database, afterId, ERASURES_BATCH_MAX);
    await deps.erasures.keep(erased);
    afterId = erased.at(-1)?.userId;
  }
}

async function eraseReturned({ database, personKeys, clock, log }: ReplayDeps, people: readonly ErasedPerson[]): Promise<void> {
  for (const { userId } of await findReturned(database, people)) {
    const request = { userId, by: { keyId: null, source: "SYSTEM" }, nowMs: clock.nowMs(), judge: () => undefined } as const;
    await database.transaction((tx) => erasePerson(tx, request, personKeys));
    log.warn("people.erased_again", { userId });
  }
}
