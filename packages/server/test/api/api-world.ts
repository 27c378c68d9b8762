import { randomUUID } from "node:crypto";
import { VENDOR_CREDENTIALS } from "@postern/contract";
import { systemRandom } from "@postern/core";
import { insertTask } from "../../src/features/faces/store.ts";
import { type ServedOperations, servedOperations } from "../../src/features/reference/served-operations.ts";
import { tokenHash } from "../../src/features/scans/service.ts";
import { insertScan } from "../../src/features/scans/store.ts";
import { sealHeaders, secretOwner } from "../../src/features/vendor-apis/sealed-parts.ts";
import { insertApi } from "../../src/features/vendor-apis/store.ts";
import { insertCommand } from "../../src/gateway/command-store.ts";
import { encodeLogId } from "../../src/ledger/log-id.ts";
import { recordRoutes, type ServedRoute } from "../../src/platform/http/served-routes.ts";
import { V1_PREFIXES, V2_PREFIX } from "../../src/platform/http/surface.ts";
import { sealSecret } from "../../src/platform/outgoing/signing-secret.ts";
import { createKeysWorld, DERIVED_KEY, type KeysWorld } from "../features/keys/keys-world.ts";
import { bodyOf } from "../features/support/create-bodies.ts";
import { writeEvents } from "../features/support/ledger-writer.ts";
import type { HttpWorld } from "../http/http-world.ts";
import { TEST_NOW_MS, type TestPlace } from "../support/index.ts";
import { rememberingFaces } from "../support/test-faces.ts";
import { type WatchedDatabase, watchDatabase } from "./watched-database.ts";

/** One pixel. */
const DOT_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

export const OPERATOR = "postern-operator.of-this-test";

export interface ApiCall {
  readonly method: string;
  readonly url: string;
  readonly key: string | null;
  /** Anything JSON can write. */
  readonly body?: unknown;
  /** The body as it is, in place of `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Parsed; undefined for an empty one. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every form
  readonly body: any;
}

/** What a name in a path stands for at one place. */
export type Things = Readonly<Record<string, number | string>>;

/** The whole server over a real database with two customers, three places and one of everything in each, without a socket. */
export interface ApiWorld extends AsyncDisposable {
  readonly keys: KeysWorld;
  readonly http: HttpWorld;
  readonly watched: WatchedDatabase;
  readonly operations: ServedOperations;
  /** Every route that a caller can reach, pages and refusals of a method aside. */
  readonly routes: readonly ServedRoute[];
  /** Those that have answered at least once, as `GET /v2/keys`. */
  readonly called: ReadonlySet<string>;
  call(call: ApiCall): Promise<ApiAnswer>;
  /** Makes one of everything at a place, or of what is named, anew with each call. `key` reaches the place with every scope. */
  makeThings(place: TestPlace, key: string, names?: readonly string[]): Promise<Things>;
}

export async function createApiWorld(): Promise<ApiWorld> {
  const keys = await createKeysWorld();
  const watched = watchDatabase(keys.test.database);
  const called = new Set<string>();
  let routes: readonly ServedRoute[] = [];
  const root = (app: HttpWorld["app"]): void => {
    routes = recordRoutes(app);
    app.addHook("onResponse", async ({ method, routeOptions }) => void called.add(`${method} ${routeOptions.url}`));
  };
  const http = await keys.serve({
    root,
    verifyOperator: (text) => text === OPERATOR,
    deps: { database: watched.database, faces: rememberingFaces() },
  });
  let sourceCount = 0;
  const call = async ({ method, url, key, body, text, headers = {} }: ApiCall): Promise<ApiAnswer> => {
    sourceCount += 1;
    const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await http.app.inject({
      method: method as "GET",
      url,
      // Each call from an address of its own: failures are counted by address.
      remoteAddress: `10.${(sourceCount >> 16) & 255}.${(sourceCount >> 8) & 255}.${sourceCount & 255}`,
      headers: {
        ...(key === null ? {} : { authorization: key }),
        ...(payload === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload }),
    });
    return { status: answer.statusCode, headers: answer.headers, text: answer.body, body: parsed(answer.body) };
  };
  return {
    keys,
    http,
    watched,
    operations: servedOperations(routes),
    routes,
    called,
    call,
    makeThings: thingsMaker(keys, call),
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Maker = (place: TestPlace, key: string, count: number) => Promise<unknown>;

function thingsMaker({ test: { database } }: KeysWorld, call: ApiWorld["call"]): ApiWorld["makeThings"] {
  const made = async (key: string, path: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await call({ method: "POST", url: path, key, body });
    if (answer.status > 201) throw new TypeError(`${path}: ${answer.status} ${answer.text}`);
    return answer.body.data ?? answer.body;
  };
  const makers: Readonly<Record<string, Maker>> = {
    placeGroupId: async ({ placeGroupId }) => placeGroupId,
    placeId: async ({ placeId }) => placeId,
    doorId: async ({ placeId }, key, count) => (await made(key, `/v2/places/${placeId}/doors`, { name: `door ${count}` }))["doorId"],
    deviceId: async ({ deviceIds }) => deviceIds[0],
    // Without doors: one that serves some is taken away once alone.
    controllerId: async ({ placeId }, _key, count) => {
      const controllerId = 1_000 * placeId + 100 + count;
      const text = "insert into controllers(controller_id, place_id, serial, name, made_at) values ($1, $2, $3, 'spare', $4)";
      await database.query(text, [controllerId, placeId, String(300_000_000 + controllerId), TEST_NOW_MS]);
      return controllerId;
    },
    authId: async ({ placeId }, key, count) => {
      const cards = [{ cardNumber: String(10_000 * placeId + count), formatType: "CSN" }];
      const body = bodyOf(`person-${placeId}-${count}`, { credentials: { cards } });
      return (await made(key, `/v1/places/${placeId}/auths`, body))["authId"];
    },
    userId: async ({ placeId }, key, count) => {
      const { user } = await made(key, `/v1/places/${placeId}/auths`, bodyOf(`user-${placeId}-${count}`));
      return (user as { userId: number }).userId;
    },
    calendarId: async ({ placeId }, key, count) =>
      (await made(key, `/v2/places/${placeId}/holiday-calendars`, { name: `calendar ${count}`, holidays: [] }))["calendarId"],
    scheduleId: async ({ placeId }, key, count) => {
      const weekly = { monday: [{ from: "08:00", to: "18:00" }] };
      const body = { name: `schedule ${count}`, weekly, holidays: [], calendarId: null };
      return (await made(key, `/v2/places/${placeId}/schedules`, body))["scheduleId"];
    },
    groupId: async ({ placeId }, key, count) => {
      const body = { name: `group ${count}`, grants: [{ doors: "all", scheduleId: null }] };
      return (await made(key, `/v2/places/${placeId}/groups`, body))["groupId"];
    },
    importId: async ({ placeId }, key) => (await made(key, `/v2/places/${placeId}/imports`, {}))["importId"],
    // Not by the call, which allows five at a time; made after whoever is erased meanwhile.
    exportId: async ({ placeId }) => {
      const text = `insert into event_exports(export_id, place_id, events, state, first_sequence, through_sequence, sequence, made_at, ended_at)
        values (nextval('event_export_ids'), $1, '{}', 'failed', 0, 0, 0, $2, $2) returning export_id`;
      return (await database.query<{ export_id: number }>(text, [placeId, TEST_NOW_MS + 86_400_000]))[0]?.export_id;
    },
    webhookId: async ({ placeId }, key, count) =>
      (await made(key, `/v2/places/${placeId}/webhooks`, { name: `hook ${count}`, url: "https://example.com/hooks" }))["webhookId"],
    dynamicQrId: async ({ placeId }, key, count) => {
      const period = { validFrom: TEST_NOW_MS, validTo: TEST_NOW_MS + 86_400_000 };
      return (await made(key, "/v2/dynamic-qrs", { userKey: `guest-${placeId}-${count}`, ...period }))["dynamicQrId"];
    },
    // Not by the call, which wants a test that was answered and has three of each type.
    vendorApiId: async ({ placeGroupId }, _key, count) => {
      const vendorApiId = 10_000 + count;
      const headersSealed = sealHeaders(DERIVED_KEY, vendorApiId, { headers: [], random: systemRandom });
      const rules = { autoFields: [], manualFields: [], statusCodes: [200], result: null, successMessage: null, failureMessage: null };
      const credential = VENDOR_CREDENTIALS[count % VENDOR_CREDENTIALS.length] ?? "card";
      const secretSealed = sealSecret(secretOwner(DERIVED_KEY, vendorApiId), Buffer.alloc(32), systemRandom);
      const secrets = { secretSealed, previousSecretSealed: null, previousSecretUntil: null };
      const api = {
        vendorApiId,
        placeGroupId,
        credential,
        name: `api ${count}`,
        url: "https://example.com/doors",
        headerNames: [],
        headersSealed,
      };
      await database.transaction((tx) => insertApi(tx, { ...api, ...rules, ...secrets, madeAt: TEST_NOW_MS, madeBy: null }));
      return vendorApiId;
    },
    keyId: async (_place, key, count) => (await made(key, "/v2/keys", { name: `key ${count}`, scopes: ["events"] }))["keyId"],
    commandId: ({ placeId, doorIds: [doorId = 0], controllerId }) => {
      const times = { actAtMs: TEST_NOW_MS, notAfterMs: TEST_NOW_MS + 1, madeAtMs: TEST_NOW_MS };
      return insertCommand(database, { placeId, doorId, controllerId, command: "ONCE_OPEN", askedBy: "test", ...times });
    },
    token: async ({ placeId, doorIds: [doorId = 0], controllerId, deviceIds: [deviceId = 0] }, _key, count) => {
      const times = { actAtMs: TEST_NOW_MS, notAfterMs: TEST_NOW_MS + 1, madeAtMs: TEST_NOW_MS };
      const asked = { placeId, doorId, controllerId, deviceId, askedBy: "test", ...times };
      const commandId = await insertCommand(database, { ...asked, command: "LEARN_CARD" });
      const token = String(placeId * 1_000 + count).padStart(32, "0");
      const scan = { placeId, deviceId, commandId, credentialType: "CARD", tokenHash: tokenHash(token), verifyMark: null } as const;
      await database.transaction((tx) => insertScan(tx, { ...scan, madeAtMs: TEST_NOW_MS, expiresAtMs: TEST_NOW_MS + 86_400_000 }));
      return token;
    },
    imageType: async () => "DEFAULT",
    // Of another moment, so that calls for that one do not take it away.
    imageKey: async ({ deviceIds: [deviceId = 0] }, key) => {
      const body = { fileName: "dot.png", fileData: DOT_PNG };
      const path = `/v2/devices/${deviceId}/display/images/LOCKED`;
      const answer = await call({ method: "PUT", url: path, key, body });
      return String(answer.body.images.find((one: { type: string }) => one.type === "LOCKED").imageUrl).slice(-32);
    },
    taskUuid: async ({ placeId, deviceIds: [deviceId = 0] }) => {
      const taskUuid = randomUUID();
      const task = { taskUuid, placeId, deviceId, authIds: [], madeAtMs: TEST_NOW_MS };
      await insertTask(database, task, { forgottenToMs: 0 });
      return taskUuid;
    },
    logId: async ({ placeId, doorIds: [doorId = 0] }) => {
      await writeEvents(database, placeId, [{ eventAt: TEST_NOW_MS, eventType: "DEV_CARD_AUTH_SUCCESS", doorId }]);
      return encodeLogId({ placeId, sequence: 1 });
    },
  };
  let count = 0;
  return async (place, key, names = Object.keys(makers)) => {
    const things: Record<string, number | string> = {};
    for (const name of names) {
      count += 1;
      const thing = await makers[name]?.(place, key, count);
      if (typeof thing !== "number" && typeof thing !== "string") throw new TypeError(`no ${name} is made: add it to the makers of things`);
      things[name] = thing;
    }
    return things;
  };
}

/** Things that nobody has. */
export const MISSING: Things = {
  ...Object.fromEntries(
    [
      "placeGroupId",
      "placeId",
      "doorId",
      "deviceId",
      "controllerId",
      "authId",
      "userId",
      "calendarId",
      "scheduleId",
      "groupId",
      "commandId",
      "importId",
      "webhookId",
      "exportId",
      "vendorApiId",
    ].map((name) => [name, 987_654_321]),
  ),
  keyId: "AAAAAAAAAAAAAAAA",
  token: "f".repeat(32),
  imageType: "DEFAULT",
  imageKey: "f".repeat(32),
  taskUuid: "00000000-0000-4000-8000-000000000000",
  dynamicQrId: "00000000-0000-4000-8000-000000000000",
  logId: encodeLogId({ placeId: 987_654_321, sequence: 1 }),
};

/** The addresses of a call: one on v2, one for each prefix on v1. */
export function urlsOf(surface: "v1" | "v2", path: string, things: Things): readonly string[] {
  const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const thing = things[name];
    if (thing === undefined) throw new TypeError(`no ${name} is made for ${path}: add it to the makers of things`);
    return encodeURIComponent(String(thing));
  });
  return surface === "v2" ? [V2_PREFIX + filled] : V1_PREFIXES.map((prefix) => prefix + filled);
}
