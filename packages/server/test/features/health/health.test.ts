import assert from "node:assert/strict";
import { test } from "node:test";
import { HEALTH_ANSWER_LIFETIME_MS, HEALTH_CHECK_MS_MAX } from "../../../src/features/health/limits.ts";
import { addHealthRoutes } from "../../../src/features/health/routes.ts";
import { type HealthCheck, healthService } from "../../../src/features/health/service.ts";
import { ManualTime } from "../../gateway/mqtt/manual-time.ts";
import { startHttpWorld } from "../../http/http-world.ts";

const up = (): boolean => true;

function serviceOf(checks: Readonly<Record<string, HealthCheck>>, { time = new ManualTime(), isInsecure = false } = {}) {
  return healthService({ clock: time.clock, timers: time.timers, version: "1.2.3", isInsecure, checks });
}

test("health is 200 once every part is up, and else 503 that says which is not", async () => {
  const states = { database: true, gateway: true, demoDoors: false };
  const time = new ManualTime();
  const checks = { database: () => states.database, gateway: async () => states.gateway, demoDoors: () => states.demoDoors };
  const service = serviceOf(checks, { time });
  await using world = await startHttpWorld({ root: (app) => addHealthRoutes(app, service) });
  const starting = await world.call("GET", "/healthz", { key: null });
  assert.equal(starting.status, 503);
  assert.deepEqual(starting.body, {
    status: "unready",
    nowMs: time.clock.nowMs(),
    version: "1.2.3",
    parts: { database: "up", gateway: "up", demoDoors: "down" },
  });
  states.demoDoors = true;
  time.advance(HEALTH_ANSWER_LIFETIME_MS);
  const ready = await world.call("GET", "/healthz", { key: null });
  assert.equal(ready.status, 200);
  assert.deepEqual(ready.body, {
    status: "ok",
    nowMs: time.clock.nowMs(),
    version: "1.2.3",
    parts: { database: "up", gateway: "up", demoDoors: "up" },
  });
});

test("a server that was allowed to listen without protection says so", async () => {
  assert.equal((await serviceOf({ database: up }, { isInsecure: true }).read()).insecure, true);
  assert.ok(!("insecure" in (await serviceOf({ database: up }).read())));
});

test("a check that fails counts as down and tells nothing", async () => {
  const failing = serviceOf({
    sync: () => {
      throw new TypeError("password=48151623");
    },
    async: () => Promise.reject(new TypeError("password=48151623")),
  });
  const health = await failing.read();
  assert.deepEqual(health.parts, { sync: "down", async: "down" });
});

test("a check that never answers counts as down at its time limit", async () => {
  const time = new ManualTime();
  const service = serviceOf({ database: () => new Promise<boolean>(() => undefined), gateway: up }, { time });
  const reading = service.read();
  await new Promise((resolve) => setImmediate(resolve));
  time.advance(HEALTH_CHECK_MS_MAX);
  assert.deepEqual((await reading).parts, { database: "down", gateway: "up" });
});

test("however many ask, the parts are looked at a few times a second", async () => {
  const time = new ManualTime();
  let countLooks = 0;
  const look = (): boolean => {
    countLooks += 1;
    return true;
  };
  const service = serviceOf({ database: look }, { time });
  await Promise.all(Array.from({ length: 100 }, () => service.read()));
  time.advance(HEALTH_ANSWER_LIFETIME_MS - 1);
  await service.read();
  assert.equal(countLooks, 1);
  time.advance(1);
  await service.read();
  assert.equal(countLooks, 2);
});
