import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LogFields, silentLog, systemRandom, systemTimers, type Timers } from "@postern/core";
import type { FastifyInstance, InjectOptions } from "fastify";
import { type ApiDeps, type ApiServices, addApi } from "../../../src/api.ts";
import { type DemoPlace, makeDemoPlace } from "../../../src/features/demo/make-demo-place.ts";
import { addDoor } from "../../../src/features/doors/add-door.ts";
import { ExportFiles } from "../../../src/features/exports/export-files.ts";
import type { ErasedPerson } from "../../../src/features/people/erase-store.ts";
import { LedgerHints } from "../../../src/following/ledger-hints.ts";
import { Confirmations } from "../../../src/gateway/confirmations.ts";
import { createAccess } from "../../../src/platform/access/access.ts";
import { type Actor, SCOPES, type Scope } from "../../../src/platform/access/actor.ts";
import { WaitingKeys } from "../../../src/platform/access/waiting-keys.ts";
import { openDatabase } from "../../../src/platform/database.ts";
import type { FaceExaminerDeps, LazyFaceExaminer } from "../../../src/platform/faces/face-examiner.ts";
import { createHttpServer } from "../../../src/platform/http/http-server.ts";
import { createRouteGuards } from "../../../src/platform/http/keyed-routes.ts";
import { createPersonKeys, type PersonKeys } from "../../../src/platform/person-keys/person-keys.ts";
import { placeItem, scheduleItem } from "../../../src/roster/place-items.ts";
import { IDLE_OUTGOING } from "../../support/idle-outgoing.ts";
import { createTestDatabase, createTestPlace, TEST_NOW_MS, type TestDatabase, type TestPlace } from "../../support/index.ts";
import { testFaces } from "../../support/test-faces.ts";
import { signerOf } from "../keys/keys-world.ts";

/** The place of the guide, another place of its group, and somebody else's. */
export const DEMO_GROUP_ID = 100;
export const PLACE_ID = 178;
export const SECOND_PLACE_ID = 501;

const HURRIED_MS = 50;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export interface Call {
  /** A key of `keys`; `all` when absent. */
  readonly key?: string;
  /** An object is sent as JSON, a text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FeatureServer extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly test: TestDatabase;
  readonly demo: DemoPlace;
  /** In the demo's group. */
  readonly second: TestPlace;
  /** Of another group. */
  readonly foreign: TestPlace;
  readonly hints: LedgerHints;
  readonly confirmations: Confirmations;
  readonly stopping: AbortController;
  readonly waitingKeys: WaitingKeys;
  /** Names of timers that run out after a moment. */
  readonly hurried: Set<string>;
  readonly services: ApiServices;
  readonly personKeys: PersonKeys;
  readonly faces: LazyFaceExaminer;
  /** The states for which transactions were run again; undefined where we asked for it ourselves. */
  readonly repeatedFor: readonly unknown[];
  /** What is kept apart of those who were erased. */
  readonly erased: readonly ErasedPerson[];
  nowMs: number;
  call(method: "GET" | "POST" | "DELETE" | "PUT" | "PATCH", path: string, call?: Call): Promise<Answer>;
}

function actor(keyId: string, placeGroupId: number, limits: { placeIds?: readonly number[]; scopes?: readonly Scope[] } = {}): Actor {
  return { keyId, placeGroupId, placeIds: limits.placeIds ?? null, scopes: new Set(limits.scopes ?? SCOPES) };
}

export async function startFeatureServer(faceOptions: Partial<FaceExaminerDeps> = {}, deps: Partial<ApiDeps> = {}): Promise<FeatureServer> {
  const test = await createTestDatabase();
  const repeatedFor: unknown[] = [];
  const erased: ErasedPerson[] = [];
  const debug = (event: string, fields?: LogFields): void => {
    if (event === "database.transaction_repeated") repeatedFor.push(fields?.["sqlState"]);
  };
  const log = { ...silentLog, debug };
  const database = openDatabase({ address: { url: test.appUrl }, timers: systemTimers, random: systemRandom, log });
  const time = { nowMs: TEST_NOW_MS };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => performance.now() };
  const hurried = new Set<string>();
  const timers: Timers = {
    after: (name, delayMs, action) => systemTimers.after(name, hurried.has(name) ? Math.min(delayMs, HURRIED_MS) : delayMs, action),
  };
  const ports = { clock, timers, random: systemRandom, log: silentLog, trustedProxies: [] };
  const demo = await makeDemoPlace(
    { database, clock, doors: { addDoor, placeItem, scheduleItem } },
    { make: "when_empty", timeZone: "Asia/Seoul" },
  );
  if (demo === null) throw new TypeError("the test database has no place yet");
  const second = await createTestPlace(database, { placeId: SECOND_PLACE_ID });
  const foreign = await createTestPlace(database, { placeId: 502 });
  await database.execute("update places set place_group_id = $1 where place_id = $2", [DEMO_GROUP_ID, SECOND_PLACE_ID]);
  const actors = new Map(
    [
      actor("all", DEMO_GROUP_ID),
      actor("other", DEMO_GROUP_ID),
      actor("demo", DEMO_GROUP_ID, { placeIds: [PLACE_ID] }),
      actor("second", DEMO_GROUP_ID, { placeIds: [SECOND_PLACE_ID] }),
      actor("nowhere", DEMO_GROUP_ID, { placeIds: [] }),
      actor("foreign", foreign.placeGroupId),
      ...SCOPES.map((scope) => actor(scope, DEMO_GROUP_ID, { placeIds: [PLACE_ID], scopes: [scope] })),
    ].map((each) => [`Bearer ${each.keyId}`, each]),
  );
  const guards = createRouteGuards({
    ...ports,
    rateLimit: "off",
    verifyKey: async (authorization) => {
      const found = actors.get(authorization ?? "");
      return found === undefined
        ? { kind: "refused", because: "unknown" }
        : { kind: "accepted", actor: found, expiresAtMs: Number.MAX_SAFE_INTEGER };
    },
  });
  const app = createHttpServer(ports);
  const hints = new LedgerHints(systemTimers);
  const confirmations = new Confirmations(database, systemTimers, silentLog);
  const stopping = new AbortController();
  const waitingKeys = new WaitingKeys();
  const personKeys = createPersonKeys({ wrappingKey: createHash("sha256").update("person keys").digest(), random: systemRandom });
  const faces = testFaces(faceOptions);
  const services = addApi(app, guards, {
    ...ports,
    ...{ database, access: createAccess({ database, clock }), keySigner: signerOf(1), ledgerGrown: hints, stopping: stopping.signal },
    personKeys,
    confirmations,
    faces,
    deriveKey: (purpose) => createHash("sha256").update(purpose).digest(),
    keepErasure: async (person) => void erased.push(person),
    keepRevoked: async () => undefined,
    keepEndedKey: async () => undefined,
    exportFiles: new ExportFiles(join(tmpdir(), `postern-exports-${process.pid}`)),
    outgoing: IDLE_OUTGOING,
    mqttUrl: () => "mqtt://127.0.0.1:1883",
    publicUrl: null,
    controllerChanged: () => undefined,
    waitingKeys,
    onKeyRevoked: () => undefined,
    health: { isInsecure: false, checks: {} },
    checkAnswers: true,
    ...deps,
  });
  await app.ready();
  return {
    app,
    test,
    demo,
    second,
    foreign,
    hints,
    confirmations,
    stopping,
    waitingKeys,
    hurried,
    services,
    personKeys,
    faces,
    repeatedFor,
    erased,
    get nowMs() {
      return time.nowMs;
    },
    set nowMs(ms) {
      time.nowMs = ms;
    },
    async call(method, path, { key = "all", body, headers = {} } = {}) {
      const isText = typeof body === "string";
      const payload: InjectOptions["payload"] = body === undefined ? undefined : isText ? body : JSON.stringify(body);
      const response = await app.inject({
        method,
        url: path,
        headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(payload === undefined ? {} : { payload }),
      });
      return { status: response.statusCode, headers: response.headers, body: response.body === "" ? undefined : response.json() };
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await faces[Symbol.asyncDispose]();
      await database.close();
      await test.drop();
    },
  };
}
