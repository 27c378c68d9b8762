import { generateKeyPairSync } from "node:crypto";
import { silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { readConfig, startServer } from "@postern/server";

/** A server with the demo place, in a process of its own: what the client costs stays apart from it. */
const config = readConfig({ POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0", POSTERN_DATA_DIR: process.argv[2] });
const server = await startServer({ config, log: silentLog, clock: systemClock, timers: systemTimers, random: systemRandom });
const minted = await server.keys.mintRoot({
  placeGroupId: 100,
  name: "bench",
  scopes: ["people", "events", "devices"],
  placeIds: null,
  expiresAtMs: systemClock.nowMs() + 3_600_000,
});
process.on("message", (message) => {
  if (typeof message === "object" && message !== null && "controllers" in message)
    void addControllers(Number(message.controllers)).then((controllers) => process.send?.({ controllers }));
  if (message === "insert alone") void insertAlone().then((perSecond) => process.send?.({ perSecond }));
});
server.confirmations.listen(({ controllerId, confirmed }) => {
  if (confirmed !== null) process.send?.({ controllerId, revision: confirmed.revision });
});
process.on("disconnect", () => void server.stop().then(() => process.exit(0)));
process.send?.({ baseUrl: server.baseUrl, mqttUrl: server.mqttUrl, key: minted.key });

/** One small row a commit on one connection of the same database: the limit that the disk sets. */
async function insertAlone(): Promise<number> {
  const count = 1_000;
  const startMs = systemClock.monotonicMs();
  for (let index = 0; index < count; index += 1) {
    await server.database.query({
      name: "bench-insert",
      text: "insert into idempotency_keys(key_id, route, idempotency_key, body_hmac, auth_id, made_at) values ('bench', 'bench', $1, '\\x00', 0, 0)",
      values: [String(index)],
    });
  }
  return count / ((systemClock.monotonicMs() - startMs) / 1_000);
}

/** So many doors of the demo place, each with a controller of its own whose key the bench holds. */
async function addControllers(
  count: number,
): Promise<{ serial: string; controllerId: number; doorId: number; deviceId: number; privateKey: string }[]> {
  const made = [];
  for (let index = 0; index < count; index += 1) {
    const id = 500_000 + index;
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const serial = String(700_000_000 + index);
    const sql = "insert into controllers(controller_id, place_id, serial, name, public_key, made_at) values ($1, 178, $2, 'bench', $3, 0)";
    await server.database.query(sql, [id, serial, publicKey.export({ format: "jwk" })]);
    await server.database.query("insert into doors values ($1, 178, $1, 'bench', '{}', 0)", [id]);
    await server.database.query(
      "insert into devices(device_id, place_id, door_id, serial, device_type, model_name, name, side) values ($1, 178, $1, $2, 'Virtual', 'V', 'bench', 'ENTRY')",
      [id, String(800_000_000 + index)],
    );
    made.push({
      serial,
      controllerId: id,
      doorId: id,
      deviceId: id,
      privateKey: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    });
  }
  return made;
}
