import { join } from "node:path";
import type { Clock, Log, Timers } from "@postern/core";
import type { Config } from "../config.ts";
import { holdDataDir } from "../data-dir.ts";
import { type DatabaseAddress, socketUrl } from "../database-address.ts";
import { startEmbeddedPostgres } from "../postgres/embedded-postgres.ts";
import { OWNER_ROLE } from "../postgres/init-cluster.ts";
import { isAlive } from "../postgres/leftover.ts";
import { readPostmasterFile } from "../postgres/postmaster-file.ts";
import { ensureRunDirectory } from "../postgres/run-directory.ts";

export interface DatabasePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * The database of a server, whether that runs or not: the one it speaks to, else the embedded one, started for as long as it is used here. Fails with
 * `data_dir_held` while a server is just starting or stopping.
 */
export async function reachDatabase(
  config: Pick<Config, "dataDir" | "databaseUrl">,
  ports: DatabasePorts,
  stack: AsyncDisposableStack,
): Promise<DatabaseAddress> {
  if (config.databaseUrl !== null) return { url: config.databaseUrl };
  const running = await readPostmasterFile(join(config.dataDir, "postgres"));
  if (running?.isReady === true && isAlive(running.pid))
    return { url: socketUrl({ directory: await ensureRunDirectory(config.dataDir), user: OWNER_ROLE, database: "postern" }) };
  const held = await holdDataDir(config.dataDir, ports.clock);
  stack.defer(() => held.release());
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir, ...ports });
  stack.defer(() => embedded.stop());
  return embedded.owner;
}
