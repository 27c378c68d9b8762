import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { addApi } from "../packages/server/src/api.ts";
import { ExportFiles } from "../packages/server/src/features/exports/export-files.ts";
import { type ApiDescription, describeRoutes } from "../packages/server/src/features/reference/describe-routes.ts";
import { LedgerHints } from "../packages/server/src/following/ledger-hints.ts";
import { createAccess } from "../packages/server/src/platform/access/access.ts";
import { WaitingKeys } from "../packages/server/src/platform/access/waiting-keys.ts";
import { openDatabase } from "../packages/server/src/platform/database.ts";
import { LazyFaceExaminer } from "../packages/server/src/platform/faces/face-examiner.ts";
import { createHttpServer } from "../packages/server/src/platform/http/http-server.ts";
import { createRouteGuards } from "../packages/server/src/platform/http/keyed-routes.ts";
import { recordRoutes } from "../packages/server/src/platform/http/served-routes.ts";
import { OutgoingHttp } from "../packages/server/src/platform/outgoing/outgoing-http.ts";
import { createPersonKeys } from "../packages/server/src/platform/person-keys/person-keys.ts";
import { SERVER_VERSION } from "../packages/server/src/version.ts";

/** What the server would serve, from the routes it adds: nothing listens, and the database is named and never asked. */
export async function describeApi(): Promise<ApiDescription> {
  const ports = { clock: systemClock, timers: systemTimers, random: systemRandom, log: silentLog };
  const database = openDatabase({ address: { url: "postgres://nobody@127.0.0.1:1/nothing" }, ...ports });
  const app = createHttpServer({ ...ports, trustedProxies: [] });
  const routes = recordRoutes(app);
  addApi(app, createRouteGuards({ ...ports, rateLimit: "off", verifyKey: async () => ({ kind: "refused", because: "unknown" }) }), {
    ...{ ...ports, database, access: createAccess({ database, clock: systemClock }), keySigner: idleSigner() },
    ...{ ledgerGrown: new LedgerHints(systemTimers), stopping: new AbortController().signal },
    confirmations: { listen: () => () => undefined, flush: async () => undefined },
    personKeys: createPersonKeys({ wrappingKey: createHash("sha256").digest(), random: systemRandom }),
    faces: idleFaces(),
    deriveKey: (purpose) => createHash("sha256").update(purpose).digest(),
    exportFiles: new ExportFiles("nowhere"),
    outgoing: new OutgoingHttp({ ...ports, allowedHosts: [] }),
    mqttUrl: () => "mqtt://127.0.0.1:1883",
    publicUrl: null,
    controllerChanged: () => undefined,
    waitingKeys: new WaitingKeys(),
    onKeyRevoked: () => undefined,
    keepErasure: async () => undefined,
    keepRevoked: async () => undefined,
    keepEndedKey: async () => undefined,
    health: { isInsecure: false, checks: {} },
  });
  await app.ready();
  await app.close();
  await database.close();
  return describeRoutes(routes, SERVER_VERSION);
}

/** Looks at nothing. */
function idleFaces(): LazyFaceExaminer {
  return new LazyFaceExaminer({ folder: "nowhere", timers: systemTimers });
}

/** Signs nothing. */
function idleSigner() {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32)]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
