import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";
import type { ClueDynamicQr } from "@postern/contract";
import { PHONE_CALLS_COUNT_MAX } from "../../../src/features/dynamic-qrs/limits.ts";
import { DEMO_GROUP_ID, type FeatureServer, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

async function made(): Promise<ClueDynamicQr> {
  const body = { placeGroupId: DEMO_GROUP_ID, uniqueKey: "guest", validFrom: server.nowMs, validTo: server.nowMs + 1_000 };
  return ((await server.call("POST", "/v1/dynamic-qrs", { body })).body as { data: ClueDynamicQr }).data;
}

function phoneKey(): string {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "der", type: "spki" }).toString("base64");
}

test("the page needs nothing from elsewhere, runs nothing inline, and stands in nobody's frame", async () => {
  const page = await server.app.inject("/dynamic?qid=0c8a4e1e-6a3c-4a0e-9d0b-1f2a3b4c5d6e");
  assert.equal(page.statusCode, 200);
  const policy = String(page.headers["content-security-policy"]);
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  assert.equal(page.headers["referrer-policy"], "no-referrer", "the id of a link goes to nobody else");
  assert.doesNotMatch(page.body, /<script>|<style|style=|https?:\/\/|\son\w+=/);
});

test("everything that the page and its scripts name is served, and kept by its worker for when there is no network", async () => {
  const wanted = new Set<string>();
  const look = async (name: string): Promise<void> => {
    if (wanted.has(name)) return;
    wanted.add(name);
    const file = await server.app.inject(`/dynamic/${name}`);
    assert.equal(file.statusCode, 200, name);
    for (const [, next = ""] of file.body.matchAll(/from "\.\/([\w.-]+)"/g)) await look(next);
    assert.doesNotMatch(file.body, /from "[^."]/, `${name} imports only what is served beside it`);
  };
  const page = await server.app.inject("/dynamic");
  for (const [, name = ""] of page.body.matchAll(/(?:src|href)="dynamic\/([\w.-]+)"/g)) await look(name);
  assert.ok(wanted.has("page.js") && wanted.has("uqr.js"));
  const worker = await server.app.inject("/dynamic/worker.js");
  assert.equal(worker.headers["service-worker-allowed"], "/");
  for (const name of wanted) assert.ok(worker.body.includes(`"${name}"`), `the worker keeps ${name}`);
  assert.equal((await server.app.inject("/dynamic/%2e%2e%2fpackage.json")).statusCode, 404);
});

test("looking at a link binds nothing, however it is looked at", async () => {
  const { dynamicQrId, dynamicQrUrl } = await made();
  const path = dynamicQrUrl.replace(/^https?:\/\/[^/]+/, "");
  for (const method of ["GET", "HEAD"] as const)
    for (const url of [path, `/dynamic/qrs/${dynamicQrId}`]) assert.equal((await server.app.inject({ method, url })).statusCode, 200);
  const { boundTo, serverMs } = (await server.call("GET", `/dynamic/qrs/${dynamicQrId}`)).body as { boundTo: unknown; serverMs: number };
  assert.deepEqual([boundTo, serverMs], [null, server.nowMs]);
});

test("a phone is told the period and whose it is, and nothing of the person", async () => {
  const { dynamicQrId, validFrom, validTo } = await made();
  const bound = await server.call("POST", `/dynamic/qrs/${dynamicQrId}`, { body: { publicKey: phoneKey() } });
  assert.equal(bound.status, 200, JSON.stringify(bound.body));
  const { boundTo } = bound.body as { boundTo: string };
  const looked = await server.call("GET", `/dynamic/qrs/${dynamicQrId.toUpperCase()}`);
  assert.deepEqual(looked.body, { validFrom, validTo, boundTo, serverMs: server.nowMs });
  const other = await server.call("POST", `/dynamic/qrs/${dynamicQrId}`, { body: { publicKey: phoneKey() } });
  assert.deepEqual([other.status, (other.body as { code: string }).code], [409, "conflict"]);
});

test("what is no link is answered like one that nobody has, and a body that is none is refused", async () => {
  for (const qid of ["x", "00000000-0000-4000-8000-000000000000"])
    for (const [method, body] of [
      ["GET", undefined],
      ["POST", { publicKey: phoneKey() }],
    ] as const) {
      const answer = await server.call(method, `/dynamic/qrs/${qid}`, { body });
      assert.deepEqual([answer.status, (answer.body as { code: string }).code], [404, "not_found"]);
    }
  const { dynamicQrId } = await made();
  for (const body of [{}, [], "text", { publicKey: 7 }, { publicKey: "A".repeat(2_000) }]) {
    const { status } = await server.call("POST", `/dynamic/qrs/${dynamicQrId}`, { body });
    assert.ok(status === 400 || status === 413 || status === 415, `${JSON.stringify(body).slice(0, 40)}: ${status}`);
  }
});

test("an address that asks without end is told to wait", async () => {
  const { dynamicQrId } = await made();
  const ask = () => server.app.inject({ url: `/dynamic/qrs/${dynamicQrId}`, remoteAddress: "10.1.2.3" });
  let status = 200;
  for (let count = 0; count < PHONE_CALLS_COUNT_MAX; count += 1) status = (await ask()).statusCode;
  assert.equal(status, 200);
  const over = await ask();
  assert.equal(over.statusCode, 429);
  assert.ok(Number(over.headers["retry-after"]) > 0);
});
