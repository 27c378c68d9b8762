import { createHash } from "node:crypto";
import { silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { Confirmations } from "../../src/gateway/confirmations.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { type MqttListener, startMqttListener } from "../../src/gateway/mqtt/mqtt-listener.ts";
import { type AskVendor, askNobody } from "../../src/gateway/vendor-question.ts";
import { Appender } from "../../src/ledger/appender.ts";
import type { Database } from "../../src/platform/database.ts";
import { createPersonKeys } from "../../src/platform/person-keys/person-keys.ts";
import { RosterFeeds } from "../../src/roster/roster-feeds.ts";

/** A gateway over a real database and real sockets, without the rest of the server. */
export interface GatewayWorld {
  readonly url: string;
  readonly gateway: Gateway;
  readonly feeds: RosterFeeds;
  readonly confirmations: Confirmations;
  stop(): Promise<void>;
}

export async function startGatewayWorld(
  database: Database,
  instanceId = 1,
  alive: (instanceId: number) => boolean = () => false,
  askVendor: AskVendor = askNobody,
): Promise<GatewayWorld> {
  const feeds = new RosterFeeds(database, silentLog);
  const appender = new Appender(database, systemClock);
  const confirmations = new Confirmations(database, systemTimers, silentLog);
  const gateway = new Gateway({
    database,
    feeds,
    appender,
    confirmations,
    clock: systemClock,
    timers: systemTimers,
    log: silentLog,
    askVendor,
    instanceId,
    personKeys: createPersonKeys({ wrappingKey: createHash("sha256").update("person keys").digest(), random: systemRandom }),
    isInstanceAlive: async (other) => alive(other),
  });
  const listener: MqttListener = await startMqttListener({
    host: "127.0.0.1",
    port: 0,
    handler: gateway,
    log: silentLog,
    clock: systemClock,
    timers: systemTimers,
  });
  return {
    url: `mqtt://127.0.0.1:${listener.port}`,
    gateway,
    feeds,
    confirmations,
    async stop() {
      await listener.stop();
      await gateway.drain();
      await appender.drain();
      await confirmations.close();
    },
  };
}
