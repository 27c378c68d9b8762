import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { describeRoutes } from "../../../src/features/reference/describe-routes.ts";
import type { HttpWorld } from "../../http/http-world.ts";
import { createKeysWorld, type KeysWorld } from "../keys/keys-world.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly isDescribed: boolean;
}

type Document = { servers: { url: string }[]; paths: Record<string, Record<string, unknown> & { servers?: { url: string }[] }> };

const METHODS = ["get", "post", "put", "patch", "delete"];

let world: KeysWorld;
let http: HttpWorld;
const seen: Seen[] = [];

before(async () => {
  world = await createKeysWorld();
  const root = (app: HttpWorld["app"]): void => {
    app.addHook("onRoute", ({ method, url, config }) => {
      for (const each of [method].flat()) if (each !== "HEAD") seen.push({ method: each, url, isDescribed: config?.undescribed !== true });
    });
  };
  http = await world.serve({ root });
});
after(async () => {
  await http[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

/** Every call of a document, as the router would write it, under each of its servers. */
function callsOf({ servers, paths }: Document): readonly string[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).flatMap((method) =>
      (item.servers ?? servers).map(
        ({ url }) => `${method.toUpperCase()} ${url === "/" ? "" : url}${path.replaceAll(":", "::").replace(/\{(\w+)\}/g, ":$1")}`,
      ),
    ),
  );
}

async function documents(): Promise<readonly Document[]> {
  const [v1, v2] = [await http.call("GET", "/openapi/v1.json", { key: null }), await http.call("GET", "/openapi/v2.json", { key: null })];
  return [v1.body, v2.body];
}

test("every route stands in the descriptions, and nothing stands there that is no route", async () => {
  const described = (await documents()).flatMap(callsOf).sort();
  const registered = seen.filter(({ isDescribed }) => isDescribed).map(({ method, url }) => `${method} ${url}`);
  assert.ok(registered.length > 60, "the routes were seen");
  assert.deepEqual(described, registered.sort());
});

test("what is left out of the descriptions is the pages and the refusals of a method", async () => {
  const leftOut = seen.filter(({ isDescribed }) => !isDescribed);
  const pages = leftOut.filter(({ url }) => !url.includes("/v1/")).map(({ url }) => url);
  assert.deepEqual(pages.sort(), [
    "/asyncapi.json",
    "/dynamic",
    "/dynamic/:name",
    "/dynamic/qrs/:qid",
    "/dynamic/qrs/:qid",
    "/health/live",
    "/health/ready",
    "/openapi/v1.json",
    "/openapi/v2.json",
    "/reference",
    "/reference/scalar.js",
    "/reference/start.js",
  ]);
  const { key } = await world.rootKey();
  for (const { method, url } of leftOut.filter(({ url }) => url.startsWith("/v1/be/"))) {
    const { status, body } = await http.call(method, url.replace(/:\w+/g, "1"), { key });
    assert.deepEqual([status, body?.errors[0].code], [400, "e1002"], `${method} ${url}`);
  }
});

test("a route that no table describes is named", () => {
  const routes = [
    { method: "GET", url: "/v1/nowhere", operationId: null },
    { method: "PUT", url: "/v1/places/:placeId/auths", operationId: null },
    { method: "GET", url: "/v2/places", operationId: "deletePlace" },
    { method: "GET", url: "/metrics", operationId: null },
    { method: "GET", url: "/v1/events", operationId: null },
  ];
  const { undescribed, v1 } = describeRoutes(routes, "1.2.3");
  assert.deepEqual(undescribed, ["GET /v1/nowhere", "PUT /v1/places/:placeId/auths", "GET /v2/places", "GET /metrics"]);
  assert.deepEqual(Object.keys(v1.paths), ["/events"]);
});

test("the page asks nobody but this server for anything", async () => {
  const page = await fetch(`${http.url}/reference`);
  const text = await page.text();
  const policy = page.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self';/);
  assert.match(policy, /connect-src 'self';/);
  assert.doesNotMatch(policy, /https?:|\*/);
  assert.doesNotMatch(text, /https?:\/\/|src="\/\//);
  for (const [, path] of text.matchAll(/src="([^"]+)"/g)) assert.equal((await fetch(http.url + path)).status, 200, path);
});

test("the page's script comes whole, packed for whoever takes that, and is not sent again to whoever has it", async () => {
  const script = await http.app.inject({ url: "/reference/scalar.js" });
  const packed = await http.app.inject({ url: "/reference/scalar.js", headers: { "accept-encoding": "br, gzip" } });
  assert.equal(packed.headers["content-encoding"], "gzip");
  assert.ok(gunzipSync(packed.rawPayload).equals(script.rawPayload));
  assert.ok(script.rawPayload.length > 1_000_000);
  const refused = await http.app.inject({ url: "/reference/scalar.js", headers: { "accept-encoding": "gzip;q=0" } });
  assert.equal(refused.headers["content-encoding"], undefined);
  const again = await http.app.inject({ url: "/reference/scalar.js", headers: { "if-none-match": String(script.headers["etag"]) } });
  assert.deepEqual([again.statusCode, again.body], [304, ""]);
});
