import { silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { type RunningServer, startServer } from "../../src/app.ts";
import { readConfig } from "../../src/platform/config.ts";
import type { TestDatabase } from "./index.ts";

/** A whole server on a test's database, on free ports of loopback, with its data in `dataDir`. */
export function startedServer({ ownerUrl }: TestDatabase, dataDir: string): Promise<RunningServer> {
  const config = readConfig({
    DATABASE_URL: ownerUrl,
    POSTERN_DATA_DIR: dataDir,
    POSTERN_HTTP_PORT: "0",
    POSTERN_MQTT_PORT: "0",
    POSTERN_DEMO: "off",
    POSTERN_METRICS: "off",
  });
  return startServer({ config, log: silentLog, clock: systemClock, timers: systemTimers, random: systemRandom });
}
