// A process of its own that runs the database of a data directory, as a server would; the tests kill it. It prints one line of JSON, and
// `drained` when it was interrupted and could still ask the database something.
import { silentLog, systemClock, systemTimers } from "@postern/core";
import { Client } from "pg";
import { startEmbeddedPostgres } from "../../src/platform/postgres/embedded-postgres.ts";

const dataDir = process.argv[2] ?? "";
const postgres = await startEmbeddedPostgres({ dataDir, clock: systemClock, timers: systemTimers, log: silentLog });

async function drain(): Promise<void> {
  const client = new Client(postgres.owner.url);
  await client.connect();
  await client.query("select 1");
  await client.end();
  process.stdout.write("drained\n");
  await postgres.stop();
  process.stdin.pause();
}

process.on("SIGINT", () => void drain());
process.stdin.resume();
process.stdout.write(`${JSON.stringify({ ownerUrl: postgres.owner.url, pid: postgres.pid() })}\n`);
