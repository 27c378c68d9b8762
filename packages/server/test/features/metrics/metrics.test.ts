import assert from "node:assert/strict";
import { test } from "node:test";
import { addMetricsRoutes, type MetricsAccess } from "../../../src/features/metrics/routes.ts";
import { ServerMetrics } from "../../../src/features/metrics/server-metrics.ts";
import { authenticateOperator } from "../../../src/platform/http/keyed-routes.ts";
import { addV1Routes } from "../../../src/platform/http/v1-routes.ts";
import { addV2Routes } from "../../../src/platform/http/v2-routes.ts";
import { platformError } from "../../../src/platform/platform-errors.ts";
import { type HttpWorld, startHttpWorld } from "../../http/http-world.ts";

const OPERATOR = "postern-operator.of-this-test";

interface Read {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

async function served(access: MetricsAccess): Promise<HttpWorld & { read(headers?: Readonly<Record<string, string>>): Promise<Read> }> {
  const metrics = new ServerMetrics("1.2.3");
  const world = await startHttpWorld({
    verifyOperator: (text) => text === OPERATOR,
    server: { watch: metrics },
    api: (app, guards) => {
      addMetricsRoutes(app, { access, metrics, requireOperator: (request) => authenticateOperator(request, guards) });
      addV1Routes(app, guards, (routes) => void routes.get("/places/:placeId/doors", async () => ({})));
      addV2Routes(app, guards, (routes) => {
        routes.get("/people/:userId", { config: { operationId: "readPerson" } }, async () => ({}));
        routes.get("/broken", async () => {
          throw platformError("database_away");
        });
      });
    },
  });
  const read = async (headers = {}): Promise<Read> => {
    const answer = await fetch(`${world.url}/metrics`, { headers });
    return { status: answer.status, type: answer.headers.get("content-type") ?? "", text: await answer.text() };
  };
  return Object.assign(world, { read });
}

test("nobody reads without the operator's key", async () => {
  await using world = await served("operator");
  assert.equal((await world.read()).status, 401);
  assert.equal((await world.read({ authorization: "Bearer good" })).status, 401);
  const { status, type, text } = await world.read({ authorization: OPERATOR });
  assert.equal(status, 200);
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  assert.match(text, /postern_build_info\{version="1\.2\.3"\} 1/);
});

test("where this machine is let in without a key, what a proxy on it passes on is not", async () => {
  await using world = await served("loopback");
  assert.equal((await world.read()).status, 200);
  for (const headers of [{ "x-forwarded-for": "203.0.113.9" }, { forwarded: "for=203.0.113.9" }] as Record<string, string>[]) {
    assert.equal((await world.read(headers)).status, 401);
    assert.equal((await world.read({ ...headers, authorization: OPERATOR })).status, 200);
  }
});

test("switched off it is a path like any other that does not exist", async () => {
  await using world = await served("off");
  assert.equal((await world.read({ authorization: OPERATOR })).status, 404);
});

test("calls are counted by route and kind of status, with no word of what was asked", async () => {
  await using world = await served("operator");
  for (const path of ["/v2/people/4711?q=secret", "/v1/places/815/doors", "/api/v1/be/places/816/doors", "/v2/broken", "/v2/nowhere/4712"])
    await world.call("GET", path);
  const { text } = await world.read({ authorization: OPERATOR });
  const counted = [...text.matchAll(/^postern_http_request_duration_seconds_count\{(.*)\} (\d+)$/gm)].map(
    ([, labels, count]) => `${labels} ${count}`,
  );
  assert.deepEqual(counted.sort(), [
    'surface="native",method="GET",route="/v2/broken",status="5xx" 1',
    'surface="native",method="GET",route="none",status="4xx" 1',
    'surface="native",method="GET",route="readPerson",status="2xx" 1',
    'surface="v1",method="GET",route="/places/:placeId/doors",status="2xx" 2',
  ]);
  // Without the values: how long something took may have any digits.
  assert.doesNotMatch(text.replace(/ [-+.\de]+$/gm, ""), /4711|4712|815|816|secret/);
  assert.match(text, /^postern_http_requests_in_flight 1$/m);
});
