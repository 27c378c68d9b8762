import type { Random } from "@postern/core";
import type { Database, Queryable } from "./database.ts";

/** Draws the epoch on the first start; later ones find it. */
export async function ensureDeployment(database: Database, random: Random, nowMs: number): Promise<void> {
  const epoch = Buffer.from(random.bytes(12)).toString("base64url");
  await database.query("insert into deployment(epoch, made_at) values ($1, $2) on conflict do nothing", [epoch, nowMs]);
}

/** A number of its own for this process, drawn anew at each start. */
export async function drawInstanceId(database: Database): Promise<number> {
  const [row] = await database.query<{ id: number }>("select nextval('server_instance_ids') as id");
  return row?.id ?? 0;
}

/** The advisory lock that a living process holds; the first digits keep it apart from other locks in the same database. */
export function instanceLockKey(instanceId: number): number {
  return 734_611_000_000_000 + instanceId;
}

/**
 * Whether the process with this number lives, in this machine or another: only then is its lock held. In a transaction the lock of one that does not
 * is kept to the end of it.
 */
export async function isInstanceAlive(queryable: Queryable, instanceId: number): Promise<boolean> {
  const [row] = await queryable.query<{ free: boolean }>({
    name: "platform-instance-alive",
    text: "select pg_try_advisory_xact_lock($1) as free",
    values: [instanceLockKey(instanceId)],
  });
  return row?.free === false;
}
