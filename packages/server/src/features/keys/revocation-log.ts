import { join } from "node:path";
import type { Log } from "@postern/core";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import type { Database } from "../../platform/database.ts";
import { KeptApart } from "../../platform/kept-apart.ts";
import { platformError } from "../../platform/platform-errors.ts";
import { REVOCATIONS_BATCH_MAX } from "./limits.ts";
import { cancelCommandsOf, listRevoked, revokeAgain } from "./store.ts";

export const REVOKED_KEYS_FILE = "revoked-keys.jsonl";

const RevokedKey = Type.Object({
  keyId: Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" }),
  revokedAt: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
});
export type RevokedKey = Static<typeof RevokedKey>;

const line = Compile(RevokedKey);

/** Which keys of the API were revoked, apart from the database, which a backup may bring back from a time when they were good. By their ids alone. */
export type RevocationLog = KeptApart<RevokedKey>;

/** Fails with `revocations_unusable` where the file cannot be read whole: keys may come back that it names. */
export function openRevocationLog(dataDir: string): Promise<RevocationLog> {
  return KeptApart.open<RevokedKey>({
    path: join(dataDir, REVOKED_KEYS_FILE),
    nameOf: ({ keyId }) => keyId,
    readEntry: (value) => (line.Check(value) ? { keyId: value.keyId, revokedAt: value.revokedAt } : null),
    unusable: (detail, cause) => platformError("revocations_unusable", { detail, cause }),
  });
}

/**
 * Before anybody can connect: revokes again what a backup brought back, and keeps apart what other servers of the same database, or this one before it
 * died, had revoked.
 */
export async function replayRevocations({
  database,
  revocations,
  log,
}: {
  readonly database: Database;
  readonly revocations: RevocationLog;
  readonly log: Log;
}): Promise<void> {
  const { entries } = revocations;
  for (let from = 0; from < entries.length; from += REVOCATIONS_BATCH_MAX)
    await revokeThese(database, entries.slice(from, from + REVOCATIONS_BATCH_MAX), log);
  for (let afterId: string | undefined = ""; afterId !== undefined; ) {
    const revoked: readonly RevokedKey[] = await listRevoked(database, afterId, REVOCATIONS_BATCH_MAX);
    await revocations.keep(revoked);
    afterId = revoked.at(-1)?.keyId;
  }
}

async function revokeThese(database: Database, entries: readonly RevokedKey[], log: Log): Promise<void> {
  const again = await revokeAgain(database, entries);
  for (const keyId of again) log.warn("keys.revoked_again", { keyId });
  // What they asked for later came back with them.
  await cancelCommandsOf(database, again, Math.max(0, ...entries.map(({ revokedAt }) => revokedAt)));
}
