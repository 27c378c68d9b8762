import { join } from "node:path";
import type { Log } from "@postern/core";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import type { Database } from "../../platform/database.ts";
import { KeptApart } from "../../platform/kept-apart.ts";
import { platformError } from "../../platform/platform-errors.ts";
import { ENDED_KEYS_BATCH_MAX } from "./limits.ts";
import { loseAgain } from "./store.ts";

export const ENDED_KEYS_FILE = "ended-controller-keys.jsonl";

const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const EndedKey = Type.Object({
  serial: Type.String({ minLength: 1, maxLength: 64 }),
  /** When the key was registered: tells it from one that was registered since. */
  claimedAt: Time,
  endedAt: Time,
});
export type EndedKey = Static<typeof EndedKey>;

const line = Compile(EndedKey);

/**
 * Which keys of controllers were ended by a loss, a deletion or another claim, apart from the database, which a backup may bring back from a time when
 * they were good: a stolen controller must not be let in by it.
 */
export type EndedKeysLog = KeptApart<EndedKey>;

/** Keeps it when a key has ended; nothing for a controller that had none. */
export type KeepEndedKey = (ended: {
  readonly serial: string;
  readonly claimedAt: number | null;
  readonly endedAt: number;
}) => Promise<void>;

/** Fails with `revocations_unusable` where the file cannot be read whole. */
export function openEndedKeys(dataDir: string): Promise<EndedKeysLog> {
  return KeptApart.open<EndedKey>({
    path: join(dataDir, ENDED_KEYS_FILE),
    nameOf: ({ serial, claimedAt }) => `${serial} ${claimedAt}`,
    readEntry: (value) => (line.Check(value) ? { serial: value.serial, claimedAt: value.claimedAt, endedAt: value.endedAt } : null),
    unusable: (detail, cause) => platformError("revocations_unusable", { detail, cause }),
  });
}

/** Before anybody can connect: controllers whose ended keys a backup brought back are lost, until somebody claims them anew. */
export async function replayEndedKeys({
  database,
  endedKeys,
  log,
}: {
  readonly database: Database;
  readonly endedKeys: EndedKeysLog;
  readonly log: Log;
}): Promise<void> {
  const { entries } = endedKeys;
  for (let from = 0; from < entries.length; from += ENDED_KEYS_BATCH_MAX)
    for (const serial of await loseAgain(database, entries.slice(from, from + ENDED_KEYS_BATCH_MAX)))
      log.warn("controllers.lost_again", { serial });
}
